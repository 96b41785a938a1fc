"""Notes: a song as JSON for whoever draws it, as `schemas.notes` has it.

Conventions: times in beats (quarter notes), rounded to a millionth. Sections are those of the report that travels in
the file, as asked and as the judge hears them; a file may be anybody's, so a report that is damaged tells of none.
What was made of a song in some of its bars has that song's sections, but for the chords where more than one part plays
something else.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kelly.composing.judge import with_heard
from kelly.composing.report import read_report
from kelly.errors import KellyError
from kelly.files import write_atomically
from kelly.score.notes import KeySignature, Marker, Meter, Note, Part, Score, Tempo
from kelly.serving.schemas.notes import SongSection

__all__ = ["told", "write"]

_PLACES = 6  # digits of a time
_BAR = 4  # beats, of what Kelly composes
_HARMONY = ("chords", "numerals", "onsets")


def write(score: Score, target: Path, origin: Score | None = None) -> None:
    """Write the notes of a song into a file, which appears whole or not at all. Parameters: as `told`.

    Raises: FileError.
    """
    write_atomically(target, json.dumps(told(score, origin), separators=(",", ":")).encode())


def told(score: Score, origin: Score | None = None) -> dict[str, Any]:
    """The notes of a song as plain data for JSON, as `schemas.notes.SongNotes` has it.

    Parameters: score; origin, the song that Kelly composed and some bars are still of, None where it tells by itself.
    """
    return {
        "title": score.title,
        "beats": round(score.end, _PLACES),
        "seconds": round(score.duration, 3),
        "tempos": [_placed(row) for row in score.tempos],
        "meters": [_placed(row) for row in score.meters],
        "keys": [_placed(row) for row in score.keys],
        "markers": [_placed(row) for row in score.markers],
        "parts": [_part(part) for part in score.parts],
        "sections": _sections(score, origin or score),
    }


def _part(part: Part) -> dict[str, Any]:
    notes = [{**_placed(note), "duration": round(note.duration, _PLACES)} for note in part.notes]
    return {"name": part.name, "program": part.program, "drums": part.is_drums, "notes": notes}


def _placed(row: Note | Tempo | Meter | KeySignature | Marker) -> dict[str, Any]:
    return {**asdict(row), "onset": round(row.onset, _PLACES)}


def _sections(score: Score, origin: Score) -> list[dict[str, Any]]:
    """The sections of a song that Kelly composed; none of any other."""
    try:
        report = read_report(origin)
        rows = [] if report is None else with_heard(score, report)["sections"]
        told = [SongSection.model_validate(row).model_dump(mode="json") for row in rows]
        return told if origin is score else [_changed(row, score, origin) for row in told]
    except (ArithmeticError, KellyError, LookupError, TypeError, ValueError):
        return []


def _changed(section: dict[str, Any], score: Score, origin: Score) -> dict[str, Any]:
    """A section without the chords that are not known any more: where more than one part plays something else."""
    ends = [*section["onsets"][1:], _BAR * section["bars"]]
    kept = [
        row
        for row, end in zip(zip(*(section[name] for name in _HARMONY), strict=True), ends, strict=True)
        if _differing(score, origin, section["start"] + row[-1], section["start"] + end) <= 1
    ]
    return section | {name: [row[at] for row in kept] for at, name in enumerate(_HARMONY)}


def _differing(score: Score, origin: Score, begin: float, end: float) -> int:
    """How many parts play something else between two beats."""
    before, after = (
        [[note for note in part.notes if begin <= note.onset < end] for part in one.parts] for one in (origin, score)
    )
    return sum(one != other for one, other in zip(before, after, strict=False))
