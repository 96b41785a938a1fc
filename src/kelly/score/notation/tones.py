"""Tones: how long the notes of one staff are written.

Conventions: places are divisions from the score's start. A note that stops shortly before the next is written up to it;
one that stops well before a next that is at most a beat away is written up to it too, and staccato. What rings on by
itself or under the pedal is written up to the next strike of its staff, and so is percussion, within its beat.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor
from statistics import median

from kelly.score.notation.bars import QUARTER
from kelly.score.notation.grid import Grid, Strike

__all__ = ["Tone", "beaten", "toned"]

GAP, WIDEST_GAP = 0.36, QUARTER / 2  # what of the time to the next strike a note may leave empty, and at most
OVERLAP = 0.3  # share of that time by which it may run into the next strike
HALF, SHORT = 0.45, 0.62  # what of it a note must fill to be written up to it, and not to be staccato
ALIKE = 0.12  # how far from its part's usual share a note may lie and be taken for usual
LATE = 0.6  # added before steps are rounded down: rather a little too long than too short
INFINITE = 1 << 60


@dataclass(frozen=True, slots=True)
class Tone:
    """A note as it is written: start and end, pitch, velocity, whether it is short (staccato) and rolled in a chord."""

    start: int
    end: int
    pitch: int
    velocity: int
    short: bool = False
    rolled: bool = False


def beaten(strikes: Sequence[Strike], grid: Grid) -> list[Tone]:
    """The tones of percussion."""
    row = _Row(strikes, grid)
    return [
        Tone(strike.place, min(row.after(strike.place), sum(grid.cell(strike.place))), note.pitch, note.velocity)
        for strike in strikes
        for note in strike.notes
    ]


def toned(strikes: Sequence[Strike], grid: Grid, pedal: Callable[[int], float], *, rings: bool) -> list[Tone]:
    """The tones of pitched notes.

    Parameters: strikes, those of one staff in order; grid; pedal, until where it holds what is struck at a place (the
    place itself where it is up); rings, whether the instrument rings on.
    """
    row = _Row(strikes, grid)
    tones = []
    for strike in strikes:
        held = pedal(strike.place)
        until = row.after(strike.place) if rings or held > strike.place else INFINITE
        ends = [row.end(strike.place, max(note.end, held)) for note in strike.notes]
        longest = min(max(end for end, _ in ends), until)
        short = all(short for _, short in ends)
        for note, (end, _) in zip(strike.notes, ends, strict=True):
            alike = until < INFINITE or longest - end <= QUARTER // 2
            last = longest if alike else end
            tones.append(Tone(strike.place, last, note.pitch, note.velocity, short, strike.rolled))
    return tones


class _Row:
    """The strikes of a staff in order, and what its notes usually fill of the time to the next."""

    def __init__(self, strikes: Sequence[Strike], grid: Grid) -> None:
        self.grid = grid
        self.places = [strike.place for strike in strikes]
        shares = (self._share(strike) for strike in strikes)
        self.usual = median([share for share in shares if share is not None] or [1.0])

    def _share(self, strike: Strike) -> float | None:
        """What a strike fills of the time to the next; None where that is longer than a beat."""
        space = self.after(strike.place) - strike.place
        return (strike.notes[-1].end - strike.place) / space if space <= QUARTER else None

    def after(self, place: float) -> int:
        """The first strike after a place."""
        index = bisect_right(self.places, place)
        return self.places[index] if index < len(self.places) else INFINITE

    def end(self, start: int, stops: float) -> tuple[int, bool]:
        """Where a note that stops somewhere is written to end, and whether it is short."""
        before = self.places[max(bisect_right(self.places, stops) - 1, 0)]
        if before > start and stops - before <= OVERLAP * min(before - start, QUARTER):
            return before, False
        after = self.after(max(start, stops))
        share = (stops - start) / (after - start)
        share = self.usual if abs(share - self.usual) < ALIKE else share
        if 1 - share <= GAP and after - stops <= WIDEST_GAP:
            return after, False
        end = min(self._rounded(start, stops), after)
        alone = after == self.after(start) and after <= sum(self.grid.cell(start))
        if alone and (share >= HALF or after - start <= QUARTER // 2):
            return after, share < SHORT
        return end, stops - start < SHORT * (end - start)

    def _rounded(self, start: int, stops: float) -> int:
        """Where a note may end: at a beat if it is long, else at an eighth, or at the next step after that."""
        cell, length = self.grid.cell(stops)
        step = self.grid.step(stops)
        if stops - start >= 2 * QUARTER:
            step = length
        elif length % (2 * step) == 0:
            step *= 2
        end = cell + floor((stops - cell) / step + LATE) * step
        return end if end > start else self._next(start, step)

    def _next(self, start: int, step: int) -> int:
        """The first place after one that is a whole number of steps from its cell's start."""
        cell, length = self.grid.cell(start)
        step = min(step, length)
        return cell + ((start - cell) // step + 1) * step
