"""Band: the transformer writes some parts of a section, over its chords and beside what the others play.

Conventions: times in beats from the section's start, where the network begins anew, so that a verse that comes back is
the same verse. Which parts it writes follows from the dial: of the parts that sound and are no drums that share, one
after another in the order of `ORDER`, each beside what the others play by then. The rules keep what they have promised:
tempo, range and key, on the beat the chords, where a part enters, rests and leaves, which of its bars are alike, about
how much it plays and how loud it is; the network's own accents are kept within that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from kelly.composing.context import BAR, Context, Layer
from kelly.composing.improvising.reading import moves, shifted, words_of
from kelly.composing.improvising.sampling import USUAL
from kelly.composing.improvising.writing import FOUR, Bar, Page, Rules, note_of, parted, tempo_word, write
from kelly.composing.neural.harmony import chord_class
from kelly.composing.tables import parts
from kelly.composing.theory import MODES
from kelly.models.transformer import network
from kelly.models.transformer.layout import SEATS, SLOTS
from kelly.score.notes import Meter, Note, Part, Score, Tempo

__all__ = ["ALONE", "ORDER", "free_parts", "improvised"]

Words = npt.NDArray[np.int64]

ORDER = ("melody", "chords", "bass", "counter", "strings", "pad")  # who improvises first
ALONE = ("melody", "bass", "counter")  # who plays one note at a time
_CHORDAL, _PASSING = ("chords", "strings", "pad"), ("chords", "strings")  # tones of the chord; on the beat alone
_BESIDE = ("melody", "chords", "bass", "counter")  # who is heard: of all parts fewer bars would fit into its memory
_LEAST, _MOST = 0.5, 1.5  # of the notes that the rules wrote in a bar: what a part plays there
_REACH = 16.0  # velocity steps of the network's above its mean that are an accent of 1


def free_parts(dial: float, sounding: Sequence[str]) -> tuple[str, ...]:
    """The parts that improvise at a dial (0..1), of those that sound."""
    there = [part for part in ORDER if part in sounding]
    return tuple(there[: math.ceil(round(dial * len(there), 6))])


def improvised(context: Context, notes: Mapping[str, tuple[Note, ...]]) -> dict[str, tuple[Note, ...]]:
    """The parts of a section that the transformer writes anew; none at dial 0, or where the network is missing.

    Parameters: context, the section with its chords; notes, as the rules wrote them, by part.
    """
    free = free_parts(context.plan.improvise, [part for part in ORDER if notes.get(part)])
    writer = network.shipped() if free else None
    if writer is None:
        return {}
    moved = moves(context.key.tonic)
    heard = dict(notes)
    for part in free:
        rng = context.stream(f"improvise {part}")
        words = list(write(writer, _page(context, heard, part, moved), USUAL, rng))
        heard[part] = tuple(_notes(context, part, words, moved))
    return {part: heard[part] for part in free}


def _page(context: Context, notes: Mapping[str, tuple[Note, ...]], free: str, moved: int) -> Page:
    """What is to be written of a part, beside what the others play."""
    given = [part for part in _BESIDE if part != free and notes.get(part)]
    section = context.section
    score = Score(
        tuple(_part(context, part, notes[part], moved) for part in given),
        tempos=(Tempo(0.0, context.parameters.tempo),),
        meters=(Meter(0.0),),
    )
    bars = words_of(score, [SEATS[part] for part in given], section.bars)
    tempo = tempo_word(context.parameters.tempo)
    asked = _bars(notes[free], section.bars)
    chords = [_chords(context, number) for number in range(section.bars)]
    kinds = [*zip(asked, chords, strict=True)]  # bars that are alike for the rules are alike
    plan = [
        Bar(
            FOUR,
            tempo,
            context.feeling,
            chords[number],
            bars[number],
            least=math.ceil(_LEAST * len(kind[0])),
            most=math.floor(_MOST * len(kind[0])),
            again=kinds.index(kind) if kind in kinds[:number] else None,
        )
        for number, kind in enumerate(kinds)
    ]
    # All instruments are told as a piano, as in half of what the network learned from: few of its pieces are bands.
    return Page(
        dict.fromkeys([SEATS[part] for part in (free, *given)], 1), {SEATS[free]: _rules(context, free, moved)}, plan
    )


def _bars(notes: Sequence[Note], count: int) -> list[tuple[tuple[float, int], ...]]:
    """What is played in each bar: (beats from its beginning, pitch) of all notes."""
    bars: list[list[tuple[float, int]]] = [[] for _ in range(count)]
    for note in notes:
        if 0 <= note.onset < BAR * count:
            bars[int(note.onset // BAR)].append((round(note.onset % BAR, 6), note.pitch))
    return [tuple(bar) for bar in bars]


def _part(context: Context, part: str, notes: tuple[Note, ...], moved: int) -> Part:
    inside = tuple(note for note in notes if 0 <= note.onset < context.section.beats)
    return shifted(Part(part, 0, notes=inside), moved)


def _chords(context: Context, number: int) -> tuple[int, ...]:
    """The four chords of a bar, as the network is told of them."""
    places = (number + (slot + 0.5) / SLOTS for slot in range(SLOTS))
    return tuple(chord_class(context.chord_at(BAR * at).symbol, context.key.tonic) + 1 for at in places)


def _rules(context: Context, part: str, moved: int) -> Rules:
    at = replace(context, part=part, row=parts()[part])
    return Rules(
        at.low + moved,
        at.high + moved,
        frozenset(MODES[context.key.mode]),
        chordal=part in _CHORDAL,
        passing=part in _PASSING,
        alone=part in ALONE,
    )


def _notes(context: Context, part: str, words: Sequence[tuple[int, Words]], moved: int) -> list[Note]:
    """What was written for a part, where it plays, as loud as the rules have it."""
    at = replace(context, part=part, row=parts()[part])
    layer = at.layer or Layer(0.0, context.section.beats, part, 1.0)
    mean = float(np.mean([word[5] for _, word in words])) if words else 0.0
    found = []
    for number, word in words:
        note = note_of(word, BAR * number, moved)
        end = min(note.end, layer.end, context.section.beats)
        if layer.onset <= note.onset < end:
            accent = max(-1.0, min(1.0, 4 * (float(word[5]) - mean) / _REACH))
            found.append(replace(note, duration=end - note.onset, velocity=at.velocity(accent)))
    return parted(sorted(found)) if part in ALONE else sorted(found)
