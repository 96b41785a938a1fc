"""Retelling readings: plain data, as `Reading.as_dict` tells it, back as a reading.

Conventions: what was rounded stays rounded (numbers to four digits), and what is not told is as if it were not known:
the text, unless it is given; names that weigh less than .01; which word names a wound, and how sure a word's feeling
is. A name that stands in the thesaurus, at its place there, is the thesaurus's own node.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from kelly.emotion import thesaurus
from kelly.emotion.code import AXES
from kelly.emotion.space import Emotion
from kelly.emotion.thesaurus import Node
from kelly.errors import UsageError
from kelly.listening.occlusion import Influence
from kelly.listening.reading import Alternative, Reading, WordEvidence
from kelly.numbers import number, whole

__all__ = ["reading_of"]

_FAR = 2**31  # characters of a text, and whatever else is not bounded by its meaning


def reading_of(told: Mapping[str, Any], text: str = "") -> Reading:
    """The reading that was told.

    Parameters: told, as `Reading.as_dict` gives it, of which all but the emotion may be left out; further fields are
    passed over. text, what was read.
    Raises: UsageError, it is no such data.

    Examples
    --------
    >>> from kelly.listening.words import feel
    >>> told = feel("I am so happy").as_dict()
    >>> reading_of(told).as_dict() == told
    True
    """
    try:
        return _reading(told, text)
    except UsageError as error:
        raise UsageError(f"a reading must be as Kelly tells one: {error}") from error
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"a reading must be as Kelly tells one; got another ({type(error).__name__})") from error


def _reading(told: Mapping[str, Any], text: str) -> Reading:
    emotion = told["emotion"]
    spread = told.get("spread", {})
    valence, arousal, dominance = (_spread(spread.get(axis)) for axis in AXES)
    return Reading(
        text,
        Emotion(*_place(emotion), emotion.get("confidence", 1.0), emotion.get("intensity", math.nan)),
        tuple(Alternative(_node(row), _share(row["weight"])) for row in told.get("readings", ())),
        tuple(_word(row) for row in told.get("words", ())),
        None if told.get("wound") is None else _text(told["wound"]),
        tuple(_text(word) for word in told.get("wound_words", ())),
        _share(told.get("emphasis", 0.0)),
        (valence, arousal, dominance),
        tuple((_text(name), _share(weight)) for name, weight in told.get("names", {}).items()),
        tuple(_influence(row) for row in told.get("influences", ())),
        _text(told.get("reader", "lexicon")),
    )


def _node(row: Mapping[str, Any]) -> Node:
    """The node of the thesaurus that is meant, or one like it."""
    place = Emotion(*_place(row))
    known = _nodes().get((_text(row["name"]), _text(row["tier"])))
    if known is not None and place.vad == tuple(round(x, 4) for x in known.emotion.vad):
        return known
    return Node(row["name"], _text(row["category"]), row["tier"], place)


@cache
def _nodes() -> dict[tuple[str, str], Node]:
    return {(node.name, node.tier): node for node in (*thesaurus.nodes(), *thesaurus.blends())}


def _word(row: Mapping[str, Any]) -> WordEvidence:
    return WordEvidence(
        _text(row["word"]),
        whole("start", row["start"], 0, _FAR),
        whole("end", row["end"], 0, _FAR),
        _text(row["name"]),
        Emotion(*_place(row)),
        _share(row["weight"]),
        bool(row.get("negated", False)),
        number("factor", row.get("factor", 1.0), -_FAR, _FAR),
    )


def _influence(row: Mapping[str, Any]) -> Influence:
    start, end = (whole(name, row[name], 0, _FAR) for name in ("start", "end"))
    valence, arousal, dominance = (number(axis, row[axis], -2, 2) for axis in AXES)
    return Influence(_text(row["text"]), start, end, valence, arousal, dominance)


def _place(row: Mapping[str, Any]) -> tuple[float, float, float]:
    return row["valence"], row["arousal"], row["dominance"]


def _spread(value: object) -> float:
    return math.inf if value is None else number("a spread", value, 0, _FAR)


def _share(value: object) -> float:
    return number("a weight", value, 0, 1)


def _text(value: object) -> str:
    """A text that can be written. Raises: TypeError, UnicodeEncodeError."""
    if not isinstance(value, str):
        raise TypeError(value)
    value.encode("utf-8")  # half a character has no place there
    return value
