"""Edits: small changes of a finished score that several rule-breaks share.

Conventions: parts are named by their row in `parts.csv` ("melody", "chords"), in a score they carry its title; a note
up to `EARLY` beats before a point in time belongs after it, as players are early. Everything returns new values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from kelly.composing.context import BAR, PHRASE, Plan, Section
from kelly.composing.tables import parts
from kelly.composing.theory import fold
from kelly.score.notes import Control, Note, Part, Score

__all__ = [
    "EARLY",
    "change",
    "clusters",
    "find",
    "inside",
    "map_parts",
    "name_of",
    "phrases",
    "playing",
    "reset",
    "scaled_control",
    "section_at",
    "within",
]

EARLY = 0.1
VOLUME = 7
OFTEN = 0.3  # of the bars


def name_of(part: Part) -> str:
    """The row of `parts.csv` that a part of a score is, or "" for a part that is none of them."""
    return next((name for name, row in parts().items() if row.title == part.name), "")


def find(score: Score, name: str) -> Part | None:
    """The part of that row, or None when the score has none or it plays no note."""
    return next((part for part in score.parts if name_of(part) == name and part.notes), None)


def playing(score: Score, names: Iterable[str], sections: Sequence[Section]) -> list[str]:
    """Those of the names whose parts play in the sections, in their order; last those that play seldom."""
    bars = {name: len(_bars_played(score, name, sections)) for name in names}
    enough = OFTEN * sum(section.bars for section in sections)
    often = [name for name in bars if bars[name] >= enough]
    seldom = sorted((name for name in bars if 0 < bars[name] < enough), key=lambda name: -bars[name])
    return often + seldom


def _bars_played(score: Score, name: str, sections: Sequence[Section]) -> dict[float, None]:
    part = find(score, name)
    notes = part.notes if part else ()
    return dict.fromkeys((note.onset + EARLY) // BAR for note in notes if inside(note, sections))


def map_parts(score: Score, edit: Callable[[Part], Part]) -> Score:
    """The score with every part replaced by what `edit` makes of it."""
    return replace(score, parts=tuple(edit(part) for part in score.parts))


def change(score: Score, name: str, edit: Callable[[Part], Part]) -> Score:
    """The score with the part called `name` replaced by what `edit` makes of it; all others as they were."""
    return map_parts(score, lambda part: edit(part) if name_of(part) == name else part)


def section_at(onset: float, sections: Sequence[Section]) -> Section | None:
    """The section that a note with this onset belongs to, or None when it lies in none of them."""
    for section in sections:
        if section.start <= onset + EARLY < section.start + section.beats:
            return section
    return None


def inside(note: Note, sections: Sequence[Section]) -> bool:
    """Whether a note belongs to one of the sections."""
    return section_at(note.onset, sections) is not None


def phrases(sections: Sequence[Section]) -> list[tuple[float, float]]:
    """Start and end of every phrase of the sections, in song beats; a section's last phrase may be shorter."""
    found = []
    for section in sections:
        for i in range(math.ceil(section.beats / PHRASE)):
            start = section.start + i * PHRASE
            found.append((start, min(start + PHRASE, section.start + section.beats)))
    return found


def within(plan: Plan, name: str, pitch: int) -> int:
    """A pitch moved by octaves into the range of the instrument that plays the part."""
    instrument = plan.instruments[name]
    return fold(pitch, instrument.low, instrument.high)


def clusters(notes: Iterable[Note], apart: float = 0.12) -> list[list[Note]]:
    """Notes in groups that begin together, give or take `apart` beats."""
    groups: list[list[Note]] = []
    for note in sorted(notes):
        if groups and note.onset - groups[-1][0].onset <= apart:
            groups[-1].append(note)
        else:
            groups.append([note])
    return groups


def scaled_control(part: Part, controller: int, default: int, factor: float) -> tuple[Control, ...]:
    """The part's controls with one controller's values times `factor`, held in 1..127; set at 0 where it was not."""
    controls = part.controls
    if not any(control.controller == controller for control in controls):
        controls = (Control(0.0, controller, default), *controls)
    return tuple(
        replace(control, value=min(max(round(control.value * factor), 1), 127))
        if control.controller == controller
        else control
        for control in controls
    )


def reset(part: Part, controller: int, value: int) -> Part:
    """The part with one controller at `value` from beginning to end."""
    others = tuple(control for control in part.controls if control.controller != controller)
    return replace(part, controls=(Control(0.0, controller, value), *others))
