"""Spelling: which letter and accidental a pitch is written with.

Conventions: a spelling is a place on the line of fifths, ... Bb -2, F -1, C 0, G 1 ... B 5, F# 6 ...; a key is its
signature, sharps counted up and flats down. A tone of the sounding chord is spelled as the chord's name spells it, any
other as near to the key as can be: from the flat third to the raised fifth of major, in minor with its raised notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kelly.errors import UsageError
from kelly.score.notes import KeySignature

__all__ = ["Key", "Spelled", "fifths_of", "key_of", "letter"]

LETTERS = "FCGDAEB"  # fifths upwards from -1
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
OCTAVES = 12  # fifths to the same key on a keyboard
MOST_SIGNS = 7
LOWEST = 12  # C0, the lowest pitch that MusicXML has a name for


class Spelled(NamedTuple):
    """A pitch as it is written: letter, semitones that it is raised by, and octave (4 begins with middle C)."""

    step: str
    alter: int
    octave: int


@dataclass(frozen=True, slots=True)
class Key:
    """A key signature: sharps (flats negative), and whether it is minor."""

    sharps: int = 0
    minor: bool = False

    def altered(self, step: str) -> int:
        """How the signature alters a letter: 1 for a sharp, -1 for a flat."""
        place = LETTERS.index(step)
        return int(place < self.sharps) - int(6 - place < -self.sharps)

    def fifths(self, pitch_class: int, chord: Mapping[int, int] | None = None) -> int:
        """The spelling of a pitch class, over a chord that spells its own tones (pitch class -> spelling)."""
        own = (chord or {}).get(pitch_class)
        if own is not None and -1 - 7 <= own < 6 + 7:  # no double accidentals
            return own
        lowest = self.sharps - (2 if self.minor else 3)
        return lowest + (7 * pitch_class - lowest) % OCTAVES

    def spelled(self, pitch: int, chord: Mapping[int, int] | None = None) -> Spelled:
        """A pitch as it is written; below C0 an octave higher."""
        pitch = pitch if pitch >= LOWEST else pitch + OCTAVES
        fifths = self.fifths(pitch % 12, chord)
        spelled = _at(pitch, fifths)
        return spelled if spelled.octave >= 0 else _at(pitch, fifths - OCTAVES)

    def root(self, fifths: int, *, minor: bool) -> int:
        """The root of a chord, with a minor third or a major one, as the key would spell it.

        Major chords from outside are most often borrowed from the flat side, the others lead on from the sharp side.
        """
        middle = self.sharps + self.minor + (3.5 if minor else 0.5)
        spelled = min((fifths, fifths - OCTAVES, fifths + OCTAVES), key=lambda twin: abs(twin - middle))
        return spelled if abs(letter(spelled)[1]) < 2 else fifths


def letter(fifths: int) -> tuple[str, int]:
    """The letter of a spelling, and the semitones that it is raised by."""
    return LETTERS[(fifths + 1) % 7], (fifths + 1) // 7


def _at(pitch: int, fifths: int) -> Spelled:
    step, alter = letter(fifths)
    return Spelled(step, alter, (pitch - alter - SEMITONES[step]) // 12 - 1)


def fifths_of(name: str) -> int:
    """The spelling that a note name stands for: a letter, sharps or flats. Raises UsageError."""
    letter, signs = name[:1], name[1:]
    if len(letter) != 1 or letter not in LETTERS or signs not in ("", "#", "##", "b", "bb"):
        raise UsageError(f'a note name is a letter A..G, alone or with "#" or "b"; got {name!r}')
    return LETTERS.index(letter) - 1 + 7 * (signs.count("#") - signs.count("b"))


def key_of(signature: KeySignature) -> Key:
    """The key of a key signature; one of more than seven signs takes its twin's. Raises UsageError."""
    sharps = fifths_of(signature.tonic) - (3 if signature.minor else 0)
    while abs(sharps) > MOST_SIGNS:
        sharps -= OCTAVES if sharps > 0 else -OCTAVES
    return Key(sharps, signature.minor)
