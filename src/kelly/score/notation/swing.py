"""Swing: where a score plays pairs of equal values unevenly, and when its notes would sound if it played them evenly.

Conventions: places are divisions from the bar line. A unit is what is divided unevenly: two eighths, two sixteenths or
two quarters; the ratio is where its second half begins (.5 is even, 2/3 a triplet's). A stretch lies between two edges.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import log

import numpy as np
import numpy.typing as npt

from kelly.score.notation.bars import QUARTER, SIXTEENTH, Bars

__all__ = ["Swing", "Swings", "swings_of"]

Places = npt.NDArray[np.float64]

# How dear it is to think of each: a bar of swung quarters is seldom meant where swung eighths will do.
UNITS = {QUARTER: 1.0, QUARTER // 2: 1.0, 2 * QUARTER: 1.15}
RATIOS = tuple(percent / 100 for percent in range(54, 73))
STRAY = 0.09 * QUARTER  # what lies further from every place than this is no evidence of anything
CLEAR = 1.6  # how much nearer an uneven grid must lie, mean squares
SURE = 8.0  # by which log-likelihood
FEWEST = 8  # off-beats that show how they are played
THIRDS = 0.25  # first thirds a second third from which on these are triplets


@dataclass(frozen=True, slots=True)
class Swing:
    """How a stretch is divided: where it starts (divisions from the score's start), unit in divisions, and ratio."""

    start: int = 0
    unit: int = QUARTER
    ratio: float = 0.5

    def straightened(self, place: float) -> float:
        """The place where what is played at a place would lie if it were played evenly."""
        if self.ratio == 0.5:
            return place
        units, inside = divmod(place / self.unit, 1)
        if inside < self.ratio:
            return (units + inside / (2 * self.ratio)) * self.unit
        return (units + 0.5 + (inside - self.ratio) / (2 * (1 - self.ratio))) * self.unit


@dataclass(frozen=True)
class Swings:
    """The swing of a score from stretch to stretch, in order; the first holds from the start."""

    row: tuple[Swing, ...]

    @cached_property
    def starts(self) -> list[int]:
        """Where each starts, in divisions from the score's start."""
        return [swing.start for swing in self.row]

    def at(self, place: float) -> Swing:
        """The swing at a place counted from the score's start; what is played a little early belongs to what comes."""
        return self.row[max(bisect_right(self.starts, place + SIXTEENTH / 2) - 1, 0)]


def swings_of(onsets: Places, bars: Bars, edges: Sequence[int]) -> Swings:
    """How notes swing, stretch by stretch; a stretch is like the whole unless it clearly is not.

    Parameters: onsets, in divisions from the score's start, in order; bars; edges, where stretches start, in order, 0
    the first.
    Returns: the swing of each stretch that is not like the one before it; those of one unit have one ratio.
    """
    inside = _from_bar_lines(onsets, bars)
    usual = _unit(inside)
    cuts = np.searchsorted(onsets, np.array([*edges, bars.end]) - SIXTEENTH / 2)
    places = [inside[low:high] for low, high in pairwise(cuts)]
    units: list[int] = []
    for row in places:
        units.append(_unit(row, usual) if len(row) or not units else units[-1])
    changes = [index for index, unit in enumerate(units) if index == 0 or unit != units[index - 1]]
    ratios = {
        unit: _best(np.concatenate([row for row, own in zip(places, units, strict=True) if own == unit]), (unit,))[2]
        for unit in set(units) - {0}
    }
    return Swings(tuple(Swing(edges[i], units[i] or QUARTER, ratios.get(units[i], 0.5)) for i in changes))


def _from_bar_lines(onsets: Places, bars: Bars) -> Places:
    starts = np.array(bars.starts, dtype=np.float64)
    return onsets - starts[np.maximum(np.searchsorted(starts, onsets, side="right") - 1, 0)]


def _unit(places: Places, usual: int = 0) -> int:
    """The unit that is divided unevenly, 0 for none: the usual one unless others lie clearly nearer."""
    inside = places % QUARTER
    if np.sum((inside > SIXTEENTH / 2) & (inside < QUARTER - SIXTEENTH / 2)) < FEWEST:
        return usual
    known = _best(places, (usual,))[0] if usual else _distance(places, QUARTER, 0.5)
    left, unit, ratio = _best(places, tuple(UNITS))
    if usual and _distance(places, QUARTER, 0.5) < min(known, left):
        return 0
    gain = (known + 1e-6) / (left + 1e-6)
    clear = gain > CLEAR and len(places) / 2 * log(gain) > SURE
    return unit if clear and not _are_triplets(places, unit, ratio) else usual


def _best(places: Places, units: Sequence[int]) -> tuple[float, int, float]:
    """Distance, unit and ratio of the nearest uneven grid."""
    return min((UNITS[unit] * _distance(places, unit, ratio), unit, ratio) for unit in units for ratio in RATIOS)


def _distance(places: Places, unit: int, ratio: float) -> float:
    """Mean squared distance from the grid of sixteenths that is bent so; what strays counts as near."""
    if not len(places):
        return 0.0
    steps = np.arange(0, unit + 1, SIXTEENTH) / unit
    bent = np.where(steps < 0.5, 2 * ratio * steps, ratio + 2 * (1 - ratio) * (steps - 0.5)) * unit
    distances = np.abs((places % unit)[:, None] - bent[None, :]).min(axis=1)
    return float(np.mean(np.minimum(distances, STRAY) ** 2))


def _are_triplets(places: Places, unit: int, ratio: float) -> bool:
    """Whether these are triplets rather than swing: a ratio near theirs, and their first third is played as well."""
    inside = places % unit / unit
    first, second = (np.sum(np.abs(inside - third) < 0.045) for third in (1 / 3, 2 / 3))
    return bool(ratio > 0.63 and first > THIRDS * second)
