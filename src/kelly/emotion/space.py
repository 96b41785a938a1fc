"""The space of feelings: one point in valence, arousal and dominance.

Conventions: valence lies in [-1, 1], arousal, dominance, confidence and intensity in [0, 1] (the PAD model of
Mehrabian, 1996, with the last two axes rescaled). Neutral is V 0, A 0.3, D 0.5: a resting person is not half aroused.
Values only: how a feeling is read from words is in `listening`, what it does to music in `composing`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from numbers import Real

from kelly.errors import UsageError

__all__ = ["NEUTRAL", "Emotion", "clipped", "distance", "mix"]

RANGES = {"valence": (-1, 1), "arousal": (0, 1), "dominance": (0, 1), "confidence": (0, 1), "intensity": (0, 1)}


@dataclass(frozen=True, slots=True)
class Emotion:
    """A feeling as a point in valence-arousal-dominance space.

    Parameters
    ----------
    valence : float in -1..1, unpleasant to pleasant.
    arousal : float in 0..1, asleep to frantic.
    dominance : float in 0..1, overwhelmed to in control.
    confidence : float in 0..1, how sure the reader of this feeling was.
    intensity : float in 0..1; when left out, min(1, sqrt(V^2 + (2A - .6)^2 + (2D - 1)^2) / 1.5).

    Raises
    ------
    UsageError : a value is not a finite number in its range.

    Examples
    --------
    >>> Emotion(-0.9, 0.3, 0.25).intensity
    0.686...
    """

    valence: float
    arousal: float
    dominance: float
    confidence: float = 1.0
    intensity: float = math.nan

    def __post_init__(self) -> None:
        if isinstance(self.intensity, float) and math.isnan(self.intensity):
            object.__setattr__(self, "intensity", intensity(self.valence, self.arousal, self.dominance))
        for name in RANGES:
            object.__setattr__(self, name, _checked(name, getattr(self, name)))

    @property
    def quadrant(self) -> str:
        """Quadrant of the valence-arousal plane: Q1 V+A+, Q2 V-A+, Q3 V-A-, Q4 V+A- (V > 0, A > .5)."""
        if self.valence > 0:
            return "Q1" if self.arousal > 0.5 else "Q4"
        return "Q2" if self.arousal > 0.5 else "Q3"

    @property
    def vad(self) -> tuple[float, float, float]:
        """The three coordinates (valence, arousal, dominance)."""
        return self.valence, self.arousal, self.dominance

    def scaled(self, factor: float) -> Emotion:
        """The feeling at `factor` (>= 0) of its distance from neutral, clipped to the ranges of the axes.

        A tier does this: a low grief is still sad, and not asleep.
        """
        centre = NEUTRAL.vad
        moved = [c + factor * (x - c) for c, x in zip(centre, self.vad, strict=True)]
        return clipped(*moved).with_confidence(self.confidence)

    def rounded(self, digits: int = 2) -> Emotion:
        """The feeling with every number rounded, as it is stored in files (so that a file composes the same song)."""
        return Emotion(*(round(getattr(self, name), digits) + 0.0 for name in RANGES))  # -0.0 is written 0.0

    def with_confidence(self, confidence: float) -> Emotion:
        """The same point, read with another confidence in 0..1."""
        return replace(self, confidence=confidence)


def intensity(valence: float, arousal: float, dominance: float) -> float:
    """How strong a feeling is, 0..1: its distance from neutral over 1.5 (domain page, section 1)."""
    try:
        span = math.hypot(valence, 2 * arousal - 0.6, 2 * dominance - 1)
    except (TypeError, OverflowError):  # not numbers, or no floats: the caller's own check names the one that is wrong
        return 0.0
    return 0.0 if math.isnan(span) else min(1.0, span / 1.5)


def distance(one: Emotion, other: Emotion) -> float:
    """Euclidean distance of two feelings in (V, A, D) after valence is mapped to 0..1."""
    return math.hypot((one.valence - other.valence) / 2, one.arousal - other.arousal, one.dominance - other.dominance)


def mix(one: Emotion, other: Emotion, share: float) -> Emotion:
    """The point `share` (0..1) of the way from `one` to `other`; intensity and confidence travel along."""
    pairs = ((getattr(one, name), getattr(other, name)) for name in RANGES)
    # Rounded, so that a mixture of equals is itself and thresholds on it do not hang on the last bit.
    return Emotion(*(round(a + share * (b - a), 9) for a, b in pairs))


def clipped(valence: float, arousal: float, dominance: float) -> Emotion:
    """The point of the space nearest to three numbers, axis by axis."""
    return Emotion(*(_clip(name, x) for name, x in zip(RANGES, (valence, arousal, dominance), strict=False)))


def _clip(name: str, value: float) -> float:
    low, high = RANGES[name]
    return min(max(value, low), high)


def _checked(name: str, value: object) -> float:
    low, high = RANGES[name]
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:  # an integer that no float can hold
            number = math.inf
        # Rounding in a mixture may overshoot an end by some 1e-16; that is not the caller's mistake.
        if low - 1e-9 <= number <= high + 1e-9:
            return _clip(name, number)
    raise UsageError(f"{name} must be a number in {low}..{high}; got {value!r}")


NEUTRAL = Emotion(0.0, 0.3, 0.5)
