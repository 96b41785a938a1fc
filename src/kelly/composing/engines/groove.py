"""Groove: when exactly the written notes sound; the last engine to touch them.

Conventions: time in beats from the section's start; written notes lie on a straight grid. A tick is 1/480 beat.
Decides swing (the genre's place of the off-beat, in the genre's own time), lean (`feel`: positive is earlier), the
late snare of some genres, the spread of a strum, and what a hand misses by. Notes of one onset stay together, no
voice changes its order, no note is added or lost. Leaves what is played to the engines; with `humanise` 0, a straight
genre and feel 0 nothing moves.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from statistics import fmean

from numpy.random import Generator

from kelly.composing.chance import sway
from kelly.composing.context import Context
from kelly.composing.touch import pressed
from kelly.score.notes import DRUM_CHANNEL, PPQ, Note

__all__ = ["play"]

TICK = 1 / PPQ
REACH = 20 * TICK  # how far feel leans at -1 or 1
EARLIEST = 0.05  # beats that a section's first note may come early
# What humanise 1 misses by at most: seconds and a share of the beat (a third of their sum is the standard deviation),
# and velocity.
STRAY, STRAY_SHARE, WIDEST, SWAY = 0.036, 0.03, 0.12, 24
MEMORY = 0.6  # how much of one miss is still in the next: a hand drifts rather than jitters
TIGHT = {"drums": 0.55, "fills": 0.6, "bass": 0.7, "chords": 0.8}  # share of it in those who keep time
# How far the parts follow the lean; what stays behind is the ground against which it is felt.
LEANING = {"bass": 0.6, "chords": 0.8, "pad": 0.5, "strings": 0.6, "drums": 0.4, "fills": 0.6}
SNARES, LATE = (37, 38, 39, 40), {"lo-fi": 20 * TICK, "hip-hop": 10 * TICK}
STRUMMED, STRING = range(24, 32), 5 * TICK
ROLLED, FINGER = (46,), 12 * TICK
SHORTEST = 0.02
EPS = 1e-6


def play(context: Context, rng: Generator) -> list[Note]:
    """Give one part of one section its timing.

    Parameters: context, whose `part` names the notes in `parts`; rng, this part's own stream.
    Returns: as many notes as there were, in time order.
    """
    notes = sorted(context.parts.get(context.part, ()))
    onsets = sorted({note.onset for note in notes})
    uneven = _uneven(onsets, 1 / context.section.pulse)
    times = _times(onsets, uneven, _delays(notes, context), context, rng)
    moved: list[Note] = []
    for index, note in enumerate(notes):
        onset = times[note.onset] + _late(note, context) + _spread(index, notes, context)
        end = _end(note, onsets, times, uneven, context)
        # Differences rather than ends, so that what is not moved keeps its very number.
        length = note.duration + (end - note.end) - (onset - note.onset)
        length = max(length, min(note.duration, SHORTEST))
        moved.append(Note(onset, length, note.pitch, _touched(note, context, rng)))
    return sorted(moved)


def _delays(notes: list[Note], context: Context) -> dict[float, float]:
    """How much later each onset sounds by the touch of its notes, in beats; they stay together."""
    together: dict[float, list[float]] = {}
    for note in notes:
        if note in context.touches:
            together.setdefault(note.onset, []).append(context.touches[note].delay)
    return {onset: fmean(delays) for onset, delays in together.items()}


def _times(
    onsets: list[float], uneven: frozenset[int], delays: Mapping[float, float], context: Context, rng: Generator
) -> dict[float, float]:
    """When each written onset sounds: swung, leaning, a little astray, never before its forerunner."""
    lean = -context.plan.feel * REACH * LEANING.get(context.part, 1.0)
    earliest = 0.0 if context.section.index == 0 else -EARLIEST
    reach = context.plan.humanise * TIGHT.get(context.part, 1.0) * _reach(context)
    drift = 0.0
    times: dict[float, float] = {}
    for onset in onsets:
        drift = MEMORY * drift + (1 - MEMORY**2) ** 0.5 * sway(rng)
        stray = reach * drift * _looseness(onset)
        time = max(_swung(onset, uneven, context) + lean + stray + delays.get(onset, 0.0), earliest)
        times[onset] = time
        earliest = time + TICK
    return times


def _reach(context: Context) -> float:
    """How far a hand misses at most, in beats: some of it whatever the tempo, some of it in proportion to the beat."""
    return min(STRAY * context.parameters.tempo / 60 + STRAY_SHARE, WIDEST)


def _uneven(onsets: list[float], unit: float) -> frozenset[int]:
    """The beats (by number) that hold triplets: these do not swing, they are already there."""
    thirds = (unit / 3, 2 * unit / 3)
    return frozenset(
        int((onset + EPS) // unit) for onset in onsets if min(abs((onset % unit) - third) for third in thirds) < 1e-4
    )


def _swung(time: float, uneven: frozenset[int], context: Context) -> float:
    """A time on the straight grid, moved so that the off-beat falls where the genre has it."""
    swing, unit = context.plan.genre.swing, 1 / context.section.pulse
    beat, place = divmod(time + EPS, unit)
    if int(beat) in uneven or swing == 0.5:
        return time
    place = max(place - EPS, 0.0) / unit
    bent = 2 * swing * place if place < 0.5 else swing + 2 * (1 - swing) * (place - 0.5)
    return (beat + bent) * unit


def _looseness(onset: float) -> float:
    """Hands meet on the bar line and stray between the beats."""
    return 0.6 if onset % 4 < EPS else 0.8 if onset % 1 < EPS else 1.0


def _late(note: Note, context: Context) -> float:
    """The dragged backbeat."""
    is_snare = context.row is not None and context.row.channel == DRUM_CHANNEL and note.pitch in SNARES
    return LATE.get(context.plan.genre.name, 0.0) if is_snare else 0.0


def _spread(index: int, notes: list[Note], context: Context) -> float:
    """A strum's delay of a chord tone: from the lowest string on the beat, from the highest off it."""
    program = context.instrument.program
    width = STRING if program in STRUMMED else FINGER if program in ROLLED else 0.0
    if context.part != "chords" or width == 0.0:
        return 0.0
    onset = notes[index].onset
    chord = [note.pitch for note in notes[max(index - 6, 0) : index + 7] if note.onset == onset]
    place = chord.index(notes[index].pitch)
    down = onset % 1 < EPS or program in ROLLED
    return 2 * context.plan.humanise * width * (place if down else len(chord) - 1 - place)


def _end(note: Note, onsets: list[float], times: dict[float, float], uneven: frozenset[int], context: Context) -> float:
    """When a note stops: moved as its onset is, but never into an onset that it did not reach before."""
    astray = times[note.onset] - _swung(note.onset, uneven, context)
    end = _swung(note.end, uneven, context) + astray + _late(note, context)
    following = bisect_left(onsets, note.end - EPS)
    if following < len(onsets):
        coming = times[onsets[following]]
        end = coming if coming < end - EPS else end
    return end if note.end > context.section.beats else min(end, context.section.beats)


def _touched(note: Note, context: Context, rng: Generator) -> int:
    """A velocity as a hand would strike it: a little astray, and never quite as hard as it could."""
    touch = context.touches.get(note)
    if touch is None and context.plan.humanise == 0:
        return note.velocity
    reach = SWAY if touch is None or touch.spread is None else _astray(touch.spread, context.plan.neural)
    loud = note.velocity + (touch.velocity if touch else 0.0) + reach * context.plan.humanise * sway(rng)
    return round(pressed(loud))


def _astray(spread: float, dial: float) -> float:
    """What a hand misses by at most: by the rules at dial 0, at dial 1 so that it strays as far as players differ."""
    return (1 - dial) * SWAY + dial * 3 * spread
