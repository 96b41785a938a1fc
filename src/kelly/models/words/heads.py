"""Heads: what the numbers of the word model's output mean, slot by slot.

Conventions: one row of output holds the heads of `LAYOUT` one after another, raw (before softmax or sigmoid). A head
named after a corpus speaks of that corpus's ratings (`SCALES`). `feeling` speaks in Kelly's own: V -1..1, A and D 0..1.
Spreads are natural logarithms of a standard deviation in the unit of their head. Axes come in the order valence,
arousal, dominance.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["LAYOUT", "SCALES", "SIZE", "SLOTS", "WOUNDS", "levels", "ratings", "sigmoid"]

Floats = npt.NDArray[np.float64]

LAYOUT: Mapping[str, int] = MappingProxyType(
    {
        "emobank": 3,  # (mean rating - 3) / .3
        "emobank_spread": 3,
        "levels": 15,  # EmoBank's single raters: logits of the ratings 1..5, axis by axis
        "warriner": 3,  # (mean rating - 5) / 2
        "warriner_spread": 3,
        "valence": 1,  # SemEval V-reg, 0..1
        "intensities": 4,  # SemEval EI-reg, 0..1: anger, fear, joy, sadness
        "emotions": 11,  # SemEval E-c: logits
        "goemotions": 28,  # logits
        "feeling": 3,
        "feeling_spread": 3,
        "names": 80,  # logits: the 72 names of the thesaurus and the 8 blends, in its order
        "wounds": 16,  # logits, in the order of `WOUNDS`
    }
)
SCALES = MappingProxyType({"emobank": (3.0, 0.3), "warriner": (5.0, 2.0)})  # middle and unit of a head's corpus
WOUNDS = (
    *("loss", "betrayal", "rejection", "failure", "trauma", "loneliness", "shame", "fear", "anger", "longing"),
    *("regret", "love", "relief", "triumph", "gratitude", "none"),
)


def _slots() -> Mapping[str, slice]:
    slots, start = {}, 0
    for name, width in LAYOUT.items():
        slots[name] = slice(start, start + width)
        start += width
    return MappingProxyType(slots)


SLOTS = _slots()
SIZE = sum(LAYOUT.values())


def levels(heads: npt.NDArray[np.floating[Any]]) -> Floats:
    """What share of EmoBank's raters would give each rating: (texts, 3 axes, ratings 1..5)."""
    logits = np.asarray(heads[:, SLOTS["levels"]], np.float64).reshape(-1, 3, 5)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(weights / weights.sum(-1, keepdims=True))


def ratings(heads: npt.NDArray[np.floating[Any]], head: str = "emobank") -> Floats:
    """Mean ratings (texts, 3) in their corpus's unit: EmoBank's 1..5, or the word norms' 1..9 (head "warriner")."""
    middle, unit = SCALES[head]
    return np.asarray(middle + unit * np.asarray(heads[:, SLOTS[head]], np.float64))


def sigmoid(logits: npt.ArrayLike) -> Floats:
    """Probabilities of logits."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(logits, np.float64))))
