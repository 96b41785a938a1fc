"""Melody: how likely each pitch is in the beat that comes, after the melody so far and over the chords.

Conventions: beats from the section's start, where the network begins anew, so that a verse that comes back is the same
verse. The network learned from sung melodies; an instrument that plays higher or lower is heard in their octave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kelly.composing.context import BAR, Context
from kelly.models import asking
from kelly.models.melody.beats import sounding
from kelly.models.melody.slots import PITCHES, SILENCE, Beat, follow, restored, shift
from kelly.models.networks import MelodyTransformer, shipped
from kelly.score.notes import Note

__all__ = ["Hearing"]

Floats = npt.NDArray[np.float64]

STRENGTH = 1.5  # semitones that a pitch e times as likely may lie further from what the motif wants, at dial 1
LEAST = 2**-7  # the probability that what is less likely is held to have
# A pitch that goes on sounding need not be struck again: so often it is, in the melodies of POP909.
STRUCK = 0.57
SUNG = 68.0  # the MIDI pitch that the melodies of POP909 centre on


class Hearing:
    """A section's melody in the making, as the network hears it. Parameters: context, the section with its chords."""

    def __init__(self, context: Context) -> None:
        self._dial = context.plan.neural
        self._network = shipped(MelodyTransformer) if self._dial else None
        if self._network is None:
            return
        self._context = context
        self._feeling = tuple(float(x) for x in asking.code(context.feeling, asking.SONGS)[:4])
        self._shift = 12 * round((SUNG - context.parameters.register) / 12)
        self._beat, self._trace, self._told = -1, SILENCE, np.zeros(PITCHES)

    def efforts(self, onset: float, notes: Sequence[Note]) -> Mapping[int, float]:
        """How much further away than it lies each pitch may be said to lie, in semitones; nothing without a network.

        Parameters: onset of the next note, in beats, never before one asked for; notes, all before it.
        """
        if self._network is None:
            return {}
        if int(onset) > self._beat:
            self._go_on(int(onset), notes)
        told = self._told.copy()
        if notes:
            told[notes[-1].pitch] *= STRUCK
        far = -STRENGTH * self._dial * np.log(np.maximum(told, LEAST))
        return dict(enumerate(np.round(far, 3).tolist()))

    def _go_on(self, until: int, notes: Sequence[Note]) -> None:
        """Hear all beats up to one, and what is expected in it."""
        heard = _beats([note for note in notes if note.onset < until], until)
        while self._beat < until:
            self._beat += 1
            before = heard[self._beat - 1] if self._beat else set()
            self._told = self._expected({pitch + self._shift for pitch in before})

    def _expected(self, before: set[int]) -> Floats:
        """What the network says of each pitch in this beat, as it sounds here: (128,)."""
        context, tonic = self._context, self._context.key.tonic
        classes = frozenset((pitch - tonic) % 12 for pitch in before)
        if self._beat:
            self._trace = follow(self._trace, classes)
        assert self._network is not None  # noqa: S101 - `efforts` looked
        told = self._network.predict(
            Beat(
                feeling=self._feeling,
                chord=self._chord(self._beat),
                following=self._chord(self._beat + 1),
                before=classes,
                trace=self._trace,
                beat=int(self._beat % BAR),
                bar=int(self._beat // BAR) % 4,
                highest=_highest(before, tonic),
                energy=context.energy,
                remaining=max(context.section.beats - self._beat, 0.0),
            )
        )
        return np.roll(restored(told, tonic), -self._shift)

    def _chord(self, beat: int) -> frozenset[int]:
        chord = self._context.chord_at(min(beat + 0.5, self._context.section.beats)).symbol
        return frozenset((pitch - self._context.key.tonic) % 12 for pitch in chord.pitch_classes)


def _beats(notes: Sequence[Note], until: int) -> list[set[int]]:
    """The pitches that sound in each beat before one."""
    heard: list[set[int]] = [set() for _ in range(until)]
    if notes:
        first, beats = sounding(notes)
        for beat, pitches in enumerate(beats[: until - first], first):
            heard[beat] = pitches
    return heard


def _highest(pitches: set[int], tonic: int) -> int | None:
    return None if not pitches else min(max(max(pitches) + shift(tonic), 0), PITCHES - 1)
