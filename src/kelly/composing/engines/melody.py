"""Melody: the voice that carries the song's motif.

Conventions: times in beats from the section's start, pitch as MIDI number, phrases of four bars; the motif's degrees
are steps of the key's scale. Decides where the motif is hung, how it is developed from phrase to phrase, where it
breathes, how each phrase comes to rest (calls open, responses closed), the one height of a section and the song's last
tone. Where a melody is given it is sung instead: decided are its octave, its articulation and its loudness. Leaves the
motif itself to the plan, answers to `variation`, micro-timing to `groove`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from statistics import fmean

from numpy.random import Generator

from kelly.composing.chance import chance
from kelly.composing.context import BAR, PHRASE, Context
from kelly.composing.motif import Motif, Step, contour, transform
from kelly.composing.neural.melody import Hearing
from kelly.composing.patterns import closing_bar
from kelly.composing.theory import fold, nearest_pitch
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
PLACES = 32  # sixteenths of a motif
UNSURE = 0.3  # dominance below which a song does not come to rest on its tonic
STRESS = 16.0  # velocity steps of a given melody's above its mean that are an accent of 1


def play(context: Context, rng: Generator) -> list[Note]:
    """Write the melody of one section.

    Parameters: context, the section with its chords, feeling and energy; rng, this engine's own stream.
    Returns: notes in time order, none overlapping, all within the instrument's range; where a melody is given, its
    notes, of which the first may begin a little before the section and the last end after it.
    """
    if context.plan.revision.lead:
        return _given(context)
    if context.layer is None:
        return []
    # Drawn once for every place of a motif, so that it is treated alike whenever it is said.
    fallen, leaning = ([rng.random() for _ in range(PLACES)] for _ in range(2))
    steps = _breathed(_thinned(_line(context, rng), context, fallen), context)
    pitched = _crowned(_pitched(steps, context, leaning), context)
    return _sung(_homeward(pitched, context), context)


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


def _place(step: Step) -> int:
    """The place of a step among the sixteenths of two bars."""
    return int(step.onset * 4 + 0.5) % PLACES


def _thinned(steps: list[Step], context: Context, fallen: Sequence[float]) -> list[Step]:
    """Weak notes fall out for rests, more in quiet sections; the first note of a bar stays."""
    likely = context.parameters.rest * (1.3 - context.energy)
    kept = [
        step
        for step in steps
        if step.onset % BAR == 0 or fallen[_place(step)] >= likely * (0.5 if step.onset % 1 == 0 else 1.0)
    ]
    return kept or steps[:1]


def _phrase(step: Step) -> int:
    """The phrase that a step belongs to; an upbeat belongs to what it leads to."""
    return int((step.onset + 0.5) // PHRASE)


def _breathed(steps: list[Step], context: Context) -> list[Step]:
    """The last note of every phrase ends early enough to breathe, the earlier the more space the feeling wants."""
    air = 0.5 + 1.5 * context.parameters.space
    breathed = []
    for step, following in zip_longest(steps, steps[1:]):
        closes = following is None or _phrase(following) > _phrase(step)
        room = (_phrase(step) + 1) * PHRASE - air - step.onset
        shorter = closes and 0.5 <= room < step.duration
        breathed.append(replace(step, duration=room) if shorter else step)
    return breathed


def _pitched(steps: list[Step], context: Context, leaning: Sequence[float]) -> list[Note]:
    """Turn degrees into pitches: chord tones where the metre is strong, tones of the scale elsewhere."""
    notes: list[Note] = []
    hearing = Hearing(context)
    for i, step in enumerate(steps):
        wanted = context.key.pitch(step.degree, -1)
        previous = notes[-1].pitch if notes else None
        further = hearing.efforts(step.onset, notes)
        pitch = _settled(wanted, step, previous, context, leaning[_place(step)], further)
        if i + 1 == len(steps) or _phrase(steps[i + 1]) > _phrase(step):
            pitch = _cadence(pitch, step, context)
        notes.append(Note(step.onset, step.duration, pitch, 1))
    return notes


def _cadence(pitch: int, step: Step, context: Context) -> int:
    """The tone a phrase ends on, near `pitch`: calls stay open beside the tonic, responses close on it if they can."""
    classes, tonic = context.chord_at(step.onset).symbol.pitch_classes, context.key.tonic
    if _phrase(step) % 2 == 0 and step.onset + BAR < context.section.beats:
        fitting = tuple(pc for pc in classes if pc != tonic)
    else:
        fitting = (tonic,) if tonic in classes else classes[:2]
    near = nearest_pitch(pitch, fitting, context.low, context.high)
    return near if abs(near - pitch) <= 5 else pitch


def _settled(
    wanted: int, step: Step, previous: int | None, context: Context, lean: float, further: Mapping[int, float]
) -> int:
    """The pitch nearest to what the motif wants and to the note before, among those that fit.

    Parameters: further, how much further away each pitch may be said to lie, in semitones; those that are not in it, 0.
    """
    chord = context.chord_at(step.onset)
    strong = step.onset % 2 == 0
    on_chord = lean < (0.75 if strong else 0.35 if step.onset % 1 == 0 else 0.1)
    allowed = chord.symbol.pitch_classes if on_chord or step.duration >= 2 else _passing(step, context)
    fitting = [p for p in range(context.low, context.high + 1) if p % 12 in allowed]
    if previous is None:
        return min(fitting, key=lambda pitch: (abs(pitch - wanted) + further.get(pitch, 0.0), pitch))
    widest = _widest(context)
    return min(fitting, key=lambda pitch: (_effort(pitch, wanted, previous, widest) + further.get(pitch, 0.0), pitch))


def _passing(step: Step, context: Context) -> tuple[int, ...]:
    """The tones of the scale; for a note that stands long enough to rub, without those next to a chord tone."""
    scale = context.scale_at(step.onset)
    tones = context.chord_at(step.onset).symbol.pitch_classes
    if step.duration < 1.5 + max(0.0, context.parameters.dissonance - 0.5):
        return scale
    return tuple(pc for pc in scale if pc in tones or not {(pc + 1) % 12, (pc - 1) % 12} & {*tones})


def _effort(pitch: int, wanted: int, previous: int, widest: int) -> float:
    """How hard a pitch is to sing after the one before, against how far it lies from what the motif wants."""
    leap = abs(pitch - previous)
    strain = 0.75 * max(0, leap - 2) + 0.6 * max(0, leap - 7) + (8.0 if leap > widest else 0.0)
    # A motif that moves should be heard to move.
    stuck = 2.5 if leap == 0 and wanted != previous else 0.0
    return abs(pitch - wanted) + strain + stuck


def _widest(context: Context) -> int:
    """The widest leap in semitones: an octave, a sixth where the feeling is calm."""
    return 12 if context.parameters.leap > 0.32 else 9


def _crowned(notes: list[Note], context: Context) -> list[Note]:
    """One note of a section is its height: a long one in the second half, above all others by a tone of its chord."""
    beats = context.section.beats
    places = [i for i, n in enumerate(notes) if 0.5 * beats <= n.onset < 0.9 * beats and n.onset % 1 == 0]
    if _sparse(context) or context.section.bars < 8 or not places:
        return notes
    crown = max(places, key=lambda i: (notes[i].pitch + 2 * min(notes[i].duration, 2.0), -i))
    others = max(n.pitch for i, n in enumerate(notes) if i != crown)
    tones = context.chord_at(notes[crown].onset).symbol.pitch_classes
    before = notes[crown - 1].pitch if crown else others
    top = min(context.high, before + _widest(context))
    higher = [p for p in range(others + 1, top + 1) if p % 12 in tones]
    pitch = higher[0] if higher else max(notes[crown].pitch, nearest_pitch(top, tones, context.low, top))
    return [
        replace(n, pitch=pitch) if i == crown else replace(n, pitch=_under(n, pitch, context))
        for i, n in enumerate(notes)
    ]


def _under(note: Note, crown: int, context: Context) -> int:
    """The note's pitch, or the next tone of its scale below the crown."""
    if note.pitch < crown:
        return note.pitch
    return nearest_pitch(crown - 1, context.scale_at(note.onset), context.low, crown - 1)


def _homeward(notes: list[Note], context: Context) -> list[Note]:
    """The song's last note comes with its last bar and stands on the tonic, or on its fifth where nobody is sure."""
    closing = closing_bar(context)
    before = [n for n in notes if closing is not None and n.onset < closing]
    if closing is None or not before:
        return notes
    tonic, classes = context.key.tonic, context.chord_at(closing).symbol.pitch_classes
    wanted = (tonic + 7) % 12 if context.feeling.dominance < UNSURE else tonic
    stable = (wanted,) if wanted in classes else (tonic,) if tonic in classes else classes[:1]
    pitch = nearest_pitch(before[-1].pitch, stable, context.low, context.high)
    return [*before, Note(closing, context.section.beats - closing, pitch, 1)]


def _sung(notes: list[Note], context: Context) -> list[Note]:
    """Durations by articulation, velocities by metre, none overlapping, inside the layer."""
    layer = context.layer
    assert layer is not None  # noqa: S101 - play() returned before
    held = context.parameters.gate
    ends = [note.onset for note in notes[1:]] + [layer.end]
    sung = []
    for note, end in zip(notes, ends, strict=True):
        share = 1.0 if note.onset == closing_bar(context) else held
        length = min(note.duration * share, end - note.onset, layer.end - note.onset)
        if layer.onset <= note.onset and length > 0:
            sung.append(replace(note, duration=length, velocity=context.velocity(_accent(note, context))))
    return sung


def _accent(note: Note, context: Context) -> float:
    """Metre and height: the first beat and the peaks speak up."""
    metre = 0.4 if note.onset % BAR == 0 else 0.1 if note.onset % 1 == 0 else -0.3
    return metre + 0.02 * (note.pitch - context.parameters.register)


def _given(context: Context) -> list[Note]:
    """The given melody's notes of the section: in the octaves that suit, as long as the articulation has them."""
    given = context.plan.revision.lead
    up, gate = 12 * _octaves([note.pitch for note in given], context), context.parameters.gate
    velocities = [note.velocity for note in given]
    even, mean = min(velocities) == max(velocities), fmean(velocities)
    sung = []
    for note in context.lead:
        pitch = fold(note.pitch + up, context.low, context.high)
        moved = replace(note, duration=gate * note.duration, pitch=pitch)
        stress = _accent(moved, context) if even else _stress(note, mean)
        sung.append(replace(moved, velocity=context.velocity(stress)))
    return sung


def _octaves(pitches: Sequence[int], context: Context) -> int:
    """How many octaves up a melody goes: so that the range holds most of it, then nearest to the register."""
    wanted = context.parameters.register - fmean(pitches)

    def misfit(octaves: int) -> tuple[int, float, int]:
        outside = sum(not context.low <= pitch + 12 * octaves <= context.high for pitch in pitches)
        return outside, round(abs(wanted - 12 * octaves), 6), octaves

    return min(range(-10, 11), key=misfit)


def _stress(note: Note, mean: float) -> float:
    """How much louder than the mean a note was given, -1..1."""
    return min(max((note.velocity - mean) / STRESS, -1.0), 1.0)
