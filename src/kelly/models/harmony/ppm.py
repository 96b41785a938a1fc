"""PPM: a model of chord sequences by the contexts it has met, which learns as it goes.

Conventions: classes are those of `classes`; a history is what came before, oldest first, of which the last `order`
count. Prediction by partial matching (Cleary & Witten 1984) with escape method C (Moffat 1990) and exclusion: the
longest context that was met before speaks first, and leaves to the next shorter one a share for what it has never seen;
the last share goes to all classes alike. Two such models, or one and a network, are blended as in IDyOM (Pearce 2005):
each by its certainty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.models.harmony.classes import CLASSES

__all__ = ["PPM", "blend"]

Floats = npt.NDArray[np.float64]

LEAST = 1e-6  # nats of entropy: what is certain does not outvote all else without end


class PPM:
    """What has followed what.

    Parameters: order, the longest context in chords.
    Raises: UsageError, the order is negative.
    """

    def __init__(self, order: int) -> None:
        if order < 0:
            raise UsageError(f"the order of a PPM must be 0 or more; got {order}")
        self.order = order
        self._counts: dict[tuple[int, ...], dict[int, int]] = {}

    def learn(self, history: Sequence[int], index: int) -> None:
        """Take in that a class came after a history."""
        for context in self._contexts(history):
            counts = self._counts.setdefault(context, {})
            counts[index] = counts.get(index, 0) + 1

    def predict(self, history: Sequence[int]) -> Floats:
        """The probability (64,) of each class to come after a history; each is above 0, their sum is 1."""
        known: dict[int, float] = {}
        left = 1.0
        for context in self._contexts(history):
            fresh = [pair for pair in self._counts.get(context, {}).items() if pair[0] not in known]
            if fresh:
                whole = sum(count for _, count in fresh) + len(fresh)
                known |= {index: left * count / whole for index, count in fresh}
                left *= len(fresh) / whole
        return _spread(known, left)

    def _contexts(self, history: Sequence[int]) -> Iterable[tuple[int, ...]]:
        recent = tuple(history[max(0, len(history) - self.order) :])
        return (recent[start:] for start in range(len(recent) + 1))


def blend(first: Floats, second: Floats, trust: float) -> Floats:
    """The mean of two distributions, the more certain one weighing more.

    Parameters: first and second (64,), probabilities; trust, 0 weighs both alike, more follows the more certain one:
    weights are entropy ** -trust.
    Returns: (64,), its sum 1.
    """
    shares = np.array([_certainty(first, trust), _certainty(second, trust)])
    mixed: Floats = (shares[0] * first + shares[1] * second) / shares.sum()
    return mixed


def _spread(known: dict[int, float], left: float) -> Floats:
    """Known probabilities, and what is left shared out among all other classes."""
    unseen = CLASSES - len(known)
    told = np.full(CLASSES, left / unseen if unseen else 0.0)
    told[list(known)] = list(known.values())
    whole: Floats = told / told.sum()
    return whole


def _certainty(probabilities: Floats, trust: float) -> float:
    seen = probabilities[probabilities > 0]
    return float(max(-(seen * np.log(seen)).sum(), LEAST) ** -trust)
