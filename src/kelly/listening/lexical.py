"""The lexicon reader: a text is heard by the words that stand in a lexicon and the grammar around them.

Conventions: `read` is a reader of English without any trained part: the explainer of the learned reader, its fallback
and its baseline. It finds the entries of the lexicon, lets the grammar
change them (negation, degree, contrast, wishes, the past), and takes the weighted mean; where two feelings that make
a blend (joy and sorrow: bittersweet) stand side by side, the blend. It does not attempt sarcasm, and it does not know
who is meant: "she is sad" reads as sad. A text of another language gives a neutral reading of low confidence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from kelly.emotion.space import NEUTRAL, Emotion, clipped, distance
from kelly.emotion.thesaurus import Node, describe, lookup
from kelly.errors import UsageError
from kelly.listening.grammar import find
from kelly.listening.lexicon import point
from kelly.listening.morphology import table
from kelly.listening.operators import Found
from kelly.listening.reading import Alternative, Reading, WordEvidence
from kelly.listening.tokens import Token, tokenize

__all__ = ["LONGEST", "check", "read"]

LONGEST = 100_000  # characters
_APART = 0.28  # feelings nearer than this (in the metric of `space.distance`) are one reading
_SHARE = 0.15  # a reading below this share is not told
_BLENDED = 0.35  # the lesser of two feelings must have this share for a blend
_UNSURE = 0.1  # confidence without any word
_EVENTS = ("loss", "betrayal", "rejection", "failure", "trauma")
_JOYS = ("love", "relief", "triumph", "gratitude")
_DENIED = {"love": "loneliness", "triumph": "failure"}  # what a denied joy names
_ENOUGH = 0.5  # the weight of words below which a reading stays near neutral
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")


def read(text: str) -> Reading:
    """Hear what a text feels.

    Parameters: text, 1..100,000 characters with at least one that is not white space.
    Returns: a Reading; without a known word its emotion is neutral with confidence 0.1.

    Raises
    ------
    UsageError : the text is empty, too long, not text, or holds control characters as binary data does.

    Examples
    --------
    >>> read("I am not happy").emotion.valence < 0
    True
    """
    check(text)
    tokens = tokenize(text)
    emphasis = _emphasis(tokens)
    found = find(tokens)
    if not found:
        return _nothing(text, emphasis)
    words = _evidence(text, tokens, found, emphasis)
    mass = math.fsum(one.weight for one in found)
    alternatives = _alternatives(words)
    emotion = _blend(alternatives, words) or _mean(words).scaled(min(1.0, mass / _ENOUGH))
    wound, wound_words = _wound(words)
    confidence = _confidence(words, mass)
    return Reading(text, emotion.with_confidence(confidence), alternatives, words, wound, wound_words, emphasis)


def check(text: str) -> None:
    """Raise UsageError when a text is empty, too long, not text, or holds control characters as binary data does."""
    if not isinstance(text, str):
        raise UsageError(f"text must be a string; got {type(text).__name__}")
    if len(text) > LONGEST:
        raise UsageError(f"text must be at most {LONGEST:,} characters long; got {len(text):,}")
    if not text.strip():
        raise UsageError(f"text must hold at least one word; got {text[:20]!r}")
    odd = len(_BINARY.findall(text))
    if odd:
        raise UsageError(f"text must be readable text, without control characters; got {odd} of them")


def _emphasis(tokens: list[Token]) -> float:
    """How loud the writing is, 0..1: capitals throughout, exclamation marks, stretched words."""
    words = [token for token in tokens if not token.mark]
    loud = sum(token.loud for token in words)
    bangs = sum(token.mark.count("!") + token.mark.count("！") for token in tokens)
    stretched = sum(token.stretched for token in words)
    shouted = 0.5 if loud >= 2 and loud >= 0.6 * sum(len(token.forms[0]) > 1 for token in words) else 0.0
    return min(1.0, shouted + 0.15 * min(bangs, 3) + 0.1 * min(stretched, 2) + 0.05 * min(loud, 2))


def _nothing(text: str, emphasis: float) -> Reading:
    emotion = Emotion(NEUTRAL.valence, NEUTRAL.arousal + 0.2 * emphasis, NEUTRAL.dominance, _UNSURE)
    return Reading(text, emotion, (Alternative(describe(emotion), 1.0),), (), emphasis=emphasis)


def _evidence(text: str, tokens: list[Token], found: list[Found], emphasis: float) -> tuple[WordEvidence, ...]:
    """What the grammar found, with the emphasis of the text; a strong feeling weighs more than a faint one."""
    emotions = [_loud(one.point(), emphasis) for one in found]
    raw = [one.weight * (0.25 + emotion.intensity) for one, emotion in zip(found, emotions, strict=True)]
    total = math.fsum(raw)
    return tuple(
        _word(text, tokens, one, emotion, weight / total)
        for one, emotion, weight in zip(found, emotions, raw, strict=True)
    )


@lru_cache(maxsize=4096)  # the same words come again and again
def _loud(place: tuple[float, float, float], emphasis: float) -> Emotion:
    valence, arousal, dominance = place
    moved = (valence * (1 + 0.15 * emphasis), arousal + 0.2 * emphasis, dominance)
    return clipped(*moved)


def _word(text: str, tokens: list[Token], found: Found, emotion: Emotion, weight: float) -> WordEvidence:
    start, end = tokens[found.first].start, tokens[found.last].end
    name, wound, factor = found.sense.name, _named(found, emotion), round(found.factor, 4)
    return WordEvidence(text[start:end], start, end, name, emotion, weight, found.negated, factor, wound)


def _named(found: Found, emotion: Emotion) -> str | None:
    """The wound or joy that a word names where it stands: a joy that is gone is a loss, one wished for a longing."""
    wound = found.sense.wound
    bright = point(found.sense).valence > 0
    for kind in found.operators:
        if kind in ("wish", "past") and bright:
            return "longing"
        if kind == "ended":
            return "loss" if bright else "relief"
        if kind == "negate":
            return _DENIED.get(wound)
    fits = wound not in _JOYS or emotion.valence > 0
    return wound if wound and fits else None


def _groups(words: Sequence[WordEvidence]) -> list[_Group]:
    """Words that say nearly the same, heaviest group first."""
    groups: list[_Group] = []
    for word in sorted(words, key=lambda word: (-round(word.weight, 9), word.start)):
        near = next((group for group in groups if distance(group.centre, word.emotion) < _APART), None)
        if near is None:
            groups.append(_Group(word.emotion, [word]))
        else:
            near.words.append(word)
    return sorted(groups, key=lambda group: -round(group.weight, 9))


@dataclass(frozen=True, slots=True)
class _Group:
    centre: Emotion
    words: list[WordEvidence]

    @property
    def weight(self) -> float:
        return math.fsum(word.weight for word in self.words)


def _alternatives(words: Sequence[WordEvidence]) -> tuple[Alternative, ...]:
    """One to three readings: the heaviest groups, those of one name taken together."""
    weights: dict[Node, float] = {}
    for group in _groups(words):
        node = describe(_mean(group.words))
        weights[node] = weights.get(node, 0.0) + group.weight
    ranked = sorted(weights.items(), key=lambda item: -round(item[1], 9))
    told = [ranked[0], *(item for item in ranked[1:3] if item[1] >= _SHARE)]
    total = math.fsum(weight for _, weight in told)
    return tuple(Alternative(node, weight / total) for node, weight in told)


def _mean(words: Sequence[WordEvidence]) -> Emotion:
    total = math.fsum(word.weight for word in words)
    axes = zip(*(word.emotion.vad for word in words), strict=True)
    weights = [word.weight / total for word in words]
    return Emotion(*(math.fsum(w * x for w, x in zip(weights, axis, strict=True)) for axis in axes))


def _blend(alternatives: tuple[Alternative, ...], words: Sequence[WordEvidence]) -> Emotion | None:
    """The blend that the two heaviest readings make, if the lesser is heavy enough and the two make one."""
    # What is denied is not felt: "neither happy nor sad" is no mixed feeling.
    if len(alternatives) < 2 or math.fsum(word.weight for word in words if word.negated) >= _BLENDED:
        return None
    one, other = alternatives[:2]
    if other.weight / (one.weight + other.weight) < _BLENDED:
        return None
    for a in (one.node.name, one.node.category):
        for b in (other.node.name, other.node.category):
            name = _pairs().get((a, b)) or _pairs().get((b, a))
            if name:
                return lookup(name).emotion
    return None


@cache
def _pairs() -> dict[tuple[str, str], str]:
    return {(row["one"], row["other"]): row["blend"] for row in table("pairs.csv")}


def _confidence(words: Sequence[WordEvidence], mass: float) -> float:
    """How sure the reading is: grows with the weight of the words found and with how far they pull the same way."""
    # Plain sums, not BLAS: the last digit shall be the same on every machine.
    pulls = [
        (w.weight * v, 2 * w.weight * (a - 0.3), w.weight * (d - 0.5)) for w in words for v, a, d in [w.emotion.vad]
    ]
    apart = math.fsum(math.hypot(*pull) for pull in pulls)
    agreement = math.hypot(*(math.fsum(axis) for axis in zip(*pulls, strict=True))) / apart if apart > 0 else 1.0
    return min(0.97, mass**2 / (mass**2 + 0.5) * (0.35 + 0.65 * agreement))


def _wound(words: Sequence[WordEvidence]) -> tuple[str | None, tuple[str, ...]]:
    """The wound or joy with the most weight behind it, and its words. What happened counts double."""
    weights: dict[str, float] = {}
    for word in words:
        if word.wound:
            weights[word.wound] = weights.get(word.wound, 0.0) + word.weight * (2 if word.wound in _EVENTS else 1)
    if not weights:
        return None, ()
    wound = max(weights, key=lambda name: round(weights[name], 9))
    return wound, tuple(word.word for word in words if word.wound == wound)
