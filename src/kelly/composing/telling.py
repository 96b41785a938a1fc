"""Telling: which sentence of a story drives which section of a song, as the song's report keeps it.

Conventions: `at` is the place of a passage's middle in the story's journey, as progress in 0..1 of its arc before that
is brought to a length; feelings are rounded to .01. Of a long story the heaviest passages of every section are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kelly.emotion.journey import Journey
from kelly.emotion.space import Emotion
from kelly.listening.reading import FAINT, UNHEARD, emotion_dict
from kelly.listening.story import Story

__all__ = ["LONGEST", "MOST", "Told", "nothing_heard", "rows", "told"]

MOST = 64  # passages: a long story makes no long file
LONGEST = 80  # characters of a passage
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Told:
    """A passage as it is told: its text on one line, cut at 80 characters; its place in the story in characters and in
    the journey as progress; and what is felt in it.
    """

    text: str
    start: int
    end: int
    at: float
    feeling: Emotion


def told(story: Story) -> tuple[Told, ...]:
    """The passages of a story that are told, in order: all of a short one, of a long one the heaviest by section."""
    arc, places = story.journey().arc, story.places()
    ranks = [0] * len(places)
    seen: dict[int, int] = {}
    for i in sorted(range(len(places)), key=lambda i: (-round(story.passages[i].weight, 6), i)):
        section = arc.index(places[i])
        ranks[i] = seen[section] = seen.get(section, -1) + 1
    first = sorted(sorted(range(len(places)), key=lambda i: (ranks[i], i))[:MOST])
    return tuple(
        Told(_line(one.text), one.start, one.end, round(places[i], 6), _felt(one.reading.emotion))
        for i, one in ((i, story.passages[i]) for i in first)
    )


def _felt(emotion: Emotion) -> Emotion:
    return Emotion(*(round(number, 2) + 0.0 for number in (*emotion.vad, emotion.confidence)))


def _line(text: str) -> str:
    plain = " ".join(_ODD.sub(" ", text).split())
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1].rstrip() + "…"


def rows(passages: Sequence[Told], journey: Journey, bars: int) -> Iterator[dict[str, Any]]:
    """The passages as plain data, with the number of the section they drive when the journey takes `bars` bars.

    A row has text, start, end, at, valence, arousal, dominance, confidence, name, category, tier and section (from 0).
    """
    form = journey.arc.scaled(bars)
    for one in passages:
        feeling = emotion_dict(one.feeling)
        del feeling["intensity"]
        section = form.index(journey.arc.moved(one.at, bars))
        yield {"text": one.text, "start": one.start, "end": one.end, "at": one.at, **feeling, "section": section}


def nothing_heard(passages: Sequence[Told]) -> bool:
    """Whether no passage tells a feeling."""
    return all(one.feeling.confidence <= UNHEARD or one.feeling.intensity <= FAINT for one in passages)
