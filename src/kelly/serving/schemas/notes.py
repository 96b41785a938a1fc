"""Notes: a song as data for whoever draws it, such as a piano roll. Times in beats (quarter notes) from its start."""

from __future__ import annotations

from pydantic import Field

from kelly.serving.schemas.common import Told
from kelly.serving.schemas.feelings import Feeling

__all__ = ["Heard", "KeyRow", "MarkerRow", "MeterRow", "NoteRow", "SongNotes", "SongPart", "SongSection", "TempoRow"]


class TempoRow(Told):
    """A tempo from a time on, in quarter notes a minute."""

    onset: float
    bpm: float


class MeterRow(Told):
    """A time signature from a time on."""

    onset: float
    numerator: int
    denominator: int


class KeyRow(Told):
    """A key signature from a time on: its tonic, and whether it is minor."""

    onset: float
    tonic: str
    minor: bool


class MarkerRow(Told):
    """A named place, such as where a section begins."""

    onset: float
    text: str


class NoteRow(Told):
    """A note: onset and duration in beats, pitch 0..127 (60 is middle C), velocity 1..127."""

    onset: float
    duration: float
    pitch: int
    velocity: int


class SongPart(Told):
    """What an instrument plays: General MIDI program 0..127; of drums pitches are instruments."""

    name: str
    program: int
    drums: bool
    notes: list[NoteRow]


class Heard(Told):
    """How a section is heard by Kelly's judge: its place, the judge's own error of both, and how far it is off."""

    valence: float
    arousal: float
    error: list[float]
    miss: float


class SongSection(Told):
    """A section: where it starts, what was asked of it and how it is heard, its chords and where each begins in it."""

    role: str
    bars: int
    start: float
    energy: float
    tempo: float
    key: str
    chords: list[str]
    numerals: list[str]
    onsets: list[float]
    parts: list[str]
    emotion: Feeling = Field(description="What was asked.")
    heard: Heard | None = Field(description="How it is heard; none where there is too little to hear.")


class SongNotes(Told):
    """A song's notes with its maps of tempo, meter and key; and its sections, where Kelly composed it."""

    title: str
    beats: float
    seconds: float
    tempos: list[TempoRow]
    meters: list[MeterRow]
    keys: list[KeyRow]
    markers: list[MarkerRow]
    parts: list[SongPart]
    sections: list[SongSection]
