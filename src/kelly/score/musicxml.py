"""MusicXML files: a Score as a notation program opens it, to be read and played from.

Conventions: files are MusicXML 4.0, `score-partwise`, uncompressed, UTF-8, `QUARTER` divisions to a quarter note; equal
scores give equal bytes, and no file knows when it was written. What is written where is decided in `notation`; here it
becomes XML. Pitches are as they sound. Part 1 carries what all read: tempo, sections, and the first pitched part the
chords.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kelly._version import __version__
from kelly.errors import UsageError
from kelly.files import write_atomically
from kelly.score.notation.chords import ChordName
from kelly.score.notation.measures import instrument_id, measures
from kelly.score.notation.sheet import Page, sheet_of
from kelly.score.notation.staves import drum, instrument
from kelly.score.notation.texts import clean
from kelly.score.notes import Part, Score

__all__ = ["ChordName", "to_bytes", "write"]

DOCTYPE = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    b'<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN"'
    b' "http://www.musicxml.org/dtds/partwise.dtd">\n'
)
VOLUME, PAN = 7, 10
SHORT_NAME = 6  # letters of a name that need no abbreviation


def write(score: Score, path: str | os.PathLike[str], *, chords: Sequence[ChordName] = ()) -> None:
    """Write the score as a MusicXML file, whole or not at all.

    Raises: FileError, as `write_atomically`; UsageError, as `to_bytes`.
    """
    write_atomically(path, to_bytes(score, chords=chords))


def to_bytes(score: Score, *, chords: Sequence[ChordName] = ()) -> bytes:
    """The score as a MusicXML file.

    Parameters: score; chords, the names that stand over the notes, each from its onset on.

    Raises: UsageError, the score has no notes, or a time, tempo, meter, key, channel or program that no MIDI file can
    hold, or more than a hundred thousand bars in all its parts; or a chord's name is none.
    """
    for part in score.parts:
        _check("channel", part.channel, 15)
        _check("program", part.program, 127)
    sheet = sheet_of(score, chords)
    root = Element("score-partwise", version="4.0")
    _header(root, clean(sheet.title))
    parts = SubElement(root, "part-list")
    first_pitched = next((number for number, page in enumerate(sheet.pages) if not page.part.is_drums), 0)
    for number, page in enumerate(sheet.pages):
        name = f"P{number + 1}"
        _listed(parts, page, name)
        written = SubElement(root, "part", id=name)
        marks = (*(sheet.marks if number == 0 else ()), *(sheet.chords if number == first_pitched else ()), *page.marks)
        written.extend(measures(sheet, page, marks, name))
    indent(root, " ")
    return DOCTYPE + tostring(root, encoding="unicode").encode() + b"\n"


def _check(name: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise UsageError(f"a {name} must lie in 0..{most}; got {value!r}")


def _header(root: Element, title: str) -> None:
    """Title and origin; what a program need not work out by itself is said to be there."""
    if title:
        SubElement(SubElement(root, "work"), "work-title").text = title
    encoding = SubElement(SubElement(root, "identification"), "encoding")
    SubElement(encoding, "software").text = f"Kelly {__version__}"
    for element in ("accidental", "beam"):
        SubElement(encoding, "supports", element=element, type="yes")
    if title:
        credit = SubElement(root, "credit", page="1")
        SubElement(credit, "credit-type").text = "title"
        words = SubElement(credit, "credit-words", {"font-size": "22", "justify": "center", "valign": "top"})
        words.text = title


def _listed(parts: Element, page: Page, name: str) -> None:
    """One part in the list of parts: its names, instruments, and how MIDI plays them."""
    part = page.part
    entry = SubElement(parts, "score-part", id=name)
    title = clean(part.name) or instrument(part.program).name
    SubElement(entry, "part-name").text = title
    SubElement(entry, "part-abbreviation").text = _abbreviated(title)
    pitches = sorted({note.pitch for note in part.notes}) if part.is_drums else [None]
    for pitch in pitches:
        own = SubElement(entry, "score-instrument", id=instrument_id(name, pitch))
        SubElement(own, "instrument-name").text = instrument(part.program).name if pitch is None else drum(pitch).name
        if pitch is None:
            SubElement(own, "instrument-sound").text = instrument(part.program).sound
    for pitch in pitches:
        own = SubElement(entry, "midi-instrument", id=instrument_id(name, pitch))
        SubElement(own, "midi-channel").text = str(part.channel + 1)
        SubElement(own, "midi-program").text = str(part.program + 1)
        if pitch is not None:
            SubElement(own, "midi-unpitched").text = str(pitch + 1)
        for element, value in _mixed(part):
            SubElement(own, element).text = f"{value:g}"


def _abbreviated(name: str) -> str:
    """A name as it stands before later systems: "Mel." would not be known again, so short names stay whole."""
    word, *others = name.split()
    number = others[-1] if others and others[-1].isdigit() else ""
    short = word if len(word) <= SHORT_NAME else f"{word[:4]}."
    return f"{short} {number}".strip()


def _mixed(part: Part) -> Iterable[tuple[str, float]]:
    """How loud the part is (percent) and where (degrees, left is below 0), as its first controls say."""
    first = {control.controller: control.value for control in sorted(part.controls, reverse=True)}
    if VOLUME in first:
        yield "volume", round(min(max(first[VOLUME], 0), 127) / 1.27, 1)
    if PAN in first:
        yield "pan", round((min(max(first[PAN], 1), 127) - 64) / 63 * 90)
