"""Judge: measures whether what was written carries what was asked, and has written again what does not.

Conventions: a section is heard by the judge, a recogniser for scores that learned from songs of its own (a fifth of the
rated ones; what labels songs for the generators and what examines these learned from others). Valence and arousal are
compared, dominance is a promise of the formulas. A miss is the distance of what was heard from what was asked, valence
mapped to 0..1. The judge learned from pianos and hears a band's arousal and valence on another scale: what it says of
Kelly's songs is brought to that of what was asked for (`BAND`, found on songs of all feelings by
`benchmarks/examiner/band.py`).

A song is tried again, up to `settings.tries` times in all, until no section misses by more than `settings.fit`: of
each kind of section (a role of which the same is asked) the best so far is taken, and where it misses it is written
for more or less than was asked, by what it lacked, or, where that was tried, in another take. Sections of a kind change
together, so that a verse that comes back is the same verse. Tempo, loudness and mode stay what the formulas promise.
The last try puts the best of all kinds together; the best try is kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kelly.composing.composer import Composition, compose_score
from kelly.composing.context import FIRST, Revision
from kelly.composing.report import heard_at
from kelly.composing.settings import Settings
from kelly.emotion.journey import Journey
from kelly.emotion.space import Emotion, clipped
from kelly.listening.score import placed
from kelly.listening.traits.sounded import sounded
from kelly.models.symbolic.model import shipped
from kelly.score.notes import Score

Kind = tuple[str, Emotion]

__all__ = ["Fitted", "Measured", "fitted", "heard_report", "measured", "with_heard"]

# (offset, slope) by which the judge hears Kelly's songs: heard = offset + slope * asked, of valence and of arousal; and
# its own error on that scale: how far it and another ear, of other songs, hear the same song apart, by the root of 2.
BAND = ((0.13, 0.29), (0.47, 0.53))
ERROR = (0.38, 0.06)
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
    starts = [heard_at(made.score, section.start) for section in made.plan.sections]
    return _heard(made.score, starts, [section.asked for section in made.plan.sections])


def fitted(journey: Journey, settings: Settings, revision: Revision = FIRST) -> Fitted:
    """Compose a song for a journey that is heard as it is asked: within `settings.fit`, in up to `settings.tries`.

    Parameters: journey; settings; revision, what is done otherwise than the rules would from the first try on.
    Raises: FileError, as `measured`.
    """
    tolerance = settings.fit or 0.0
    tried = [_tried(journey, settings, revision)]
    while max(_best(tried).misses().values(), default=0.0) > tolerance and len(tried) < settings.tries:
        together = _together(tried)
        ripe = (
            len(tried) == settings.tries - 1 or max(one.misses()[kind] for kind, one in together.items()) <= tolerance
        )
        joined = _joined(together, revision)
        untried = joined not in [one.revision for one in tried]
        asked = joined if ripe and untried and len(tried) > 1 else _revised(tried, tolerance)
        tried.append(_tried(journey, settings, asked))
    return Fitted(_best(tried).made, _best(tried).sections, len(tried))


@dataclass(frozen=True, slots=True)
class _Try:
    """A composition and how it is heard, by kinds of sections: those of a role of which the same is asked."""

    revision: Revision
    made: Composition
    sections: tuple[Measured, ...]

    def of(self, kind: Kind) -> list[Measured]:
        """The sections of a kind that are heard."""
        pairs = zip(self.made.plan.sections, self.sections, strict=True)
        return [told for section, told in pairs if (section.role, section.asked) == kind and told.heard is not None]

    def misses(self) -> dict[Kind, float]:
        """By how much the sections of each kind miss at most."""
        kinds = dict.fromkeys((section.role, section.asked) for section in self.made.plan.sections)
        return {kind: max((told.miss for told in self.of(kind)), default=0.0) for kind in kinds}

    def miss(self) -> float:
        """By how much the song misses: the mean over its sections, by their length."""
        bars = [section.bars for section in self.made.plan.sections]
        return math.fsum(n * told.miss for n, told in zip(bars, self.sections, strict=True)) / sum(bars)

    def written(self, kind: Kind) -> tuple[tuple[float, float], int]:
        """How a kind was written: its lean and its take."""
        return self.revision.leans.get(kind, (0.0, 0.0)), self.revision.takes.get(kind[0], 0)


def _tried(journey: Journey, settings: Settings, revision: Revision) -> _Try:
    made = compose_score(journey, settings, revision)
    return _Try(revision, made, measured(made))


def _best(tried: Sequence[_Try]) -> _Try:
    """The try that misses least, the first of equal ones."""
    return min(tried, key=_Try.miss)


def _together(tried: Sequence[_Try]) -> dict[Kind, _Try]:
    """The try in which each kind of section misses least."""
    return {kind: min(tried, key=lambda one: one.misses()[kind]) for kind in tried[0].misses()}


def _joined(together: Mapping[Kind, _Try], revision: Revision) -> Revision:
    """Each kind of section as it was best; of the kinds of a role the one that missed most says in which take."""
    leans: dict[Kind, tuple[float, float]] = {}
    takes: dict[str, int] = {}
    for kind, one in sorted(together.items(), key=lambda pair: pair[1].misses()[pair[0]]):
        leans[kind], takes[kind[0]] = one.written(kind)
    return replace(revision, leans=leans, takes=takes)


def _revised(tried: Sequence[_Try], tolerance: float) -> Revision:
    """What to try next: each kind of section as it was best, and where that misses, for more of what it lacks.

    What was tried already is tried in another take.
    """
    together = _together(tried)
    revision = _joined(together, tried[0].revision)
    leans, takes = dict(revision.leans), dict(revision.takes)
    for kind, best in together.items():
        if best.misses()[kind] > tolerance:
            leans[kind] = _leaned(leans[kind], best.of(kind))
            if (leans[kind], takes[kind[0]]) in [one.written(kind) for one in tried]:
                takes[kind[0]] = 1 + max(one.written(kind)[1] for one in tried)
    return replace(revision, leans=leans, takes=takes)


def _leaned(before: tuple[float, float], told: Sequence[Measured]) -> tuple[float, float]:
    """A lean with more of what sections of a kind lack in the mean."""
    lacking = [(one.asked.vad[axis] - one.heard.vad[axis] for one in told if one.heard) for axis in (0, 1)]
    valence, arousal = (
        round(min(max(lean + GAIN * math.fsum(lack) / len(told), -most), most), 3)
        for lean, lack, most in zip(before, lacking, WIDEST, strict=True)
    )
    return valence, arousal


def with_heard(score: Score, report: Mapping[str, Any]) -> dict[str, Any]:
    """A song's report that also says, of each section, how it is heard (None where there is too little to hear).

    Parameters: score, of the song; report, as `composing.report` makes it. Raises: FileError, as `measured`.
    """
    starts = [float(section["start"]) for section in report["sections"]]
    told = _heard(score, starts, [_asked(section["emotion"]) for section in report["sections"]])
    return heard_report(report, told)


def heard_report(report: Mapping[str, Any], told: Sequence[Measured]) -> dict[str, Any]:
    """A song's report that also says how its sections are heard. Parameters: report; told, of each section."""
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


def _heard(score: Score, starts: Sequence[float], asked: Sequence[Emotion]) -> tuple[Measured, ...]:
    """Sections of a score, each from its start to the next one's, in beats of the score, as the judge hears them."""
    judge, piece = shipped("judge"), sounded(score)
    first = min(score.seconds([note.onset for note in score.notes(drums=False)]), default=0.0)
    edges = [*(score.seconds(starts) - first).tolist(), piece.length + 1.0]
    spans = zip(edges, edges[1:], asked, strict=False)
    return tuple(_compared(one, placed(piece.between(begin, end), judge)) for begin, end, one in spans)


def _compared(asked: Emotion, told: tuple[Emotion, tuple[float, float, float]] | None) -> Measured:
    """What was heard of a section, on the scale of what is asked of Kelly, beside that."""
    if told is None:
        return Measured(asked, None, (math.inf, math.inf), 0.0)
    valence, arousal, dominance = told[0].vad
    (low, wide), (calm, stirred) = BAND
    heard = clipped((valence - low) / wide, (arousal - calm) / stirred, dominance)
    return Measured(asked, heard, ERROR, math.hypot((heard.valence - asked.valence) / 2, heard.arousal - asked.arousal))
