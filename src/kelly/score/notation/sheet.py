"""Sheet: a score as it is read: its bars, keys and marks, and each part on its staves.

Conventions: places are divisions from the score's start; bars are numbered from 0. Parts without notes are left out,
and those on the drum channel are one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from kelly.errors import UsageError
from kelly.score.midi import settled
from kelly.score.notation.bars import QUARTER, Bars, bars_of
from kelly.score.notation.chords import ChordName, Symbol
from kelly.score.notation.grid import Timing, lag, on_grid
from kelly.score.notation.marks import (
    ChordMark,
    Mark,
    Pedals,
    chord_marks,
    levels,
    pedals_of,
    sections,
    speeds,
    swing_marks,
)
from kelly.score.notation.signs import Voice, bars_signed
from kelly.score.notation.spelling import Key, Spelled, key_of
from kelly.score.notation.staves import Clefs, clefs_for, divided, instrument
from kelly.score.notation.swing import swings_of
from kelly.score.notation.tones import Tone, beaten, toned
from kelly.score.notation.voices import Head, voices_of
from kelly.score.notes import KeySignature, Part, Score

__all__ = ["Keys", "Page", "Sheet", "Staff", "sheet_of"]

MOST_BARS = 100_000  # of all parts together
KIT = "Drums"
MARGIN = 0.25  # quarter notes that a note may be written later than it was played, or end later


@dataclass(frozen=True, slots=True)
class Staff:
    """One staff: its clefs by place (none for percussion), and its voices, each from a bar to what fills it."""

    clefs: Clefs
    voices: tuple[Mapping[int, Voice], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One part as it is read: the part, its one or two staves, and its own marks in order."""

    part: Part
    staves: tuple[Staff, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Keys:
    """The keys of a score by the bar from which they hold, in order, the first from bar 0."""

    changes: Mapping[int, Key]

    def at(self, bar: int) -> Key:
        """The key of a bar."""
        return self.changes[self._bars[bisect_right(self._bars, bar) - 1]]

    @cached_property
    def _bars(self) -> list[int]:
        return list(self.changes)


@dataclass(frozen=True)
class Sheet:
    """A score as it is read: bars, keys, marks for all, chords, and the parts."""

    title: str
    bars: Bars
    keys: Keys
    marks: tuple[Mark, ...]
    chords: tuple[ChordMark, ...]
    pages: tuple[Page, ...]

    def spelled(self, head: Head) -> Spelled:
        """How a head is written: in the key, and over the chord, that it was struck in."""
        index = bisect_right(self.chords, head.struck, key=lambda mark: mark.place) - 1
        symbol = self.chords[index].symbol if index >= 0 else None
        return _spelled(head.pitch, self.keys.at(self.bars.at(head.struck).index), symbol)


def sheet_of(score: Score, chords: Iterable[ChordName] = ()) -> Sheet:
    """The score as it is read, under chord symbols if these are known.

    Raises: UsageError, there are no notes, or something that no file can hold, or too many bars.
    """
    score = settled(score)
    parts = list(_players(part for part in score.parts if part.notes))
    if not parts:
        raise UsageError("there is nothing to notate: the score has no notes")
    last = max(note.onset for part in parts for note in part.notes)
    bars = bars_of(score.meters, max(last, score.end - 2 * MARGIN) + MARGIN, MOST_BARS // len(parts))
    marked = list(sections(score, bars))
    starts = sorted({0, *(section.place for section in marked if section.place < bars.end)})
    late = [lag(part.notes, bars) for part in parts]
    onsets = (max(note.onset * QUARTER - by, 0.0) for part, by in zip(parts, late, strict=True) for note in part.notes)
    swings = swings_of(np.array(sorted(set(onsets))), bars, starts)
    pages = [_page(part, Timing(bars, swings, by), starts) for part, by in zip(parts, late, strict=True)]
    bars = _trimmed(bars, pages)
    pages = [_with_pedal(page, bars) for page in pages]
    keys = _keys(score.keys, bars)
    said: tuple[Mark, ...] = (*speeds(score, bars), *swing_marks(swings), *marked)
    marks = [mark for mark in said if mark.place < bars.end]
    over = [mark for mark in chord_marks(chords, bars, frozenset(starts), keys.at) if mark.place < bars.end]
    return Sheet(score.title, bars, keys, tuple(marks), tuple(over), tuple(pages))


def _players(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts, those on the drum channel as one: they are one kit, and one player reads them."""
    row = list(parts)
    drums = [part for part in row if part.is_drums]
    for part in row:
        if not part.is_drums or len(drums) == 1:
            yield part
        elif part is drums[0]:
            yield replace(part, name=KIT, notes=tuple(sorted(note for one in drums for note in one.notes)))


@lru_cache(1 << 12)
def _spelled(pitch: int, key: Key, symbol: Symbol | None) -> Spelled:
    return key.spelled(pitch, symbol.tones if symbol else None)


def _page(part: Part, timing: Timing, starts: Sequence[int]) -> Page:
    """One part on its staves."""
    bars = timing.bars
    strikes, grid = on_grid(part.notes, timing)
    loud = tuple(levels(strikes, starts, bars))
    if part.is_drums:
        return Page(part, (_staff({}, beaten(strikes, grid), bars),), loud)
    played = instrument(part.program)
    clefs = clefs_for(strikes, played, starts)
    hands = divided(strikes) if len(clefs) > 1 else (strikes,)
    pedals = pedals_of(part.controls)
    staves = (
        _staff(own, toned(hand, grid, pedals.until, rings=played.rings), bars)
        for own, hand in zip(clefs, hands, strict=True)
    )
    return Page(part, tuple(staves), loud)


def _with_pedal(page: Page, bars: Bars) -> Page:
    """The page with its pedal marked, which a drummer has no use for."""
    pedals = Pedals() if page.part.is_drums else pedals_of(page.part.controls)
    return replace(page, marks=(*page.marks, *pedals.marks(bars)))


def _staff(clefs: Clefs, tones: Iterable[Tone], bars: Bars) -> Staff:
    """One staff; nothing sounds past the last bar."""
    within = (tone if tone.end <= bars.end else replace(tone, end=bars.end) for tone in tones)
    return Staff(clefs, tuple(bars_signed(voice, bars) for voice in voices_of(within)))


def _trimmed(bars: Bars, pages: Iterable[Page]) -> Bars:
    """The bars up to the last one in which anything stands."""
    last = max(max(voice, default=0) for page in pages for staff in page.staves for voice in staff.voices)
    return Bars(bars.row[: last + 1])


def _keys(signatures: Iterable[KeySignature], bars: Bars) -> Keys:
    """The keys from the bar lines nearest to them; C major before the first."""
    keys = {0: Key()}
    for signature in sorted(signatures, key=lambda signature: signature.onset):
        key = key_of(signature)
        if signature.onset * QUARTER < bars.end:
            keys[bars.nearest(signature.onset).index] = key
    row = sorted(keys.items())
    return Keys({bar: key for index, (bar, key) in enumerate(row) if index == 0 or row[index - 1][1] != key})
