"""Notes, parts and scores: what is written down, before anyone plays it.

Conventions: every time is in beats (quarter notes) from the start of whatever holds the note (a section while
composing, the song in a `Score`); pitch is a MIDI number 0..127 (60 is middle C), velocity 1..127, channel 0..15 (9 is
drums). A score is written to a grid of `PPQ` ticks a beat; nothing finer survives a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

__all__ = [
    "DRUM_CHANNEL",
    "PPQ",
    "Bend",
    "Control",
    "KeySignature",
    "Marker",
    "Meter",
    "Note",
    "Part",
    "Score",
    "Tempo",
]

PPQ = 480
DRUM_CHANNEL = 9


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One note: onset and duration in beats, pitch 0..127, velocity 1..127."""

    onset: float
    duration: float
    pitch: int
    velocity: int

    @property
    def end(self) -> float:
        """When the note stops, in beats."""
        return self.onset + self.duration


@dataclass(frozen=True, slots=True, order=True)
class Control:
    """A control change: onset in beats, controller number 0..127, value 0..127."""

    onset: float
    controller: int
    value: int


@dataclass(frozen=True, slots=True, order=True)
class Bend:
    """A pitch bend: onset in beats, cents -200..200 (the General MIDI range of two semitones)."""

    onset: float
    cents: float


@dataclass(frozen=True, slots=True, order=True)
class Tempo:
    """A tempo from `onset` (beats) on, in quarter notes a minute."""

    onset: float
    bpm: float


@dataclass(frozen=True, slots=True, order=True)
class Meter:
    """A time signature from `onset` (beats) on."""

    onset: float
    numerator: int = 4
    denominator: int = 4

    @property
    def bar_length(self) -> float:
        """Length of a bar in beats (quarter notes)."""
        return 4 * self.numerator / self.denominator


@dataclass(frozen=True, slots=True, order=True)
class KeySignature:
    """A key from `onset` (beats) on: tonic as written ("F", "Bb", "C#") and whether its third is minor."""

    onset: float
    tonic: str
    minor: bool


@dataclass(frozen=True, slots=True, order=True)
class Marker:
    """A named place in the song, such as the start of a section."""

    onset: float
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """What one instrument plays: a name, a MIDI channel and program (both from 0), its notes, controls and bends."""

    name: str
    channel: int
    program: int = 0
    notes: tuple[Note, ...] = ()
    controls: tuple[Control, ...] = ()
    bends: tuple[Bend, ...] = ()

    @property
    def is_drums(self) -> bool:
        """Whether pitches name percussion instruments instead of tones."""
        return self.channel == DRUM_CHANNEL


@dataclass(frozen=True, slots=True)
class Score:
    """A whole piece: its parts, the maps of tempo, meter and key, section markers, and texts kept in the file."""

    parts: tuple[Part, ...]
    tempos: tuple[Tempo, ...] = (Tempo(0.0, 120.0),)
    meters: tuple[Meter, ...] = (Meter(0.0),)
    keys: tuple[KeySignature, ...] = ()
    markers: tuple[Marker, ...] = ()
    texts: tuple[str, ...] = ()
    title: str = ""

    @property
    def end(self) -> float:
        """When the last note stops, in beats; 0 for a score without notes."""
        return max((note.end for part in self.parts for note in part.notes), default=0.0)

    @property
    def duration(self) -> float:
        """Length in seconds up to the last note's end."""
        return float(self.seconds(np.array([self.end]))[0])

    def part(self, name: str) -> Part:
        """The part called `name`. Raises KeyError when there is none."""
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(name)

    def notes(self, *, drums: bool = True) -> Iterator[Note]:
        """All notes of all parts, part by part; without percussion when `drums` is False."""
        for part in self.parts:
            if drums or not part.is_drums:
                yield from part.notes

    def only(self, names: Iterable[str]) -> Score:
        """The same score with only the parts called so."""
        wanted = set(names)
        return replace(self, parts=tuple(part for part in self.parts if part.name in wanted))

    def seconds(self, beats: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Times in seconds of an array of times in beats (any shape), by the tempo map."""
        onsets = np.array([tempo.onset for tempo in self.tempos])
        per_beat = np.array([60.0 / tempo.bpm for tempo in self.tempos])
        starts = np.concatenate([[0.0], np.cumsum(np.diff(onsets) * per_beat[:-1])])
        at = np.asarray(beats, dtype=np.float64)
        piece = np.clip(np.searchsorted(onsets, at, side="right") - 1, 0, len(onsets) - 1)
        return np.asarray(starts[piece] + (at - onsets[piece]) * per_beat[piece])
