"""The learned reader: what the word model's heads say of a text, as a Reading.

Conventions: the network reads; the lexicon explains, and tells what it knows by heart (a text that is one of its
entries is not guessed). What is no English prose (`familiarity`) is drawn to neutral and to a low confidence. Where the
lexicon is sure of its words and their grammar, it counts a little too. The weight of a name is the network's likeness
of the text to the name's definitions times the density of the reading at the name's place. Spreads are standard
deviations of the mean rating that many listeners would give.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.emotion.space import NEUTRAL, Emotion, clipped, mix
from kelly.emotion.thesaurus import describe
from kelly.listening.naming import alternatives, certainty, log_density, named, shares
from kelly.listening.reading import Alternative, Reading
from kelly.models.words.heads import SLOTS, WOUNDS

__all__ = ["heard"]

Floats = npt.NDArray[np.float64]
Heads = npt.NDArray[np.floating[Any]]
Spreads = tuple[float, float, float]

_BY_HEART = (0.1, 0.08, 0.1)  # spreads of what the lexicon knows


def heard(heads: Heads, lexical: Reading, known: float, config: Mapping[str, Any]) -> Reading:
    """The reading of one text.

    Parameters: heads (173,) as laid out in `heads.LAYOUT`; lexical, the lexicon reader's reading of the text; known,
    how familiar it is (0..1; at 0 the heads do not matter); config, the word model's own numbers.
    """
    spreads = _spreads(heads, config)
    emotion = _point(heads, lexical, config["lexicon"])
    if _is_entry(lexical):
        emotion, spreads, known = lexical.emotion, _BY_HEART, 1.0
    emotion = mix(NEUTRAL, emotion, known).with_confidence(known * certainty(spreads))
    weights = _weights(heads, emotion, spreads, config["density"])
    wound = _wound(heads, lexical, config["wound"]) if known > 0 else None
    return replace(
        lexical,
        emotion=emotion,
        alternatives=alternatives(weights, emotion) if known > 0 else (Alternative(describe(emotion), 1.0),),
        wound=wound,
        wound_words=lexical.wound_words if wound == lexical.wound else (),
        spreads=_widened(spreads, known),
        names=tuple((node.name, weight) for node, weight in zip(named(), weights.tolist(), strict=True)),
        reader="learned",
    )


def _point(heads: Heads, lexical: Reading, trust: Sequence[float]) -> Emotion:
    """Where heads (173,) put a text, drawn to a sure reading of the lexicon by `trust` (0..1, an axis each).

    The network is blind to capitals, so the emphasis of the writing comes from the lexicon reader too.
    """
    valence, arousal, dominance = (float(x) for x in heads[SLOTS["feeling"]])
    loud = lexical.emphasis
    told = (valence * (1 + 0.1 * loud), arousal + 0.15 * loud, dominance)
    sure, known = lexical.emotion.confidence, lexical.emotion.vad
    return clipped(*(one + share * sure * (other - one) for one, other, share in zip(told, known, trust, strict=True)))


def _spreads(heads: Heads, config: Mapping[str, Any]) -> Spreads:
    v, a, d = np.exp(heads[SLOTS["feeling_spread"]].astype(np.float64)) * config["spread"]["feeling"]
    return float(v), float(a), float(d)


def _widened(spreads: Spreads, known: float) -> Spreads:
    """Neutral is no reading of what is not known: the less is known, the wider the spread, to infinity."""
    if known == 0:
        return math.inf, math.inf, math.inf
    v, a, d = (spread / known for spread in spreads)
    return v, a, d


def _is_entry(lexical: Reading) -> bool:
    """Whether a text is one entry of the lexicon and nothing else: what is known by heart is not guessed."""
    plain = lexical.text.strip(" \t\n.,!?")
    return len(lexical.words) == 1 and lexical.words[0].word == plain and not lexical.words[0].negated


def _weights(heads: Heads, emotion: Emotion, spreads: Spreads, density: Mapping[str, float]) -> Floats:
    """The weight of each name: likeness to its definitions times the density of the reading at its place."""
    logits = heads[SLOTS["names"]].astype(np.float64)
    likeness = density["likeness"] * (logits - logits.max())
    return shares(likeness + density["weight"] * log_density(emotion, spreads, density["wide"]))


def _wound(heads: Heads, lexical: Reading, trust: float) -> str | None:
    """What happened: the network's likeness to each wound's definitions, with the lexicon's word as prior."""
    logits = heads[SLOTS["wounds"]].astype(np.float64)
    if lexical.wound:
        logits[WOUNDS.index(lexical.wound)] += trust
    told = WOUNDS[int(np.argmax(logits))]
    return None if told == "none" else told
