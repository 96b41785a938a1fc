"""Bars of a score: some of them put in the place of those that are there.

Conventions: times in beats (quarter notes) from the song's start; bars are numbered from 1. What is held into bars that
are replaced ends there, and what is held out of the new ones ends with them. After them tempo, key and controllers are
again what they would have been. The report of a song that Kelly composed is true no more, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from kelly.composing.context import EARLY
from kelly.composing.report import TAG
from kelly.score.notes import Bend, Control, KeySignature, Note, Part, Score, Tempo

__all__ = ["replaced", "spared", "unreported"]

T = TypeVar("T", Tempo, KeySignature, Control, Bend)


def replaced(score: Score, new: Score, begin: float, end: float) -> Score:
    """A score with what another plays in its place from one bar line to another, in beats.

    What a player strikes a little before a line belongs to the bar after it.

    Parameters: score; new, whose beat 0 comes to lie at `begin`, and whose parts are those of the score that are called
    so: instruments stay, parts that the score does not have are left out, and those that `new` does not have rest.
    """
    there = {part.name: part for part in new.parts}
    parts = tuple(_part(part, there.get(part.name), begin, end) for part in score.parts)
    tempos = _mapped(score.tempos, new.tempos, begin, end)
    keys = _mapped(score.keys, new.keys, begin, end) if score.keys else ()
    return unreported(replace(score, parts=parts, tempos=tempos, keys=keys))


def spared(notes: Iterable[Note], begin: float, end: float) -> Iterator[Note]:
    """The notes that begin outside of some beats; what is held into them ends there."""
    for note in notes:
        if note.onset < begin:
            yield replace(note, duration=min(note.duration, begin - note.onset))
        elif note.onset >= end:
            yield note


def unreported(score: Score) -> Score:
    """A score without what it says of how it was made."""
    return replace(score, texts=tuple(text for text in score.texts if not text.startswith(TAG)))


def _part(part: Part, new: Part | None, begin: float, end: float) -> Part:
    kept = tuple(spared(part.notes, begin - EARLY, end - EARLY))
    if new is None:
        return replace(part, notes=kept)
    length = end - begin
    added = (
        replace(note, onset=begin + note.onset, duration=min(note.duration, length - note.onset))
        for note in new.notes
        if note.onset < length - EARLY and begin + note.onset >= 0
    )
    controllers = sorted({one.controller for one in (*part.controls, *new.controls)})
    controls = [
        one
        for number in controllers
        for one in _mapped(
            [one for one in part.controls if one.controller == number],
            [one for one in new.controls if one.controller == number],
            begin,
            end,
        )
    ]
    bends = _mapped(part.bends, new.bends, begin, end)
    return replace(part, notes=tuple(sorted([*kept, *added])), controls=tuple(sorted(controls)), bends=bends)


def _mapped(rows: Sequence[T], new: Sequence[T], begin: float, end: float) -> tuple[T, ...]:
    """Rows that hold until the next, with others from one beat to another."""
    kept: list[T] = [row for row in rows if row.onset < begin or row.onset >= end]
    added: list[T] = [replace(row, onset=begin + row.onset) for row in new if row.onset < end - begin]
    after = [row for row in rows if row.onset <= end]
    if after and after[-1].onset < end:
        kept.append(replace(after[-1], onset=end))
    return tuple(sorted(kept + added))
