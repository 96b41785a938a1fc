"""Melody: the voice that carries the song's motif.

Conventions: times in beats from the section's start, pitch as MIDI number, phrases of four bars; the motif's degrees
are steps of the key's scale. Decides where the motif is hung, how it is developed from phrase to phrase, where it
breathes and how each phrase comes to rest. Leaves the motif itself to the plan, answers to `variation`, micro-timing to
`groove`.
"""

from __future__ import annotations

from dataclasses import replace

from numpy.random import Generator

from kelly.composing.chance import chance
from kelly.composing.context import BAR, PHRASE, Context
from kelly.composing.motif import Motif, Step, contour, transform
from kelly.composing.theory import nearest_pitch
from kelly.score.notes import Note

__all__ = ["play"]

# How the two statements of each phrase treat the motif, phrase by phrase; "" is as it is.
PLANS = {
    "verse": (("", "sequence"), ("", "rhythmic"), ("fragment", "sequence"), ("", "close")),
    "chorus": (("", ""), ("", "extend"), ("", "sequence"), ("", "close")),
    "bridge": (("", "retrograde"), ("augment", "sequence"), ("", "fragment"), ("sequence", "close")),
    "sparse": (("simplify", "rest"), ("simplify", "sequence"), ("augment", "rest"), ("simplify", "close")),
}
KINDS = {"chorus": "chorus", "drop": "chorus", "build": "chorus", "pre-chorus": "bridge", "bridge": "bridge"}
LIFT = {"chorus": 4.0, "drop": 5.0, "build": 3.0, "pre-chorus": 2.0, "bridge": 1.0, "intro": -1.0, "outro": -2.0}
HELD = {"staccato": 0.5, "marcato": 0.75, "tenuto": 0.92, "legato": 1.0}


def play(context: Context, rng: Generator) -> list[Note]:
    """Write the melody of one section.

    Parameters: context, the section with its chords, feeling and energy; rng, this engine's own stream.
    Returns: notes in time order, none overlapping, all within the instrument's range.
    """
    if context.layer is None:
        return []
    steps = _thinned(_line(context, rng), context, rng)
    pitched = _pitched(steps, context, rng)
    return _sung(pitched, context)


def _line(context: Context, rng: Generator) -> list[Step]:
    """The section's steps: motif statements laid end to end, their degrees counted in the key from octave -1."""
    kind = _kind(context)
    motif = context.plan.motifs[kind if kind in context.plan.motifs else "verse"]
    rows = PLANS["sparse" if _sparse(context) else kind]
    steps: list[Step] = []
    phrases = max(1, round(context.section.bars / 4 + 0.49))
    for phrase in range(phrases):
        pair = rows[3] if phrase == phrases - 1 and phrases > 1 else rows[phrase % 4]
        for half, how in enumerate(pair):
            onset = phrase * PHRASE + half * motif.length
            if how != "rest" and onset < context.section.beats:
                anchor = _anchor(context, onset, phrase / phrases)
                said = _treated(motif, how, context, rng)
                steps += [replace(s, onset=onset + s.onset, degree=anchor + s.degree) for s in said.steps]
    return [step for step in steps if step.onset < context.section.beats]


def _kind(context: Context) -> str:
    return KINDS.get(context.section.role, "verse")


def _sparse(context: Context) -> bool:
    return context.section.role in ("intro", "outro", "interlude", "breakdown") or context.energy < 0.25


def _treated(motif: Motif, how: str, context: Context, rng: Generator) -> Motif:
    """One statement of the motif; a returning section ornaments a plain one now and then."""
    if how in ("", "close"):
        returns = context.section.occurrence > 0 and chance(0.5 * context.plan.complexity, rng)
        said = transform(motif, "ornament", rng) if returns else motif
        return _breathing(said, context) if how == "close" else said
    return transform(motif, "transpose" if how == "sequence" else how, rng)


def _breathing(motif: Motif, context: Context) -> Motif:
    """The last statement of a section comes to rest: one long note, then air."""
    air = 1.0 + round(2 * context.parameters.space)
    kept = [step for step in motif.steps if step.onset < motif.length - air - 1]
    kept = kept or [motif.steps[0]]
    last = replace(kept[-1], duration=motif.length - air - kept[-1].onset)
    return replace(motif, steps=(*kept[:-1], last))


def _anchor(context: Context, onset: float, share: float) -> int:
    """The scale degree that a statement hangs on: a chord tone near the register, lifted by role and contour."""
    wanted = context.parameters
    rise = 0.2 * wanted.melodic_range * contour(context.section.figures["contour"], share)
    target = wanted.register + LIFT.get(context.section.role, 0.0) + 3 * (context.energy - 0.5) + rise
    margin = 5
    low, high = context.low + margin, context.high - margin
    tones = context.chord_at(onset).symbol.pitch_classes
    return context.key.degree(nearest_pitch(min(max(target, low), high), tones, low, high))


def _thinned(steps: list[Step], context: Context, rng: Generator) -> list[Step]:
    """Weak notes fall out for rests, more in quiet sections; the first note of a bar stays."""
    likely = context.parameters.rest * (1.3 - context.energy)
    kept = [
        step
        for step in steps
        if step.onset % BAR == 0 or not chance(likely * (0.5 if step.onset % 1 == 0 else 1.0), rng)
    ]
    return kept or steps[:1]


def _pitched(steps: list[Step], context: Context, rng: Generator) -> list[Note]:
    """Turn degrees into pitches: chord tones where the metre is strong, tones of the scale elsewhere."""
    notes: list[Note] = []
    for step in steps:
        wanted = context.key.pitch(step.degree, -1)
        previous = notes[-1].pitch if notes else None
        pitch = _settled(wanted, step, previous, context, rng)
        notes.append(Note(step.onset, step.duration, pitch, 1))
    return notes


def _settled(wanted: int, step: Step, previous: int | None, context: Context, rng: Generator) -> int:
    """The pitch nearest to what the motif wants and to the note before, among those that fit."""
    chord = context.chord_at(step.onset)
    strong = step.onset % 2 == 0
    on_chord = chance(0.8 if strong else 0.4 if step.onset % 1 == 0 else 0.1, rng)
    allowed = chord.symbol.pitch_classes if on_chord or step.duration >= 2 else context.scale_at(step.onset)
    fitting = [p for p in range(context.low, context.high + 1) if p % 12 in allowed]
    if previous is None:
        return min(fitting, key=lambda pitch: (abs(pitch - wanted), pitch))
    widest = _widest(context)
    return min(fitting, key=lambda pitch: (_effort(pitch, wanted, previous, widest), pitch))


def _effort(pitch: int, wanted: int, previous: int, widest: int) -> float:
    """How hard a pitch is to sing after the one before, against how far it lies from what the motif wants."""
    leap = abs(pitch - previous)
    strain = 0.5 * max(0, leap - 2) + (8.0 if leap > widest else 0.0)
    # A motif that moves should be heard to move.
    stuck = 2.5 if leap == 0 and abs(wanted - previous) > 1 else 0.0
    return abs(pitch - wanted) + strain + stuck


def _widest(context: Context) -> int:
    """The widest leap in semitones: an octave, a sixth where the feeling is calm."""
    return 12 if context.parameters.leap > 0.32 else 9


def _sung(notes: list[Note], context: Context) -> list[Note]:
    """Durations by articulation, velocities by metre, none overlapping, inside the layer."""
    layer = context.layer
    assert layer is not None  # noqa: S101 - play() returned before
    held = HELD[context.parameters.articulation]
    ends = [note.onset for note in notes[1:]] + [layer.end]
    sung = []
    for note, end in zip(notes, ends, strict=True):
        length = min(note.duration * held, end - note.onset, layer.end - note.onset)
        if layer.onset <= note.onset and length > 0:
            sung.append(replace(note, duration=length, velocity=context.velocity(_accent(note, context))))
    return sung


def _accent(note: Note, context: Context) -> float:
    """Metre and height: the first beat and the peaks speak up."""
    metre = 0.4 if note.onset % BAR == 0 else 0.1 if note.onset % 1 == 0 else -0.3
    return metre + 0.02 * (note.pitch - context.parameters.register)
