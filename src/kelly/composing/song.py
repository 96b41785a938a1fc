"""Song: what `compose` answers with, and the report that travels in its file.

Conventions: a report is plain data (numbers, texts, lists, dictionaries), with feelings rounded to .01, so that the
numbers in a file compose the same song again. It is kept as one text event of the MIDI file, "kelly " and the report as
JSON.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypedDict, Unpack

from kelly._version import __version__
from kelly.composing.composer import Composition, Written, compose_score
from kelly.composing.intent import SongIntent
from kelly.composing.plan import Settings
from kelly.emotion import journey as journeys
from kelly.emotion import thesaurus
from kelly.emotion.journey import Journey
from kelly.emotion.space import Emotion
from kelly.errors import FileError, UnknownNameError, UsageError
from kelly.listening.reading import Reading, emotion_dict
from kelly.listening.words import feel
from kelly.score import midi
from kelly.score.notes import Score

__all__ = ["Feeling", "Song", "Wishes", "compose", "read_report"]

Feeling = str | Emotion | Reading | Journey | SongIntent
Report = dict[str, Any]
TAG = "kelly "


class Wishes(TypedDict, total=False):
    """What a user may ask for beside the feeling: the fields of `plan.Settings`, all optional."""

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
    breaks: Mapping[str, str]
    triggers: bool
    mute: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Song:
    """A composed song: its score, the report of how it was made, and the intent it came from, if it came from one."""

    score: Score
    report: Report
    intent: SongIntent | None = None

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
    feeling : text, an Emotion, a Reading, a Journey (arc and side B lie in it) or a song intent (all lies in it; wishes
        given here win over its own).
    to : side B of the journey: text, the name of an emotion, or an Emotion.
    arc : name of the journey's arc; `kelly.emotion.journey.arcs()` has them all.
    wishes : seed (default 0), bars or minutes, key, mode, tempo, genre, complexity, humanise, feel, dynamics, breaks
        (rule -> reason), triggers, mute (parts); `kelly.composing.plan.Settings` says what each may be.

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
    intent = feeling if isinstance(feeling, SongIntent) else None
    settings = replace(intent.settings() if intent else Settings(), **wishes)
    journey, reading = _heard(feeling, to, arc)
    made = compose_score(journey, settings)
    title = intent.title if intent and intent.title else thesaurus.describe(journey.start).label.capitalize()
    report = _report(title, journey, settings, made, reading)
    score = replace(made.score, title=title, texts=(TAG + json.dumps(report, sort_keys=True),))
    return Song(score, report, intent)


def read_report(score: Score) -> Report | None:
    """The report that a song composed by Kelly carries in its file, or None when the score carries none.

    Raises FileError when there is one that cannot be read.
    """
    for text in score.texts:
        if text.startswith(TAG):
            try:
                report = json.loads(text.removeprefix(TAG))
            except ValueError:
                report = None
            if not isinstance(report, dict) or "emotion" not in report:
                raise FileError("the file's Kelly report is damaged: it should be one JSON object")
            return report
    return None


def _heard(feeling: Feeling, to: str | Emotion | None, arc: str | None) -> tuple[Journey, Reading | None]:
    """The journey to compose, its feelings rounded as the file keeps them, and the reading it came from."""
    reading = feel(feeling) if isinstance(feeling, str) else feeling if isinstance(feeling, Reading) else None
    if reading is not None:
        journey = Journey(reading.emotion)
    elif isinstance(feeling, Emotion):
        journey = Journey(feeling)
    elif isinstance(feeling, SongIntent):
        journey = feeling.journey()
    elif isinstance(feeling, Journey):
        journey = feeling
    else:
        raise UsageError(f"a feeling is a text, an Emotion, a Reading, a Journey or a SongIntent; got {feeling!r:.60}")
    end = journey.end if to is None else _side_b(to)
    shape = journey.arc if arc is None else journeys.arc(arc)
    return Journey(journey.start.rounded(), end.rounded(), shape), reading


def _side_b(to: str | Emotion) -> Emotion:
    """An emotion's name wins over the same word read as text."""
    if isinstance(to, Emotion):
        return to
    try:
        return thesaurus.lookup(to).emotion
    except UnknownNameError:
        return feel(to).emotion


def _report(title: str, journey: Journey, settings: Settings, made: Composition, reading: Reading | None) -> Report:
    first = made.plan.sections[0]
    return {
        "version": __version__,
        "title": title,
        "seed": settings.seed,
        **_feelings(journey, reading),
        "parameters": {
            **first.parameters.as_dict(),
            "key": first.key.name,
            "genre": made.plan.genre.name,
            "complexity": round(made.plan.complexity, 3),
            "humanise": made.plan.humanise,
            "feel": made.plan.feel,
            "dynamics": made.plan.dynamics,
            "bars": sum(section.bars for section in made.plan.sections),
            "seconds": round(made.score.duration, 2),
            **first.figures,
            "instruments": {part: instrument.name for part, instrument in made.plan.instruments.items()},
        },
        "sections": [_section(written) for written in made.sections],
        "rule_breaks": [
            {"name": b.name, "severity": round(b.severity, 3), "reason": b.reason, "asked": b.asked}
            for b in made.broken
        ],
        "remarks": list(_remarks(made)),
        "settings": _wished(settings),
    }


def _feelings(journey: Journey, reading: Reading | None) -> Report:
    report: Report = {"emotion": emotion_dict(journey.start), "readings": [], "words": []}
    if reading:
        report |= {key: value for key, value in reading.as_dict().items() if key != "emotion"}
    report["journey"] = {
        "arc": journey.arc.name,
        "from": emotion_dict(journey.start),
        "to": emotion_dict(journey.end),
    }
    return report


def _section(written: Written) -> Report:
    section = written.section
    return {
        "role": section.role,
        "bars": section.bars,
        "start": section.start,
        "energy": section.energy,
        "emotion": emotion_dict(section.feeling),
        "tempo": round(section.parameters.tempo, 3),
        "key": section.key.name,
        "chords": [chord.symbol.name(flats=section.key.flats) for chord in written.chords],
        "numerals": [chord.numeral for chord in written.chords],
        "figures": dict(section.figures),
        "parts": [layer.part for layer in written.layers if written.notes[layer.part]],
    }


def _remarks(made: Composition) -> Iterator[str]:
    """What a user may wonder at."""
    genre, bpm = made.plan.genre, made.plan.sections[0].parameters.tempo
    if made.plan.pulse != 1:
        low, high = genre.tempo
        way = "half-time" if made.plan.pulse < 1 else "double-time"
        yield f"{bpm:g} BPM lies outside {genre.name}'s {low:g}-{high:g}: its patterns are played in {way}"


def _wished(settings: Settings) -> Report:
    """The settings that were given, so that the song can be composed again."""
    given = {name: value for name, value in asdict(settings).items() if value != getattr(Settings(), name)}
    return json.loads(json.dumps(given))  # type: ignore[no-any-return]  # tuples become lists, as they will when read
