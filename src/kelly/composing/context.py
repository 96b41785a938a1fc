"""The plan of a song, and the context in which an engine plays one section of it.

Conventions: times in beats (quarter notes) from the section's start, bars of four beats, pitch as MIDI number, velocity
1..127, energy and levels 0..1. Everything here is a value: engines read a `Context` and return a list of events.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from numpy.random import Generator

from kelly.composing.chance import stream
from kelly.composing.mapping import Parameters
from kelly.composing.motif import Motif
from kelly.composing.tables import Genre, Instrument, PartRow
from kelly.composing.theory import ChordSymbol, Key, chord_scale
from kelly.composing.touch import Touch
from kelly.emotion.space import Emotion
from kelly.score.notes import Note

__all__ = ["BAR", "FIRST", "PHRASE", "Chord", "Context", "Layer", "Plan", "Revision", "Section"]

BAR = 4.0
PHRASE = 4 * BAR
EARLY = 0.1  # beats by which a note of a given melody may come before the section that it belongs to


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord in time: onset and duration in beats from the section's start, what it is, and how it is voiced.

    Parameters: symbol; numeral, as reports write it; voicing, ascending pitches (empty until the composer has led the
    voices); cadence, whether a phrase comes to rest on it.
    """

    onset: float
    duration: float
    symbol: ChordSymbol
    numeral: str = ""
    voicing: tuple[int, ...] = ()
    cadence: bool = False

    @property
    def end(self) -> float:
        """When the chord stops, in beats."""
        return self.onset + self.duration


@dataclass(frozen=True, slots=True)
class Layer:
    """That a part plays: from `onset` for `duration` beats of the section, at `level` (0..1, 1 the fullest)."""

    onset: float
    duration: float
    part: str
    level: float

    @property
    def end(self) -> float:
        """When the part stops, in beats."""
        return self.onset + self.duration


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the plan.

    Parameters: index, from 0; role (intro, verse, chorus ...); bars; start, in beats from the song's start; energy
    0..1; asked, the journey's value in its middle; feeling, that or what it was revised to; parameters and key that
    follow from it; occurrence, how many sections of this role came before; progress, its middle as share of the song;
    pulse, how the genre's patterns lie on the beat (1 as written, .5 half-time, 2 double-time); figures, the pattern
    that each kind of engine plays (rows of `figures.csv`).
    """

    index: int
    role: str
    bars: int
    start: float
    energy: float
    asked: Emotion
    feeling: Emotion
    parameters: Parameters
    key: Key
    occurrence: int
    progress: float
    pulse: float = 1.0
    figures: Mapping[str, str] = field(default_factory=dict)

    @property
    def beats(self) -> float:
        """Length in beats."""
        return self.bars * BAR


@dataclass(frozen=True, slots=True)
class Revision:
    """What is tried otherwise than at first.

    Parameters: leans, how much more valence and arousal the notes of sections are written with than are asked for, by
    role and what is asked; takes, which take of a role's draws is used, by role (0, the first, where none is named);
    lead, a melody that is sung in place of the engine's, one note at a time, in beats of the song; chords, the song's
    own in place of the engine's, in its beats, each within a bar (empty: the engines write them).
    """

    leans: Mapping[tuple[str, Emotion], tuple[float, float]] = field(default_factory=dict)
    takes: Mapping[str, int] = field(default_factory=dict)
    lead: tuple[Note, ...] = ()
    chords: tuple[Chord, ...] = ()

    def named(self, role: str) -> tuple[str | int, ...]:
        """What the streams of a role's draws are called after: nothing more for the first take."""
        take = self.takes.get(role, 0)
        return (role, "take", take) if take else (role,)


FIRST = Revision()


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is settled before a note is written: what every engine may know of the whole song.

    Parameters: seed; genre; complexity, humanise and dynamics 0..1; feel -1 (laid back)..1 (pushing); sections;
    instruments by part; motifs by role of section ("verse", "chorus", "bridge"); progressions, the user's own chords by
    role; neural, how much the trained networks have to say, 0..1; improvise, which share of the parts the transformer
    writes, 0..1; revision.
    """

    seed: int
    genre: Genre
    complexity: float
    humanise: float
    feel: float
    dynamics: float
    sections: tuple[Section, ...]
    instruments: Mapping[str, Instrument]
    motifs: Mapping[str, Motif]
    progressions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    neural: float = 0.0
    improvise: float = 0.0
    revision: Revision = FIRST

    @property
    def beats(self) -> float:
        """Length of the song in beats."""
        return sum(section.beats for section in self.sections)

    @property
    def is_loop(self) -> bool:
        """Whether this is one stretch to be looped, without beginning and end."""
        return len(self.sections) == 1


@dataclass(frozen=True, slots=True)
class Context:
    """What an engine knows when it plays a section.

    Parameters: plan; section; part, whose notes are wanted (the name of a row of `parts.csv`); row, that row; layers,
    what the arrangement decided; chords, the section's harmony; parts, notes that engines before have written in this
    section; touches, how the networks would play the part's notes.
    """

    plan: Plan
    section: Section
    part: str = ""
    row: PartRow | None = None
    layers: tuple[Layer, ...] = ()
    chords: tuple[Chord, ...] = ()
    parts: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)
    touches: Mapping[Note, Touch] = field(default_factory=dict)

    @property
    def feeling(self) -> Emotion:
        """The feeling of this section."""
        return self.section.feeling

    @property
    def energy(self) -> float:
        """The energy of this section, 0..1."""
        return self.section.energy

    @property
    def parameters(self) -> Parameters:
        """What this section's feeling asks of the music."""
        return self.section.parameters

    @property
    def key(self) -> Key:
        """The key of this section."""
        return self.section.key

    @property
    def instrument(self) -> Instrument:
        """The instrument of the part that is wanted."""
        return self.plan.instruments[self.part]

    @property
    def low(self) -> int:
        """Lowest pitch for this part: its instrument's and its own place in the arrangement."""
        return max(self.instrument.low, self.row.low if self.row else 0)

    @property
    def high(self) -> int:
        """Highest pitch for this part."""
        return min(self.instrument.high, self.row.high if self.row else 127)

    @property
    def layer(self) -> Layer | None:
        """The layer of the part that is wanted, or None when it is silent here."""
        return self.layer_of(self.part)

    def layer_of(self, part: str) -> Layer | None:
        """The layer of a part in this section, or None when it is silent."""
        return next((layer for layer in self.layers if layer.part == part), None)

    @property
    def next(self) -> Section | None:
        """The section after this one."""
        following = self.section.index + 1
        return self.plan.sections[following] if following < len(self.plan.sections) else None

    @property
    def previous(self) -> Section | None:
        """The section before this one."""
        return self.plan.sections[self.section.index - 1] if self.section.index else None

    @property
    def lead(self) -> tuple[Note, ...]:
        """The notes of the song's given melody that belong to this section, in beats from its start."""
        start, end = self.section.start, self.section.start + self.section.beats
        given = (note for note in self.plan.revision.lead if start <= note.onset + EARLY < end)
        return tuple(replace(note, onset=note.onset - start) for note in given)

    def stream(self, name: str) -> Generator:
        """The random stream of a name, shared by all sections of a role: a verse that comes back is the same verse."""
        return stream(self.plan.seed, name, *self.plan.revision.named(self.section.role))

    def chord_at(self, beat: float) -> Chord:
        """The chord that sounds at `beat` (the last one past the end)."""
        onsets = [chord.onset for chord in self.chords]
        return self.chords[max(bisect_right(onsets, beat + 1e-9) - 1, 0)]

    def scale_at(self, beat: float) -> tuple[int, ...]:
        """Pitch classes that fit at `beat`: those of the chord, and of the key around them."""
        return chord_scale(self.chord_at(beat).symbol, self.key)

    def velocity(self, accent: float = 0.0) -> int:
        """The velocity of a note of this part with an `accent` in -1..1.

        Formula 2's number is what a full-energy melody plays; weaker parts and sections lie below it, by as much as
        `dynamics` allows.
        """
        weight = self.row.weight if self.row else 1.0
        level = self.layer.level if self.layer else 1.0
        softness = 0.22 * self.plan.dynamics * (1 - self.energy) + 0.06 * (1 - level)
        loudness = self.parameters.velocity * weight * (1 - softness) + 10 * accent
        return int(min(max(round(loudness, 3), 1), 127))
