"""Asking: what a user asks for, as plain data for a service.

Conventions: numbers go as they are, so that nothing is lost on the way. A story goes as what was heard in it, with the
passages that a song's report tells; its other words stay here.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from numbers import Integral, Real
from typing import Any

from kelly.composing.improvising.sampling import USUAL, Sampling, sampling_of
from kelly.composing.intent import SongIntent
from kelly.composing.song import Feeling, Intent, Wishes
from kelly.composing.storyline import Form, Line, Point, Storyline
from kelly.composing.telling import told
from kelly.emotion.code import AXES
from kelly.emotion.journey import Arc, Journey, arcs
from kelly.emotion.space import RANGES, Emotion
from kelly.errors import UsageError
from kelly.listening.reading import Reading
from kelly.listening.story import Story
from kelly.names import find, quoted

__all__ = ["manner", "performance", "place_of", "source_of", "variation", "wanted"]

Plain = dict[str, Any]


def wanted(feeling: Feeling, to: str | Emotion | None, arc: str | None, wishes: Mapping[str, Any]) -> Plain:
    """What a song is asked for.

    Parameters: as `kelly.compose`.
    Raises: UsageError, one of them is none of what it may be, as far as that can be told without the service.
    """
    asked: Plain = {"to": _side(to), "arc": arc}
    if isinstance(feeling, Journey) and not feeling.points and _named(feeling.arc):
        source: Plain = {"vad": _emotion(feeling.start)}
        end = None if feeling.end == feeling.start else _emotion(feeling.end)
        asked = {"to": end if to is None else asked["to"], "arc": feeling.arc.name if arc is None else arc}
    else:
        source = source_of(feeling)
    wished = manner(wishes)
    taken = [name for name, wish in wished.items() if wish is None]
    if taken and isinstance(feeling, Intent):
        raise UsageError(f"over a network no wish of a song intent can be taken away; got None for {taken[0]}")
    return {"feeling": source} | {name: value for name, value in (asked | wished).items() if value is not None}


def variation(kind: str, feeling: Feeling | None, seed: int, sampling: Sampling = USUAL, **asked: object) -> Plain:
    """How a song is to be varied. Raises: as `wanted`."""
    found: Plain = {"kind": kind, "seed": _plain("seed", seed)}
    found |= {name: _plain(name, value) for name, value in asked.items()}
    if feeling is not None:
        found["feeling"] = source_of(feeling)
    if sampling_of(sampling) != USUAL:
        found["sampling"] = asdict(sampling)
    return found


def performance(feeling: Feeling, wishes: Mapping[str, Any], **asked: int) -> Plain:
    """How a song is to be performed again. Raises: as `wanted`."""
    wished = {name: wish for name, wish in manner(wishes).items() if wish is not None}
    found = variation("reperform", feeling, wished.pop("seed", 0)) | asked
    return found | ({"wishes": wished} if wished else {})


def manner(wishes: Mapping[str, Any]) -> Plain:
    """Wishes as plain data. Raises: UnknownNameError, one is not called so; UsageError, its value is no plain data."""
    return {find(name, Wishes.__annotations__, "a wish"): _plain(name, wish) for name, wish in wishes.items()}


def source_of(feeling: Feeling) -> Plain:
    """A feeling, as a service takes it. Raises: UsageError, it is none."""
    if isinstance(feeling, str):
        return {"text": feeling}
    if isinstance(feeling, Emotion):
        return {"vad": _emotion(feeling)}
    if isinstance(feeling, Reading):
        return {"reading": feeling.as_dict() | {"emotion": _emotion(feeling.emotion)}}
    if isinstance(feeling, Journey):
        return {"journey": _way(feeling)}
    if isinstance(feeling, Story):
        feeling = _retold(feeling)
    if isinstance(feeling, SongIntent):
        return {"intent": feeling.model_dump(mode="json", exclude_defaults=True)}
    raise UsageError(
        f"a feeling is a text, an Emotion, a Reading, a Story, a Journey or a SongIntent; got {quoted(feeling)}"
    )


def _retold(story: Story) -> SongIntent:
    """What was heard in a story, as a song file keeps it."""
    journey = story.journey()
    points = journey.points or ((0.0, journey.start),)
    return SongIntent(
        story=Storyline(
            points=tuple(Point(at=place, **_emotion(felt)) for place, felt in points),
            arc=journey.arc.name,
            sections=tuple(Form(role=s.role, bars=s.bars, energy=s.energy) for s in journey.arc.stretches)
            if journey.points
            else (),
            passages=tuple(
                Line(at=one.at, text=one.text, start=one.start, end=one.end, **_emotion(one.feeling))
                for one in told(story)
            ),
        )
    )


def _way(journey: Journey) -> Plain:
    """A journey with all that it has."""
    arc: Plain = {"arc": journey.arc.name}
    if not _named(journey.arc):
        arc["sections"] = [asdict(stretch) for stretch in journey.arc.stretches]
    if journey.points:
        return arc | {"points": [{"at": place, **_emotion(felt)} for place, felt in journey.points]}
    return arc | {"start": _emotion(journey.start), "end": _emotion(journey.end)}


def _named(arc: Arc) -> bool:
    """Whether an arc is what its name says."""
    return arcs().get(arc.name) == arc


def _side(to: str | Emotion | None) -> str | Plain | None:
    if to is None or isinstance(to, str):
        return to
    if isinstance(to, Emotion):
        return _emotion(to)
    raise UsageError(f"side B is a text, the name of an emotion, or an Emotion; got {quoted(to)}")


def place_of(emotion: Emotion) -> dict[str, float]:
    """Where a feeling lies. Raises: UsageError, it is none."""
    if not isinstance(emotion, Emotion):
        raise UsageError(f"the feeling that was meant must be an Emotion; got {quoted(emotion)}")
    return dict(zip(AXES, emotion.vad, strict=True))


def _emotion(emotion: Emotion) -> dict[str, float]:
    return {name: getattr(emotion, name) for name in RANGES}


def _plain(name: str, value: object) -> Any:  # noqa: ANN401 - plain data
    """A value for JSON. Raises: UsageError, it is nothing of the kind."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Integral):
        return operator.index(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(name, one) for key, one in value.items()}
    if isinstance(value, Iterable):
        return [_plain(name, one) for one in value]
    raise UsageError(f"{name} must be a number, a text, or a row of such; got {quoted(value)}")
