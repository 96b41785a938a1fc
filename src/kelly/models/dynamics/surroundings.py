"""Surroundings: what the dynamics network is told of a note, worked out from the notes around it.

Conventions: times in beats (quarter notes) from the piece's start; arrays hold one entry a note, in any order. A note's
neighbours in its voice are the notes of the onset before and after that are nearest in pitch. "Around" is two beats
either way. Training and use both come through here, so that a slot means the same to either.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.models.dynamics.slots import LONGEST, Written

__all__ = ["Notes", "Setting", "strength", "written"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

AROUND = 2.0  # beats
PHRASE = 4  # bars
_NEAR = 1e-6  # beats: onsets closer than this are one
_GRIDS = ((1.0, 0.6), (0.5, 0.4), (0.25, 0.2))  # (beats, strength of what lies on that grid)
_ROUGHNESS = np.array([0, 1, 0.5, 0, 0, 0, 0.5, 0, 0, 0, 0.5, 1])  # of an interval in semitones modulo the octave


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes of a piece.

    Parameters: onset, duration (beats), pitch (MIDI number) and voice (any integers, the same for the notes of one
    voice), each (notes,); bars, the onsets of all bar lines, ascending, the first not after the first note and the
    last, at the end of the last bar, after the last.
    Raises: UsageError, the arrays differ in length, or the bars do not hold the notes.
    """

    onset: Floats
    duration: Floats
    pitch: Floats
    voice: Ints
    bars: Floats

    def __post_init__(self) -> None:
        if len({len(array) for array in (self.onset, self.duration, self.pitch, self.voice)}) != 1:
            raise UsageError("onset, duration, pitch and voice must have one entry for each note")
        ends = (self.onset.min(), self.onset.max()) if len(self.onset) else (0.0, 0.0)
        inside = len(self.bars) > 1 and self.bars[0] <= ends[0] + _NEAR and ends[1] < self.bars[-1]
        if not inside or (np.diff(self.bars) <= 0).any():
            raise UsageError("bars must ascend from the first note or before to after the last")


@dataclass(frozen=True, slots=True)
class Setting:
    """What the notes do not say: numbers, or arrays (notes,), as `Written` has them; feeling is (4,) or (notes, 4)."""

    feeling: npt.ArrayLike
    role: npt.ArrayLike
    bpm: npt.ArrayLike
    energy: npt.ArrayLike = 0.5
    tension: npt.ArrayLike = 0.5
    chord_tone: npt.ArrayLike = 0.5


def written(notes: Notes, setting: Setting) -> Written:
    """What the network is told of each note, in the order of `notes`."""
    count = len(notes.onset)
    place, bar, beats = _places(notes)
    around = _around(notes)
    before, after = _neighbours(notes, -1), _neighbours(notes, 1)
    top, bottom, together, dissonance = _sonorities(notes)
    start = notes.onset.min(initial=notes.bars[-1])
    fill = np.where(after[1] > 0, notes.duration / np.maximum(after[1], _NEAR), 1.0)
    return Written(
        feeling=np.broadcast_to(setting.feeling, (count, 4)),
        pitch=notes.pitch.astype(np.float64),
        height=around[0],
        interval_before=-before[0],
        interval_after=after[0],
        duration=notes.duration,
        time_before=np.where(before[1] > 0, before[1], LONGEST),
        time_after=np.where(after[1] > 0, after[1], LONGEST),
        place_in_bar=place,
        strength=strength(place * beats, beats),
        top=top,
        bottom=bottom,
        simultaneous=together,
        density=around[1],
        place_in_phrase=(bar % PHRASE + place) / PHRASE,
        place_in_piece=(notes.onset - start) / max(notes.onset.max(initial=start) - start, _NEAR),
        slope=around[2],
        chord_tone=np.broadcast_to(setting.chord_tone, count),
        dissonance=dissonance,
        articulation=np.clip(fill, 0.0, 1.0),
        bpm=np.broadcast_to(setting.bpm, count),
        energy=np.broadcast_to(setting.energy, count),
        tension=np.broadcast_to(setting.tension, count),
        role=np.broadcast_to(setting.role, count),
    )


def strength(place: npt.ArrayLike, beats: npt.ArrayLike) -> Floats:
    """Metrical strength 0..1 of places in the bar (beats), in bars of some length (beats).

    1 on the downbeat, .8 in the middle of a bar of an even number of beats, .6 on other beats, .4 on half and .2 on
    quarter beats, else 0 (after the levels of Lerdahl & Jackendoff 1983).
    """
    at, length = np.asarray(place, np.float64), np.asarray(beats, np.float64)
    found = np.zeros(np.broadcast_shapes(at.shape, length.shape))
    for grid, value in reversed(_GRIDS):
        found = np.where(_on(at, grid), value, found)
    middle = (np.abs(at - length / 2) < _NEAR) & _on(length, 2.0)
    return np.asarray(np.where(at < _NEAR, 1.0, np.where(middle, 0.8, found)))


def _on(at: Floats, grid: float) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs(at - grid * np.rint(at / grid)) < _NEAR)


def _places(notes: Notes) -> tuple[Floats, Ints, Floats]:
    """Of each note: place in its bar 0..1, index of the bar, length of the bar in beats."""
    bar = np.clip(np.searchsorted(notes.bars, notes.onset + _NEAR, side="right") - 1, 0, len(notes.bars) - 2)
    beats = np.diff(notes.bars)[bar]
    return np.clip((notes.onset - notes.bars[bar]) / beats, 0.0, 1.0), bar.astype(np.int64), beats


def _around(notes: Notes) -> tuple[Floats, Floats, Floats]:
    """Of each note: pitch minus the mean around it, notes a beat around it, whether more start after than before it."""
    order = np.argsort(notes.onset, kind="stable")
    onset, sums = notes.onset[order], np.concatenate([[0.0], np.cumsum(notes.pitch[order])])
    first = np.searchsorted(onset, notes.onset - AROUND, side="left")
    last = np.searchsorted(onset, notes.onset + AROUND, side="right")
    earlier = np.searchsorted(onset, notes.onset - _NEAR, side="left") - first
    later = last - np.searchsorted(onset, notes.onset + _NEAR, side="right")
    mean = (sums[last] - sums[first]) / (last - first)
    return notes.pitch - mean, (last - first) / (2 * AROUND), (later - earlier) / np.maximum(later + earlier, 1)


def _neighbours(notes: Notes, way: int) -> tuple[Floats, Floats]:
    """Of each note: how much higher its neighbour in its voice is, and how far away; way -1 before, 1 after; 0 none."""
    interval, time = np.zeros(len(notes.pitch)), np.zeros(len(notes.pitch))
    for voice in np.unique(notes.voice):
        for here, there in pairwise(_chords(notes, np.flatnonzero(notes.voice == voice))[::way]):
            apart = notes.pitch[there] - notes.pitch[here][:, None]
            interval[here] = apart[np.arange(len(here)), np.abs(apart).argmin(1)]
            time[here] = abs(notes.onset[there[0]] - notes.onset[here[0]])
    return interval, time


def _chords(notes: Notes, among: Ints) -> list[Ints]:
    """The notes that start together, chord by chord, each from low to high."""
    if not len(among):
        return []
    found = among[np.lexsort((notes.pitch[among], np.round(notes.onset[among], 6)))]
    return np.split(found, np.flatnonzero(np.diff(notes.onset[found]) > _NEAR) + 1)


def _sonorities(notes: Notes) -> tuple[Floats, Floats, Floats, Floats]:
    """Of each note: whether it is the highest, and the lowest, of how many that start together; how dissonant it is."""
    top, bottom, together, dissonance = np.zeros((4, len(notes.pitch)))
    ends, held = notes.onset + notes.duration, np.array([], np.int64)
    for chord in _chords(notes, np.arange(len(notes.pitch))):
        bottom[chord[0]] = top[chord[-1]] = 1
        together[chord] = len(chord)
        held = held[ends[held] > notes.onset[chord[0]] + _NEAR]
        held = np.concatenate([held, chord])
        apart = np.abs(notes.pitch[held] - notes.pitch[chord][:, None]).astype(np.int64) % 12
        dissonance[chord] = _ROUGHNESS[apart].sum(1) / max(len(held) - 1, 1)
    return top, bottom, together, dissonance
