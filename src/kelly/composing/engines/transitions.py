"""Transitions: what is heard, and what is turned, on the way into the next section.

Conventions: time in beats from the section's start, pitch as MIDI number, velocity 1..127, controllers 0..127: 11 is
loudness, 74 brightness (64 as the instrument is). The composer hands the controls to all pitched parts, where they
take over from the part's own.
Decides, for the kind of seam (`seams`), the notes of its own part and the way of the controllers; brightness is back
before the section ends, loudness is set anew by `dynamics` when the next begins.
Leaves it to the players to fall silent (they ask `seams` themselves), and the crash of the arrival to `drums`.
"""

from __future__ import annotations

from collections.abc import Callable

from numpy.random import Generator

from kelly.composing.context import Context
from kelly.composing.seams import Seam, seam
from kelly.composing.theory import nearest_pitch
from kelly.score.notes import Control, Note

__all__ = ["play"]

EXPRESSION, BRIGHTNESS, NEUTRAL = 11, 74, 64
BACK = 1 / 32  # beats before the end at which a turned filter is open again

Events = list[Note | Control]


def play(context: Context, rng: Generator) -> list[Note | Control]:
    """Lead out of one section.

    Parameters: context, the section and the one that follows; rng, this engine's own stream.
    Returns: notes and controls within the part's layer; nothing when the arrangement wants no transition.
    """
    way = seam(context)
    return [] if way is None else KINDS[way.kind](way, context)


def _tone(context: Context, lift: float = 0.0) -> int:
    """The tonic of the key to come (its fifth where the last chord rubs against that), `lift` above the middle."""
    key = context.next.key if context.next else context.key
    middle = (context.low + context.high) / 2
    last = context.chords[-1].symbol.pitch_classes if context.chords else ()
    rubs = [any((tone - pc) % 12 in (1, 11) for pc in last) for tone in (key.tonic, key.scale[4])]
    tone = key.scale[4] if rubs == [True, False] else key.tonic
    return nearest_pitch(middle + lift, [tone], context.low, context.high)


def _line(controller: int, start: int, end: int, way: Seam, steps: int) -> Events:
    """A controller on its way from one value to another, in equal steps over the seam."""
    last = way.duration - BACK if controller == BRIGHTNESS else way.duration
    onsets = [round(way.onset + last * i / steps, 6) for i in range(steps)]
    return [Control(at, controller, round(start + (end - start) * i / (steps - 1))) for i, at in enumerate(onsets)]


def _opened(way: Seam) -> Control:
    return Control(way.end - BACK, BRIGHTNESS, NEUTRAL)


def _row(context: Context, onsets: list[float], end: float, lift: float = 0.0) -> Events:
    """Strokes on one tone that swell towards the seam, each held to the next."""
    ends = [*onsets[1:], end]
    tone, last = _tone(context, lift), max(len(onsets) - 1, 1)
    return [
        Note(onset, stop - onset, tone, context.velocity(-0.8 + 1.6 * i / last))
        for i, (onset, stop) in enumerate(zip(onsets, ends, strict=True))
    ]


def _cut(way: Seam, context: Context) -> Events:
    """It stops, as if the tape were cut."""
    return [Control(way.onset, EXPRESSION, 0)]


def _silence(way: Seam, context: Context) -> Events:
    """It dies away quickly and leaves a hole."""
    fade = [Control(way.onset + i / 8, EXPRESSION, value) for i, value in enumerate((56, 28, 0))]
    return list(fade)


def _drop(way: Seam, context: Context) -> Events:
    """A beat of nothing before the weight falls; only its upbeat sounds."""
    upbeat = Note(way.end - way.duration / 4, way.duration / 4, _tone(context, -12), context.velocity(0.8))
    return [Control(way.onset, EXPRESSION, 0), upbeat]


def _crossfade(way: Seam, context: Context) -> Events:
    """The old goes back while a tone of the new comes forward."""
    tone = Note(way.onset, way.duration, _tone(context), context.velocity(-0.8))
    return [*_line(EXPRESSION, 90, 60, way, 6), tone]


def _breakdown(way: Seam, context: Context) -> Events:
    """It comes apart: loudness falls in steps, a last low tone is left."""
    steps = [Control(way.onset + way.duration * i / 4, EXPRESSION, value) for i, value in enumerate((84, 68, 54, 44))]
    return [*steps, Note(way.onset, way.duration / 2, _tone(context, -12), context.velocity(-0.3))]


def _build(way: Seam, context: Context) -> Events:
    """Strokes that come twice as often in the second half."""
    beats = way.duration
    onsets = [way.onset + beats * share / 16 for share in (0, 4, 8, 10, 12, 14)]
    return _row(context, onsets, way.end)


def _riser(way: Seam, context: Context) -> Events:
    """A line climbs the coming key's scale while the sound opens."""
    key = context.next.key if context.next else context.key
    tones = [p for p in range(context.low, context.high + 1) if p % 12 in key.scale]
    count = max(min(int(way.duration), len(tones)), 1)
    length = way.duration / count
    notes = [
        Note(way.onset + i * length, length, pitch, context.velocity(-0.8 + 1.6 * i / count))
        for i, pitch in enumerate(tones[-count:])
    ]
    return [*notes, *_line(BRIGHTNESS, 24, NEUTRAL, way, 16), _opened(way)]


def _filter(way: Seam, context: Context) -> Events:
    """The sound is covered, step by step, and free again with the new section."""
    return [*_line(BRIGHTNESS, NEUTRAL - 4, 16, way, 16), _opened(way)]


def _reverse(way: Seam, context: Context) -> Events:
    """One tone that seems to run backwards into the downbeat."""
    return [Note(way.onset, way.duration, _tone(context), context.velocity(0.2))]


def _stutter(way: Seam, context: Context) -> Events:
    """The last beats are chopped into sixteenths, at the end into thirty-seconds."""
    edges = [way.onset + way.duration * share / 16 for share in (0, 2, 4, 6, 8, 10, 12, 13, 14, 15)]
    ends = [*edges[1:], way.end]
    chops: Events = []
    for start, end in zip(edges, ends, strict=True):
        chops += [Control(start, EXPRESSION, 110), Control((start + end) / 2, EXPRESSION, 0)]
    return [*chops, *_row(context, edges[6:], way.end)]


KINDS: dict[str, Callable[[Seam, Context], Events]] = {
    "cut": _cut,
    "crossfade": _crossfade,
    "build": _build,
    "breakdown": _breakdown,
    "riser": _riser,
    "drop": _drop,
    "filter": _filter,
    "reverse": _reverse,
    "stutter": _stutter,
    "silence": _silence,
}
