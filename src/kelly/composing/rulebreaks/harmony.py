"""Harmony broken: cadences that do not come home, borrowed and substituted chords, planing, two keys, bare dissonance.

Conventions: a break of the chords changes symbols only and is voiced afterwards, so melody and all follow it; a break
of the score moves pitches of the parts that it names, within their instruments. `plan.sections` are those in which a
break acts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from numpy.random import Generator

from kelly.composing.chance import pick
from kelly.composing.context import BAR, PHRASE, Chord, Context, Plan
from kelly.composing.progressions import progression
from kelly.composing.rulebreaks.edits import EARLY, change, find, inside, phrases, playing, section_at, within
from kelly.composing.tables import parts
from kelly.composing.theory import ChordSymbol, Key, nearest_pitch, numeral
from kelly.score.notes import Note, Part, Score

__all__ = [
    "avoid_tonic_resolution",
    "modal_interchange",
    "parallel_motion",
    "polytonality",
    "tritone_substitution",
    "unresolved_dissonance",
]

# Where a cadence goes instead of home: semitones above the tonic and whether that chord is minor, best first.
DECEPTIONS = {False: ((9, True), (5, False), (4, True)), True: ((8, False), (5, True), (3, False))}
DOMINANTS = (7, 10, 11, 1)  # roots above the tonic from which the tonic is an arrival, in one mode or another
# What the parallel mode lends: from a degree (semitones above the tonic) to the borrowed root and quality, dearest
# first.
BORROWED_IN_MAJOR = {
    5: (5, "m"),
    2: (2, "m7b5"),
    9: (8, ""),
    7: (7, "m"),
    4: (3, ""),
    11: (10, ""),
    10: (8, ""),
    0: (0, "m"),
}
BORROWED_IN_MINOR = {
    5: (1, ""),
    2: (1, ""),
    8: (1, ""),
    7: (7, ""),
    3: (1, ""),
    10: (10, "m"),
    1: (2, "m7b5"),
}
SECOND_KEYS = ((7, 0.0), (2, 0.0), (3, 0.35), (1, 0.5), (6, 0.5))  # semitones up, and the severity it needs
BLOCK_CENTRE = 54  # pitch around which the root of the planing block moves
BLOCK_HEIGHT = 16  # semitones from its root to the tenth above


def avoid_tonic_resolution(chords: list[Chord], context: Context, severity: float, rng: Generator) -> list[Chord]:
    """No phrase ends on the tonic and, unless mild, no dominant leads to it; above a severity of .6 the tonic sounds in
    a section's first bar only.
    """
    broken = list(chords)
    for i, chord in enumerate(chords):
        ends = chord.cadence or i == len(chords) - 1 or chord.end % PHRASE < 1e-6
        resolves = i > 0 and (chords[i - 1].symbol.root - context.key.tonic) % 12 in DOMINANTS
        away = ends or (severity >= 0.35 and resolves) or (severity > 0.6 and chord.onset >= BAR)
        if away and chord.symbol.root == context.key.tonic:
            beside = (broken[i - 1].symbol.root if i else -1, chords[i + 1].symbol.root if i + 1 < len(chords) else -1)
            broken[i] = _with_symbol(chord, _deception(chord.symbol, context.key, beside, rng), context.key)
    return broken


def _deception(symbol: ChordSymbol, key: Key, beside: tuple[int, int], rng: Generator) -> ChordSymbol:
    """A chord that shares the tonic's notes without being it, unlike its neighbours where that can be."""
    options = [((key.tonic + step) % 12, minor) for step, minor in DECEPTIONS[key.minor]]
    fresh = [option for option in options if option[0] not in beside] or options
    root, minor = pick({option: 2.0 ** -options.index(option) for option in fresh}, rng)
    return ChordSymbol(root, _quality(symbol, minor=minor))


def _quality(symbol: ChordSymbol, *, minor: bool) -> str:
    """A triad in place of a triad, a seventh chord in place of a fuller one."""
    if len(symbol.pitch_classes) < 4:
        return "m" if minor else ""
    return "m7" if minor else "maj7"


def _with_symbol(chord: Chord, symbol: ChordSymbol, key: Key) -> Chord:
    return replace(chord, symbol=symbol, numeral=numeral(symbol, key.tonic), voicing=())


def modal_interchange(chords: list[Chord], context: Context, severity: float, rng: Generator) -> list[Chord]:
    """A chord of every phrase (of the last phrases only, when mild) is borrowed from the parallel mode.

    The roots of the table decide which: in major the subdominant turns minor, in minor it turns Neapolitan. A phrase
    that holds a foreign chord already is left alone, and so is the chord that a section opens with. Where the user
    wrote the chords, a section's last phrase alone is touched, and of what they wrote the subdominant if there is one.
    """
    broken = list(chords)
    count = math.ceil(context.section.beats / PHRASE)
    acting = 1 if context.plan.progressions else max(1, math.ceil(min(1.0, 1.5 * severity) * count))
    degrees = _lending(context)
    for phrase in range(count - acting, count):
        places = [i for i, chord in enumerate(chords) if phrase * PHRASE <= chord.onset < (phrase + 1) * PHRASE and i]
        if not any(_foreign(chords[i].symbol, context.key) for i in places):
            for i, symbol in _borrowed(chords, places, context.key, degrees)[:1]:
                broken[i] = _with_symbol(chords[i], symbol, context.key)
    return broken


def _foreign(symbol: ChordSymbol, key: Key) -> bool:
    return any(pc not in key.scale for pc in symbol.pitch_classes[:3])


def _lending(context: Context) -> tuple[int, ...]:
    """The degrees in whose place a chord may be borrowed, dearest first."""
    key = context.key
    table = tuple(BORROWED_IN_MINOR if key.minor else BORROWED_IN_MAJOR)
    own = [chord for row in context.plan.progressions.values() for chord in progression(row, key.tonic)]
    subdominants = table[:2]
    return subdominants if any((chord.root - key.tonic) % 12 in subdominants for chord in own) else table


def _borrowed(
    chords: Sequence[Chord], places: Sequence[int], key: Key, degrees: Sequence[int]
) -> list[tuple[int, ChordSymbol]]:
    """The borrowings that a phrase offers, best first: by the order of the table, then the later in the phrase."""
    table = BORROWED_IN_MINOR if key.minor else BORROWED_IN_MAJOR
    offers = []
    for i in places:
        degree = (chords[i].symbol.root - key.tonic) % 12
        if degree in degrees:
            step, quality = table[degree]
            symbol = ChordSymbol((key.tonic + step) % 12, quality)
            if _foreign(symbol, key):
                offers.append((degrees.index(degree), -i, symbol))
    return [(-place, symbol) for _, place, symbol in sorted(offers, key=lambda offer: offer[:2])]


def tritone_substitution(chords: list[Chord], context: Context, severity: float, rng: Generator) -> list[Chord]:
    """Every dominant (a chord that falls a fifth into the next; every second one, when mild) is replaced by the
    dominant seventh a tritone away.

    Where a section has none, the second half of its chords before a phrase's last one becomes such a dominant.
    """
    tonic = context.key.tonic
    targets = [chord.symbol.root for chord in chords[1:]] + [tonic]
    falls = [
        (i, target)
        for i, (chord, target) in enumerate(zip(chords, targets, strict=True))
        if (chord.symbol.root - target) % 12 == 7 and chord.symbol.root != tonic and not chord.symbol.minor
    ]
    broken = list(chords)
    for i, target in falls[:: 1 if severity >= 0.35 else 2]:
        broken[i] = _with_symbol(chords[i], _substitute(target), context.key)
    return broken if falls else _approached(chords, context)


def _substitute(target: int) -> ChordSymbol:
    return ChordSymbol((target + 1) % 12, "7")


def _approached(chords: Sequence[Chord], context: Context) -> list[Chord]:
    broken: list[Chord] = []
    for chord, target in zip(chords, [*chords[1:], None], strict=True):
        leads = target is not None and target.end % PHRASE < 1e-6 and target.symbol.root != chord.symbol.root
        if target is None or not leads or chord.duration < 2:
            broken.append(chord)
            continue
        half = chord.duration / 2
        broken.append(replace(chord, duration=half))
        later = replace(chord, onset=chord.onset + half, duration=half, cadence=False)
        broken.append(_with_symbol(later, _substitute(target.symbol.root), context.key))
    return broken


def parallel_motion(chords: list[Chord], context: Context, severity: float, rng: Generator) -> list[Chord]:
    """The chords move as one block of root, fifth, octave and third (when mild, in the second half of a section)."""
    instrument, row = context.plan.instruments["chords"], parts()["chords"]
    lowest, highest = max(instrument.low, row.low), min(instrument.high, row.high) - BLOCK_HEIGHT
    start = context.section.beats / 2 if severity < 0.35 else 0.0
    base = BLOCK_CENTRE
    planed = []
    for chord in chords:
        if chord.onset < start:
            planed.append(chord)
            continue
        base = nearest_pitch(0.6 * base + 0.4 * BLOCK_CENTRE, [chord.symbol.root], lowest, highest)
        third = 3 if chord.symbol.minor else 4
        planed.append(replace(chord, voicing=(base, base + 7, base + 12, base + 12 + third)))
    return planed


def polytonality(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """One accompanying part plays in a second key: a near one when mild, a semitone or tritone away when severe."""
    names = playing(score, ("counter", "strings", "pad", "variation", "chords"), plan.sections)
    if not names:
        return score
    name = names[0]
    step = pick({step: 1.0 for step, least in SECOND_KEYS if least <= severity and (severity < 0.5 or least)}, rng)

    def transposed(part: Part) -> Part:
        notes = (
            replace(note, pitch=within(plan, name, note.pitch + step)) if inside(note, plan.sections) else note
            for note in part.notes
        )
        return replace(part, notes=tuple(notes))

    return change(score, name, transposed)


def unresolved_dissonance(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """The last melody note of phrases (every one above a severity of .6, else every second) rubs, and is held."""
    melody = find(score, "melody")
    if melody is None:
        return score
    ends = phrases(plan.sections)
    every = 1 if severity > 0.6 else 2
    chosen = ends[(len(ends) - 1) % every :: every]
    backing = [n for name in ("chords", "pad", "bass", "strings") if (part := find(score, name)) for n in part.notes]
    notes = sorted(melody.notes)
    for start, end in chosen:
        here = [i for i, note in enumerate(notes) if start <= note.onset + EARLY < end]
        if here:
            last = notes[here[-1]]
            sounding = sorted({n.pitch % 12 for n in backing if _meet(n, last)})
            section = section_at(last.onset, plan.sections)
            pitch = _rub(last.pitch, sounding, section.key.scale if section else (), plan)
            after = notes[here[-1] + 1].onset if here[-1] + 1 < len(notes) else end
            held = max(min(end, after) - last.onset, last.duration)
            notes[here[-1]] = replace(last, pitch=pitch, duration=held)
    return change(score, "melody", lambda part: replace(part, notes=tuple(notes)))


def _meet(note: Note, melody: Note) -> bool:
    """Whether a note sounds in the half beat in which a melody note begins."""
    return note.onset < melody.onset + 0.5 and note.end > melody.onset + 0.05


def _rub(pitch: int, sounding: Sequence[int], scale: Sequence[int], plan: Plan) -> int:
    """The pitch within a minor third that lies a semitone or a tritone from most of what sounds, rather in the key."""
    instrument = plan.instruments["melody"]

    def roughness(candidate: int) -> float:
        clashes = sum({1: 2.0, 11: 2.0, 6: 1.0, 2: 0.5, 10: 0.5}.get((candidate - pc) % 12, 0.0) for pc in sounding)
        return clashes + (1.0 if candidate % 12 in scale else 0.0) - (5.0 if candidate % 12 in sounding else 0.0)

    options = [pitch + step for step in (0, 1, -1, 2, -2, 3, -3) if instrument.low <= pitch + step <= instrument.high]
    return max(options, key=roughness) if sounding else pitch
