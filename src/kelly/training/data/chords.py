"""Chords: what a corpus's chord symbol means, in a root and one of five qualities.

Conventions: a notation is "harte" (Harte and others, ISMIR 2005; POP909, Billboard: `Bb:min7/b3`), "jazz" (`Bbm7/Db`)
or "pitches" (MIDI numbers of a chord that stands as notes: `46 49 53`). A symbol is a root and a suffix; a bass is
written in the suffix as the degree it is above the root, one of `BASSES`. `chord_rules.csv` is the decision table of
the first two: the first pattern found in the suffix gives the quality and, for chords that stand over another chord's
bass, the semitones from the written root to the heard one. `chord_shapes.csv` is that of the third: pitch classes
above the root, the likelier shape first, tried over the lowest pitch before any inversion. What neither table knows
is `OTHER`; "N" and "NC" are `NO_CHORD`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from kelly.errors import UsageError
from kelly.models.harmony import classes
from kelly.training.data.leadsheet import pitch_class

__all__ = ["BASSES", "NOTATIONS", "NO_CHORD", "OTHER", "Chord", "chord", "parted", "relative"]

NOTATIONS = ("harte", "jazz", "pitches")
BASSES = ("1", "b9", "9", "b3", "3", "11", "#11", "5", "b13", "13", "b7", "7")
_SYMBOL = {
    "harte": re.compile(r"([A-G](?:#{0,2}|b{0,2}))(?::([^/:]+))?(?:/([#b]{0,2})(\d{1,2}))?"),
    "jazz": re.compile(r"([A-G][#b]?)([^/]*)(?:/([A-G][#b]?))?"),
}
_SILENCE = {"harte": {"N"}, "jazz": {"NC", "N.C.", "N"}, "pitches": {""}}
_MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
_HIGHEST_DEGREE = 15
_LEAST = 3  # notes of a shape that may be a part of a larger chord


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord: root 0..11 and quality, of `classes.QUALITIES`; without a root `NO_CHORD` or `OTHER`."""

    root: int | None
    quality: str


NO_CHORD = Chord(None, "no-chord")
OTHER = Chord(None, "other")


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    quality: str
    root: int


@dataclass(frozen=True, slots=True)
class _Shape:
    intervals: frozenset[int]
    quality: str
    inverts: bool


@cache
def chord(symbol: str, notation: str) -> Chord:
    """The chord that a symbol means; any text will do.

    Parameters: symbol, as the corpus writes it; notation, one of `NOTATIONS`.
    Raises: UsageError, there is no such notation.
    """
    root, ending = parted(symbol, notation)
    if root is None:
        return NO_CHORD if ending in _SILENCE[notation] else OTHER
    quality, shift = _heard(ending, notation)
    return Chord((root + shift) % 12, quality) if quality in classes.QUALITIES else OTHER


def parted(symbol: str, notation: str) -> tuple[int | None, str]:
    """The root of a symbol (0..11; of pitches the lowest) and its suffix, which is what the decision tables look at.

    Returns: a suffix such as "min7/b3", of pitches the pitch classes above the lowest ("0 3 7"); None and the whole
    symbol where it is none. Raises: UsageError, there is no such notation.
    """
    if notation not in NOTATIONS:
        raise UsageError(f"a notation must be one of {', '.join(NOTATIONS)}; got {notation!r}")
    if notation == "pitches":
        return _parted_pitches(symbol)
    found = _SYMBOL[notation].fullmatch(symbol)
    if found is None:
        return None, symbol
    root = pitch_class(found[1]) or 0
    if notation == "harte":
        return _parted_harte(root, found)
    bass = pitch_class(found[3] or "")
    return root, found[2] + ("" if bass is None or bass == root else f"/{BASSES[(bass - root) % 12]}")


def relative(meant: Chord, tonic: int) -> int:
    """The class, 0..63, of a chord in a key: parameters as `chord` gives it, and the tonic 0..11."""
    if meant.root is None:
        return classes.NO_CHORD if meant == NO_CHORD else classes.OTHER
    return classes.class_of(meant.root - tonic, meant.quality)


def _parted_harte(root: int, found: re.Match[str]) -> tuple[int | None, str]:
    quality, accidentals, degree = found[2] or "maj", found[3] or "", int(found[4] or 1)
    if not 1 <= degree <= _HIGHEST_DEGREE:
        return None, found[0]
    bass = _MAJOR_SCALE[(degree - 1) % 7] + accidentals.count("#") - accidentals.count("b")
    return root, quality + ("" if bass % 12 == 0 else f"/{BASSES[bass % 12]}")


def _parted_pitches(symbol: str) -> tuple[int | None, str]:
    if not re.fullmatch(r"[0-9]{1,3}( [0-9]{1,3})*", symbol):
        return None, symbol
    pitches = [int(pitch) for pitch in symbol.split(" ")]
    bass = min(pitches)
    return bass % 12, " ".join(map(str, sorted({(pitch - bass) % 12 for pitch in pitches})))


@cache
def _heard(ending: str, notation: str) -> tuple[str, int]:
    """Quality of a suffix ("other": none of the five), and semitones from the written root to the heard one."""
    if notation == "pitches":
        return _shaped(frozenset(map(int, ending.split())))
    rule = next((rule for rule in _rules(notation) if rule.pattern.search(ending)), None)
    return ("other", 0) if rule is None else (rule.quality, rule.root)


def _shaped(pitches: frozenset[int]) -> tuple[str, int]:
    """As `_heard`, of pitch classes above the lowest: the shape that they are, or else the largest that is in them."""
    for root in sorted(pitches):
        above = frozenset((pitch - root) % 12 for pitch in pitches)
        for shape in _shapes():
            if shape.intervals == above and (root == 0 or shape.inverts):
                return shape.quality, root
    parts = (
        (len(shape.intervals), root == 0, -place, shape.quality, root)
        for root in pitches
        for place, shape in enumerate(_shapes())
        if len(shape.intervals) >= _LEAST and shape.intervals <= {(pitch - root) % 12 for pitch in pitches}
    )
    *_, quality, root = max(parts, default=("other", 0))
    return str(quality), int(root)


@cache
def _rules(notation: str) -> tuple[_Rule, ...]:
    rows = (row for row in _rows("chord_rules.csv") if row["notation"] == notation)
    return tuple(_Rule(re.compile(row["pattern"]), row["quality"], int(row["root"])) for row in rows)


@cache
def _shapes() -> tuple[_Shape, ...]:
    return tuple(
        _Shape(frozenset(map(int, row["intervals"].split())), row["quality"], row["inverts"] == "1")
        for row in _rows("chord_shapes.csv")
    )


def _rows(file: str) -> Iterator[dict[str, str]]:
    with resources.files("kelly.training.data").joinpath(file).open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)
