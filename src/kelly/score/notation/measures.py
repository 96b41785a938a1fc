"""Measures: the bars of one part as MusicXML.

Conventions: voices are numbered from 1 on the upper staff and from 5 on the lower, the way notation programs do; the
first voice of a staff shows its rests, the second skips them. A mark stands before what sounds when it begins, with an
offset in divisions where that began before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from kelly.score.notation.bars import QUARTER, Bar
from kelly.score.notation.directions import FORTE, direction
from kelly.score.notation.marks import Mark, Pedal
from kelly.score.notation.sheet import Keys, Page, Sheet
from kelly.score.notation.signs import Sign, Voice
from kelly.score.notation.spelling import Spelled
from kelly.score.notation.staves import CLEFS, drum
from kelly.score.notation.voices import Head

__all__ = ["instrument_id", "measures"]

ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
VOICES = 4  # numbers that each staff has for its voices

Written = tuple[Spelled, str | None]  # a pitch, and its accidental where it has to be seen


def instrument_id(part: str, pitch: int | None) -> str:
    """The id of a part's instrument, or of the percussion instrument that a pitch stands for."""
    return f"{part}-I{1 if pitch is None else pitch}"


@dataclass(frozen=True, slots=True)
class _Line:
    """One voice in one bar while it is written: the measure, the part's id, and the numbers of voice and staff."""

    measure: Element
    part: str
    voice: int
    staff: int | None
    percussion: bool


def measures(sheet: Sheet, page: Page, marks: Iterable[Mark], name: str) -> Iterator[Element]:
    """The bars of a part.

    Parameters: sheet, what all parts share; page, the part; marks, all that stand in it; name, its id in the file.
    """
    by_bar: dict[int, list[Mark]] = {}
    for mark in sorted(marks, key=lambda mark: mark.place):
        by_bar.setdefault(_bar_of(mark, sheet), []).append(mark)
    for bar in sheet.bars.row:
        measure = Element("measure", number=str(bar.index + 1))
        _attributes(measure, sheet, page, bar)
        _voices(measure, sheet, page, bar, name, by_bar.get(bar.index, []))
        if bar is sheet.bars.row[-1]:
            SubElement(SubElement(measure, "barline", location="right"), "bar-style").text = "light-heavy"
        yield measure


def _bar_of(mark: Mark, sheet: Sheet) -> int:
    """The bar that a mark is written in; a pedal that is let go at a bar line belongs to the bar before."""
    return sheet.bars.at(mark.place - (isinstance(mark, Pedal) and mark.kind == "stop")).index


def _attributes(measure: Element, sheet: Sheet, page: Page, bar: Bar) -> None:
    """What changes with a bar: key and time signature; in the first one clefs as well."""
    attributes = Element("attributes")
    before = sheet.bars.row[bar.index - 1] if bar.index else None
    if before is None:
        SubElement(attributes, "divisions").text = str(QUARTER)
    if bar.index in sheet.keys.changes:
        _key(attributes, sheet.keys, bar.index, percussion=page.part.is_drums)
    if before is None or (before.numerator, before.denominator) != (bar.numerator, bar.denominator):
        time = SubElement(attributes, "time")
        SubElement(time, "beats").text = str(bar.numerator)
        SubElement(time, "beat-type").text = str(bar.denominator)
    if before is None and len(page.staves) > 1:
        SubElement(attributes, "staves").text = str(len(page.staves))
    _clefs(attributes, page, bar)
    if len(attributes):
        measure.append(attributes)


def _key(attributes: Element, keys: Keys, bar: int, *, percussion: bool) -> None:
    """The key from a bar on, where the signature is another than before; percussion has none."""
    key = keys.at(bar)
    if bar and keys.at(bar - 1).sharps == key.sharps:
        return
    element = SubElement(attributes, "key", {"print-object": "no"} if percussion else {})
    SubElement(element, "fifths").text = "0" if percussion else str(key.sharps)
    if not percussion:
        SubElement(element, "mode").text = "minor" if key.minor else "major"


def _clefs(attributes: Element, page: Page, bar: Bar) -> None:
    """The clefs that hold from a bar on."""
    for number, staff in enumerate(page.staves, 1):
        clef = CLEFS.get(staff.clefs.get(bar.start, ""))
        if clef is None and (bar.index or not page.part.is_drums):
            continue
        element = SubElement(attributes, "clef", {"number": str(number)} if len(page.staves) > 1 else {})
        SubElement(element, "sign").text = clef.sign if clef else "percussion"
        if clef:
            SubElement(element, "line").text = str(clef.line)
        if clef and clef.octaves:
            SubElement(element, "clef-octave-change").text = str(clef.octaves)


def _voices(measure: Element, sheet: Sheet, page: Page, bar: Bar, name: str, marks: Sequence[Mark]) -> None:
    """All voices of a bar, one after the other; the marks go with the first."""
    for number, staff in enumerate(page.staves):
        voices = [voice.get(bar.index, ()) for voice in staff.voices]
        hidden = any(voices[1:])
        spelled = {} if page.part.is_drums else _spelled(voices, sheet, bar)
        for index, signs in enumerate(voices):
            if index and not signs:
                continue
            if number or index:
                SubElement(SubElement(measure, "backup"), "duration").text = str(bar.length)
            voice = VOICES * number + index + 1
            line = _Line(measure, name, voice, number + 1 if len(page.staves) > 1 else None, page.part.is_drums)
            row = signs or (Sign(0, bar.length),)
            own = [(mark.place - bar.start, mark) for mark in marks] if voice == 1 else []
            for at, sign in enumerate(row):
                own = _directed(line, own, sign.start, sign.start + sign.length, len(page.staves))
                _sign(line, sign, spelled.get((index, at), ()), shown=bool(signs) or not hidden)
            _directed(line, own, bar.length, bar.length + 1, len(page.staves))


def _directed(
    line: _Line, marks: Sequence[tuple[int, Mark]], start: int, end: int, staves: int
) -> list[tuple[int, Mark]]:
    """Write the marks that stand before `end`; those that are left."""
    for place, mark in marks:
        if place < end:
            line.measure.append(direction(mark, place - start, staves))
    return [(place, mark) for place, mark in marks if place >= end]


def _spelled(voices: Sequence[Voice], sheet: Sheet, bar: Bar) -> dict[tuple[int, int], list[Written]]:
    """How the heads of a staff's bar are written, by voice and sign: an accidental holds to the bar line."""
    key = sheet.keys.at(bar.index)
    held: dict[tuple[str, int], int] = {}
    row = sorted((sign.start, voice, at) for voice, signs in enumerate(voices) for at, sign in enumerate(signs))
    written: dict[tuple[int, int], list[Written]] = {}
    for _, voice, at in row:
        heads = written[voice, at] = []
        for head in voices[voice][at].heads:
            pitch = sheet.spelled(head)
            known = held.get((pitch.step, pitch.octave), key.altered(pitch.step))
            seen = pitch.alter != known and not head.tied
            if seen:
                held[pitch.step, pitch.octave] = pitch.alter
            heads.append((pitch, ACCIDENTALS[pitch.alter] if seen else None))
    return written


def _sign(line: _Line, sign: Sign, written: Sequence[Written], *, shown: bool) -> None:
    """A chord or a rest; the second voice goes on without showing its rests."""
    if not sign.heads and not sign.tuplet and line.voice % VOICES != 1:
        forward = SubElement(line.measure, "forward")
        SubElement(forward, "duration").text = str(sign.length)
        SubElement(forward, "voice").text = str(line.voice)
        if line.staff:
            SubElement(forward, "staff").text = str(line.staff)
        return
    if not sign.heads:
        note = SubElement(line.measure, "note", {} if shown else {"print-object": "no"})
        SubElement(note, "rest", {} if sign.value else {"measure": "yes"})
        _valued(note, line, sign)
        _drawn(note, line, sign, None)
        _noted(note, sign, None, first=True)
    for index, head in enumerate(sign.heads):
        note = SubElement(line.measure, "note", dynamics=f"{100 * head.velocity / FORTE:.4g}")
        if index:
            SubElement(note, "chord")
        _head(note, line, sign, head, None if line.percussion else written[index], first=index == 0)


def _head(note: Element, line: _Line, sign: Sign, head: Head, written: Written | None, *, first: bool) -> None:
    """One notehead, the first of its chord with all that the chord has but once."""
    accidental = None
    if written is None:
        place = drum(head.pitch)
        unpitched = SubElement(note, "unpitched")
        SubElement(unpitched, "display-step").text = place.step
        SubElement(unpitched, "display-octave").text = str(place.octave)
    else:
        (step, alter, octave), accidental = written
        pitch = SubElement(note, "pitch")
        SubElement(pitch, "step").text = step
        if alter:
            SubElement(pitch, "alter").text = str(alter)
        SubElement(pitch, "octave").text = str(octave)
    _valued(note, line, sign, head)
    _drawn(note, line, sign, head, accidental)
    _noted(note, sign, head, first=first)


def _valued(note: Element, line: _Line, sign: Sign, head: Head | None = None) -> None:
    """How long a note sounds, and of which instrument and voice it is."""
    SubElement(note, "duration").text = str(sign.length)
    if head is not None and head.tied:
        SubElement(note, "tie", type="stop")
    if head is not None and head.ties:
        SubElement(note, "tie", type="start")
    if head is not None and line.percussion:
        SubElement(note, "instrument", id=instrument_id(line.part, head.pitch))
    SubElement(note, "voice").text = str(line.voice)


def _drawn(note: Element, line: _Line, sign: Sign, head: Head | None, accidental: str | None = None) -> None:
    """What a note looks like: value, dots, accidental, notehead, staff and beams."""
    if sign.value:
        SubElement(note, "type").text = sign.value
    for _ in range(sign.dots):
        SubElement(note, "dot")
    if accidental:
        SubElement(note, "accidental").text = accidental
    if sign.tuplet:
        modification = SubElement(note, "time-modification")
        SubElement(modification, "actual-notes").text = str(sign.tuplet.count)
        SubElement(modification, "normal-notes").text = str(sign.tuplet.normal)
        SubElement(modification, "normal-type").text = sign.tuplet.value
    if line.percussion and head is not None:
        SubElement(note, "stem").text = "up"
        if drum(head.pitch).notehead != "normal":
            SubElement(note, "notehead").text = drum(head.pitch).notehead
    if line.staff:
        SubElement(note, "staff").text = str(line.staff)


def _noted(note: Element, sign: Sign, head: Head | None, *, first: bool) -> None:
    """Beams, ties, tuplets and articulation."""
    for number, beam in enumerate(sign.beams if first else (), 1):
        SubElement(note, "beam", number=str(number)).text = beam
    notations = Element("notations")
    for kind in ("stop",) * bool(head and head.tied) + ("start",) * bool(head and head.ties):
        SubElement(notations, "tied", type=kind)
    for edge in sign.edges if first else ():
        SubElement(notations, "tuplet", type=edge)
    if sign.short and first:
        SubElement(SubElement(notations, "articulations"), "staccato")
    if sign.rolled:
        SubElement(notations, "arpeggiate")
    if len(notations):
        note.append(notations)
