"""Chance: every random choice in Kelly comes from here, so that a seed means the same notes everywhere.

Conventions: one seed (an integer >= 0) a song; each engine gets a stream of its own, split by name through SHA-256, so
that adding an engine does not reshuffle the others. Only `Generator.random()` is drawn from: the bits of PCG64 are
fixed by NumPy, its distributions are not (ADR 0002). Weights are rounded to 2^-10 before a choice, so that the last bit
of an exponential cannot turn it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.random import PCG64, Generator

__all__ = ["best", "chance", "pick", "sharpened", "shuffle", "stream", "sway", "uniform"]

T = TypeVar("T")
GRID = 1024


def stream(seed: int, *names: str | int) -> Generator:
    """The random stream called `names` of a seed: the same for ever, independent of all others."""
    text = "\x1f".join(str(part) for part in (seed, *names))
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(PCG64(int.from_bytes(digest[:16], "big")))


def pick(options: Mapping[T, float] | Sequence[T], rng: Generator, turn: float = 0.0) -> T:
    """One of the options: a mapping from option to weight (>= 0), or a sequence of equally likely ones.

    `turn` is added to the number drawn (modulo 1): draws of one stream that are turned differently fall on different
    options, each as likely as before. When every weight rounds to nothing, the heaviest option is taken.
    """
    drawn = (rng.random() + turn) % 1.0
    if not isinstance(options, Mapping):
        return options[int(drawn * len(options))]
    weights = [round(max(weight, 0.0) * GRID) for weight in options.values()]
    total = sum(weights)
    if total == 0:
        return best(options)
    threshold = drawn * total
    for option, weight in zip(options, weights, strict=True):
        threshold -= weight
        if threshold < 0:
            return option
    return best(options)


def best(options: Mapping[T, float]) -> T:
    """The option with the largest weight (rounded to 1e-6); ties to the first."""
    return max(options, key=lambda option: round(options[option], 6))


def sharpened(weights: Mapping[T, float], power: float = 1.0) -> dict[T, float]:
    """The weights relative to the largest, raised to `power` (>= 0; above 1 the best stands out more)."""
    top = max(weights.values())
    return {option: (weight / top) ** power for option, weight in weights.items()} if top else dict(weights)


def chance(probability: float, rng: Generator) -> bool:
    """True with `probability` (values outside 0..1 are held at the ends)."""
    return bool(rng.random() < round(probability * GRID) / GRID)


def uniform(low: float, high: float, rng: Generator) -> float:
    """A number in low..high, evenly spread."""
    return float(low + (high - low) * rng.random())


def sway(rng: Generator) -> float:
    """A bell-shaped number in -1..1 with standard deviation 1/3: what a steady hand misses by."""
    return float((rng.random() + rng.random() + rng.random()) * 2 / 3 - 1)


def shuffle(items: Iterable[T], rng: Generator) -> list[T]:
    """The items in random order (Fisher and Yates)."""
    row = list(items)
    for last in range(len(row) - 1, 0, -1):
        other = int(rng.random() * (last + 1))
        row[last], row[other] = row[other], row[last]
    return row
