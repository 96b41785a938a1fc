"""Journeys: how a feeling travels over a song, from side A ("where you are") to side B ("where you want to be").

Conventions: an arc is a row of stretches, each with a role in the song, a length in bars of which four make a phrase,
an energy in 0..1 and the share of the way from A to B that is done in its middle (`arcs.csv`). Progress through a song
lies in 0..1. What a stretch does to the notes is decided in `composing`.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from kelly.emotion.space import Emotion, mix
from kelly.errors import UsageError
from kelly.names import find, quoted

__all__ = ["PHRASE_BARS", "Arc", "Journey", "Stretch", "arc", "arcs"]

PHRASE_BARS = 4
LOOP_LIMIT = 16  # up to here a length is one stretch that can be looped, not a small song
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of an arc: role in the song, length in bars, energy 0..1, share of the journey done in its middle."""

    role: str
    bars: int
    energy: float
    travel: float

    def __post_init__(self) -> None:
        if self.bars < 1:
            raise UsageError(f"a stretch must have at least one bar; got {quoted(self.bars)}")
        for name in ("energy", "travel"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"a stretch's {name} must lie in 0..1; got {quoted(getattr(self, name))}")


@dataclass(frozen=True, slots=True)
class Arc:
    """A named shape of a song: its stretches in order, at least one."""

    name: str
    stretches: tuple[Stretch, ...]

    def __post_init__(self) -> None:
        if not self.stretches:
            raise UsageError("an arc must have at least one stretch; got none")

    @property
    def bars(self) -> int:
        """Length of the arc in bars."""
        return sum(stretch.bars for stretch in self.stretches)

    def centres(self) -> list[float]:
        """The middle of every stretch as progress in 0..1."""
        ends = [0, *accumulate(stretch.bars for stretch in self.stretches)]
        return [(start + end) / 2 / self.bars for start, end in pairwise(ends)]

    def scaled(self, bars: int) -> Arc:
        """The arc brought to a length of `bars` (1..2000) by whole phrases.

        Up to 16 bars it is one loop at the arc's typical energy. A rest of fewer than four bars goes to the last
        stretch; in a short song the shortest stretches fall out.
        """
        if not 1 <= bars <= LONGEST:
            raise UsageError(f"bars must lie in 1..{LONGEST}; got {bars}")
        if bars <= LOOP_LIMIT:
            return Arc(self.name, (self._loop(bars),))
        phrases, rest = divmod(bars, PHRASE_BARS)
        shares = _apportion([stretch.bars for stretch in self.stretches], phrases)
        kept = [
            replace(stretch, bars=PHRASE_BARS * share)
            for stretch, share in zip(self.stretches, shares, strict=True)
            if share
        ]
        kept[-1] = replace(kept[-1], bars=kept[-1].bars + rest)
        return Arc(self.name, tuple(kept))

    def _loop(self, bars: int) -> Stretch:
        energy = sum(stretch.energy * stretch.bars for stretch in self.stretches) / self.bars
        return Stretch("verse", bars, round(energy, 2), 0.5)


@dataclass(frozen=True, slots=True)
class Journey:
    """A curve of feelings over a whole song.

    Parameters
    ----------
    start : the feeling at the beginning (side A).
    end : the feeling at the end (side B); `start` when left out.
    arc : an `Arc`, or the name of one ("slow-reveal", any case, blanks or hyphens).

    Examples
    --------
    >>> grief, hope = Emotion(-0.9, 0.3, 0.25), Emotion(0.6, 0.6, 0.73)
    >>> Journey(grief, hope, "slow-reveal").at(1.0).valence
    0.6
    """

    start: Emotion
    end: Emotion = field(default=None)  # type: ignore[assignment]  # filled in below
    arc: Arc = field(default=None)  # type: ignore[assignment]  # filled in below

    def __post_init__(self) -> None:
        if self.end is None:
            object.__setattr__(self, "end", self.start)
        if not isinstance(self.arc, Arc):
            object.__setattr__(self, "arc", arc("classic" if self.arc is None else self.arc))
        for side in (self.start, self.end):
            if not isinstance(side, Emotion):
                raise UsageError(f"a journey leads from an Emotion to an Emotion; got {quoted(side)}")

    @property
    def moves(self) -> bool:
        """Whether side B differs from side A."""
        return self.start.vad != self.end.vad

    def at(self, progress: float) -> Emotion:
        """The feeling at `progress` (0..1; values outside are held at the ends) through the song."""
        if not math.isfinite(progress):
            raise UsageError(f"progress must be a number in 0..1; got {progress!r}")
        knots = [0.0, *self.arc.centres(), 1.0]
        stretches = self.arc.stretches
        travels = [0.0, *(s.travel for s in stretches), stretches[-1].travel if len(stretches) > 1 else 1.0]
        share = float(np.interp(progress, knots, travels))
        return mix(self.start, self.end, round(share, 6))

    def curve(self, bars: int | None = None) -> npt.NDArray[np.float64]:
        """(V, A, D) in the middle of each of `bars` equal bars (default: the arc's own): an array (bars, 3)."""
        count = self.arc.bars if bars is None else bars
        return np.array([self.at((bar + 0.5) / count).vad for bar in range(count)])

    def scaled(self, bars: int) -> Journey:
        """The same journey over a song of `bars` bars."""
        return replace(self, arc=self.arc.scaled(bars))


@cache
def arcs() -> dict[str, Arc]:
    """All arcs by name, in the order of the table."""
    stretches: dict[str, list[Stretch]] = {}
    with resources.files("kelly.emotion").joinpath("arcs.csv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            stretch = Stretch(row["role"], int(row["bars"]), float(row["energy"]), float(row["travel"]))
            stretches.setdefault(row["arc"], []).append(stretch)
    return {name: Arc(name, tuple(rows)) for name, rows in stretches.items()}


def arc(name: str) -> Arc:
    """The arc called `name` (any case, blanks or hyphens). Raises UnknownNameError with the names there are."""
    return arcs()[find(name, arcs(), "arc")]


def _apportion(weights: list[int], total: int) -> list[int]:
    """Split `total` in proportion to `weights` by largest remainders (Hamilton's method), ties to the earlier."""
    quotas = [weight * total / sum(weights) for weight in weights]
    shares = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(weights)), key=lambda i: (round(shares[i] - quotas[i], 9), i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares
