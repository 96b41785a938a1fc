"""Sampling: which of the values that a field may take is taken.

Conventions: log odds come from the network, rounded; what a rule forbids is left out before anything else. Of the rest
those are kept that are among the `top_k` likeliest and within the likeliest that make up `top_p` together (Holtzman and
others, "The Curious Case of Neural Text Degeneration", ICLR 2020), at a temperature. Weights are rounded before a
choice, so that a seed chooses alike on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from kelly.errors import UsageError
from kelly.names import quoted
from kelly.numbers import number, whole

__all__ = ["USUAL", "Sampling", "choose", "sampling_of"]

Floats = npt.NDArray[np.float64]
_GRID = 2**20  # weights are counted in such parts of the largest


@dataclass(frozen=True, slots=True)
class Sampling:
    """How values are drawn.

    Parameters: temperature, 0 (always the likeliest) to 5; top_k, 0 (all) or more; top_p, above 0 to 1; repetition, 0
    to 5, what a pitch loses in log odds for every time that it was among the last sixteen notes of its part (drums may
    repeat); guidance, 0 to 10, how strongly the feeling is said (1: as learned).
    Raises: UsageError, one of them is out of range.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 0.97
    # Repetition: so songs have pitch classes as people's of the training split do. Guidance: above it, loops please the
    # judge alone; the labeller, which has no say in them, hears them less as asked.
    repetition: float = 0.4
    guidance: float = 1.5

    def __post_init__(self) -> None:
        """Check what would only be found out after a while."""
        for name, high in (("temperature", 5), ("repetition", 5), ("guidance", 10)):
            number(name, getattr(self, name), 0, high)
        whole("top_k", self.top_k, 0, 10_000)
        if number("top_p", self.top_p, 0, 1) == 0:
            raise UsageError(f"top_p must lie above 0, up to 1; got {self.top_p}")


USUAL = Sampling()


def sampling_of(given: Sampling) -> Sampling:
    """The sampling that was given. Raises: UsageError, it is none."""
    if not isinstance(given, Sampling):
        raise UsageError(f"sampling must be a Sampling; got {quoted(given)}")
    return given


def choose(logits: Floats, allowed: npt.NDArray[np.bool_], sampling: Sampling, rng: Generator) -> int:
    """A value. Parameters: logits (n,); allowed (n,), at least one; sampling; rng, of which one draw is used."""
    drawn = rng.random()
    values = np.flatnonzero(allowed)
    told = logits[values]
    if len(values) == 1 or sampling.temperature == 0:
        return int(values[told.argmax()])
    order = np.argsort(-told, kind="stable")[: sampling.top_k or None]
    shares = np.exp((told[order] - told[order[0]]) / max(sampling.temperature, 1e-3))
    sums = np.cumsum(shares)
    kept = order[: int(np.searchsorted(sums, sampling.top_p * sums[-1] - 1e-9)) + 1]
    weights = np.rint(shares[: len(kept)] * _GRID).astype(np.int64)
    at = int(np.searchsorted(np.cumsum(weights), drawn * weights.sum(), side="right"))
    return int(values[kept[min(at, len(kept) - 1)]])
