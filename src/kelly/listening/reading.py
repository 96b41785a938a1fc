"""What a listener hands on: the feeling, the other ways to read it, and the words that caused it.

Conventions: offsets count characters of the text as it was given, `end` exclusive; valence lies in [-1, 1], arousal,
dominance, weights and emphasis in [0, 1]. Values only; `words` decides what they hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.emotion.code import AXES, Gaussian, encode
from kelly.emotion.space import Emotion
from kelly.emotion.thesaurus import Node, describe
from kelly.listening.occlusion import Influence

__all__ = ["FAINT", "UNHEARD", "Alternative", "Reading", "WordEvidence", "emotion_dict"]

UNHEARD, FAINT = 0.25, 0.22  # confidence and intensity below which nothing is heard
NOTICED = 0.01  # weight of a name below which plain data leave it out


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to read a text: a node of the thesaurus and its weight (0..1; the weights of a reading sum to 1)."""

    node: Node
    weight: float


@dataclass(frozen=True, slots=True)
class WordEvidence:
    """A word or phrase that moved the reading.

    Parameters
    ----------
    word : as written in the text.
    start, end : its place in the text, in characters.
    name : the name of the feeling it stands for, before any negation.
    emotion : where it pulls the reading, after degree words, negation and emphasis.
    weight : its share of the reading, 0..1; the shares sum to 1.
    negated : whether a negation reaches it.
    factor : what degree words made of its distance from neutral (1 is as the lexicon says).
    wound : the wound or joy it names, or None.
    """

    word: str
    start: int
    end: int
    name: str
    emotion: Emotion
    weight: float
    negated: bool = False
    factor: float = 1.0
    wound: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The evidence as plain data for JSON."""
        valence, arousal, dominance = (round(x, 4) for x in self.emotion.vad)
        return {
            "word": self.word,
            "start": self.start,
            "end": self.end,
            "name": self.name,
            "valence": valence,
            "arousal": arousal,
            "dominance": dominance,
            "weight": round(self.weight, 4),
            "negated": self.negated,
            "factor": round(self.factor, 4),
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """How a text, or a score, was heard.

    Parameters
    ----------
    text : what was read, or the name of the file that was heard.
    emotion : the feeling heard; its confidence is 0.2 or less when no word was known.
    alternatives : one to three readings, most likely first, weights summing to 1.
    words : the evidence, in the order of the text.
    wound : what happened (loss, betrayal, rejection, failure, trauma, loneliness, shame, fear, anger, longing, regret)
        or which joy (love, relief, triumph, gratitude); None when nothing names one.
    wound_words : the words that named it, as written.
    emphasis : 0..1, how loud the writing is (capitals, exclamation marks, stretched words).
    spreads : how far the mean of many listeners is likely to lie from the reading: standard deviations of valence,
        arousal and dominance; infinite where the reader cannot say.
    names : the 72 names and eight blends with their weights, which sum to 1, in the thesaurus's order; none where the
        reader does not weigh them.
    influences : what each word did to the reading (`kelly.listening.words.explained` finds out).
    reader : "learned" or "lexicon" of words, "symbolic" of a score, "sound" of a recording.
    """

    text: str
    emotion: Emotion
    alternatives: tuple[Alternative, ...]
    words: tuple[WordEvidence, ...]
    wound: str | None = None
    wound_words: tuple[str, ...] = ()
    emphasis: float = 0.0
    spreads: tuple[float, float, float] = (math.inf, math.inf, math.inf)
    names: tuple[tuple[str, float], ...] = ()
    influences: tuple[Influence, ...] = ()
    reader: str = "lexicon"

    @property
    def heard(self) -> bool:
        """Whether a feeling is heard at all, rather than plain facts or what is no English."""
        if self.reader == "lexicon":
            return bool(self.words)
        if self.reader in {"symbolic", "sound"}:
            return self.emotion.confidence > 0
        return self.emotion.confidence > UNHEARD and (bool(self.words) or self.emotion.intensity > FAINT)

    @property
    def code(self) -> npt.NDArray[np.float64]:
        """The reading as an emotion code: array (64,), see `kelly.emotion.code`."""
        return encode(Gaussian(self.emotion, self.spreads))

    def as_dict(self) -> dict[str, Any]:
        """The reading as plain data for JSON: emotion, readings, words, wound, wound_words, emphasis."""
        return {
            "emotion": emotion_dict(self.emotion),
            "readings": [_alternative_dict(alternative) for alternative in self.alternatives],
            "words": [evidence.as_dict() for evidence in self.words],
            "wound": self.wound,
            "wound_words": list(self.wound_words),
            "emphasis": round(self.emphasis, 4),
            "reader": self.reader,
            "spread": {axis: _finite(spread) for axis, spread in zip(AXES, self.spreads, strict=True)},
            "names": {name: round(weight, 4) for name, weight in self.names if weight >= NOTICED},
            "influences": [influence.as_dict() for influence in self.influences],
        }


def emotion_dict(emotion: Emotion) -> dict[str, Any]:
    """A feeling as plain data for JSON: its five numbers (four digits), and the name, category and tier that fit."""
    node = describe(emotion)
    numbers = ("valence", "arousal", "dominance", "confidence", "intensity")
    return {
        **{name: round(getattr(emotion, name), 4) for name in numbers},
        "name": node.name,
        "category": node.category,
        "tier": node.tier,
    }


def _finite(spread: float) -> float | None:
    return round(spread, 4) if math.isfinite(spread) else None


def _alternative_dict(alternative: Alternative) -> dict[str, Any]:
    node = alternative.node
    valence, arousal, dominance = (round(x, 4) for x in node.emotion.vad)
    return {
        "name": node.name,
        "category": node.category,
        "tier": node.tier,
        "valence": valence,
        "arousal": arousal,
        "dominance": dominance,
        "weight": round(alternative.weight, 4),
    }
