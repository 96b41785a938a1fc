"""Progressions: the rows of `progressions.csv`, and chords as a user writes them.

Conventions: a progression is a row of Roman numerals against the tonic's major scale, one a bar; each row names the
modes it lives in and its home in (valence, arousal, dominance).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from kelly.composing.tables import load_rows
from kelly.composing.theory import ChordSymbol, parse_numeral, parse_symbol
from kelly.emotion.space import Emotion
from kelly.errors import UnknownNameError
from kelly.names import quoted

__all__ = ["Progression", "progression", "progressions", "transposed", "weights"]

WIDTH = 0.18


@dataclass(frozen=True, slots=True)
class Progression:
    """A named progression: numerals, the modes it lives in, its home."""

    name: str
    numerals: tuple[str, ...]
    modes: tuple[str, ...]
    home: tuple[float, float, float]


@cache
def progressions() -> dict[str, Progression]:
    """All progressions by name, in the order of the table."""
    return {
        row["progression"]: Progression(
            row["progression"],
            tuple(row["chords"].split()),
            tuple(row["modes"].split()),
            (float(row["valence"]), float(row["arousal"]), float(row["dominance"])),
        )
        for row in load_rows("progressions.csv")
    }


def weights(feeling: Emotion, mode: str, bars: int) -> dict[str, float]:
    """How well each progression of a mode suits a feeling and a section of `bars` bars: weights by name."""
    return {
        row.name: _fit(feeling, row.home) * (1.0 if bars % len(row.numerals) == 0 else 0.2)
        for row in progressions().values()
        if mode in row.modes
    }


def _fit(feeling: Emotion, home: tuple[float, float, float]) -> float:
    """As `tables.affinity`, but led by valence: harmony is where it is heard; the other axes have rhythm and touch."""
    v, a, d = home
    square = (feeling.valence - v) ** 2 + 0.4 * ((feeling.arousal - a) ** 2 + (feeling.dominance - d) ** 2)
    return math.exp(-square / (2 * WIDTH**2))


def progression(chords: str | tuple[str, ...], tonic: int) -> tuple[ChordSymbol, ...]:
    """The chords of a progression over a tonic.

    Parameters: chords, the name of a row, or the user's own as Roman numerals or lead-sheet symbols; tonic, 0..11.
    Raises UnknownNameError when a chord is neither.
    """
    row = progressions()[chords].numerals if isinstance(chords, str) else chords
    return tuple(_chord(text, tonic) for text in row)


def transposed(row: tuple[str, ...], semitones: int) -> tuple[str, ...]:
    """A user's chords in another key: lead-sheet symbols moved by semitones, Roman numerals as they are."""
    return tuple(_moved(text, semitones % 12) for text in row)


def _moved(text: str, semitones: int) -> str:
    try:
        chord = parse_symbol(text)
    except UnknownNameError:
        return text
    bass = None if chord.bass is None else (chord.bass + semitones) % 12
    return ChordSymbol((chord.root + semitones) % 12, chord.quality, bass).name()


def _chord(text: str, tonic: int) -> ChordSymbol:
    if not isinstance(text, str):
        raise UnknownNameError(f"a chord must be a text; got {quoted(text)}")
    try:
        return parse_numeral(text, tonic)
    except UnknownNameError:
        return parse_symbol(text)
