"""Counterpoint: how a tone fits beside other tones, and a line into the gaps of another.

Conventions: pitch is a MIDI number, a pitch class lies in 0..11, times are beats from the section's start, a line is a
row of notes in time order. Pure functions that the engines of tonal parts share; what they write is theirs to decide.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

from kelly.composing.context import BAR, PHRASE, Chord, Context
from kelly.composing.theory import voice
from kelly.score.notes import Note

__all__ = [
    "apart",
    "breath",
    "harmony",
    "led",
    "note",
    "phrase_of",
    "rests",
    "roughness",
    "solo",
    "sounding",
    "step",
    "strength",
    "tied",
    "tones",
]

# How rough an interval sounds between two lines, by semitones within the octave: imperfect consonances are smoothest.
ROUGHNESS = (0.5, 1.0, 0.6, 0.0, 0.0, 0.35, 0.75, 0.15, 0.0, 0.0, 0.5, 0.9)

Block = tuple[float, float, tuple[int, ...]]


@cache
def tones(classes: tuple[int, ...], low: int, high: int) -> tuple[int, ...]:
    """All pitches in low..high whose class is among `classes`, ascending."""
    return tuple(pitch for pitch in range(low, high + 1) if pitch % 12 in classes)


def step(pitch: int, steps: int, scale: tuple[int, ...]) -> int:
    """The pitch `steps` scale steps above (below when negative); from outside the scale the first step enters it."""
    ladder = tones(scale, 0, 127)
    at = bisect_left(ladder, pitch)
    if steps > 0 and (at == len(ladder) or ladder[at] != pitch):
        at -= 1
    return ladder[min(max(at + steps, 0), len(ladder) - 1)]


def roughness(pitch: int, other: int) -> float:
    """How rough two pitches sound together, 0 (thirds, sixths, tenths) to 1 (semitones, and the very same pitch)."""
    return 1.0 if pitch == other else ROUGHNESS[abs(pitch - other) % 12]


def strength(beat: float) -> float:
    """The metrical weight of a place in the bar: 1 on beat one, .8 on three, .55 on others, .3 and .15 between."""
    for grid, weight in ((BAR, 1.0), (2.0, 0.8), (1.0, 0.55), (0.5, 0.3)):
        if beat % grid == 0:
            return weight
    return 0.15


def phrase_of(beat: float) -> int:
    """The number of the four-bar phrase that holds `beat`, from 0."""
    return int(beat // PHRASE)


def sounding(line: Sequence[Note], beat: float) -> Note | None:
    """The note of a line that sounds at `beat`, or None in a rest."""
    at = bisect_right(line, beat + 1e-9, key=lambda note: note.onset) - 1
    return line[at] if at >= 0 and line[at].end > beat + 1e-9 else None


def rests(line: Sequence[Note], start: float, end: float, shortest: float) -> list[tuple[float, float]]:
    """The stretches (from, to) within start..end where a line is silent for at least `shortest` beats."""
    gaps = []
    free = start
    for heard in line:
        if min(heard.onset, end) - free >= shortest:
            gaps.append((free, min(heard.onset, end)))
        free = max(free, heard.end)
    return [*gaps, (free, end)] if end - free >= shortest else gaps


def harmony(context: Context) -> list[Chord]:
    """The section's chords as far as the wanted part's layer reaches, cut to it; empty when the part is silent."""
    layer = context.layer
    if layer is None:
        return []
    within = [chord for chord in context.chords if chord.onset < layer.end and chord.end > layer.onset]
    starts = [max(chord.onset, layer.onset) for chord in within]
    return [
        replace(chord, onset=start, duration=min(chord.end, layer.end) - start)
        for chord, start in zip(within, starts, strict=True)
    ]


def led(chords: Iterable[Chord], low: int, high: int, voices: int) -> list[tuple[int, ...]]:
    """A voicing in low..high (an octave at least) for every chord, each led from the one before."""
    voicings: list[tuple[int, ...]] = []
    for chord in chords:
        voicings.append(voice(chord.symbol, voicings[-1] if voicings else (), low, high, voices))
    return voicings


def tied(blocks: Iterable[Block]) -> list[tuple[float, float, int]]:
    """Blocks (start, end, pitches) as single tones (start, end, pitch); a tone that the next block repeats is held on.

    A tone is held within its phrase and struck again in the next.
    """
    held: list[tuple[float, float, int]] = []
    for start, end, pitches in blocks:
        for pitch in pitches:
            ties = [i for i, (_, stop, same) in enumerate(held) if stop == start and same == pitch]
            if ties and phrase_of(held[ties[0]][0]) == phrase_of(start):
                held[ties[0]] = (held[ties[0]][0], end, pitch)
            else:
                held.append((start, end, pitch))
    return sorted(held)


def breath(context: Context, chord: Chord) -> float:
    """Beats of air before a chord ends: a little at phrase ends, more where the feeling wants space, else none.

    The last chord of a song rings on.
    """
    if context.next is None and not context.plan.is_loop and chord.end >= context.section.beats:
        return 0.0
    if chord.end % PHRASE != 0 and chord.end < context.section.beats:
        return 0.0
    air = 0.25 if context.parameters.space < 0.35 else 0.5
    return min(air, chord.duration / 4)


def note(context: Context, onset: float, end: float, pitch: int, accent: float = 0.0) -> Note:
    """A note of the wanted part from `onset` to `end`, its velocity by `accent` (-1..1)."""
    return Note(onset, end - onset, pitch, context.velocity(accent))


def solo(notes: Iterable[Note]) -> list[Note]:
    """The notes as one voice: in time order, one at a time, each cut where the next begins."""
    line: list[Note] = []
    for heard in sorted(notes, key=lambda n: (n.onset, -n.pitch)):
        if line and heard.onset - line[-1].onset < 1e-9:
            continue
        if line and line[-1].end > heard.onset:
            line[-1] = replace(line[-1], duration=heard.onset - line[-1].onset)
        line.append(heard)
    return line


def apart(notes: Iterable[Note]) -> list[Note]:
    """The notes in time order, none overlapping another of its pitch: the earlier is cut, of twins one dropped."""
    kept: list[Note] = []
    latest: dict[int, int] = {}
    for heard in sorted(notes):
        at = latest.get(heard.pitch)
        if at is not None and kept[at].onset == heard.onset:
            continue
        if at is not None and kept[at].end > heard.onset:
            kept[at] = replace(kept[at], duration=heard.onset - kept[at].onset)
        latest[heard.pitch] = len(kept)
        kept.append(heard)
    return kept
