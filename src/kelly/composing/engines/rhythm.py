"""Rhythm: how the chords are struck (the part "chords").

Conventions: time in beats from the section's start, pitch as MIDI number, velocity 1..127.
Decides when the section's voicings sound (rows of `rhythm.json`, after the style drawn for the section and `drive`)
and how a hand would lay them on its instrument: a keyboard divides them between the hands, a guitar strums or plays
power chords, an organ holds. Calm feelings sustain. In a row X is an accented and x a plain chord, u its upper
voices, b its lowest, a digit one voice.
Leaves the grips to `voicing`, the spread of a strum and the swing to `groove`.
"""

from __future__ import annotations

from itertools import pairwise

from numpy.random import Generator

from kelly.composing.chance import chance
from kelly.composing.context import PHRASE, Context
from kelly.composing.patterns import Hit, bar_rows, closing_bar, lay_bars, step_of, table
from kelly.composing.seams import silent_from
from kelly.composing.voicing import DRIVEN, grips
from kelly.score.notes import Note

__all__ = ["play"]

KEYS, ORGANS, GUITARS = range(16), range(16, 24), range(24, 32)
BUSY, DENSE = 0.6, 0.75  # densities above which light strokes have three voices, and two
FRANTIC = 0.9  # density above which only the bar line gets the whole grip
FASTEST = 150  # quarters a minute above which nobody strums sixteenths
EPS = 1e-6


def play(context: Context, rng: Generator) -> list[Note]:
    """Strike the chords of one section.

    Parameters: context, the section with its voiced chords; rng, this engine's own stream.
    Returns: notes in time order; a pitch never sounds twice at once; all within the instrument's and the part's range.
    """
    layer = context.layer
    if layer is None:
        return []
    until = min(layer.end, silent_from(context))
    rows = bar_rows(table("rhythm.json")[context.section.figures["rhythm"]], context, rng)
    notes: list[Note] = []
    for chord, voicing in zip(context.chords, grips(context), strict=True):
        start, end = max(chord.onset, layer.onset), min(chord.end, until)
        if end > start + EPS:
            notes += _comp(voicing, _hits(rows, start, end, context, rng), end, context)
    return notes


def _hits(rows: list[str], start: float, end: float, context: Context, rng: Generator) -> list[Hit]:
    """When one chord is struck: the row, thinned where the phrase ends, held in the song's last bar."""
    closing = closing_bar(context)
    if closing is not None and start >= closing - EPS:
        return [Hit(start, end - start, "X")]
    if closing is not None and end > closing + EPS:  # the last bar is held, whatever its chord began with
        return [*_hits(rows, start, closing, context, rng), Hit(closing, end - closing, "X")]
    hits = lay_bars(rows, start, end, step_of(context))
    hits = [hit for hit in hits if _kept(hit, context, rng) and not _hurried(hit, context)]
    if context.instrument.program in ORGANS:  # it sounds on by itself
        hits = [hit for hit in hits if hit.symbol != "u"]
    # A chord that nobody strikes would be missed: it is struck when it comes, unless an off-beat follows at once.
    if not hits or hits[0].onset >= start + 1 / context.section.pulse - EPS:
        first = "1" if rows[0][0] == "1" else "X"
        hits = [Hit(start, (hits[0].onset if hits else end) - start, first), *hits]
    return hits


def _kept(hit: Hit, context: Context, rng: Generator) -> bool:
    """Whether a hit is played: light ones now and then are not, and phrases breathe at their end."""
    breath = hit.onset % PHRASE >= PHRASE - 1 - EPS
    missing = context.parameters.rest * (0.9 if breath else 0.25)
    return hit.symbol in "X1b" or not chance(missing, rng)


def _hurried(hit: Hit, context: Context) -> bool:
    """Whether a light hit lies between eighths that are themselves fast: a hand would not."""
    fast = context.parameters.tempo * context.section.pulse > FASTEST
    return fast and hit.symbol in "xu" and hit.onset % (2 * step_of(context)) > EPS


def _comp(voicing: tuple[int, ...], hits: list[Hit], end: float, context: Context) -> list[Note]:
    """The notes of one chord's hits."""
    starts = [hit.onset for hit in hits] + [end]
    notes: list[Note] = []
    for hit, (onset, following) in zip(hits, pairwise(starts), strict=True):
        tones = _tones(hit, voicing, context)
        length = _length(hit, following, end, context)
        velocity = context.velocity(_accent(hit, context))
        notes += [Note(onset, length, pitch, velocity) for pitch in tones]
    return _unmixed(notes)


def _tones(hit: Hit, voicing: tuple[int, ...], context: Context) -> tuple[int, ...]:
    """Which voices a hand strikes: fewer between the accents the denser the music is."""
    program = context.instrument.program
    if hit.symbol.isdigit():
        return (voicing[min(int(hit.symbol), len(voicing)) - 1],)
    if hit.symbol == "b":
        return voicing[:1]
    if hit.symbol == "u":
        return _thin(voicing[-2:] if program in GUITARS else voicing[1:], context)
    if hit.symbol in "xX" and program in DRIVEN:
        # An accent is a power chord, what lies between is chugged on its lowest string.
        return voicing if hit.onset % 4 < EPS else voicing[: 2 if hit.onset % 2 < EPS else 1]
    if hit.symbol == "x" and program in KEYS and hit.onset % 2 > EPS and len(voicing) > 3:
        return _thin(voicing[1:], context)  # the left hand rests between the half bars
    rushed = hit.symbol == "x" or (hit.onset % 4 > EPS and context.parameters.density > FRANTIC)
    return _thin(voicing, context) if rushed else voicing


def _thin(voicing: tuple[int, ...], context: Context) -> tuple[int, ...]:
    """The last voices of a grip, as many as a hand strikes at this pace: all when calm, two in a rush."""
    density = context.parameters.density
    return voicing[-(2 if density > DENSE else 3 if density > BUSY else len(voicing)) :]


def _length(hit: Hit, following: float, end: float, context: Context) -> float:
    """How long a hit sounds: organs hold to the next, broken chords ring on, others as written and articulated."""
    if context.instrument.program in ORGANS or hit.onset == closing_bar(context):
        return following - hit.onset
    gate = context.parameters.gate
    if hit.symbol.isdigit():
        ring = 1 + 3 * context.parameters.legato
        return max(min(ring, end - hit.onset) * gate, 0.05)
    return max(min(hit.duration, following - hit.onset) * gate, 0.05)


def _accent(hit: Hit, context: Context) -> float:
    strength = {"X": 0.35, "u": -0.5, "b": 0.0, "1": 0.1}.get(hit.symbol, -0.15)
    return strength + (0.15 if hit.onset % 4 < EPS else 0.0)


def _unmixed(notes: list[Note]) -> list[Note]:
    """No pitch sounds on when it is struck again."""
    cut: list[Note] = []
    coming: dict[int, float] = {}
    for note in reversed(notes):
        end = min(note.end, coming.get(note.pitch, note.end))
        coming[note.pitch] = note.onset
        cut.append(Note(note.onset, end - note.onset, note.pitch, note.velocity))
    return cut[::-1]
