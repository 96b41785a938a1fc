"""Song: a feeling goes in, a song comes out.

Conventions: whatever the feeling is given as, it is composed as a journey whose feelings are rounded to .01; the song's
score carries its report (`report`) as a text.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypedDict, Unpack, runtime_checkable

from kelly.composing import theory
from kelly.composing.composer import compose_score
from kelly.composing.judge import fitted, heard_report
from kelly.composing.progressions import transposed
from kelly.composing.report import Heard, Report, report_of, report_text
from kelly.composing.settings import Settings
from kelly.composing.telling import Told, told
from kelly.emotion import journey as journeys
from kelly.emotion import thesaurus
from kelly.emotion.journey import Journey
from kelly.emotion.space import Emotion
from kelly.errors import UsageError
from kelly.listening.mood import mood
from kelly.listening.reading import Reading
from kelly.listening.story import Story
from kelly.listening.words import feel
from kelly.names import find, quoted
from kelly.score import midi
from kelly.score.notes import Score

__all__ = ["Feeling", "Intent", "Song", "Wishes", "compose", "meant", "score_of"]


@runtime_checkable
class Intent(Protocol):
    """What `compose` asks of a song intent (`kelly.SongIntent`); its schema needs libraries that most songs do not."""

    @property
    def title(self) -> str | None:
        """What the song is called, if anything."""
        ...

    def journey(self) -> Journey:
        """The curve of feelings that is meant."""
        ...

    def settings(self) -> Settings:
        """The wishes that go with it."""
        ...

    def told(self) -> tuple[Told, ...]:
        """The passages of the story that it is heard from, if it is one."""
        ...


Feeling = str | Emotion | Reading | Story | Journey | Intent


class Wishes(TypedDict, total=False):
    """What a user may ask for beside the feeling: the fields of `settings.Settings`, all optional."""

    seed: int
    key: str | None
    mode: str | None
    tempo: float | None
    genre: str | None
    bars: int | None
    minutes: float | None
    complexity: float | None
    humanise: float
    feel: float | None
    dynamics: float
    progressions: Mapping[str, tuple[str, ...]]
    breaks: Mapping[str, str]
    triggers: bool
    mute: tuple[str, ...]
    neural: float
    improvise: float
    fit: float | None
    tries: int


@dataclass(frozen=True, slots=True)
class Song:
    """A composed song: its score, and the report of how it was made."""

    score: Score
    report: Report
    given: Intent | None = None

    def __repr__(self) -> str:
        music = self.report["parameters"]
        return f"<Song {self.report['title']!r}, {music['key']}, {music['bars']} bars, seed {self.report['seed']}>"

    @property
    def intent(self) -> Intent:
        """The song intent: the one it was composed from, or else one that says what was composed, to be edited."""
        from kelly.composing.retelling import intent_of

        return self.given or intent_of(self.report)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the song as a MIDI file with its report inside; the file appears whole or not at all.

        Raises FileError when it cannot be written.
        """
        midi.write(self.score, path)
        return Path(path)


def compose(
    feeling: Feeling, *, to: str | Emotion | None = None, arc: str | None = None, **wishes: Unpack[Wishes]
) -> Song:
    """Compose a song for a feeling.

    Parameters
    ----------
    feeling : text, an Emotion, a Reading, a Story or a Journey (arc and side B lie in both) or a song intent (all lies
        in it; wishes given here win over its own).
    to : side B of the journey: text, the name of an emotion, or an Emotion. A story has its own.
    arc : name of the journey's arc; `kelly.emotion.journey.arcs()` has them all. A story has its own.
    wishes : seed (default 0), bars or minutes, key, mode, tempo, genre, complexity, humanise, feel, dynamics, breaks
        (rule -> reason), triggers, mute (parts), neural, improvise, fit,
        tries; `kelly.composing.settings.Settings` says what each may be.

    Returns
    -------
    The song. The same arguments give the same notes on every machine.

    Raises
    ------
    UsageError : an argument is out of range, unknown, or contradicts another.

    Examples
    --------
    >>> compose("I miss you so much", bars=8, seed=7).report["seed"]
    7
    """
    intent = feeling if isinstance(feeling, Intent) else None
    settings = _wished(intent.settings() if intent else Settings(), wishes)
    heard = meant(feeling)
    journey = _led(heard, to, arc).rounded()
    fit = None if settings.fit is None else fitted(journey, settings)
    made = compose_score(journey, settings) if fit is None else fit.made
    title = (intent.title if intent else None) or _title(journey, heard)
    report = report_of(title, journey, settings, made, heard)
    if fit is not None:
        report = heard_report(report, fit.sections)
    score = replace(made.score, title=title, texts=(report_text(report),))
    unchanged = to is None and arc is None and not wishes
    return Song(score, report, intent if unchanged else None)


def meant(feeling: Feeling) -> Heard:
    """The journey that a feeling means, and what it was heard from. Raises: UsageError, it is no feeling."""
    reading = (
        feel(feeling, explain=True) if isinstance(feeling, str) else feeling if isinstance(feeling, Reading) else None
    )
    if reading is not None:
        return Heard(Journey(reading.emotion), reading)
    if isinstance(feeling, Emotion):
        return Heard(Journey(feeling))
    if isinstance(feeling, Story):
        return Heard(feeling.journey(), story=told(feeling))
    if isinstance(feeling, Intent):
        return Heard(feeling.journey(), story=feeling.told())
    if isinstance(feeling, Journey):
        return Heard(feeling)
    raise UsageError(
        f"a feeling is a text, an Emotion, a Reading, a Story, a Journey or a SongIntent; got {quoted(feeling)}"
    )


def score_of(music: Song | Score) -> Score:
    """The score that is meant. Raises: UsageError, it is none."""
    score = music.score if isinstance(music, Song) else music
    if not isinstance(score, Score):
        raise UsageError(f"a score must be a Score or a Song (kelly.read_midi reads a file); got {quoted(music)}")
    return score


def _led(heard: Heard, to: str | Emotion | None, arc: str | None) -> Journey:
    """The journey with another side B or arc, where one is asked for."""
    journey = heard.journey
    if to is None and arc is None:
        return journey
    if heard.story or journey.points:
        raise UsageError("a story, or a journey through points, has its own way and form; give no other side B or arc")
    end = journey.end if to is None else to if isinstance(to, Emotion) else mood(to)
    return Journey(journey.start, end, journey.arc if arc is None else journeys.arc(arc))


def _wished(settings: Settings, wishes: Wishes) -> Settings:
    """Settings with wishes over them: a length replaces the other way to give one, rules add up."""
    changes: dict[str, Any] = {find(name, Wishes.__annotations__, "a wish"): wish for name, wish in wishes.items()}
    for length, other in (("bars", "minutes"), ("minutes", "bars")):
        if changes.get(length) is not None:
            changes.setdefault(other, None)
    if isinstance(changes.get("breaks"), Mapping):
        changes["breaks"] = {**settings.breaks, **changes["breaks"]}
    if settings.key and changes.get("key") and "progressions" not in changes:
        shift = theory.parse_tonic(changes["key"]) - theory.parse_tonic(settings.key)
        changes["progressions"] = {role: transposed(row, shift) for role, row in settings.progressions.items()}
    return replace(settings, **changes)


def _title(journey: Journey, heard: Heard) -> str:
    """The name of what is felt first; of a text in which nothing was read, none is pretended."""
    return "Neutral" if heard.nothing else thesaurus.describe(journey.start).name.capitalize()
