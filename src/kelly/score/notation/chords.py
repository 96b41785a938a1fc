"""Chord names: what a lead sheet writes over the notes, and which tones it stands for.

Conventions: a name is a root ("Bb"), what kind of chord ("maj7"), and perhaps a bass after a stroke ("/F"); "N.C." is
no chord. Roots, basses and tones are places on the line of fifths, as in `spelling`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from kelly.errors import UsageError
from kelly.score.notation.spelling import Key, fifths_of
from kelly.score.notation.texts import clean

__all__ = ["ChordName", "Kind", "Symbol", "symbol_of"]

MINOR_THIRD = -3
NAME = re.compile(r"([A-G](?:##?|bb?)?)([^/]*)(?:/([A-G](?:##?|bb?)?))?")
SILENT = ("N.C.", "NC", "N")


@dataclass(frozen=True, slots=True, order=True)
class ChordName:
    """A chord over the notes from `onset` on (quarter notes from the score's start): "Fmaj7", "Bbm/F", "N.C."."""

    onset: float
    name: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of chord: MusicXML's name for it, its tones in fifths from the root, and degrees added to it."""

    name: str
    tones: tuple[int, ...] = (0,)
    added: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Symbol:
    """A chord as it is written: root and bass on the line of fifths, kind, and the text that stands for the kind."""

    root: int
    kind: Kind
    text: str
    bass: int | None = None

    def spelled(self, key: Key) -> Symbol:
        """The chord as a key would spell its root and bass."""
        root = key.root(self.root, minor=MINOR_THIRD in self.kind.tones)
        return replace(self, root=root, bass=None if self.bass is None else self.bass + root - self.root)

    @property
    def tones(self) -> Mapping[int, int]:
        """How the chord spells its pitch classes."""
        tones = [self.root + tone for tone in self.kind.tones] + ([] if self.bass is None else [self.bass])
        return {7 * tone % 12: tone for tone in reversed(tones)}


KINDS = {
    "": Kind("major", (0, 4, 1)),
    "m": Kind("minor", (0, -3, 1)),
    "dim": Kind("diminished", (0, -3, -6)),
    "aug": Kind("augmented", (0, 4, 8)),
    "5": Kind("power", (0, 1)),
    "sus2": Kind("suspended-second", (0, 2, 1)),
    "sus4": Kind("suspended-fourth", (0, -1, 1)),
    "6": Kind("major-sixth", (0, 4, 1, 3)),
    "m6": Kind("minor-sixth", (0, -3, 1, 3)),
    "7": Kind("dominant", (0, 4, 1, -2)),
    "maj7": Kind("major-seventh", (0, 4, 1, 5)),
    "m7": Kind("minor-seventh", (0, -3, 1, -2)),
    "mmaj7": Kind("major-minor", (0, -3, 1, 5)),
    "m7b5": Kind("half-diminished", (0, -3, -6, -2)),
    "dim7": Kind("diminished-seventh", (0, -3, -6, -9)),
    "aug7": Kind("augmented-seventh", (0, 4, 8, -2)),
    "9": Kind("dominant-ninth", (0, 4, 1, -2, 2)),
    "maj9": Kind("major-ninth", (0, 4, 1, 5, 2)),
    "m9": Kind("minor-ninth", (0, -3, 1, -2, 2)),
    "11": Kind("dominant-11th", (0, 4, 1, -2, 2, -1)),
    "m11": Kind("minor-11th", (0, -3, 1, -2, 2, -1)),
    "13": Kind("dominant-13th", (0, 4, 1, -2, 2, 3)),
    "m13": Kind("minor-13th", (0, -3, 1, -2, 2, 3)),
    "add9": Kind("major", (0, 4, 1, 2), (9,)),
    "madd9": Kind("minor", (0, -3, 1, 2), (9,)),
    "7sus4": Kind("suspended-fourth", (0, -1, 1, -2), (7,)),
}
# Other ways to write the same.
WRITTEN = "maj= M= min=m mi=m -=m o=dim °=dim +=aug sus=sus4 M7=maj7 min7=m7 -7=m7 mM7=mmaj7 mMaj7=mmaj7"
ALSO = "ø=m7b5 ø7=m7b5 o7=dim7 °7=dim7 +7=aug7 M9=maj9 min9=m9 9sus4=7sus4"
TWINS = dict(twin.split("=") for twin in f"{WRITTEN} {ALSO}".split())


def symbol_of(name: str) -> Symbol | None:
    """The chord that a name stands for; None for no chord. A kind that is not known keeps its text.

    Raises: UsageError, the name does not begin with a note name.
    """
    text = clean(name).replace("♭", "b").replace("♯", "#")
    if text in SILENT:
        return None
    match = NAME.fullmatch(text)
    if match is None:
        raise UsageError(f'a chord must be written like "F", "Bbm7" or "C/E"; got {name!r}')
    kind = KINDS.get(TWINS.get(match[2], match[2]), Kind("other"))
    return Symbol(fifths_of(match[1]), kind, match[2], fifths_of(match[3]) if match[3] else None)
