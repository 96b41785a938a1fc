"""Slots of the dynamics network: what its 32 inputs and 16 outputs mean, for one written note.

Conventions: times in beats (quarter notes), pitches in semitones; arrays hold one entry a note, in any shape.
Inputs: 0-3 the first four slots of the emotion code (of the score with its velocities flattened); 4 (pitch - 64) / 64;
5 pitch minus the mean over four beats, / 12; 6-7 intervals from the note before and to the note after in its voice,
/ 12; 8 log2 of the duration, / 4; 9-10 log2 of the times from the onset before and to the onset after, / 4; 11 place in
the bar; 12 metrical strength; 13 top voice; 14 bottom voice; 15 simultaneous notes / 8; 16 notes a beat / 16; 17-18
place in the phrase and in the piece; 19 density slope; 20 chord tone; 21 dissonance; 22 written articulation; 23
(bpm - 120) / 60; 24 2 * energy - 1; 25 tension; 26-31 the role, one-hot (`ROLES`).
Outputs, y in 0..1: 0 velocity 1 + 126 y; 1 its standard deviation 32 y; 2 onset deviation (2y - 1) / 4 beat, positive
being late; 3 its standard deviation y / 8 beat; 4 articulation ratio (played by written duration) 2 y; 5 its standard
deviation y; 6 pedal y; 7 local tempo ratio 2^(2y - 1); 8-15, divided by their sum, the distribution over ppp..fff.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError

__all__ = [
    "INPUTS",
    "LEVELS",
    "OUTPUTS",
    "ROLES",
    "Expression",
    "Written",
    "decode",
    "encode",
    "level",
    "read",
    "write",
]

Floats = npt.NDArray[np.float64]

INPUTS, OUTPUTS = 32, 16
ROLES = ("melody", "counter", "chords", "bass", "pad", "other")  # strings are "pad", drums "other"
LEVELS = (16, 33, 49, 64, 80, 96, 112, 127)  # velocities of ppp..fff
SHORTEST, LONGEST = 1 / 32, 16.0  # beats: what is shorter or longer counts as this

# (origin, unit) of the inputs that are scaled: a slot holds (value - origin) / unit.
_SCALES = {
    "pitch": (64.0, 64.0),
    "height": (0.0, 12.0),
    "interval_before": (0.0, 12.0),
    "interval_after": (0.0, 12.0),
    "simultaneous": (0.0, 8.0),
    "density": (0.0, 16.0),
    "bpm": (120.0, 60.0),
    "energy": (0.5, 0.5),
}
_TIMES = ("duration", "time_before", "time_after")


@dataclass(frozen=True, slots=True)
class Written:
    """Written notes in their surroundings; each an array (...), but `feeling` (..., 4).

    Parameters
    ----------
    feeling : slots 0-3 of the emotion code.
    pitch : MIDI number; height, in semitones above the mean of the pitches that start within two beats either way.
    interval_before, interval_after : semitones from the note before and to the note after in the voice, 0 for none.
    duration, time_before, time_after : beats; the times to the neighbouring onsets of the voice.
    place_in_bar, strength : 0..1; strength is 1 on the downbeat, less on weaker places.
    top, bottom : 1 for the highest and for the lowest of the notes that start together, else 0.
    simultaneous : how many notes start together; density, how many notes a beat start around here.
    place_in_phrase, place_in_piece : 0..1.
    slope : -1..1, whether density falls or rises.
    chord_tone : 1, 0, or .5 where no chord is known; dissonance 0..1; articulation 0..1, the share of the time to the
        next onset that the written duration fills.
    bpm : quarter notes a minute; energy and tension 0..1.
    role : index of `ROLES`.
    """

    feeling: Floats
    pitch: Floats
    height: Floats
    interval_before: Floats
    interval_after: Floats
    duration: Floats
    time_before: Floats
    time_after: Floats
    place_in_bar: Floats
    strength: Floats
    top: Floats
    bottom: Floats
    simultaneous: Floats
    density: Floats
    place_in_phrase: Floats
    place_in_piece: Floats
    slope: Floats
    chord_tone: Floats
    dissonance: Floats
    articulation: Floats
    bpm: Floats
    energy: Floats
    tension: Floats
    role: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Expression:
    """How notes are played; each an array (...), but `levels` (..., 8).

    Parameters: velocity 1..127; deviation in beats, positive is late; articulation, played by written duration; the
    standard deviation of each; pedal 0..1; tempo, the local tempo by the piece's; levels, the distribution over
    ppp..fff.
    """

    velocity: Floats
    velocity_sd: Floats
    deviation: Floats
    deviation_sd: Floats
    articulation: Floats
    articulation_sd: Floats
    pedal: Floats
    tempo: Floats
    levels: Floats


_COLUMNS = tuple(field.name for field in fields(Written))[1:-1]  # slots 4-25


def write(notes: Written) -> Floats:
    """The inputs (..., 32) of written notes. Raises: UsageError, a role is not an index of `ROLES`."""
    role = np.asarray(notes.role)
    if ((role < 0) | (role >= len(ROLES))).any():
        raise UsageError(f"a role must lie in 0..{len(ROLES) - 1} ({', '.join(ROLES)}); got {role.min()}..{role.max()}")
    columns = [_scaled(name, np.asarray(getattr(notes, name), np.float64)) for name in _COLUMNS]
    return np.concatenate([notes.feeling, np.stack(columns, -1), np.eye(len(ROLES))[role]], -1)


def read(inputs: npt.ArrayLike) -> Written:
    """The notes that inputs (..., 32) speak of, the inverse of `write`; times come back within `SHORTEST`..`LONGEST`.

    Raises: UsageError when there are not 32.
    """
    slots = _checked(inputs, INPUTS, "takes")
    columns = {name: _restored(name, slots[..., 4 + index]) for index, name in enumerate(_COLUMNS)}
    return Written(feeling=slots[..., :4], **columns, role=slots[..., 26:].argmax(-1))


def decode(outputs: npt.ArrayLike) -> Expression:
    """The expression that outputs (..., 16) in 0..1 speak of. Raises: UsageError when there are not 16."""
    y = _checked(outputs, OUTPUTS, "gives")
    total = y[..., 8:].sum(-1, keepdims=True)
    return Expression(
        velocity=1 + 126 * y[..., 0],
        velocity_sd=32 * y[..., 1],
        deviation=(2 * y[..., 2] - 1) / 4,
        deviation_sd=y[..., 3] / 8,
        articulation=2 * y[..., 4],
        articulation_sd=y[..., 5],
        pedal=y[..., 6],
        tempo=2 ** (2 * y[..., 7] - 1),
        levels=np.where(total > 0, y[..., 8:] / np.where(total > 0, total, 1), 1 / len(LEVELS)),
    )


def encode(expression: Expression) -> Floats:
    """Outputs (..., 16) that decode to an expression; what the formulas cannot say is clipped to 0..1."""
    y = (
        (expression.velocity - 1) / 126,
        expression.velocity_sd / 32,
        (4 * expression.deviation + 1) / 2,
        8 * expression.deviation_sd,
        expression.articulation / 2,
        expression.articulation_sd,
        expression.pedal,
        (np.log2(expression.tempo) + 1) / 2,
    )
    return np.asarray(np.clip(np.concatenate([np.stack(y, -1), expression.levels], -1), 0.0, 1.0))


def level(velocity: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The index of the marking ppp..fff (`LEVELS`) nearest to velocities of any shape; a tie goes to the softer."""
    return np.asarray(np.abs(np.asarray(velocity, np.float64)[..., None] - LEVELS).argmin(-1), np.int64)


def _scaled(name: str, values: Floats) -> Floats:
    if name in _TIMES:
        return np.log2(np.clip(values, SHORTEST, LONGEST)) / 4
    origin, unit = _SCALES.get(name, (0.0, 1.0))
    return (values - origin) / unit


def _restored(name: str, slots: Floats) -> Floats:
    if name in _TIMES:
        return np.exp2(4 * slots)
    origin, unit = _SCALES.get(name, (0.0, 1.0))
    return origin + unit * slots


def _checked(values: npt.ArrayLike, size: int, verb: str) -> Floats:
    array = np.asarray(values, np.float64)
    if array.shape[-1:] != (size,):
        raise UsageError(f"the dynamics network {verb} {size} numbers; got shape {array.shape}")
    return array
