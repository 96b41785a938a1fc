"""Lead sheets: what corpora of chords have in common, namely chord symbols over metre and key.

Conventions: times are in beats (quarter notes) from the start of the piece. A chord symbol stays as its corpus writes
it (`training.data.chords` reads it); a tonic is a pitch class 0..11 (0 is C).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kelly.errors import CorpusError
from kelly.files import read_bytes
from kelly.names import quoted
from kelly.score.notes import KeySignature, Meter

__all__ = ["Change", "Key", "LeadSheet", "Section", "bar_of", "key_at", "key_of", "pitch_class", "text_of"]

LONGEST_FILE = 2**20  # bytes
_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "b": -1, "##": 2, "bb": -2}


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """A chord: onset and duration in beats, and its symbol as the corpus writes it."""

    onset: float
    duration: float
    symbol: str

    @property
    def end(self) -> float:
        """When it stops, in beats."""
        return self.onset + self.duration


@dataclass(frozen=True, slots=True)
class Key:
    """A key from `onset` (beats) on: tonic 0..11, and whether it is minor (None: the corpus does not say)."""

    onset: float
    tonic: int
    minor: bool | None


@dataclass(frozen=True, slots=True)
class Section:
    """The start of a section: onset in beats, letter of its material ("A", "B'"), its name ("verse"; "" if none)."""

    onset: float
    letter: str
    name: str


@dataclass(frozen=True, slots=True)
class LeadSheet:
    """A piece in chords: the changes in time order (none overlap), keys, meters, and sections where they are known."""

    changes: tuple[Change, ...]
    keys: tuple[Key, ...] = ()
    meters: tuple[Meter, ...] = (Meter(0.0),)
    sections: tuple[Section, ...] = ()


def pitch_class(name: str) -> int | None:
    """The pitch class 0..11 of a note's name ("C", "F#", "Bbb"); None when it is none."""
    natural, shift = _NATURALS.get(name[:1]), _ACCIDENTALS.get(name[1:])
    return None if natural is None or shift is None else (natural + shift) % 12


def key_at(keys: Sequence[Key], onset: float) -> Key | None:
    """The key that holds at a time: the last that has begun, before the first the first; None without keys."""
    place = bisect_right([key.onset for key in keys], onset)
    return keys[max(place - 1, 0)] if keys else None


def key_of(signature: KeySignature) -> Key:
    """A MIDI file's key signature as a key. Raises: CorpusError, its tonic is no note's name."""
    tonic = pitch_class(signature.tonic)
    if tonic is None:
        raise CorpusError(f"a tonic must be a note such as F#; got {quoted(signature.tonic)}")
    return Key(signature.onset, tonic, signature.minor)


def bar_of(symbols: Sequence[str], onset: float, length: float) -> list[Change]:
    """The chords of one bar, which share it evenly.

    Parameters: symbols, of the bar; onset and length in beats. Returns: one change a symbol.
    """
    share = length / max(len(symbols), 1)
    return [Change(onset + i * share, share, symbol) for i, symbol in enumerate(symbols)]


def text_of(path: Path) -> str:
    """The text of a small file in UTF-8. Raises: FileError, it cannot be read; CorpusError, it is no text."""
    try:
        return read_bytes(path, limit=LONGEST_FILE).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path} cannot be read: {error}") from error
