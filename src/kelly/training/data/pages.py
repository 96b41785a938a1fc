"""Pages: a written piano piece as the dynamics network is told of it, from the score alone.

Conventions: times in beats (quarter notes); arrays hold one entry a note, in the order of the notes given. A piano has
no parts as Kelly's songs have them, so each note gets the role that it would have there: melody is what nothing that
sounds lies above; bass what nothing lies below, under middle C; of the others pad is what is held two beats or longer,
counter what moves alone among them in a beat or more, and chords the rest. Melody and bass are voices of their own, the
others one together. A chord tone belongs to the chord (major, minor, diminished or with a seventh) that best fits what
sounds in its beat. Energy is what composing calls the energy of a section, and tension the curve of a piece, both read
from the written loudness: energy from that of the two beats around, tension from how far the note's own rises above the
mean of the piece, in standard deviations. Both are .5 where a score has no dynamics (a fifth of the takes), which says
as little as not to be told.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kelly.models.dynamics.slots import ROLES
from kelly.models.dynamics.surroundings import Notes
from kelly.score.notes import Note

__all__ = ["bars_around", "chord_tones", "energy_and_tension", "mean_around", "page", "roles"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MELODY, COUNTER, CHORDS, BASS, PAD = (ROLES.index(role) for role in ("melody", "counter", "chords", "bass", "pad"))
_LOW = 60  # the bass lies under middle C
_HELD, _MOVING = 2.0, 1.0  # beats: the shortest note of a pad, of a counter-melody
_NEAR = 1e-6  # beats
_GRID = 16  # places a beat on which bar lines lie
_HERE = 2.0  # beats either way: what energy is read from
_SOFTEST, _REACH = 0.3, 0.65  # composing sounds a section of energy e at the level _SOFTEST + _REACH e of 127
_RISE = 2.0  # standard deviations, by which tension goes from .5 to 1
_STEADY = 4.0  # steps of velocity: the standard deviation of a piece is not taken to be less
_FEWEST = 3  # velocities: a score with fewer has no dynamics
# Semitones above the root: major, minor, diminished, and the dominant, minor and major seventh chords.
_SHAPES = ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 7, 10), (0, 3, 7, 10), (0, 4, 7, 11))


def page(notes: Sequence[Note], downbeats: npt.ArrayLike) -> tuple[Notes, Ints]:
    """The notes as `kelly.models.dynamics.surroundings` takes them, and the role of each.

    Parameters: notes, one or more; downbeats, where bars begin, rising, in beats.
    """
    onset, duration, pitch = np.array([(note.onset, note.duration, note.pitch) for note in notes], np.float64).T
    role = roles(onset, duration, pitch)
    voice = np.where(np.isin(role, (COUNTER, PAD)), CHORDS, role)
    return Notes(onset, duration, pitch, voice, bars_around(onset, downbeats)), role


def bars_around(onset: Floats, downbeats: npt.ArrayLike) -> Floats:
    """Bar lines on the grid of beats, before the first note to after the last; of too few, bars of four beats."""
    lines = np.unique(np.rint(np.asarray(downbeats, np.float64) * _GRID) / _GRID)
    if len(lines) < 2:
        lines = np.array([0.0, 4.0]) + (lines[0] if len(lines) else 0.0)
    first, last = lines[1] - lines[0], lines[-1] - lines[-2]
    before = np.ceil(max(lines[0] - onset.min(), 0) / first)
    after = np.floor(max(onset.max() - lines[-1], -1) / last) + 1
    return np.concatenate(
        [lines[0] - first * np.arange(before, 0, -1), lines, lines[-1] + last * np.arange(1, after + 1)]
    )


def roles(onset: Floats, duration: Floats, pitch: Floats) -> Ints:
    """The role of each note (index of `ROLES`), as the conventions say."""
    role = np.full(len(onset), CHORDS)
    ends, order = onset + duration, np.lexsort((pitch, onset))
    held = np.array([], np.int64)
    for chord in np.split(order, np.flatnonzero(np.diff(onset[order]) > _NEAR) + 1):
        held = np.concatenate([held[ends[held] > onset[chord[0]] + _NEAR], chord])
        lowest, highest = pitch[held].min(), pitch[held].max()
        is_melody = pitch[chord] >= highest
        is_bass = (pitch[chord] <= lowest) & (pitch[chord] < _LOW) & ~is_melody
        role[chord[is_melody]], role[chord[is_bass]] = MELODY, BASS
        inner = chord[~is_melody & ~is_bass]
        role[inner[duration[inner] >= _HELD]] = PAD
        if len(inner) == 1 and _MOVING <= duration[inner[0]] < _HELD:
            role[inner] = COUNTER
    return role


def chord_tones(onset: Floats, duration: Floats, pitch: Floats) -> Floats:
    """1 where a note belongs to the chord of its beat, else 0."""
    start = np.floor(onset.min() + _NEAR)
    beat = np.floor(onset + _NEAR - start).astype(np.int64)
    kind = pitch.astype(np.int64) % 12
    sounding = np.zeros((beat.max() + 1, 12))
    for later in range(2):  # what is held counts in the beat in which it starts and in the next
        at = np.minimum(beat + later, len(sounding) - 1)
        share = np.clip(onset + duration - np.maximum(onset, start + at + 0.0), 0, 1) * (at == beat + later)
        np.add.at(sounding, (at, kind), np.minimum(share, start + at + 1 - np.maximum(onset, start + at)))
    chords = np.array([np.roll(_shape(steps), root) for steps in _SHAPES for root in range(12)])
    fit = sounding @ chords.T / np.sqrt(chords.sum(1))
    return np.asarray(chords[fit.argmax(1)[beat], kind])


def _shape(steps: Sequence[int]) -> Floats:
    classes = np.zeros(12)
    classes[list(steps)] = 1
    return classes


def energy_and_tension(onset: Floats, velocity: Floats) -> tuple[Floats, Floats]:
    """Energy and tension (0..1) of each note, from the written velocities; .5 of both in a score without dynamics."""
    if len(np.unique(velocity)) < _FEWEST:
        return np.full(len(onset), 0.5), np.full(len(onset), 0.5)
    energy = (mean_around(onset, velocity, _HERE) / 127 - _SOFTEST) / _REACH
    rise = (velocity - velocity.mean()) / max(velocity.std(), _STEADY)
    return np.clip(energy, 0, 1), np.clip(0.5 + rise / (2 * _RISE), 0, 1)


def mean_around(onset: Floats, values: Floats, reach: float) -> Floats:
    """The mean of values over the notes that start within `reach` of each note."""
    order = np.argsort(onset, kind="stable")
    times, sums = onset[order], np.concatenate([[0.0], np.cumsum(values[order])])
    first = np.searchsorted(times, onset - reach - _NEAR, side="left")
    last = np.searchsorted(times, onset + reach + _NEAR, side="right")
    return np.asarray((sums[last] - sums[first]) / (last - first))
