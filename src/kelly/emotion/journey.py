"""Journeys: how a feeling travels over a song, from side A ("where you are") to side B ("where you want to be").

Conventions: an arc is a row of stretches, each with a role in the song, a length in bars of which four make a phrase,
an energy in 0..1 and the share of the way from A to B that is done in its middle (`arcs.csv`). Progress through a song
lies in 0..1. A journey either leads from A to B as its arc says, or, when it has points (places in 0..1 with the
feeling there), through these; its arc then gives the form alone. What a stretch does to the notes is decided in
`composing`.
"""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from kelly.emotion.space import Emotion, mix
from kelly.errors import UsageError
from kelly.names import find, quoted

__all__ = ["PHRASE_BARS", "Arc", "Journey", "Stretch", "apportioned", "arc", "arcs"]

PHRASE_BARS = 4
LOOP_LIMIT = 16  # up to here a length is one stretch that can be looped, not a small song
LONGEST = 2000
PLACES = 9  # digits of a point's progress


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

    def index(self, progress: float) -> int:
        """Which stretch, counted from 0, holds `progress` (0..1; values outside are held at the ends)."""
        ends = list(accumulate(stretch.bars for stretch in self.stretches))
        return min(bisect_right(ends, round(progress * self.bars, 6)), len(ends) - 1)

    def scaled(self, bars: int) -> Arc:
        """The arc brought to a length of `bars` (1..2000) by whole phrases.

        Up to 16 bars it is one loop at the arc's typical energy. A rest of fewer than four bars goes to the last
        stretch; in a short song the shortest stretches fall out.
        """
        if not 1 <= bars <= LONGEST:
            raise UsageError(f"bars must lie in 1..{LONGEST}; got {bars}")
        if bars <= LOOP_LIMIT:
            return Arc(self.name, (self._loop(bars),))
        shared = zip(self.stretches, self._lengths(bars), strict=True)
        return Arc(self.name, tuple(replace(stretch, bars=length) for stretch, length in shared if length))

    def moved(self, progress: float, bars: int) -> float:
        """Where `progress` (0..1) through the arc comes to lie when it is scaled to `bars` (1..2000), 0..1.

        What lies in a stretch stays in it, as far along; what lies in one that falls out goes to the seam it leaves.
        """
        if not 1 <= bars <= LONGEST:
            raise UsageError(f"bars must lie in 1..{LONGEST}; got {bars}")
        if bars <= LOOP_LIMIT:
            return progress
        before = [0, *accumulate(stretch.bars for stretch in self.stretches)]
        after = [0, *accumulate(self._lengths(bars))]
        return round(float(np.interp(progress * self.bars, before, after)) / bars, PLACES)

    def _lengths(self, bars: int) -> list[int]:
        """The bars of every stretch in a song of `bars`, in whole phrases but for a rest; 0 where it falls out."""
        phrases, rest = divmod(bars, PHRASE_BARS)
        lengths = [PHRASE_BARS * share for share in apportioned([stretch.bars for stretch in self.stretches], phrases)]
        lengths[max(i for i, length in enumerate(lengths) if length)] += rest
        return lengths

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
    points : two or more (progress in 0..1, feeling) that do not fall in progress, the first at side A, the last at side
        B; between them the feeling is interpolated, before and after them held. `through` needs only these. Empty: the
        arc says how A becomes B.

    Raises
    ------
    UsageError : a side is no Emotion, there is no such arc, or the points are not as above.

    Examples
    --------
    >>> grief, hope = Emotion(-0.9, 0.3, 0.25), Emotion(0.6, 0.6, 0.73)
    >>> Journey(grief, hope, "slow-reveal").at(1.0).valence
    0.6
    """

    start: Emotion
    end: Emotion = field(default=None)  # type: ignore[assignment]  # filled in below
    arc: Arc = field(default=None)  # type: ignore[assignment]  # filled in below
    points: tuple[tuple[float, Emotion], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", _checked_points(self.points))
        if self.end is None:
            object.__setattr__(self, "end", self.points[-1][1] if self.points else self.start)
        if not isinstance(self.arc, Arc):
            object.__setattr__(self, "arc", arc("classic" if self.arc is None else self.arc))
        for side in (self.start, self.end):
            if not isinstance(side, Emotion):
                raise UsageError(f"a journey leads from an Emotion to an Emotion; got {quoted(side)}")
        if self.points and (self.start, self.end) != (self.points[0][1], self.points[-1][1]):
            raise UsageError("a journey through points starts at the first and ends at the last; got another side")

    @classmethod
    def through(cls, points: Iterable[tuple[float, Emotion]], arc: Arc | str | None = None) -> Journey:
        """The journey through two or more points (progress in 0..1, feeling), over the form of an arc.

        Raises UsageError as `Journey` does.

        Examples
        --------
        >>> low, high = Emotion(-0.9, 0.3, 0.25), Emotion(0.6, 0.6, 0.73)
        >>> Journey.through([(0.2, low), (0.6, high), (0.9, low)]).at(0.4).valence
        -0.15
        """
        settled = _checked_points(points)
        if not settled:
            raise UsageError("a journey through points needs two or more; got none")
        return cls(settled[0][1], settled[-1][1], arc, settled)  # type: ignore[arg-type]  # filled in there

    @property
    def moves(self) -> bool:
        """Whether the feeling changes on the way."""
        return any(feeling.vad != self.start.vad for feeling in (self.end, *(feeling for _, feeling in self.points)))

    def at(self, progress: float) -> Emotion:
        """The feeling at `progress` (0..1; values outside are held at the ends) through the song."""
        if not math.isfinite(progress):
            raise UsageError(f"progress must be a number in 0..1; got {progress!r}")
        if self.points:
            return self._between(progress)
        knots = [0.0, *self.arc.centres(), 1.0]
        stretches = self.arc.stretches
        travels = [0.0, *(s.travel for s in stretches), stretches[-1].travel if len(stretches) > 1 else 1.0]
        share = float(np.interp(progress, knots, travels))
        return mix(self.start, self.end, round(share, 6))

    def _between(self, progress: float) -> Emotion:
        """The feeling between the two points around `progress`; where two lie at one place, the later holds."""
        later = bisect_right(self.points, progress, key=lambda point: point[0])
        if later in (0, len(self.points)):
            return self.points[0 if later == 0 else -1][1]
        (left, one), (right, other) = self.points[later - 1 : later + 1]
        return mix(one, other, round((progress - left) / (right - left), 6))

    def curve(self, bars: int | None = None) -> npt.NDArray[np.float64]:
        """(V, A, D) in the middle of each of `bars` equal bars (default: the arc's own): an array (bars, 3)."""
        count = self.arc.bars if bars is None else bars
        return np.array([self.at((bar + 0.5) / count).vad for bar in range(count)])

    def scaled(self, bars: int) -> Journey:
        """The same journey over a song of `bars` bars; points stay in their stretches."""
        points = tuple((self.arc.moved(place, bars), feeling) for place, feeling in self.points)
        return replace(self, arc=self.arc.scaled(bars), points=points)

    def rounded(self, digits: int = 2) -> Journey:
        """The journey with every feeling rounded, as it is stored in files (so that a file composes the same song)."""
        points = tuple((round(place, PLACES), feeling.rounded(digits)) for place, feeling in self.points)
        return replace(self, start=self.start.rounded(digits), end=self.end.rounded(digits), points=points)


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


def apportioned(weights: Sequence[float], total: int) -> list[int]:
    """Split `total` in proportion to `weights` (>= 0, one of them > 0) by largest remainders (Hamilton's method).

    Ties go to the earlier.
    """
    whole = math.fsum(weights)
    quotas = [weight * total / whole for weight in weights]
    shares = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(weights)), key=lambda i: (round(shares[i] - quotas[i], 9), i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


def _checked_points(points: Iterable[tuple[float, Emotion]]) -> tuple[tuple[float, Emotion], ...]:
    """Points in one spelling. Raises UsageError when they are no points, too few, or fall in progress."""
    try:
        settled = tuple((float(place), feeling) for place, feeling in points)
    except (TypeError, ValueError):
        settled = ((math.nan, None),)  # type: ignore[assignment]  # refused below
    for place, feeling in settled:
        if not 0 <= place <= 1 or not isinstance(feeling, Emotion):
            raise UsageError(f"a point of a journey is (progress in 0..1, Emotion); got {quoted(points)}")
    if len(settled) == 1:
        raise UsageError("a journey through points needs two or more; got one")
    if any(later < earlier for (earlier, _), (later, _) in pairwise(settled)):
        raise UsageError(f"the points of a journey must not fall; got {quoted([place for place, _ in settled])}")
    return settled
