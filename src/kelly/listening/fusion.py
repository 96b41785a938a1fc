"""Fusion: words and a voice, each with how far off it may be, as one reading.

Conventions: readings are independent and normal on each axis, so the best single place is the mean of theirs, each
weighed by the inverse of its variance, and its variance the inverse of the sum of these weights. A reading that cannot
say how far off it is (spread infinite) weighs nothing beside one that can. When voice and words contradict each other
(`apart` above 2 standard deviations on an axis), that is no error of either: the spread grows to reach both.
"""

from __future__ import annotations

import math
from dataclasses import replace

from kelly.emotion.space import clipped
from kelly.listening.naming import called, certainty
from kelly.listening.reading import Reading

__all__ = ["apart", "fused"]

_FAR = 2.0  # standard deviations


def apart(words: Reading, voice: Reading) -> tuple[float, float, float]:
    """How far two readings lie from each other on each axis, in standard deviations of their difference."""
    rows = zip(words.emotion.vad, voice.emotion.vad, words.spreads, voice.spreads, strict=True)
    valence, arousal, dominance = (abs(one - other) / math.hypot(off, theirs) for one, other, off, theirs in rows)
    return valence, arousal, dominance


def fused(words: Reading, voice: Reading) -> Reading:
    """One reading of two, with the words' evidence.

    Parameters: words, a reading of a text; voice, one of a recording.
    Returns: words, when the voice is silent; voice, with the text, when nothing is heard in the words; else both.
    """
    if not voice.heard:
        return words
    if not words.heard:
        return replace(voice, text=words.text)
    places, spreads = [], []
    for axis, distance in enumerate(apart(words, voice)):
        pairs = [(one.emotion.vad[axis], one.spreads[axis]) for one in (words, voice)]
        known = [(place, off) for place, off in pairs if math.isfinite(off)] or [(pairs[0][0], math.inf)]
        weights = [1 / off**2 if math.isfinite(off) else 1.0 for _, off in known]
        place = math.fsum(weight * one for weight, (one, _) in zip(weights, known, strict=True)) / math.fsum(weights)
        off = 1 / math.sqrt(math.fsum(weights)) if math.isfinite(known[0][1]) else math.inf
        if distance > _FAR:
            off = max(off, *(abs(one - place) for one, _ in known))
        places.append(place)
        spreads.append(off)
    told = clipped(*places).with_confidence(certainty(spreads) if all(map(math.isfinite, spreads)) else 0.0)
    if not told.confidence:
        return replace(words, emotion=told.with_confidence(words.emotion.confidence))
    names, alternatives = called(told, spreads)
    valence, arousal, dominance = spreads
    return replace(words, emotion=told, spreads=(valence, arousal, dominance), names=names, alternatives=alternatives)
