"""Bars of a score: some of them put in the place of those that are there.

Conventions: times in beats (quarter notes) from the song's start; bars are numbered from 1. What is held into bars that
are replaced ends there, and what is held out of the new ones ends with them. After them tempo, key and controllers are
again what they would have been, or as an instrument has them of which nothing is said. The report of a song that Kelly
composed is true no more, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from kelly.composing.context import EARLY
from kelly.composing.report import TAG
from kelly.score.notes import Bend, Control, KeySignature, Note, Part, Score, Tempo
from kelly.sound.controllers import DEFAULTS

__all__ = ["replaced", "spared", "unreported"]

T = TypeVar("T", Tempo, KeySignature, Control, Bend)


def replaced(score: Score, new: Score, begin: float, end: float) -> Score:
    """A score with what another plays in its place from one bar line to another, in beats.

    What a player strikes a little before a line belongs to the bar after it.

    Parameters: score; new, whose beat 0 comes to lie at `begin`, and whose parts are those of the score that are called
    so, the first of those that are called alike: instruments stay, parts that the score does not have are left out, and
    those that `new` does not have rest.
    """
    there = {part.name: part for part in new.parts}
    parts = tuple(_part(part, there.pop(part.name, None), begin, end) for part in score.parts)
    tempos = _mapped(score.tempos, new.tempos, begin, end, score.tempos[0])
    known = bool(score.keys) and score.keys[0].onset <= end  # else there is none to come back to
    keys = _mapped(score.keys, new.keys, begin, end, score.keys[0]) if known else score.keys
    return unreported(replace(score, parts=parts, tempos=tempos, keys=keys))


def spared(notes: Iterable[Note], begin: float, end: float, early: float = 0.0) -> Iterator[Note]:
    """The notes that begin outside of some beats; what is held into them ends there.

    What is struck up to `early` beats before `begin` or `end` counts as struck there.
    """
    for note in notes:
        if note.onset < begin - early:
            yield replace(note, duration=min(note.duration, begin - note.onset))
        elif note.onset >= end - early:
            yield note


def unreported(score: Score) -> Score:
    """A score without what it says of how it was made."""
    return replace(score, texts=tuple(text for text in score.texts if not text.startswith(TAG)))


def _part(part: Part, new: Part | None, begin: float, end: float) -> Part:
    kept = tuple(spared(part.notes, begin, end, EARLY))
    if new is None:
        return replace(part, notes=kept)
    length = end - begin
    added = (
        replace(note, onset=begin + note.onset, duration=min(note.duration, length - note.onset))
        for note in new.notes
        if -EARLY <= note.onset < length - EARLY and begin + note.onset >= 0
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
            Control(0.0, number, DEFAULTS.get(number, 0)),
        )
    ]
    bends = _mapped(part.bends, new.bends, begin, end, Bend(0.0, 0.0))
    return replace(part, notes=tuple(sorted([*kept, *added])), controls=_ordered(controls), bends=bends)


def _mapped(rows: Sequence[T], new: Sequence[T], begin: float, end: float, unsaid: T) -> tuple[T, ...]:
    """Rows that hold until the next, with others from one beat to another; `unsaid` is what holds before the first."""
    kept: list[T] = [row for row in rows if row.onset < begin or row.onset >= end]
    added: list[T] = [replace(row, onset=begin + max(0.0, row.onset)) for row in new if row.onset < end - begin]
    before: list[T] = [row for row in rows if row.onset <= end]
    held = before[-1] if before else unsaid
    if held.onset < end and (added or len(kept) < len(rows)):
        added.append(replace(held, onset=end))
    return _ordered(kept + added)


def _ordered(rows: Iterable[T]) -> tuple[T, ...]:
    """Rows by time; of those at one time the last holds, so that they stay in their order."""
    return tuple(sorted(rows, key=lambda row: row.onset))
