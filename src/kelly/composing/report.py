"""Report: how a song was made, as plain data that travels in its file.

Conventions: numbers, texts, lists and dictionaries only; feelings are rounded to .01, so that the numbers in a file
compose the same song again. It is kept as one text event of the MIDI file: "kelly " and the report as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from kelly._version import __version__
from kelly.composing.composer import Composition, Written
from kelly.composing.plan import Settings
from kelly.emotion.journey import Journey
from kelly.errors import FileError
from kelly.listening.reading import Reading, emotion_dict
from kelly.score.notes import Score

__all__ = ["Report", "read_report", "report_of", "report_text"]

Report = dict[str, Any]
TAG = "kelly "


def report_text(report: Report) -> str:
    """The text event that carries a report in a file."""
    return TAG + json.dumps(report, sort_keys=True)


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


def report_of(title: str, journey: Journey, settings: Settings, made: Composition, reading: Reading | None) -> Report:
    """The report of a composition: feelings and words, parameters, sections, broken rules, remarks and settings."""
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
        "onsets": [chord.onset for chord in written.chords],
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
