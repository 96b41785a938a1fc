"""MusicXML files: a Score as a notation program opens it, to be read and played from.

Conventions: files are MusicXML 4.0, `score-partwise`, uncompressed, UTF-8, `QUARTER` divisions to a quarter note; equal
scores give equal bytes, and no file knows when it was written. What is written where is decided in `notation`; here it
becomes XML. Pitches are as they sound. Part 1 carries what all read: tempo, sections, and the first pitched part the
chords.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from math import isfinite
from xml.etree.ElementTree import Element, SubElement

from kelly._version import __version__
from kelly.errors import UsageError
from kelly.files import write_atomically
from kelly.score.notation.chords import ChordName
from kelly.score.notation.measures import instrument_id, measures
from kelly.score.notation.sheet import Page, Sheet, sheet_of
from kelly.score.notation.staves import drum, instrument
from kelly.score.notation.texts import clean
from kelly.score.notes import Part, Score

__all__ = ["ChordName", "to_bytes", "write"]

DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN"'
    ' "http://www.musicxml.org/dtds/partwise.dtd">\n'
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
    for time in _times(score, chords):
        if not isfinite(time):
            raise UsageError(f"a time must be a finite number of beats; got {time!r}")
    return b"".join(text.encode() for text in _file(sheet_of(score, chords)))


def _times(score: Score, chords: Iterable[ChordName]) -> Iterator[float]:
    """When all happens but the notes, whose times are looked at where they are put on the grid of a file."""
    for row in (score.tempos, score.meters, score.keys, score.markers, chords):
        yield from (one.onset for one in row)
    for part in score.parts:
        yield from (control.onset for control in part.controls)


def _file(sheet: Sheet) -> Iterator[str]:
    """The file, bar by bar: the elements of all bars together would take several times as much memory as their text."""
    yield DOCTYPE
    yield '<score-partwise version="4.0">\n'
    for element in (*_header(clean(sheet.title)), _part_list(sheet.pages)):
        yield _text(element, " ")
    first_pitched = next((number for number, page in enumerate(sheet.pages) if not page.part.is_drums), 0)
    for number, page in enumerate(sheet.pages):
        marks = (*(sheet.marks if number == 0 else ()), *(sheet.chords if number == first_pitched else ()), *page.marks)
        yield f' <part id="{_id(number)}">\n'
        for measure in measures(sheet, page, marks, _id(number)):
            yield _text(measure, "  ")
        yield " </part>\n"
    yield "</score-partwise>\n"


def _id(number: int) -> str:
    """The id of a part in the file."""
    return f"P{number + 1}"


def _text(element: Element, margin: str) -> str:
    """An element as text, those in it on lines of their own."""
    lines: list[str] = []
    _append(lines, element, margin)
    return "".join(lines)


def _append(lines: list[str], element: Element, margin: str) -> None:
    tag = element.tag
    named = "".join(f' {name}="{escape(value)}"' for name, value in element.items()) if element.attrib else ""
    if len(element):
        lines.append(f"{margin}<{tag}{named}>\n")
        for inner in element:
            _append(lines, inner, f"{margin} ")
        lines.append(f"{margin}</{tag}>\n")
    elif element.text:
        lines.append(f"{margin}<{tag}{named}>{escape(element.text, quote=False)}</{tag}>\n")
    else:
        lines.append(f"{margin}<{tag}{named} />\n")


def _check(name: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise UsageError(f"a {name} must lie in 0..{most}; got {value!r}")


def _header(title: str) -> Iterator[Element]:
    """Title and origin; what a program need not work out by itself is said to be there."""
    if title:
        work = Element("work")
        SubElement(work, "work-title").text = title
        yield work
    identification = Element("identification")
    encoding = SubElement(identification, "encoding")
    SubElement(encoding, "software").text = f"Kelly {__version__}"
    for element in ("accidental", "beam"):
        SubElement(encoding, "supports", element=element, type="yes")
    yield identification
    if title:
        credit = Element("credit", page="1")
        SubElement(credit, "credit-type").text = "title"
        words = SubElement(credit, "credit-words", {"font-size": "22", "justify": "center", "valign": "top"})
        words.text = title
        yield credit


def _part_list(pages: Iterable[Page]) -> Element:
    """The list of parts."""
    parts = Element("part-list")
    for number, page in enumerate(pages):
        _listed(parts, page, _id(number))
    return parts


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
