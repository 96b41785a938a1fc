"""Theory of tones: modes, keys, chords and voice-leading.

Conventions: pitch is a MIDI number (60 is middle C), a pitch class lies in 0..11 (0 is C). Roman numerals are read
against the major scale of the tonic whatever the mode ("bVI" is the flat sixth in C major and in C minor alike),
capitals for a major third, small letters for a minor one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise, product

from kelly.errors import UnknownNameError
from kelly.names import find, quoted

__all__ = [
    "MODES",
    "QUALITIES",
    "ChordSymbol",
    "Key",
    "chord_scale",
    "fold",
    "nearest_pitch",
    "numeral",
    "parse_numeral",
    "parse_symbol",
    "parse_tonic",
    "spell",
    "voice",
]

MODES: dict[str, tuple[int, ...]] = {
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "ionian": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "aeolian": (0, 2, 3, 5, 7, 8, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}
SYNONYMS = {"major": "ionian", "minor": "aeolian"}
QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus4": (0, 5, 7),
    "sus2": (0, 2, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "m7b5": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
    "add9": (0, 4, 7, 2),
    "madd9": (0, 3, 7, 2),
    "9": (0, 4, 7, 10, 2),
    "maj9": (0, 4, 7, 11, 2),
    "m9": (0, 3, 7, 10, 2),
}
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
DEGREES = ("I", "bII", "II", "bIII", "III", "IV", "#IV", "V", "bVI", "VI", "bVII", "VII")
NUMERALS = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
NUMERAL = re.compile(r"([b#]?)([ivIV]+)(°|ø|\+|maj7|maj9|sus4|sus2|add9|6|7|9)?$")
SYMBOL = re.compile(r"([A-G][b#]?)([^/]*)(?:/([A-G][b#]?))?$")
# Parent major keys (pitch classes) whose signature has flats; six of either kind are flats in minor (Eb minor).
FLAT_PARENTS = (1, 3, 5, 8, 10)


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (pitch class 0..11) and a mode (a key of `MODES`); written with flats or sharps as the signature wants,
    unless `flat` says which.
    """

    tonic: int
    mode: str
    flat: bool | None = None

    @property
    def scale(self) -> tuple[int, ...]:
        """The seven pitch classes, from the tonic upwards."""
        return tuple((self.tonic + step) % 12 for step in MODES[self.mode])

    @property
    def minor(self) -> bool:
        """Whether the third above the tonic is minor."""
        return 3 in MODES[self.mode]

    @property
    def name(self) -> str:
        """How the key is written: "F ionian", "Eb aeolian"."""
        return f"{self.tonic_name} {self.mode}"

    @property
    def tonic_name(self) -> str:
        """The tonic spelled as the key's signature wants it."""
        return spell(self.tonic, flats=self.flats)

    @property
    def flats(self) -> bool:
        """Whether the key is written with flats: as it was asked for, or else as its parent major key's signature."""
        if self.flat is not None:
            return self.flat
        parent = (self.tonic - _PARENT[self.mode]) % 12
        return parent in FLAT_PARENTS or (parent == 6 and self.minor)

    def spelled(self, pitch_class: int) -> str:
        """The name of a pitch class in this key: a tone of the scale has its own letter ("Cb" in Eb aeolian)."""
        if pitch_class % 12 in self.scale:
            letters = list(LETTERS)
            letter = letters[(letters.index(self.tonic_name[0]) + self.scale.index(pitch_class % 12)) % 7]
            accidental = {0: "", 1: "#", 11: "b"}.get((pitch_class - LETTERS[letter]) % 12)
            if accidental is not None:
                return letter + accidental
        return spell(pitch_class, flats=self.flats)

    def chord_name(self, chord: ChordSymbol) -> str:
        """How a lead sheet in this key writes a chord: "Cbmaj7" in Eb aeolian, "Bmaj7" in E."""
        slash = "" if chord.bass is None else "/" + self.spelled(chord.bass)
        return self.spelled(chord.root) + chord.quality + slash

    def pitch(self, degree: int, octave: int = 4) -> int:
        """The pitch of a scale degree (0 the tonic, 7 the tonic above, -1 the seventh below) from an octave's tonic.

        Octave 4 holds middle C.
        """
        steps = MODES[self.mode]
        return 12 * (octave + 1 + degree // 7) + self.tonic + steps[degree % 7]

    def degree(self, pitch: int) -> int:
        """The scale degree, counted through the octaves as `pitch` does with octave -1, nearest below or at `pitch`."""
        octave, above = divmod(pitch - self.tonic, 12)
        steps = MODES[self.mode]
        return 7 * octave + max(i for i, step in enumerate(steps) if step <= above)


_PARENT = {"ionian": 0, "dorian": 2, "phrygian": 4, "lydian": 5, "mixolydian": 7, "aeolian": 9}


@dataclass(frozen=True, slots=True)
class ChordSymbol:
    """A chord without time: root (pitch class), quality (a key of `QUALITIES`), and bass pitch class if not the
    root.
    """

    root: int
    quality: str = ""
    bass: int | None = None

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """The chord's pitch classes, root first."""
        return tuple((self.root + step) % 12 for step in QUALITIES[self.quality])

    @property
    def lowest(self) -> int:
        """The pitch class in the bass."""
        return self.root if self.bass is None else self.bass

    @property
    def minor(self) -> bool:
        """Whether the third is minor (diminished chords too)."""
        return 3 in QUALITIES[self.quality]

    def name(self, *, flats: bool = True) -> str:
        """How a lead sheet writes the chord: "Bbm7", "C/E"."""
        slash = "" if self.bass is None else "/" + spell(self.bass, flats=flats)
        return spell(self.root, flats=flats) + self.quality + slash


def spell(pitch_class: int, *, flats: bool) -> str:
    """The name of a pitch class with flats or with sharps."""
    return (FLAT_NAMES if flats else SHARP_NAMES)[pitch_class % 12]


def mode_name(name: str) -> str:
    """The mode called `name` ("major" is ionian, "minor" aeolian; any case). Raises UnknownNameError."""
    wanted = find(name, (*MODES, *SYNONYMS), "mode")
    return SYNONYMS.get(wanted, wanted)


def parse_tonic(name: str) -> int:
    """The pitch class of a note name such as "F", "Bb" or "c#". Raises UnknownNameError."""
    text = name.strip().replace("♭", "b").replace("♯", "#") if isinstance(name, str) else ""
    if not re.fullmatch(r"[A-Ga-g][b#]?", text):
        raise UnknownNameError(f'key must be a note name such as "F", "Bb" or "C#"; got {quoted(name)}')
    return (LETTERS[text[0].upper()] + {"b": -1, "#": 1}.get(text[1:], 0)) % 12


@lru_cache(1 << 12)
def parse_numeral(text: str, tonic: int) -> ChordSymbol:
    """The chord of a Roman numeral over a tonic: "I", "bVII", "iv", "V7", "ii°", "Imaj7", "iiø".

    Raises UnknownNameError when the text is not a Roman numeral.
    """
    match = NUMERAL.fullmatch(text.strip())
    degree = NUMERALS.get(match[2].lower()) if match else None
    if match is None or degree is None:
        raise UnknownNameError(f'a chord must be a Roman numeral such as "I", "bVI" or "iv7"; got {quoted(text)}')
    shift = {"b": -1, "#": 1}.get(match[1], 0)
    return ChordSymbol((tonic + degree + shift) % 12, _quality(match[2].islower(), match[3] or ""))


def _quality(minor: bool, suffix: str) -> str:  # noqa: FBT001 - a case distinction, not a switch
    if suffix in ("°", "ø", "+", "sus4", "sus2"):
        return {"°": "dim", "ø": "m7b5", "+": "aug"}.get(suffix, suffix)
    if minor and suffix.startswith("maj"):  # minor with a major seventh is outside the table: keep the triad
        return "m"
    return ("m" if minor else "") + suffix


def parse_symbol(text: str) -> ChordSymbol:
    """The chord of a lead-sheet symbol: "F", "Am", "Bbm7", "C/E", "Gsus4". Raises UnknownNameError."""
    match = SYMBOL.fullmatch(text.strip())
    quality = {"min": "m", "-": "m", "maj": "", "M7": "maj7", "min7": "m7", "sus": "sus4"}.get(
        match[2] if match else "", match[2] if match else ""
    )
    if match is None or quality not in QUALITIES:
        raise UnknownNameError(f'a chord must be written like "F", "Am", "Bbm7" or "C/E"; got {quoted(text)}')
    return ChordSymbol(parse_tonic(match[1]), quality, parse_tonic(match[3]) if match[3] else None)


def numeral(chord: ChordSymbol, tonic: int) -> str:
    """The Roman numeral of a chord over a tonic ("bVI", "iv7"); the inverse of `parse_numeral`."""
    degree = DEGREES[(chord.root - tonic) % 12]
    suffix = {"dim": "°", "m7b5": "ø", "aug": "+", "dim7": "°"}.get(chord.quality, chord.quality.removeprefix("m"))
    if chord.quality.startswith("maj"):
        suffix = chord.quality
    accidental = degree.rstrip("IV")
    roman = degree.removeprefix(accidental)
    return accidental + (roman.lower() if chord.minor else roman) + suffix


@cache
def chord_scale(chord: ChordSymbol, key: Key) -> tuple[int, ...]:
    """The pitch classes that fit over a chord in a key, ascending from the chord's root.

    The key's scale, in which a chord tone from outside takes the place of its chromatic neighbours.
    """
    tones = set(chord.pitch_classes)
    foreign = tones - set(key.scale)
    kept = [pc for pc in key.scale if pc in tones or not {(pc + 1) % 12, (pc - 1) % 12} & foreign]
    return tuple(sorted({*kept, *tones}, key=lambda pc: (pc - chord.root) % 12))


def nearest_pitch(target: float, pitch_classes: Iterable[int], low: int = 0, high: int = 127) -> int:
    """The pitch in low..high nearest to `target` whose class is among `pitch_classes`; ties go down.

    When none lies in the range, the nearest pitch of the range itself.
    """
    allowed = frozenset(pitch_classes)
    inside = [pitch for pitch in range(low, high + 1) if pitch % 12 in allowed]
    if not inside:
        return int(min(max(round(target), low), high))
    return min(inside, key=lambda pitch: (abs(pitch - target), pitch))


def fold(pitch: int, low: int, high: int) -> int:
    """The pitch moved by octaves into low..high (a range of at least an octave)."""
    while pitch < low:
        pitch += 12
    while pitch > high:
        pitch -= 12
    return max(pitch, low)


@lru_cache(1 << 14)
def voice(chord: ChordSymbol, previous: tuple[int, ...], low: int, high: int, voices: int = 4) -> tuple[int, ...]:
    """Voice a chord near the one before: ascending pitches in low..high.

    Parameters: chord; previous, the pitches sounding before (ascending; empty at the start); low and high, the range
    (at least an octave); voices, how many.
    Returns: the voicing that holds the chord's third and seventh (and root where it can), moves no voice by more than
    four semitones if there is such a voicing, and moves least in all.
    """
    centre = (low + high) / 2
    if len(previous) != voices:
        return _opening(chord, low, high, voices)
    for reach in (4, 6, 12):
        choices = [
            [p for p in range(max(low, q - reach), min(high, q + reach) + 1) if p % 12 in chord.pitch_classes]
            for q in previous
        ]
        found = [row for row in product(*choices) if _ascends(row) and _complete(row, chord)]
        if found:
            return min(found, key=lambda row: (_motion(previous, row, centre), row))
    return _opening(chord, low, high, voices)


def _opening(chord: ChordSymbol, low: int, high: int, voices: int) -> tuple[int, ...]:
    """A close voicing around the middle of the range, as a hand would start."""
    start = nearest_pitch((low + high) / 2 - 2 * voices, chord.pitch_classes, low, high)
    tones = [pitch for pitch in range(start, start + 37) if pitch % 12 in chord.pitch_classes]
    return tuple(tones[:voices])


def _ascends(row: Sequence[int]) -> bool:
    return all(a < b for a, b in pairwise(row))


def _complete(row: Sequence[int], chord: ChordSymbol) -> bool:
    """The third (or its suspension) and the seventh are there; a triad also has its root."""
    classes = chord.pitch_classes
    needed = {classes[1], *classes[3:4]} if len(classes) > 3 else {classes[0], classes[1]}
    return needed <= {pitch % 12 for pitch in row}


def _motion(before: Sequence[int], after: Sequence[int], centre: float) -> float:
    """Sum of the voices' movements, with parallel fifths and octaves and a drift from the centre made dear."""
    steps = sum(abs(a - b) for a, b in zip(before, after, strict=True))
    pairs = [(i, j) for i in range(len(after)) for j in range(i)]
    parallels = sum(
        1
        for i, j in pairs
        if (after[i] - after[j]) % 12 in (0, 7)
        and (before[i] - before[j]) % 12 == (after[i] - after[j]) % 12
        and after[i] != before[i]
    )
    drift = abs(sum(after) / len(after) - centre)
    spread = max(0, after[-1] - after[0] - 16)  # what a hand, or four singers, would rather not span
    return round(steps + 1.5 * parallels + 0.35 * drift + 0.8 * spread, 6)
