"""Judge: measures whether what was written carries what was asked, and has written again what does not.

Conventions: a section is heard by the judge, a recogniser for scores that learned from songs of its own (a fifth of the
rated ones; what labels songs for the generators and what examines these learned from others). Valence and arousal are
compared, dominance is a promise of the formulas. A miss is the distance of what was heard from what was asked, valence
mapped to 0..1. The judge learned from pianos and hears a band's arousal and valence on another scale: what it says of
Kelly's songs is brought to that of what was asked for (`BAND`, found on songs of all feelings by
`benchmarks/controllability/band.py`).

A song is tried again up to `tries` times, until no section misses by more than `tolerance`: sections that miss are
written for more or less than was asked, by what they lacked at their best, and in another take. All sections of a role
change together, so that a verse that comes back is the same verse. Tempo, loudness and mode stay what the formulas
promise. The best of each role is kept.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kelly.composing.composer import Composition, compose_score
from kelly.composing.context import FIRST, Revision
from kelly.composing.settings import Settings
from kelly.emotion.journey import Journey
from kelly.emotion.space import Emotion, clipped
from kelly.listening.score import placed
from kelly.listening.traits.sounded import sounded
from kelly.models.symbolic.model import shipped
from kelly.score.notes import Score

__all__ = ["Fitted", "Measured", "fitted", "measured", "with_heard"]

# (offset, slope) by which the judge hears Kelly's songs: heard = offset + slope * asked, of valence and of arousal; and
# its own error on that scale: how far it and another ear, of other songs, hear the same song apart, by the root of 2.
BAND = ((0.1, 0.36), (0.46, 0.54))
ERROR = (0.39, 0.06)
WIDEST = 0.6, 0.35  # how much more valence and arousal a section is written with, or less, at most
GAIN = 0.8  # the share of what a section lacks, that it is written with more


@dataclass(frozen=True, slots=True)
class Measured:
    """A section as it is heard: asked and heard, the judge's own error of valence and arousal, and the miss.

    A section of fewer than four notes is not heard: `heard` is None, and it does not miss.
    """

    asked: Emotion
    heard: Emotion | None
    error: tuple[float, float]
    miss: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """The best of some tries: the composition, its sections as they are heard, and how many were made."""

    made: Composition
    sections: tuple[Measured, ...]
    tries: int


def measured(made: Composition) -> tuple[Measured, ...]:
    """The sections of a composition as the judge hears them. Raises: FileError, Kelly was built without a judge."""
    each = made.plan.sections
    return _heard(made.score, [(one.start, one.start + one.beats, one.asked) for one in each])


def fitted(journey: Journey, settings: Settings) -> Fitted:
    """Compose a song for a journey that is heard as it is asked: within `settings.fit`, in up to `settings.tries`.

    Raises: FileError, as `measured`.
    """
    tolerance = settings.fit or 0.0
    best = _tried(journey, settings, FIRST)
    for take in range(1, settings.tries):
        wanting = {role for role, miss in best.misses().items() if miss > tolerance}
        if not wanting:
            return Fitted(best.made, best.sections, take)
        other = _tried(journey, settings, _revised(best, wanting, take))
        better = {role for role in wanting if other.misses()[role] < best.misses()[role]}
        if better == wanting:
            best = other
        elif better:  # some roles from either: written together once more
            best = _tried(journey, settings, _joined(best.revision, other, better))
    return Fitted(best.made, best.sections, settings.tries)


def with_heard(score: Score, report: Mapping[str, Any]) -> dict[str, Any]:
    """A song's report that also says, of each section, how it is heard (None where there is too little to hear).

    Parameters: score, of the song; report, as `composing.report` makes it. Raises: FileError, as `measured`.
    """
    spans = [(float(one["start"]), 4.0 * one["bars"], _asked(one["emotion"])) for one in report["sections"]]
    told = _heard(score, [(start, start + beats, asked) for start, beats, asked in spans])
    sections = [{**section, "heard": _row(one)} for section, one in zip(report["sections"], told, strict=True)]
    return {**report, "sections": sections}


def _asked(told: Mapping[str, Any]) -> Emotion:
    return Emotion(*(float(told[axis]) for axis in ("valence", "arousal", "dominance")))


def _row(told: Measured) -> dict[str, Any] | None:
    if told.heard is None:
        return None
    valence, arousal = (round(one, 2) for one in told.heard.vad[:2])
    return {
        "valence": valence,
        "arousal": arousal,
        "error": [round(one, 2) for one in told.error],
        "miss": round(told.miss, 3),
    }


def _heard(score: Score, spans: Sequence[tuple[float, float, Emotion]]) -> tuple[Measured, ...]:
    """Stretches of a score, each from and to a beat and what was asked of it, as the judge hears them."""
    judge, piece = shipped("judge"), sounded(score)
    first = min(score.seconds([note.onset for note in score.notes(drums=False)]), default=0.0)
    found = []
    for start, end, asked in spans:
        begin, close = (float(one) - first for one in score.seconds([start, end]))
        found.append(_compared(asked, placed(piece.between(begin, close), judge)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Try:
    """A composition and how it is heard."""

    revision: Revision
    made: Composition
    sections: tuple[Measured, ...]

    def misses(self) -> dict[str, float]:
        """By how much the sections of each role miss at most."""
        found: dict[str, float] = {}
        for section, told in zip(self.made.plan.sections, self.sections, strict=True):
            found[section.role] = max(found.get(section.role, 0.0), told.miss)
        return found


def _tried(journey: Journey, settings: Settings, revision: Revision) -> _Try:
    made = compose_score(journey, settings, revision)
    return _Try(revision, made, measured(made))


def _revised(best: _Try, wanting: Collection[str], take: int) -> Revision:
    """What to try next: sections of some roles with more of what they lack, every second time in another take."""
    leans, takes = dict(best.revision.leans), dict(best.revision.takes)
    for section, told in zip(best.made.plan.sections, best.sections, strict=True):
        if section.role not in wanting or told.heard is None:
            continue
        lacking = (told.asked.valence - told.heard.valence, told.asked.arousal - told.heard.arousal)
        before = leans.get(section.index, (0.0, 0.0))
        leans[section.index] = (_leaned(before, lacking, 0), _leaned(before, lacking, 1))
        if take % 2 == 0:
            takes[section.role] = take
    return replace(best.revision, leans=leans, takes=takes)


def _leaned(before: Sequence[float], lacking: Sequence[float], axis: int) -> float:
    return round(min(max(before[axis] + GAIN * lacking[axis], -WIDEST[axis]), WIDEST[axis]), 3)


def _joined(revision: Revision, other: _Try, better: Collection[str]) -> Revision:
    """A revision with some roles of another."""
    leans, takes = dict(revision.leans), dict(revision.takes)
    for section in other.made.plan.sections:
        if section.role in better:
            leans[section.index] = other.revision.leans.get(section.index, (0.0, 0.0))
            takes[section.role] = other.revision.takes.get(section.role, 0)
    return replace(revision, leans=leans, takes=takes)


def _compared(asked: Emotion, told: tuple[Emotion, tuple[float, float, float]] | None) -> Measured:
    """What was heard of a section, on the scale of what is asked of Kelly, beside that."""
    if told is None:
        return Measured(asked, None, (math.inf, math.inf), 0.0)
    valence, arousal, dominance = told[0].vad
    (low, wide), (calm, stirred) = BAND
    heard = clipped((valence - low) / wide, (arousal - calm) / stirred, dominance)
    return Measured(asked, heard, ERROR, math.hypot((heard.valence - asked.valence) / 2, heard.arousal - asked.arousal))
