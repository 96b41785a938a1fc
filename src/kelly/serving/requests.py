"""Requests: what was asked over the network, as values of the package, checked before a job is taken on.

Conventions: a request is plain data, as a model of `schemas` gives it; reading a text is left to whoever does the work.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from kelly._version import __version__
from kelly.composing.settings import Settings
from kelly.emotion import journey as journeys
from kelly.emotion import thesaurus
from kelly.emotion.journey import Arc, Journey, Stretch
from kelly.emotion.space import Emotion
from kelly.errors import UsageError
from kelly.listening.lexical import check
from kelly.listening.retelling import reading_of

if TYPE_CHECKING:
    from kelly.composing.song import Feeling, Wishes

__all__ = ["checked_variation", "checked_wanted", "feeling_of", "key_of", "side_of", "wishes_of"]

_OUTSIDE = ("feeling", "to", "arc")  # of a request for a song: all but its wishes


def checked_wanted(request: Mapping[str, Any]) -> None:
    """Refuse a request for a song that could only fail. Raises: UsageError, and its children."""
    feeling = _checked_feeling(request["feeling"])
    if request.get("arc") is not None:
        journeys.arc(request["arc"])
    if isinstance(request.get("to"), str):
        check(request["to"])
    Settings(**wishes_of(request))
    own = request["feeling"].get("story") is not None or (isinstance(feeling, Journey) and feeling.points)
    if own and (request.get("to") is not None or request.get("arc") is not None):
        raise UsageError("a story, or a journey through points, goes its own way; it takes no side B and no arc")


def checked_variation(request: Mapping[str, Any]) -> None:
    """Refuse a request for a variation that could only fail. Raises: UsageError, and its children."""
    if request.get("feeling") is not None:
        _checked_feeling(request["feeling"])
    Settings(**wishes_of(request.get("wishes") or {}))


def _checked_feeling(given: Mapping[str, Any]) -> Feeling | None:
    """The feeling, unless it must be read, which takes its time."""
    for name in ("text", "story"):
        if given.get(name) is not None:
            check(given[name])
            return None
    return feeling_of(given)


def feeling_of(given: Mapping[str, Any]) -> Feeling:
    """The feeling that was given, as `schemas.FeelingSource` has it. Raises: UsageError, and its children."""
    ((name, value),) = ((name, value) for name, value in given.items() if value is not None)
    return _FEELINGS[name](value)


def _story(text: str) -> Feeling:
    from kelly.listening.story import read_story

    return read_story(text)


def _intent(given: Mapping[str, Any]) -> Feeling:
    from kelly.composing.intent import loads

    return loads(json.dumps(given, ensure_ascii=False))


def _journey(given: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Journey:
    """A journey: points, or as `schemas.Way` has it."""
    way: Mapping[str, Any] = given if isinstance(given, Mapping) else {"points": given}
    arc: Arc | str | None = way.get("arc")
    if way.get("sections"):
        arc = Arc(str(arc or "own"), tuple(Stretch(**row) for row in way["sections"]))
    if way.get("points"):
        rows = (dict(row) for row in way["points"])
        return Journey.through(((row.pop("at"), Emotion(**row)) for row in rows), arc)
    start, end = (Emotion(**way[side]) if way.get(side) else None for side in ("start", "end"))
    return Journey(start, end, arc)  # type: ignore[arg-type]  # what is None is filled in there


_FEELINGS: Mapping[str, Callable[[Any], Feeling]] = {
    "text": str,
    "emotion": lambda name: thesaurus.lookup(name).emotion,
    "vad": lambda place: Emotion(**place),
    "reading": reading_of,
    "story": _story,
    "journey": _journey,
    "intent": _intent,
}


def side_of(given: str | Mapping[str, float] | None) -> Emotion | None:
    """Side B: None, a name or a few words, or a place."""
    if given is None:
        return None
    if isinstance(given, str):
        from kelly.listening.mood import mood

        return mood(given)
    return Emotion(**given)


def wishes_of(request: Mapping[str, Any]) -> Wishes:
    """What was asked for beside the feeling."""
    given = {name: value for name, value in request.items() if name not in _OUTSIDE and value is not None}
    if "mute" in given:
        given["mute"] = tuple(given["mute"])
    return given  # type: ignore[return-value]  # pydantic gave each its type


def key_of(*asked: object) -> str:
    """A digest of what was asked for, of this Kelly and its models: the same key, the same answer."""
    text = json.dumps([__version__, _sums(), asked], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _sums() -> list[str]:
    """The digests of all files of weights, as their models state them."""
    folders = (folder.joinpath("config.json") for folder in resources.files("kelly.models").iterdir())
    configs = (json.loads(file.read_text(encoding="utf-8")) for file in folders if file.is_file())
    return sorted(digest for config in configs for digest in config["sha256"].values())
