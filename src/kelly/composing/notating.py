"""Notating: a song or a score as a page to read, under the names of its chords.

Conventions: as in `kelly.score.musicxml`; a score that carries a Kelly report is written with the chords it names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from kelly.composing.report import Report, read_report
from kelly.composing.song import Song, score_of
from kelly.errors import FileError
from kelly.files import write_atomically
from kelly.score import musicxml
from kelly.score.musicxml import ChordName
from kelly.score.notes import Score

__all__ = ["to_bytes", "write"]


def to_bytes(music: Song | Score) -> bytes:
    """A song or a score as a MusicXML file.

    Raises: UsageError, it is neither, and as `kelly.score.musicxml.to_bytes`; FileError, its report is damaged.
    """
    score = score_of(music)
    report = read_report(score)
    return musicxml.to_bytes(score, chords=tuple(_chords(report)) if report else ())


def write(music: Song | Score, path: str | os.PathLike[str]) -> Path:
    """Write it; the file appears whole or not at all. Raises: FileError, it cannot be written, and as `to_bytes`."""
    data = to_bytes(music)
    write_atomically(path, data)
    return Path(path)


def _chords(report: Report) -> Iterator[ChordName]:
    """The chords of all sections by their times in the song."""
    try:
        for section in report["sections"]:
            for onset, name in zip(section["onsets"], section["chords"], strict=True):
                yield ChordName(float(section["start"]) + float(onset), str(name))
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise FileError(f"the file's Kelly report is damaged: its chords cannot be read ({error})") from error
