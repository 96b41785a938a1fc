"""Strings: two or three bowed or plucked voices above the ground.

Conventions: times in beats from the section's start; three voices led from chord to chord beside the melody (over it
where the song is at its fullest), two of them in thin textures; what would rub gives way. Decides the stroke (figure),
its rhythm (from density and energy), the register and how phrases end. Leaves the chords to `chords`, swells to
`dynamics`, micro-timing to `groove`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from numpy.random import Generator

from kelly.composing.chance import pick
from kelly.composing.context import BAR, PHRASE, Chord, Context
from kelly.composing.counterpoint import apart, breath, harmony, led, note, solo, step, strength, tied, tones
from kelly.composing.theory import nearest_pitch
from kelly.composing.voicing import LOW_VOICE, clear, eased, heard, height, patience
from kelly.score.notes import Note

__all__ = ["play"]

Voiced = list[tuple[Chord, tuple[int, ...]]]

BESIDE = ("melody", "bass", "counter", "pad", "chords")  # what the strings give way to
RUSH = 0.75  # density above which short strokes are thinned

# What an instrument makes of a stroke that is not its own.
IDIOMS = {
    "pizzicato strings": {"sustain": "pizzicato", "legato": "pizzicato", "tremolo": "pizzicato"},
    "brass section": {"pizzicato": "spiccato", "tremolo": "marcato"},
}
# Onsets in a bar, from sparse to dense.
PLUCKED = ((0.0, 2.0), (0.0, 1.5, 3.0), (0.0, 1.0, 1.5, 3.0), (0.0, 1.0, 1.5, 2.5, 3.5), (0.0, 0.5, 1.5, 2.0, 2.5, 3.5))
HAMMERED = ((0.0, 2.0), (0.0, 2.0, 3.0), (0.0, 1.5, 3.0), (0.0, 1.0, 2.0, 3.0), (0.0, 1.0, 1.5, 2.5, 3.0, 3.5))
ROCKING = ((2, 1, 0, 1, 2, 1, 0, 1), (0, 2, 1, 2, 0, 2, 1, 2), (2, 2, 1, 2, 0, 2, 1, 2))


def play(context: Context, rng: Generator) -> list[Note]:
    """Write the strings of one section.

    Parameters: context, the section with its chords, feeling and energy; rng, this engine's own stream.
    Returns: notes in time order, none overlapping another of its pitch, on the chord (in `legato` also between its
    tones) and within the part's range.
    """
    chords = harmony(context)
    if not chords:
        return []
    stroke = context.section.figures["strings"]
    stroke = IDIOMS.get(context.instrument.name, {}).get(stroke, stroke)
    notes = STROKES[stroke](context, _voiced(context, chords), rng)
    return apart(clear(notes, heard(context, *BESIDE), patience(context)))


def _voiced(context: Context, chords: list[Chord]) -> Voiced:
    """Three voices beside the melody; a returning section lies a little higher."""
    wanted = _middle(context) + min(context.section.occurrence, 2)
    middle = int(min(max(wanted, context.low + 9), context.high - 9))
    low, high = max(context.low, middle - 9), min(context.high, middle + 9)
    spans, limit = heard(context, *BESIDE), patience(context)
    rows = zip(chords, led(chords, low, high, 3), strict=True)
    return [(chord, eased(chord, row, spans, (low, high), limit)) for chord, row in rows]


def _middle(context: Context) -> float:
    """Where the strings lie: over a melody that sings low and where the song is at its fullest, else under it."""
    sung = height(context)
    if sung is None:
        return 68 + 0.6 * (context.parameters.register - 60)
    if sung < LOW_VOICE:
        return sung + 14
    return min(sung + 7, 76) if context.energy > 0.65 else max(sung - 8, 58)


def _rank(context: Context, count: int) -> int:
    """Which of `count` patterns, ordered from sparse to dense, suits density and energy."""
    fullness = 0.75 * context.parameters.density + 0.25 * context.energy
    return min(max(int((fullness - 0.25) / 0.75 * count), 0), count - 1)


def _sustain(context: Context, voiced: Voiced, rng: Generator) -> list[Note]:
    """Long bows; the upper voices alone in thin textures, new bows for what changes and at every phrase."""
    thin = context.energy < 0.4
    blocks = [
        (chord.onset, chord.end - breath(context, chord), voicing[1:] if thin else voicing) for chord, voicing in voiced
    ]
    top = {start: pitches[-1] for start, _, pitches in blocks}
    return [
        note(context, start, end, pitch, 0.25 if top.get(start) == pitch else -0.1)
        for start, end, pitch in tied(blocks)
    ]


def _tremolo(context: Context, voiced: Voiced, rng: Generator) -> list[Note]:
    """Two tones in sixteenths, by turns (in eighths where beats are short), swelling through each phrase.

    An instrument that trembles by itself holds them for two beats.
    """
    trembles = "tremolo" in context.instrument.name
    pace = 2.0 if trembles else 0.5 if context.parameters.density > RUSH else 0.25
    notes = []
    for chord, voicing in voiced:
        pair = (voicing[-1], voicing[0]) if context.energy > 0.5 else (voicing[-1], voicing[1])
        for k in range(int((chord.duration - breath(context, chord)) / pace)):
            onset = chord.onset + pace * k
            accent = 0.35 * strength(onset) + 0.4 * (onset % PHRASE / PHRASE) - 0.4
            struck = pair if onset % 1 == 0 else pair[:1]
            notes += [note(context, onset, onset + pace * 0.9, pitch, accent) for pitch in struck]
    return notes


def _pizzicato(context: Context, voiced: Voiced, rng: Generator) -> list[Note]:
    """Plucked tones that hop through the chord, two at once where it changes, a rest where the phrase ends."""
    rank = _rank(context, len(PLUCKED))
    notes = []
    for chord, voicing in voiced:
        ladder = (*voicing, *(p + 12 for p in voicing[:1] if p + 12 <= context.high))
        for onset in _placed(chord, PLUCKED[rank]):
            fresh = onset == chord.onset
            pitch = voicing[-1] if fresh else pick(ladder, rng)
            if fresh:
                notes.append(note(context, onset, onset + 0.4, voicing[0], 0.2))
            notes.append(note(context, onset, onset + 0.3, pitch, 0.5 * strength(onset) - 0.2))
    return notes


def _placed(chord: Chord, pattern: tuple[float, ...]) -> list[float]:
    """The onsets of a one-bar pattern within a chord; the bar that ends a phrase stays open after its third beat."""
    first = chord.onset // BAR * BAR
    bars = int((chord.end - first + BAR - 0.01) // BAR)
    placed = [first + BAR * bar + onset for bar in range(bars) for onset in pattern]
    kept = [at for at in placed if chord.onset < at < chord.end and not at % PHRASE > PHRASE - 2]
    return [chord.onset, *kept]


def _spiccato(context: Context, voiced: Voiced, rng: Generator) -> list[Note]:
    """Bouncing eighths that rock over the chord, a low voice on the strong beats; sixteenths lead out of a phrase."""
    shape = pick(ROCKING, rng)
    notes = []
    for chord, voicing in voiced:
        for k in range(int(chord.duration / 0.5)):
            onset = chord.onset + 0.5 * k
            accent = 0.7 * strength(onset) - 0.3
            place = min(shape[int(onset * 2) % 8], len(voicing) - 1)
            notes.append(note(context, onset, onset + 0.22, voicing[place], accent))
            if strength(onset) >= 0.8 and context.energy > 0.5 and voicing[0] - 12 >= context.low:
                notes.append(note(context, onset, onset + 0.22, voicing[0] - 12, accent))
            if onset % PHRASE >= PHRASE - 1 and 0.6 < context.parameters.density <= RUSH:
                notes.append(note(context, onset + 0.25, onset + 0.45, voicing[-1], accent - 0.2))
    return notes


def _legato(context: Context, voiced: Voiced, rng: Generator) -> list[Note]:
    """One singing line with passing tones on the way to each of its goals, over a held lower voice."""
    held = tied([(c.onset, c.end - breath(context, c), voicing[:1]) for c, voicing in voiced])
    stations = [station for pair in voiced for station in _stations(context, *pair)]
    goals = _goals(context, stations)
    line: list[Note] = []
    for i, (chord, _) in enumerate(stations):
        line += _sung(context, chord, goals[i], goals[i + 1] if i + 1 < len(goals) else None, rng)
    under = [note(context, start, end, pitch, -0.3) for start, end, pitch in held]
    return [n for n in under if not _covered(n, line)] + solo(line)


def _stations(context: Context, chord: Chord, voicing: tuple[int, ...]) -> Voiced:
    """Where the line sets foot in a chord: on its onset, on its half too when the music moves; phrase ends rest."""
    moves = context.parameters.density + 0.4 * context.energy > 0.6
    length = chord.duration / 2 if moves and chord.duration >= 4 and chord.end % PHRASE != 0 else chord.duration
    onsets = [chord.onset + length * k for k in range(round(chord.duration / length))]
    return [(replace(chord, onset=onset, duration=length), voicing) for onset in onsets]


def _covered(low: Note, line: list[Note]) -> bool:
    return any(n.pitch == low.pitch and n.onset < low.end and low.onset < n.end for n in line)


def _goals(context: Context, voiced: Voiced) -> list[int]:
    """The tone that the line reaches at each station: near the last, highest in the middle of the phrase."""
    goals: list[int] = []
    for chord, voicing in voiced:
        share = chord.onset % PHRASE / PHRASE
        arch = voicing[-1] + 7 * (1 - abs(2 * share - 1)) - 2
        target = 0.6 * arch + 0.4 * goals[-1] if goals else arch
        ladder = tones(chord.symbol.pitch_classes, voicing[0] + 3, context.high)
        fresh = [pitch for pitch in ladder if not goals or pitch != goals[-1]] or [voicing[-1]]
        goals.append(min(fresh, key=lambda pitch: (round(abs(pitch - target), 6), pitch)))
    return goals


def _sung(context: Context, chord: Chord, start: int, goal: int | None, rng: Generator) -> list[Note]:
    """The line from one goal to the next: the goal held, then steps; what ends a phrase only rests."""
    if goal is None or chord.duration < 2 or chord.end % PHRASE == 0:
        return [note(context, chord.onset, chord.end - breath(context, chord), start, 0.2)]
    pace = 0.5 if context.parameters.density + 0.3 * context.energy > 0.75 else 1.0
    path = _between(start, goal, context, chord)[-max(1, int(chord.duration / 2 / pace)) :]
    if not path and chord.duration >= 4:
        path = [step(start, pick((-1, 1), rng), context.scale_at(chord.onset))]
    onsets = [chord.onset, *(chord.end - pace * (len(path) - k) for k in range(len(path))), chord.end]
    pairs = zip(pairwise(onsets), [start, *path], strict=True)
    return [
        note(context, on, off, pitch, 0.3 * strength(on) - 0.05)
        for (on, off), pitch in pairs
        if context.low <= pitch <= context.high
    ]


def _between(start: int, goal: int, context: Context, chord: Chord) -> list[int]:
    """The tones of the scale strictly between two pitches, in the direction of travel."""
    low, high = sorted((start, goal))
    inside = list(tones(context.scale_at(chord.onset), low + 1, high - 1))
    return inside if goal > start else inside[::-1]


def _marcato(context: Context, voiced: Voiced, rng: Generator) -> list[Note]:
    """Hammered chords with the root below, each well apart; the phrase runs out in accented eighths."""
    rank = _rank(context, len(HAMMERED))
    length = 0.65 * context.parameters.gate + 0.1
    notes = []
    for chord, voicing in voiced:
        root = nearest_pitch(voicing[0] - 9, (chord.symbol.root,), context.low, max(context.low + 11, voicing[0] - 1))
        rushes = context.parameters.density > RUSH
        full = {root, voicing[-1]} if rushes else {root, *voicing}
        pitches = sorted(full if context.energy > 0.6 else set(voicing[-2:] if rushes else voicing))
        onsets = _placed(chord, HAMMERED[rank])
        if chord.end % PHRASE == 0 and chord.duration >= 4 and context.energy > 0.5:
            onsets += [chord.end - 1.5, chord.end - 1, chord.end - 0.5]
        for onset, following in pairwise([*onsets, chord.end]):
            stop = onset + min(length, (following - onset) * 0.8)
            struck = pitches if strength(onset) >= 0.8 or not rushes else pitches[-1:]
            notes += [note(context, onset, stop, pitch, 0.5 * strength(onset) + 0.1) for pitch in struck]
    return notes


STROKES: dict[str, Callable[[Context, Voiced, Generator], list[Note]]] = {
    "sustain": _sustain,
    "tremolo": _tremolo,
    "pizzicato": _pizzicato,
    "spiccato": _spiccato,
    "legato": _legato,
    "marcato": _marcato,
}
