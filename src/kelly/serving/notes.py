"""Notes: a song as JSON for whoever draws it, as `schemas.notes` has it.

Conventions: times in beats (quarter notes), rounded to a millionth. Sections are those of the report that travels in
the file, as asked and as the judge hears them; a file may be anybody's, so a report that is damaged tells of none.
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


def write(score: Score, target: Path) -> None:
    """Write the notes of a song into a file, which appears whole or not at all. Raises: FileError."""
    write_atomically(target, json.dumps(told(score), separators=(",", ":")).encode())


def told(score: Score) -> dict[str, Any]:
    """The notes of a song as plain data for JSON, as `schemas.notes.SongNotes` has it."""
    return {
        "title": score.title,
        "beats": round(score.end, _PLACES),
        "seconds": round(score.duration, 3),
        "tempos": [_placed(row) for row in score.tempos],
        "meters": [_placed(row) for row in score.meters],
        "keys": [_placed(row) for row in score.keys],
        "markers": [_placed(row) for row in score.markers],
        "parts": [_part(part) for part in score.parts],
        "sections": _sections(score),
    }


def _part(part: Part) -> dict[str, Any]:
    notes = [{**_placed(note), "duration": round(note.duration, _PLACES)} for note in part.notes]
    return {"name": part.name, "program": part.program, "drums": part.is_drums, "notes": notes}


def _placed(row: Note | Tempo | Meter | KeySignature | Marker) -> dict[str, Any]:
    return {**asdict(row), "onset": round(row.onset, _PLACES)}


def _sections(score: Score) -> list[dict[str, Any]]:
    """The sections of a song that Kelly composed; none of any other."""
    try:
        report = read_report(score)
        rows = [] if report is None else with_heard(score, report)["sections"]
        return [SongSection.model_validate(row).model_dump(mode="json") for row in rows]
    except (ArithmeticError, KellyError, LookupError, TypeError, ValueError):
        return []
