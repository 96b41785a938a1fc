"""The emotion code: 64 numbers in [-1, 1] by which every part of Kelly that learns hears and says a feeling.

Conventions: slots 0-3 hold V, 2A - 1, 2D - 1 and 2 * confidence - 1. Slots 4-23, 24-43 and 44-63 hold the shape of
valence, arousal and dominance: 20 bins each, whose centres reach a little beyond the axis (`CENTRES`). A reading with
mean m and spread s weighs a bin at c by w = exp(-(c - m)^2 / (2 s^2)); the readings of a mixture add their weights;
the largest weight becomes 1, and a slot holds 2w - 1. So one code can say "either calm or tense, I can't tell".
Spreads are in the unit of their axis (valence -1..1, arousal and dominance 0..1) and mean the standard deviation of
the reading itself, not the disagreement between listeners. `UNKNOWN` is the code of knowing nothing.

Functions: `encode` writes a code, `decode` reads means, confidence and spreads back, `peaks` reads an axis's shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from kelly.emotion.space import Emotion
from kelly.errors import UsageError

__all__ = ["AXES", "CENTRES", "SIZE", "UNKNOWN", "Decoded", "Gaussian", "Peak", "decode", "encode", "peaks"]

Floats = npt.NDArray[np.float64]

SIZE = 64
AXES = ("valence", "arousal", "dominance")
_BINS = 20
_FINEST = 1e-3  # the smallest spread that is told from none at all
_NARROW = 1 / 3  # of a bin: what is reported when a peak is too narrow to be measured
_AUDIBLE = 0.01  # weights below this say more about rounding than about the shape
_PROMINENCE = 0.05  # a peak must stand this far, as a share of itself, above the valley beside it


def _centres(low: float, high: float) -> Floats:
    centres = np.linspace(low, high, _BINS)
    centres.setflags(write=False)
    return centres


CENTRES = MappingProxyType(
    {"valence": _centres(-1.2, 1.2), "arousal": _centres(-0.1, 1.1), "dominance": _centres(-0.1, 1.1)}
)


@dataclass(frozen=True, slots=True)
class Gaussian:
    """A feeling read with some uncertainty: the mean as a point, a spread for each axis.

    Parameters
    ----------
    emotion : the mean of each axis, and the confidence of the reading.
    spreads : standard deviations of valence, arousal and dominance, each at least .001; infinity is "no idea".
    weight : float above 0, the share of this reading in a mixture (relative to the others).

    Raises
    ------
    UsageError : a spread or the weight is not in its range.
    """

    emotion: Emotion
    spreads: tuple[float, float, float]
    weight: float = 1.0

    def __post_init__(self) -> None:
        if len(self.spreads) != len(AXES) or not all(spread >= _FINEST for spread in self.spreads):
            raise UsageError(f"spreads must be three numbers, each at least {_FINEST}; got {self.spreads!r}")
        if not 0 < self.weight < math.inf:
            raise UsageError(f"the weight of a reading must be a finite number above 0; got {self.weight!r}")


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a code says: the means and confidence as an `Emotion`, and the spread of each axis (infinite when flat)."""

    emotion: Emotion
    spreads: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Peak:
    """One hill of an axis: where it stands, how high (0..1, the highest bin is 1) and its spread (axis units)."""

    position: float
    height: float
    spread: float


def encode(*readings: Gaussian) -> Floats:
    """Write one reading, or a mixture of several, as a code.

    Parameters: readings, at least one; the means of a mixture are the weighted means of its readings.
    Returns: array (64,) in -1..1.
    Raises: UsageError when there is no reading.

    Examples
    --------
    >>> calm, tense = Emotion(0.3, 0.2, 0.6), Emotion(-0.3, 0.8, 0.4)
    >>> either = encode(Gaussian(calm, (0.1, 0.05, 0.05)), Gaussian(tense, (0.1, 0.05, 0.05)))
    >>> [round(peak.position, 2) for peak in peaks(either, "arousal")]
    [0.2, 0.8]
    """
    if not readings:
        raise UsageError("a code needs at least one reading; got none")
    weights = np.array([reading.weight for reading in readings])
    means = np.array([(*reading.emotion.vad, reading.emotion.confidence) for reading in readings])
    mean = np.average(means, axis=0, weights=weights / weights.max())
    shapes = [_shape(readings, axis) for axis in range(len(AXES))]
    slots = np.concatenate([mean[:1], 2 * mean[1:] - 1, *(2 * shape - 1 for shape in shapes)])
    code: Floats = np.clip(slots, -1.0, 1.0)  # a weighted mean may overshoot an end by a rounding error
    return code


def decode(code: npt.ArrayLike) -> Decoded:
    """Read a code: means and confidence from its first four slots, spreads from the shapes.

    Parameters: code, 64 numbers in -1..1 (any float type).
    Returns: means within 1e-6 of what was encoded; spreads of .5 to 4 bins within 10 % where an axis has one peak
    (a least-squares line of ln w over (c - m)^2, weighted by w^2), else the standard deviation over all its peaks.
    A spread below half a bin comes back as about a third of a bin; a flat axis has an infinite one.
    Raises: UsageError when the code has another shape, or a slot is not a number in -1..1.
    """
    slots = _checked(code)
    valence, arousal, dominance, confidence = (float(x) for x in slots[:4])
    emotion = Emotion(valence, (arousal + 1) / 2, (dominance + 1) / 2, (confidence + 1) / 2)
    v, a, d = (_spread(slots, axis, mean) for axis, mean in zip(AXES, emotion.vad, strict=True))
    return Decoded(emotion, (v, a, d))


def peaks(code: npt.ArrayLike, axis: str) -> tuple[Peak, ...]:
    """Read the hills of one axis, from its low end to its high end.

    Two equal readings with spreads of .5 to 4 bins stay two peaks when they lie further apart than four bins and
    2.5 spreads. A peak's place and spread come from the parabola through ln w at its top and the bins beside it.

    Parameters: code, 64 numbers in -1..1; axis, one of `AXES`.
    Returns: the peaks, none when the axis is flat.
    Raises: UsageError when code or axis is not so.
    """
    if axis not in AXES:
        raise UsageError(f"axis must be one of {', '.join(AXES)}; got {axis!r}")
    return _peaks(_weights(_checked(code), axis), CENTRES[axis])


def _shape(readings: tuple[Gaussian, ...], axis: int) -> Floats:
    # In logarithms, since a narrow peak between two bins would otherwise vanish from both.
    centres = CENTRES[AXES[axis]]
    logs = [
        math.log(reading.weight) - ((centres - reading.emotion.vad[axis]) / reading.spreads[axis]) ** 2 / 2
        for reading in readings
    ]
    total = np.logaddexp.reduce(logs, axis=0)
    return np.asarray(np.exp(total - total.max()), dtype=np.float64)


def _checked(code: npt.ArrayLike) -> Floats:
    try:
        slots = np.asarray(code, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"an emotion code must hold {SIZE} numbers; got {type(code).__name__}") from error
    if slots.shape != (SIZE,):
        raise UsageError(f"an emotion code must have shape ({SIZE},); got {slots.shape}")
    # float32 and tanh may overshoot an end a little; that is not the caller's mistake.
    wrong = np.flatnonzero(~(np.abs(slots) <= 1 + 1e-6))
    if wrong.size:
        raise UsageError(f"slot {wrong[0]} of an emotion code must lie in -1..1; got {slots[wrong[0]]}")
    return np.clip(slots, -1.0, 1.0)


def _weights(slots: Floats, axis: str) -> Floats:
    start = 4 + _BINS * AXES.index(axis)
    weights: Floats = (slots[start : start + _BINS] + 1) / 2
    return weights


def _spread(slots: Floats, axis: str, mean: float) -> float:
    weights, centres = _weights(slots, axis), CENTRES[axis]
    if len(_peaks(weights, centres)) > 1:
        return math.sqrt(np.average((centres - mean) ** 2, weights=weights))
    return _fitted(weights, (centres - mean) ** 2, _NARROW * float(centres[1] - centres[0]))


def _fitted(weights: Floats, squares: Floats, narrow: float) -> float:
    seen = weights > _AUDIBLE
    if not seen.any():
        return math.inf
    w, x, y = weights[seen] ** 2, squares[seen], np.log(weights[seen])
    x, y = x - np.average(x, weights=w), y - np.average(y, weights=w)
    if x.max() - x.min() < narrow**2:
        return narrow
    slope = (w * x * y).sum() / (w * x * x).sum()
    return math.inf if slope > -1e-9 else max(narrow, math.sqrt(-0.5 / slope))


def _peaks(weights: Floats, centres: Floats) -> tuple[Peak, ...]:
    if weights.min() >= (1 - _PROMINENCE) * weights.max():
        return ()
    padded = np.concatenate([[-1.0], weights, [-1.0]])
    tops = np.flatnonzero((weights >= padded[:-2]) & (weights >= padded[2:]))
    return tuple(_peak(top, weights, centres) for top in _prominent(tops.tolist(), weights))


def _prominent(tops: list[int], weights: Floats) -> list[int]:
    kept: list[int] = []
    for top in tops:
        if weights[top] < _PROMINENCE * weights.max():
            continue
        if kept and weights[kept[-1] : top].min() > (1 - _PROMINENCE) * min(weights[kept[-1]], weights[top]):
            kept[-1] = max(kept[-1], top, key=lambda i: weights[i])
        else:
            kept.append(top)
    return kept


def _peak(top: int, weights: Floats, centres: Floats) -> Peak:
    width, height = float(centres[1] - centres[0]), float(weights[top])
    if not 0 < top < len(weights) - 1:
        return Peak(float(centres[top]), height, math.inf)
    left, middle, right = (float(x) for x in np.log(np.maximum(weights[top - 1 : top + 2], 1e-12)))
    curve = 2 * middle - left - right
    if curve <= 0:
        return Peak(float(centres[top]), height, math.inf)
    return Peak(float(centres[top]) + width * (right - left) / (2 * curve), height, width / math.sqrt(curve))


def _unknown() -> Floats:
    code = encode(Gaussian(Emotion(0.0, 0.5, 0.5, 0.0), (math.inf, math.inf, math.inf)))
    code.setflags(write=False)
    return code


UNKNOWN = _unknown()
