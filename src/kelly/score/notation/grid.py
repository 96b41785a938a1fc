"""Grid: where the notes of a part are written, whatever a hand made of them.

Conventions: places are divisions from the score's start; a cell is a beat of a bar. Each cell that a part plays in has
one step: sixteenths, or triplets where they lie nearer by more than chance would have it, or half of either where
onsets would fall together otherwise. Notes struck within a twentieth of a beat are struck together.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import floor
from statistics import median

from kelly.score.notation.bars import QUARTER, SIXTEENTH, Bar, Bars
from kelly.score.notation.swing import Swings
from kelly.score.notes import Note

__all__ = ["Grid", "Sounding", "Strike", "Timing", "lag", "on_grid"]

TRIPLET = QUARTER // 3
TOGETHER, WIDEST = 0.05 * QUARTER, 0.15 * QUARTER  # from one note of a chord to the next, and in all
ROLLED = 0.06 * QUARTER  # the width from which on three notes or more are heard one after the other
REACH, LATEST = 0.09 * QUARTER, 0.06 * QUARTER  # what tells how late a part is, and how late it may be
# By how much a step must lie nearer (squares of divisions, summed over a cell) to be preferred to sixteenths.
DEAR = {TRIPLET: 7.0, SIXTEENTH // 2: 41.0, TRIPLET // 2: 41.0}
CHEAPEST = min(DEAR.values())
LOST = 46.0  # what it costs that two onsets fall together
DIVIDED, THIRD = 8.0, 0.64  # what it costs that a swung eighth is divided, and where that may be a triplet
EXACT = 0.02  # share of the costs in a part that lies on a grid already
INFINITE = float("inf")
FINEST = QUARTER // 24  # which all steps lie on


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note whose onset is on the grid: its end is where it stopped, if the score did not swing (divisions)."""

    pitch: int
    velocity: int
    end: float


@dataclass(frozen=True, slots=True)
class Strike:
    """Notes struck together: their place, the notes from low to high, and whether they are rolled."""

    place: int
    notes: tuple[Sounding, ...]
    rolled: bool = False


@dataclass(frozen=True)
class Grid:
    """The steps of a part by the start of their cell, where these are not the usual ones."""

    bars: Bars
    steps: Mapping[int, int] = field(default_factory=dict)

    def cell(self, place: float) -> tuple[int, int]:
        """Start and length of the cell that holds a place."""
        return _cell(self.bars.at(place), place)

    def step(self, place: float) -> int:
        """The step at a place."""
        start, length = self.cell(place)
        return self.steps.get(start, _straight(length))


@dataclass(frozen=True, slots=True)
class Timing:
    """How a part was played: the bars and the swing of the score, and how late the part is (divisions)."""

    bars: Bars
    swings: Swings
    late: float = 0.0

    def raw(self, beats: float) -> float:
        """A time in quarter notes as divisions, less what the part is late."""
        return max(beats * QUARTER - self.late, 0.0)

    def even(self, place: float) -> float:
        """Where a place would be if the score did not swing."""
        start = self.bars.at(place).start
        return start + self.swings.at(place).straightened(place - start)


@dataclass(slots=True)
class _Struck:
    """Notes struck together as they were played: where the first was, as it was and as if nothing swung."""

    raw: float
    even: float
    notes: list[Note]


def lag(notes: Iterable[Note], bars: Bars) -> float:
    """How late a part is, in divisions: the median of what it plays about the beats."""
    late = (_from_beat(note.onset * QUARTER, bars) for note in notes)
    near = [distance for distance in late if abs(distance) < REACH]
    return min(max(median(near), -LATEST), LATEST) if near else 0.0


def _from_beat(place: float, bars: Bars) -> float:
    inside = (place - bars.at(place).start) % QUARTER
    return inside - QUARTER if inside > QUARTER / 2 else inside


def on_grid(notes: Iterable[Note], timing: Timing) -> tuple[list[Strike], Grid]:
    """The notes of a part where they are written, in order, one strike at a place; and the grid that they lie on."""
    row = _struck(notes, timing)
    dear = EXACT if _is_exact(row) else 1.0
    steps: dict[int, int] = {}
    places: dict[int, list[_Struck]] = {}
    for (start, length), cell, after in _cells(row, timing.bars):
        step, found = _nearest(cell, after, (start, length), timing, dear)
        if step != _straight(length):
            steps[start] = step
        for place, one in zip(found, cell, strict=True):
            places.setdefault(start + place, []).append(one)
    return [_strike(place, together, timing) for place, together in sorted(places.items())], Grid(timing.bars, steps)


def _struck(notes: Iterable[Note], timing: Timing) -> list[_Struck]:
    """The notes in time order, those that sound together as one."""
    row: list[_Struck] = []
    for note in sorted(notes):
        raw = timing.raw(note.onset)
        if row and timing.raw(row[-1].notes[-1].onset) + TOGETHER >= raw and row[-1].raw + WIDEST >= raw:
            row[-1].notes.append(note)
        else:
            row.append(_Struck(raw, timing.even(raw), [note]))
    return row


def _is_exact(row: Sequence[_Struck]) -> bool:
    """Whether nearly all lies on the finest grid: a hand does not do that."""
    return sum(abs(one.raw / FINEST - round(one.raw / FINEST)) > 0.1 for one in row) <= 0.05 * len(row)


def _cells(row: Sequence[_Struck], bars: Bars) -> Iterator[tuple[tuple[int, int], Sequence[_Struck], float]]:
    """What is struck in each cell, and where the next strike after it is."""
    at = 0
    while at < len(row):
        cell = _cell(bars.at(row[at].even), row[at].even)
        until = at + 1
        while until < len(row) and row[until].even < sum(cell):
            until += 1
        yield cell, row[at:until], row[until].even if until < len(row) else INFINITE
        at = until


def _cell(bar: Bar, place: float) -> tuple[int, int]:
    edges = bar.edges
    index = min(bisect_right(edges, place - bar.start), len(edges) - 1) - 1
    return bar.start + edges[index], edges[index + 1] - edges[index]


def _straight(length: int) -> int:
    """The usual step of a cell: sixteenths, or finer where its bar is counted in thirty-seconds or less."""
    return next(step for step in (SIXTEENTH, SIXTEENTH // 2, SIXTEENTH // 4) if length % step == 0)


def _steps(bar: Bar, length: int) -> tuple[int, ...]:
    """The steps that a cell of a bar may have."""
    if bar.simple:
        return SIXTEENTH, TRIPLET, SIXTEENTH // 2, TRIPLET // 2
    return _straight(length), max(_straight(length) // 2, SIXTEENTH // 4)


def _nearest(
    row: Sequence[_Struck], after: float, cell: tuple[int, int], timing: Timing, dear: float
) -> tuple[int, list[int]]:
    """The step that costs least to write a cell with, the usual one if it costs next to nothing; and the places."""
    best = INFINITE, 0, [0]
    for step in _steps(timing.bars.at(cell[0]), cell[1]):
        best = min(best, _cost(row, after, cell, step, timing, dear), key=lambda cost: cost[0])
        if best[0] <= dear * CHEAPEST:
            break
    return best[1], best[2]


def _cost(
    row: Sequence[_Struck], after: float, cell: tuple[int, int], step: int, timing: Timing, dear: float
) -> tuple[float, int, list[int]]:
    """What it costs to write a cell with a step; the step, and the places from the cell's start."""
    start, length = cell
    swing = timing.swings.at(start)
    played = [(one.even if step % 3 == 0 else one.raw) - start for one in row]
    places = [min(max(floor(place / step + 0.5) * step, 0), length) for place in played]
    cost = sum((place - own) ** 2 for place, own in zip(places, played, strict=True)) + dear * DEAR.get(step, 0.0)
    lost = len(row) - len(set(places)) + (length in places and after < start + length + step / 2)
    if step == SIXTEENTH and swing.unit == QUARTER and swing.ratio >= THIRD:
        cost += DIVIDED * sum(place % (2 * SIXTEENTH) != 0 for place in places)
    return cost + LOST * lost, step, places


def _strike(place: int, together: Sequence[_Struck], timing: Timing) -> Strike:
    """All that falls on a place; of one pitch the loudest and the longest."""
    notes: dict[int, Sounding] = {}
    for note in (note for one in together for note in one.notes):
        same = notes.get(note.pitch, Sounding(note.pitch, 0, 0.0))
        end = max(same.end, timing.even(timing.raw(note.end)))
        notes[note.pitch] = Sounding(note.pitch, max(note.velocity, same.velocity), end)
    first = together[0].notes
    rolled = len(first) > 2 and (first[-1].onset - first[0].onset) * QUARTER > ROLLED
    return Strike(place, tuple(notes[pitch] for pitch in sorted(notes)), rolled)
