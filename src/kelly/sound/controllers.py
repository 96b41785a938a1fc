"""Controllers: what a part's control changes and bends do to its sound.

Conventions: a curve is an array over the edges of blocks of `BLOCK` frames, or a single number where nothing moves;
times in the score are beats, `frames` turns them into frames. Realised: 1 vibrato, 7 volume, 10 pan, 11 expression,
64 sustain pedal, 74 brightness, 91 reverb send, and pitch bend. Their defaults are those of General MIDI.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from kelly.score.notes import Control, Note, Part
from kelly.sound.filtering import BLOCK, Wave, blocks, swept_lowpass

__all__ = ["bent", "brightened", "held", "level", "places", "send"]

VIBRATO, VOLUME, PAN, EXPRESSION, PEDAL, BRIGHTNESS, REVERB = 1, 7, 10, 11, 64, 74, 91
DEFAULTS = {VIBRATO: 0, VOLUME: 100, PAN: 64, EXPRESSION: 127, BRIGHTNESS: 64, REVERB: 40}
PEDAL_DOWN = 64
LONGEST_HELD = 64.0  # beats that a pedal which never rises holds a note
VIBRATO_HERTZ, VIBRATO_CENTS = 5.5, 35.0
WIDEST_BEND = 2400.0  # cents; a file may state ten octaves, which would take a thousand times the memory
# A change is spread over so many blocks (about ten milliseconds), which no ear hears as a step.
SPREAD = 7
DARKEST, OPEN_VALUE, OCTAVES = 200.0, 64, 6.6
NEARLY = 1e-3  # what smoothing may take from a value that stands still
SEND_AT_FULL = 0.7

Frames = Callable[[npt.ArrayLike], npt.NDArray[np.float64]]
Curve = npt.NDArray[np.float64]


def held(part: Part) -> list[tuple[Note, float]]:
    """The part's notes, each with the beat that ends it: under the pedal, when that rises or the key strikes anew."""
    pedal = sorted((c for c in part.controls if c.controller == PEDAL), key=lambda c: c.onset)
    ends = [note.end for note in part.notes]
    if pedal and not part.is_drums:
        times, down = [c.onset for c in pedal], [c.value >= PEDAL_DOWN for c in pedal]
        rises = [c.onset for c in pedal if c.value < PEDAL_DOWN]
        strikes: dict[int, list[float]] = {}
        for note in sorted(part.notes):
            strikes.setdefault(note.pitch, []).append(note.onset)
        ends = [max(note.end, _let_go(note, times, down, rises, strikes[note.pitch])) for note in part.notes]
    return list(zip(part.notes, ends, strict=True))


def level(part: Part, count: int, frames: Frames) -> Curve:
    """Gain of volume and expression over `count` blocks, each squared as General MIDI has it."""
    volume, expression = (_curve(part.controls, kind, count, frames) / 127 for kind in (VOLUME, EXPRESSION))
    return np.asarray((volume * expression) ** 2)


def places(part: Part, count: int, frames: Frames) -> tuple[Curve, Curve]:
    """Gains of the left and the right side for the part's pan: equal power, 1 and 1 in the middle."""
    pan = np.clip((_curve(part.controls, PAN, count, frames) - 1) / 126, 0, 1) * (np.pi / 2)
    return np.sqrt(2) * np.cos(pan), np.sqrt(2) * np.sin(pan)


def send(part: Part, count: int, frames: Frames) -> Curve:
    """How much of the part goes to the room."""
    return np.asarray(SEND_AT_FULL * _curve(part.controls, REVERB, count, frames) / 127)


def bent(part: Part, count: int, frames: Frames, rate: int) -> Curve | None:
    """Where bends and vibrato make a player of written pitches read at each block edge, in frames; None where they
    never do.

    A part bent by c cents runs 2^(c/1200) times as fast: the place is the integral of that speed.
    """
    cents = _steps([bend.onset for bend in part.bends], [bend.cents for bend in part.bends], 0.0, count, frames)
    depth = _curve(part.controls, VIBRATO, count, frames) / 127 * VIBRATO_CENTS
    seconds = np.arange(count + 1) * BLOCK / rate
    cents = np.clip(cents, -WIDEST_BEND, WIDEST_BEND) + depth * np.sin(2 * np.pi * VIBRATO_HERTZ * seconds)
    if not np.any(cents):
        return None
    speed = 2 ** (cents / 1200)
    return np.concatenate([[0.0], np.cumsum((speed[1:] + speed[:-1]) / 2 * BLOCK)])


def brightened(wave: Wave, part: Part, frames: Frames, rate: int) -> Wave:
    """A mono wave of the part, darkened where its brightness lies below 64; 64 and above leave it alone."""
    count = blocks(len(wave))
    edges = np.broadcast_to(_curve(part.controls, BRIGHTNESS, count, frames), (count + 1,))
    if edges.min() >= OPEN_VALUE - NEARLY:
        return wave

    def cutoff(at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        value = edges[np.clip((at / BLOCK).astype(np.intp), 0, count)]
        return np.where(value >= OPEN_VALUE - NEARLY, rate, DARKEST * 2 ** (OCTAVES * value / OPEN_VALUE))

    return swept_lowpass(wave, cutoff, rate)


def _let_go(note: Note, times: list[float], down: list[bool], rises: list[float], strikes: list[float]) -> float:
    """When the pedal lets a note go that ends under it; the note's own end when it does not."""
    at = bisect_right(times, note.end) - 1
    if at < 0 or not down[at]:
        return note.end
    rise, again = bisect_right(rises, note.end), bisect_right(strikes, note.onset)
    return min([note.end + LONGEST_HELD, *rises[rise : rise + 1], *strikes[again : again + 1]])


def _curve(controls: Iterable[Control], kind: int, count: int, frames: Frames) -> Curve:
    mine = [control for control in controls if control.controller == kind]
    return _steps([c.onset for c in mine], [float(c.value) for c in mine], float(DEFAULTS[kind]), count, frames)


def _steps(onsets: list[float], values: list[float], before: float, count: int, frames: Frames) -> Curve:
    """The value that holds at each block edge, changes spread out; one number when it never changes."""
    order = np.argsort(np.array(onsets), kind="stable")
    at = np.rint(frames(np.array(onsets)[order]) / BLOCK)
    ordered = np.concatenate([[before], np.array(values)[order]])
    # What is set at the very start was never otherwise.
    edges = ordered[np.searchsorted(at, np.arange(count + 1), side="right")]
    if len(edges) == 0 or np.all(edges == edges[0]):
        return np.asarray(edges[0] if len(edges) else before)
    padded = np.pad(edges, SPREAD // 2, mode="edge")
    return np.convolve(padded, np.full(SPREAD, 1 / SPREAD), mode="valid")
