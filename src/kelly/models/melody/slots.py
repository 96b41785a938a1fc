"""Slots of the melody network: what its 64 inputs and 128 outputs mean.

Conventions: one step a beat (quarter note); pitches and pitch classes are transposed so that the tonic is C (`shift`).
Inputs: 0-3 the first four slots of the emotion code; 4-15 pitch classes of this beat's chord and 16-27 of the next
beat's, 0 or 1; 28-39 melody pitch classes one beat ago, 0 or 1, and 40-51 their trace, t <- .8 t + .2 x (`follow`);
52-55 the beat in the bar and 56-59 the bar in the phrase of four, one-hot; 60 the highest pitch one beat ago,
(p - 64) / 32, clipped to -1..1 and 0 where nothing sounded; 61 whether something sounded one beat ago, +1 or -1; 62
2 * energy - 1; 63 2 * exp(-beats to the section's end / 8) - 1.
Outputs: the probability that each MIDI pitch sounds in the beat.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError

__all__ = [
    "PITCHES",
    "SILENCE",
    "SIZE",
    "Beat",
    "Place",
    "active",
    "decode",
    "encode",
    "follow",
    "restored",
    "sequence",
    "shift",
]

Floats = npt.NDArray[np.float64]

SIZE, PITCHES = 64, 128
SILENCE: tuple[float, ...] = (0.0,) * 12  # the trace of a song that has not begun
_MEMORY = 0.8
_FADE = 8  # beats
_ORIGIN, _UNIT = 64, 32


@dataclass(frozen=True, slots=True)
class Beat:
    """What is known when the pitches of a beat are to be chosen.

    Parameters
    ----------
    feeling : slots 0-3 of the emotion code: V, 2A - 1, 2D - 1, 2 * confidence - 1.
    chord, following : pitch classes 0..11 of this beat's chord and of the next beat's, relative to the tonic.
    before : pitch classes of the melody one beat ago, relative to the tonic.
    trace : 12 numbers in 0..1, as `follow` makes them, the beat before included.
    beat, bar : place in the bar and in the phrase of four bars, both 0..3.
    highest : the highest pitch one beat ago, tonic transposed to C; None where nothing sounded.
    energy : 0..1.
    remaining : beats to the section's end, at least 0.

    Raises
    ------
    UsageError : one of them is not in its range.
    """

    feeling: tuple[float, ...]
    chord: frozenset[int]
    following: frozenset[int]
    before: frozenset[int]
    trace: tuple[float, ...]
    beat: int
    bar: int
    highest: int | None
    energy: float
    remaining: float

    def __post_init__(self) -> None:
        _within("feeling", self.feeling, 4, -1)
        _within("trace", self.trace, 12, 0)
        _within("energy", (self.energy,), 1, 0)
        if self.beat not in range(4) or self.bar not in range(4):
            raise UsageError(f"beat and bar must be 0, 1, 2 or 3; got {self.beat!r} and {self.bar!r}")
        if self.highest is not None and not 0 <= self.highest < PITCHES:
            raise UsageError(f"the highest pitch must lie in 0..127; got {self.highest!r}")
        if not 0 <= self.remaining < math.inf:
            raise UsageError(f"the beats to the section's end must be at least 0; got {self.remaining!r}")
        for name in ("chord", "following", "before"):
            if not getattr(self, name) <= _CLASSES:
                raise UsageError(f"{name} must hold pitch classes 0..11; got {sorted(getattr(self, name))}")


_CLASSES = frozenset(range(12))


def encode(beat: Beat) -> Floats:
    """The 64 inputs of a beat: array (64,) in -1..1."""
    height = 0.0 if beat.highest is None else (beat.highest - _ORIGIN) / _UNIT
    tail = (
        min(max(height, -1.0), 1.0),
        -1.0 if beat.highest is None else 1.0,
        2 * beat.energy - 1,
        2 * math.exp(-beat.remaining / _FADE) - 1,
    )
    classes = [_hot(found, 12) for found in (beat.chord, beat.following, beat.before)]
    return np.concatenate([beat.feeling, *classes, beat.trace, _hot((beat.beat,), 4), _hot((beat.bar,), 4), tail])


def decode(slots: npt.ArrayLike) -> Beat:
    """The beat that 64 inputs speak of, the inverse of `encode`.

    Pitches below 32 and above 96 come back as those, a section's end further away than some 250 beats as that.
    Raises: UsageError, not 64 numbers, or one is not in its range.
    """
    row = np.asarray(slots, np.float64)
    if row.shape != (SIZE,):
        raise UsageError(f"the melody network takes {SIZE} numbers; got shape {row.shape}")
    height, sounded, energy, near = (float(x) for x in row[60:])
    return Beat(
        feeling=tuple(row[:4].tolist()),
        chord=_found(row[4:16]),
        following=_found(row[16:28]),
        before=_found(row[28:40]),
        trace=tuple(row[40:52].tolist()),
        beat=int(row[52:56].argmax()),
        bar=int(row[56:60].argmax()),
        highest=round(_ORIGIN + _UNIT * height) if sounded > 0 else None,
        energy=(energy + 1) / 2,
        remaining=-_FADE * math.log(max((near + 1) / 2, 1e-14)),
    )


def follow(trace: Iterable[float], classes: Iterable[int]) -> tuple[float, ...]:
    """The trace (12,) after a beat with some pitch classes 0..11: t <- .8 t + .2 x, x being 1 where one sounded."""
    after = _MEMORY * np.array(tuple(trace)) + (1 - _MEMORY) * _hot(classes, 12)
    return tuple(after.tolist())


@dataclass(frozen=True, slots=True)
class Place:
    """Where a beat stands: beat in the bar and bar in the phrase (0..3), energy, beats to the section's end."""

    beat: int
    bar: int
    energy: float
    remaining: float


def sequence(
    feeling: Iterable[float],
    melody: Sequence[Collection[int]],
    chords: Sequence[Collection[int]],
    places: Sequence[Place],
    tonic: int,
) -> tuple[Floats, Floats]:
    """A song beat by beat, as the network is trained on it.

    Parameters: feeling, slots 0-3 of the emotion code; of each beat the pitches of the melody that sound in it, the
    pitch classes of its chord (the last beat's stands for that after it) and its place; tonic, 0..11.
    Returns: inputs (beats, 64), targets (beats, 128).
    Raises: UsageError, the lengths differ, or something is not in its range.
    """
    if not len(melody) == len(chords) == len(places):
        raise UsageError(f"each beat has melody, chord, place; got {len(melody)}, {len(chords)} and {len(places)}")
    relative = [frozenset((pitch - tonic) % 12 for pitch in chord) for chord in chords]
    targets = [active(pitches, tonic) for pitches in melody]
    told, sounding, trace = tuple(feeling), frozenset[int](), SILENCE
    rows = []
    for index, place in enumerate(places):
        beat = Beat(
            feeling=told,
            chord=relative[index],
            following=relative[min(index + 1, len(relative) - 1)],
            before=frozenset(pitch % 12 for pitch in sounding),
            trace=trace,
            beat=place.beat,
            bar=place.bar,
            highest=max(sounding, default=None),
            energy=place.energy,
            remaining=place.remaining,
        )
        rows.append(encode(beat))
        sounding = _found(targets[index])
        trace = follow(trace, {pitch % 12 for pitch in sounding})
    return np.reshape(rows, (len(rows), SIZE)), np.reshape(targets, (len(rows), PITCHES))


def shift(tonic: int) -> int:
    """By how many semitones (-5..6) a song is moved so that its tonic, a pitch class 0..11, becomes C."""
    return 6 - (tonic + 6) % 12


def active(pitches: Iterable[int], tonic: int) -> Floats:
    """The target of a beat: array (128,), 1 for each of its pitches, tonic transposed to C.

    A pitch that this would move beyond 0..127 is taken an octave nearer to the middle.
    """
    moved = (pitch + shift(tonic) for pitch in pitches)
    return _hot((pitch + 12 * (pitch < 0) - 12 * (pitch >= PITCHES) for pitch in moved), PITCHES)


def restored(probabilities: npt.ArrayLike, tonic: int) -> Floats:
    """What the network says of each pitch as it sounds: its outputs (128,) moved back from C; 0 beyond its ends."""
    moved = np.roll(np.asarray(probabilities, np.float64), -shift(tonic))
    by = shift(tonic)
    moved[PITCHES - by if by > 0 else 0 : PITCHES if by > 0 else -by] = 0
    return moved


def _hot(indices: Iterable[int], size: int) -> Floats:
    row = np.zeros(size)
    row[list(indices)] = 1
    return row


def _found(row: Floats) -> frozenset[int]:
    return frozenset(np.flatnonzero(row > 0.5).tolist())


def _within(name: str, values: Iterable[float], count: int, low: float) -> None:
    row = tuple(values)
    if len(row) != count or not all(low <= value <= 1 for value in row):
        raise UsageError(f"{name} must be {count} numbers in {low}..1; got {row!r}")
