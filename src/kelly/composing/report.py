"""Report: how a song was made, as plain data that travels in its file.

Conventions: numbers, texts, lists and dictionaries only; feelings are rounded to .01, so that the numbers in a file
compose the same song again. It is kept as one text event of the MIDI file: "kelly " and the report as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from kelly._version import __version__
from kelly.composing import neural
from kelly.composing.composer import Composition, Written
from kelly.composing.context import BAR
from kelly.composing.settings import Settings
from kelly.composing.telling import Told, nothing_heard, rows
from kelly.emotion.journey import Journey
from kelly.emotion.space import RANGES
from kelly.errors import FileError
from kelly.listening.reading import Reading, emotion_dict
from kelly.models.transformer import network as transformer
from kelly.score.notes import Meter, Score

__all__ = ["TAG", "Heard", "Report", "heard_at", "read_report", "report_of", "report_text"]

Report = dict[str, Any]
TAG = "kelly "
MOST_WORDS = 40


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
            except (ValueError, RecursionError):
                report = None
            if not isinstance(report, dict) or "emotion" not in report:
                raise FileError("the file's Kelly report is damaged: it should be one JSON object")
            return report
    return None


@dataclass(frozen=True, slots=True)
class Heard:
    """What a song was heard from: its journey, and the reading or the passages of the story that it was read in."""

    journey: Journey
    reading: Reading | None = None
    story: tuple[Told, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether there is a text, and no word in it that is known."""
        return nothing_heard(self.story) if self.story else self.reading is not None and not self.reading.heard


def report_of(title: str, journey: Journey, settings: Settings, made: Composition, heard: Heard) -> Report:
    """The report of a composition: feelings and words, parameters, sections, broken rules, remarks and settings.

    Parameters: title; journey, as composed; settings; made, the composition; heard, what the feelings were heard from.
    """
    first = made.plan.sections[0]
    bars = sum(section.bars for section in made.plan.sections)
    report = {
        "version": __version__,
        "title": title,
        "seed": settings.seed,
        **_feelings(journey, heard.reading),
        "parameters": {
            **first.parameters.as_dict(),
            "key": first.key.name,
            "genre": made.plan.genre.name,
            "complexity": round(made.plan.complexity, 3),
            "humanise": made.plan.humanise,
            "feel": made.plan.feel,
            "dynamics": made.plan.dynamics,
            "bars": bars,
            "seconds": round(made.score.duration, 2),
            **first.figures,
            "instruments": {part: made.plan.instruments[part].name for part in made.heard},
        },
        "sections": [_section(written, made) for written in made.sections],
        "rule_breaks": [
            {"name": b.name, "severity": round(b.severity, 3), "reason": b.reason, "asked": b.asked}
            for b in made.broken
        ],
        "remarks": list(_remarks(made, heard)),
        "settings": _wished(settings),
    }
    return {**report, "story": list(rows(heard.story, journey, bars))} if heard.story else report


def _feelings(journey: Journey, reading: Reading | None) -> Report:
    report: Report = {"emotion": emotion_dict(journey.start), "readings": [], "words": []}
    if reading:
        report |= {key: value for key, value in reading.as_dict().items() if key != "emotion"}
        report["words"] = _heaviest(report["words"])
    report["journey"] = {
        "arc": journey.arc.name,
        "from": emotion_dict(journey.start),
        "to": emotion_dict(journey.end),
        **(_points(journey) if journey.points else {}),
    }
    return report


def _points(journey: Journey) -> Report:
    """The points that a journey leads through, and the stretches of its arc before it was brought to a length."""
    return {
        "points": [{"at": place, **{name: getattr(felt, name) for name in RANGES}} for place, felt in journey.points],
        "stretches": [{"role": s.role, "bars": s.bars, "energy": s.energy} for s in journey.arc.stretches],
    }


def _heaviest(words: list[Report]) -> list[Report]:
    """The words that weighed most, in the order of the text, equal ones as one: a long text makes no long file."""
    said: dict[tuple[str, bool], Report] = {}
    for word in words:
        first = said.setdefault((word["word"].casefold(), word["negated"]), {**word, "weight": 0.0})
        first["weight"] = round(first["weight"] + word["weight"], 4)
    least = sorted((word["weight"] for word in said.values()), reverse=True)[:MOST_WORDS][-1:]
    return [word for word in said.values() if word["weight"] >= least[0]][:MOST_WORDS]


def heard_at(score: Score, onset: float) -> float:
    """Where a planned time (beats, in bars of four) lies in the score, whose bars a broken rule may have cut short."""
    start = 0.0
    for _ in range(int(onset // BAR)):
        start += _meter(score, start).bar_length
    return start + min(onset % BAR, _meter(score, start).bar_length)


def _meter(score: Score, beat: float) -> Meter:
    return max((meter for meter in score.meters if meter.onset <= beat + 1e-6), key=lambda meter: meter.onset)


def _tempo(score: Score, beat: float) -> float:
    return max((tempo for tempo in score.tempos if tempo.onset <= beat + 1e-6), key=lambda tempo: tempo.onset).bpm


def _section(written: Written, made: Composition) -> Report:
    section = written.section
    start = heard_at(made.score, section.start)
    sounding = [layer.part for layer in written.layers if written.notes[layer.part] and layer.part in made.heard]
    return {
        "role": section.role,
        "bars": section.bars,
        "start": start,
        "energy": section.energy,
        "emotion": emotion_dict(section.asked),
        "tempo": round(_tempo(made.score, start), 3),
        "key": section.key.name,
        "chords": [section.key.chord_name(chord.symbol) for chord in written.chords],
        "numerals": [chord.numeral for chord in written.chords],
        "onsets": [heard_at(made.score, section.start + chord.onset) - start for chord in written.chords],
        "figures": dict(section.figures),
        "parts": sounding,
    }


def _remarks(made: Composition, heard: Heard) -> Iterator[str]:
    """What a user may wonder at."""
    if heard.nothing:
        yield "no word of the text names a feeling that Kelly knows: it is composed as neutral"
    if made.plan.neural and (lacking := neural.missing()):
        yield f"Kelly lacks {', '.join(lacking)}: the rules play in their place"
    if made.plan.improvise and transformer.shipped() is None:
        yield "Kelly lacks the transformer: the rules write in its place"
    genre = made.plan.genre
    low, high = genre.tempo
    for section in made.plan.sections:
        if section.pulse != 1:
            way = "half-time" if section.pulse < 1 else "double-time"
            bpm = section.parameters.tempo
            yield f"{bpm:g} BPM lies outside {genre.name}'s {low:g}-{high:g}: its patterns are played in {way}"
            return


def _wished(settings: Settings) -> Report:
    """The settings that were given, so that the song can be composed again."""
    given = {name: value for name, value in asdict(settings).items() if value != getattr(Settings(), name)}
    return json.loads(json.dumps(given))  # type: ignore[no-any-return]  # tuples become lists, as they will when read
