"""Operators: what a negation, an ending, a wish, the past or mere pretence makes of a feeling in their scope.

Conventions: an operator maps a point (V, A, D) to another; `operators.csv` holds one row for each operator and kind of
feeling: dark (V < 0), calm (A < 0.3) or bright. Valence is multiplied by `valence`; arousal becomes `arousal` plus
`arousal_share` of its distance from rest, dominance likewise. So "not happy" is mildly sad, "not sad" is not yet happy,
"not calm" is restless, a pain that has ended is relief, and a joy that has ended is loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from kelly.emotion.space import NEUTRAL
from kelly.listening.lexicon import Sense, point
from kelly.listening.morphology import table

__all__ = ["OPERATORS", "Found", "Point", "apply"]

Point = tuple[float, float, float]

# How many words each operator reaches, unless its cue says otherwise.
OPERATORS = {"negate": 8, "ended": 6, "unwanted": 8, "wish": 8, "past": 8, "unreal": 6, "object": 4}


class _Turn(NamedTuple):
    valence: float
    arousal: float
    arousal_share: float
    dominance: float
    dominance_share: float


@cache
def _turns() -> dict[tuple[str, str], _Turn]:
    return {
        (row["kind"], row["feeling"]): _Turn(*(float(row[name]) for name in _Turn._fields))
        for row in table("operators.csv")
    }


def apply(kind: str, place: Point) -> Point:
    """The point that an operator (a key of `OPERATORS`) makes of another; it may overshoot the axes a little."""
    valence, arousal, dominance = place
    feeling = "dark" if valence < 0 else "calm" if arousal < NEUTRAL.arousal else "bright"
    turn = _turns()[kind, feeling]
    return (
        turn.valence * valence,
        turn.arousal + turn.arousal_share * (arousal - NEUTRAL.arousal),
        turn.dominance + turn.dominance_share * (dominance - NEUTRAL.dominance),
    )


@dataclass(slots=True)
class Found:
    """A feeling found in the text: its entry, the tokens it spans, and what the grammar did to it."""

    sense: Sense
    first: int
    last: int
    factor: float
    weight: float
    operators: list[str]

    @property
    def negated(self) -> bool:
        """Whether a negation reaches it."""
        return "negate" in self.operators or "ended" in self.operators

    def point(self) -> Point:
        """Where it pulls, after degree and operators; may overshoot the axes a little."""
        # "Not very happy" denies the degree, not more of the joy.
        factor = min(self.factor, 1.0) if self.negated else self.factor
        v, a, d = (c + factor * (x - c) for c, x in zip(NEUTRAL.vad, point(self.sense).vad, strict=True))
        place = (v, a, d)
        for kind in reversed(self.operators):
            place = apply(kind, place)
        return place
