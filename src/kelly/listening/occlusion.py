"""Occlusion: which words moved a reading, by reading the text again without them.

Conventions: the influence of a word on an axis is the reading of the whole text minus the reading without the word, in
the axis's own unit; so influences need not sum to the reading ("not" and "happy" share theirs). Short texts lose one
word at a time; in longer ones neighbouring words go together, so that the work stays bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Influence", "influences"]

_WORD = re.compile(r"\S+")
_WORK = 900  # words to read again, over all the readings together
_FEWEST = 8

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Influence:
    """What a word, or a few neighbouring ones, did to a reading.

    Parameters: text, as written; start, end, its place in characters; valence, arousal, dominance, how far it moved
    each (what the reading would lose without it).
    """

    text: str
    start: int
    end: int
    valence: float
    arousal: float
    dominance: float

    @property
    def size(self) -> float:
        """How far the word moved the reading in all, in the metric of `emotion.space.distance`."""
        return float(np.hypot(np.hypot(self.valence / 2, self.arousal), self.dominance))

    def as_dict(self) -> dict[str, Any]:
        """The influence as plain data for JSON."""
        place = {"text": self.text, "start": self.start, "end": self.end}
        return place | {axis: round(getattr(self, axis), 4) for axis in ("valence", "arousal", "dominance")}


def influences(text: str, read: Callable[[Sequence[str]], Points]) -> tuple[Influence, ...]:
    """What each word of a text did to its reading, in the order of the text.

    Parameters: text; read, a reader that gives V, A, D (texts, 3) of several texts at once.
    Returns: nothing for a text of a single word, which has nothing to be compared with.
    """
    spans = _spans(text)
    if len(spans) < 2:
        return ()
    points = read([text, *(text[:start] + text[end:] for start, end in spans)])
    return tuple(
        Influence(text[start:end], start, end, *(float(x) for x in points[0] - without))
        for (start, end), without in zip(spans, points[1:], strict=True)
    )


def _spans(text: str) -> list[tuple[int, int]]:
    """The places to leave out: words without the marks around them, or several words together in a long text."""
    words = [word.span() for word in _WORD.finditer(text) if any(c.isalnum() or ord(c) > 0x2000 for c in word[0])]
    if not words:
        return []
    count = min(len(words), max(_FEWEST, _WORK // len(words)))
    cuts = [round(i * len(words) / count) for i in range(count + 1)]
    return [_trimmed(text, words[a][0], words[b - 1][1]) for a, b in pairwise(cuts)]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A place without the marks at its edges, unless there is nothing else (an emoji)."""
    inside = [at for at in range(start, end) if text[at].isalnum()]
    return (inside[0], inside[-1] + 1) if inside else (start, end)
