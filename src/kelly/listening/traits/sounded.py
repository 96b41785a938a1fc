"""Sounded: the notes of a score as arrays in seconds, the form in which all traits are counted.

Conventions: onsets in seconds from the first note, durations in seconds (at least .01), pitches as MIDI numbers,
velocities 1..127; in order of onset, then pitch. Percussion is left out, since its pitches name instruments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kelly.score.notes import Score

__all__ = ["STEP", "Sounded", "sounded"]

Floats = npt.NDArray[np.float64]
STEP = 0.125  # seconds of a step of the grid
TOGETHER = 0.01  # seconds; onsets that round to the same multiple are one
SHORTEST = 0.01


@dataclass(frozen=True)
class Sounded:
    """The notes of a piece: onsets, durations, pitches and velocities, each (notes,)."""

    onsets: Floats
    durations: Floats
    pitches: npt.NDArray[np.int64]
    velocities: Floats

    def __len__(self) -> int:
        """The number of notes."""
        return len(self.onsets)

    @cached_property
    def length(self) -> float:
        """Seconds from the first onset to the last end, at least 1."""
        return max(1.0, float((self.onsets + self.durations).max(initial=0)))

    @cached_property
    def struck(self) -> list[npt.NDArray[np.int64]]:
        """The notes (indices) that are struck together, in order."""
        _, first = np.unique(np.round(self.onsets / TOGETHER), return_index=True)
        return np.split(np.arange(len(self)), first[1:])

    @cached_property
    def waits(self) -> Floats:
        """Seconds from each strike to the next, (strikes - 1,)."""
        return np.diff(np.unique(np.round(self.onsets / TOGETHER))) * TOGETHER

    @cached_property
    def classes(self) -> Floats:
        """Pitch classes, weighted by duration, (12,), adding up to 1."""
        weights = np.bincount(self.pitches % 12, weights=self.durations, minlength=12)
        return np.asarray(weights / weights.sum())

    @cached_property
    def grid(self) -> npt.NDArray[np.int64]:
        """How many notes of each pitch sound in each step, (steps, 128)."""
        first = (self.onsets / STEP).astype(int)
        after = np.maximum(np.ceil((self.onsets + self.durations) / STEP).astype(int), first + 1)
        changes = np.zeros((int(after.max(initial=0)) + 1, 128), np.int64)
        np.add.at(changes, (first, self.pitches), 1)
        np.add.at(changes, (after, self.pitches), -1)
        return changes.cumsum(0)[:-1]

    def between(self, start: float, end: float) -> Sounded:
        """The notes that begin in a stretch of seconds, from its start on."""
        chosen = (self.onsets >= start) & (self.onsets < end)
        return Sounded(
            self.onsets[chosen] - start, self.durations[chosen], self.pitches[chosen], self.velocities[chosen]
        )

    def windows(self, width: float, hop: float) -> Iterator[npt.NDArray[np.bool_]]:
        """Which notes sound in each stretch of `width` seconds, a stretch every `hop` seconds."""
        for start in np.arange(0, max(self.length - width / 4, hop), hop):
            yield (self.onsets < start + width) & (self.onsets + self.durations > start)


def sounded(score: Score) -> Sounded:
    """The notes of a score, without percussion."""
    notes = [note for part in score.parts if not part.is_drums for note in part.notes]
    if not notes:
        return Sounded(np.zeros(0), np.zeros(0), np.zeros(0, np.int64), np.zeros(0))
    times = score.seconds(np.array([(note.onset, note.end) for note in notes]))
    pitches, velocities = np.array([(note.pitch, note.velocity) for note in notes]).T
    order = np.lexsort((pitches, times[:, 0]))
    onsets, ends = times[order].T
    return Sounded(
        onsets - onsets.min(initial=np.inf),
        np.maximum(ends - onsets, SHORTEST),
        pitches[order],
        velocities[order].astype(np.float64),
    )
