"""Following: the next chord of a song, from what is known of songs and from what this song has done so far.

Conventions: classes and trace as in `classes`, the emotion code as in `kelly.emotion.code`. Three speak: the network,
which alone knows the feeling; a table of n-grams, which knows exactly what the last chords were, where the trace only
hints at their order; and a PPM that learns from this song alone. Network and n-grams are multiplied, each raised to a
power (a product of experts: Hinton 2002), then the PPM is blended in by certainty. The numbers of all this stand with
the weights of the network (`Mixture`), chosen on a part of the training songs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kelly.errors import FileError, UsageError
from kelly.models.harmony.classes import BEGIN, CLASSES, step
from kelly.models.harmony.ngrams import Ngrams
from kelly.models.harmony.ppm import PPM, blend

__all__ = ["Following", "Mixture", "Predictor", "product"]

Floats = npt.NDArray[np.float64]

LEAST = 1e-5  # the probability that the network is heard to give to what it rules out
LARGEST = 16  # of each number of a mixture


@dataclass(frozen=True, slots=True)
class Mixture:
    """How the three are heard.

    Parameters: network and ngrams, the powers of their probabilities; order, chords of the longest context of the PPM;
    trust, how far the more certain side prevails, as in `ppm.blend`.
    Raises: UsageError, a number is not in 0..16.
    """

    network: float = 0.5
    ngrams: float = 0.6
    order: int = 5
    trust: float = 3.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, value in asdict(self).items():
            if not 0 <= value <= LARGEST:
                raise UsageError(f"{name} of a mixture must lie in 0..{LARGEST}; got {value}")

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Mixture:
        """What the key "mixture" of a `config.json` says; the defaults where there is none.

        Raises: FileError, it says something else than these numbers.
        """
        try:
            told = cls(**config.get("mixture", {}))
            return cls(float(told.network), float(told.ngrams), int(told.order), float(told.trust))
        except (UsageError, TypeError, ValueError) as error:
            raise FileError(f"the mixture of harmony makes no sense: {error}") from error


class Predictor(Protocol):
    """What `kelly.models.networks.HarmonyPredictor` does."""

    def predict(self, code: npt.ArrayLike, trace: npt.ArrayLike) -> Floats:
        """The probability (64,) of each class, from code (64,) and trace (64,)."""


class Following:
    """A song in the making, from its begin on.

    Parameters: network; ngrams, or None where there is no table; mixture.
    """

    def __init__(self, network: Predictor, ngrams: Ngrams | None, mixture: Mixture) -> None:
        self._network, self._ngrams, self._mixture = network, ngrams, mixture
        self._ppm = PPM(mixture.order)
        self._history = [BEGIN]
        self._trace = step(np.zeros(CLASSES, np.float32), BEGIN)

    def predict(self, code: npt.ArrayLike) -> Floats:
        """The probability (64,) of each class to come next, in a song that feels like code (64,)."""
        told = self._network.predict(code, self._trace)
        if self._ngrams is not None:
            told = product(told, self._ngrams.predict(self._history), self._mixture)
        return blend(told / told.sum(), self._ppm.predict(self._history), self._mixture.trust)

    def hear(self, index: int) -> None:
        """Take in the chord that has come. Raises: UsageError, the class is not 0..63."""
        self._trace = step(self._trace, index)
        self._ppm.learn(self._history, index)
        self._history.append(index)


def product(network: Floats, ngrams: Floats, mixture: Mixture) -> Floats:
    """Network and n-grams as one: both (..., 64), each raised to its power and multiplied; (..., 64), each sum 1."""
    raised = np.maximum(network, LEAST) ** mixture.network * ngrams**mixture.ngrams
    whole: Floats = raised / raised.sum(-1, keepdims=True)
    return whole
