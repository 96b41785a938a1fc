"""Directions: the marks above and below the notes as MusicXML.

Conventions: an offset is in divisions from the note that the direction stands before.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from kelly.score.notation.bars import QUARTER, VALUES
from kelly.score.notation.chords import Symbol
from kelly.score.notation.marks import ChordMark, Level, Mark, Pedal, Section, Speed, SwingMark
from kelly.score.notation.spelling import letter

__all__ = ["FORTE", "direction"]

FORTE = 90  # the velocity that MusicXML counts loudness from
ADDED = "add9"
SWUNG = {QUARTER: ("Swing", "eighth"), QUARTER // 2: ("Swing 16ths", "16th"), 2 * QUARTER: ("Swing quarters", "")}


def direction(mark: Mark, offset: int, staves: int) -> Element:
    """A mark of a part with so many staves."""
    if isinstance(mark, ChordMark):
        return _harmony(mark.symbol, offset)
    if isinstance(mark, Speed) and not mark.seen:
        element = Element("sound", tempo=_decimal(mark.bpm))
        _offset(element, offset)
        return element
    below = isinstance(mark, Level | Pedal)
    element = Element("direction", placement="below" if below else "above")
    sound = _typed(SubElement(element, "direction-type"), mark)
    _offset(element, offset)
    if staves > 1:
        SubElement(element, "staff").text = str(staves if isinstance(mark, Pedal) else 1)
    if sound is not None:
        element.append(sound)
    return element


def _decimal(value: float) -> str:
    """A number in digits, to the thousandth."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _offset(element: Element, offset: int) -> None:
    if offset:
        SubElement(element, "offset").text = str(offset)


def _typed(kind: Element, mark: Mark) -> Element | None:
    """Write what is seen of a mark; what is heard of it."""
    match mark:
        case Speed():
            _metronome(kind, mark)
            return Element("sound", tempo=_decimal(mark.bpm))
        case Section():
            SubElement(kind, "rehearsal" if mark.boxed else "words", {"font-weight": "bold"}).text = mark.text
        case SwingMark():
            return _swing(kind, mark)
        case Level():
            SubElement(SubElement(kind, "dynamics"), mark.loudness)
            return Element("sound", dynamics=_decimal(100 * mark.velocity / FORTE))
        case Pedal():
            SubElement(kind, "pedal", type=mark.kind, line="yes")
    return None


def _metronome(kind: Element, mark: Speed) -> None:
    value, dots = VALUES[mark.beat]
    metronome = SubElement(kind, "metronome")
    SubElement(metronome, "beat-unit").text = value
    for _ in range(dots):
        SubElement(metronome, "beat-unit-dot")
    SubElement(metronome, "per-minute").text = str(max(round(mark.bpm * QUARTER / mark.beat), 1))


def _swing(kind: Element, mark: SwingMark) -> Element | None:
    """The word, and the ratio as players of notation take it (they know swung eighths and sixteenths)."""
    ratio = round(100 * mark.swing.ratio)
    text, value = SWUNG[mark.swing.unit] if ratio != 50 else ("Straight", "eighth")
    SubElement(kind, "words", {"font-weight": "bold"}).text = text
    if not value:
        return None
    sound = Element("sound")
    swing = SubElement(sound, "swing")
    if ratio == 50:
        SubElement(swing, "straight")
        return sound
    SubElement(swing, "first").text = str(ratio)
    SubElement(swing, "second").text = str(100 - ratio)
    SubElement(swing, "swing-type").text = value
    return sound


def _harmony(symbol: Symbol | None, offset: int) -> Element:
    element = Element("harmony")
    if symbol is None:
        SubElement(SubElement(element, "root"), "root-step", text="").text = "C"
        SubElement(element, "kind", text="N.C.").text = "none"
    else:
        _named(SubElement(element, "root"), "root", symbol.root)
        SubElement(element, "kind", text=symbol.text.removesuffix(ADDED)).text = symbol.kind.name
        if symbol.bass is not None:
            _named(SubElement(element, "bass"), "bass", symbol.bass)
        for value in symbol.kind.added:
            said = not symbol.text.endswith(ADDED)  # by the text of the kind
            degree = SubElement(element, "degree", {"print-object": "no"} if said else {})
            SubElement(degree, "degree-value").text = str(value)
            SubElement(degree, "degree-alter").text = "0"
            SubElement(degree, "degree-type", text="add").text = "add"
    _offset(element, offset)
    return element


def _named(element: Element, kind: str, fifths: int) -> None:
    """A note name on the line of fifths."""
    step, alter = letter(fifths)
    SubElement(element, f"{kind}-step").text = step
    if alter:
        SubElement(element, f"{kind}-alter").text = str(alter)
