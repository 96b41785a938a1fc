"""Calibration: whether a probability of .7 means that seven in ten are right.

Conventions: gold is (n,) class numbers, probabilities are (n, k); confidence is the largest probability of an item,
and the item is right when that class is its gold. ECE is the mean over items of how far accuracy lies from confidence
in their bin (Naeini and others 2015; Guo and others 2017: 15 bins of equal width, each with its upper edge); adaptive
ECE has bins of equal size (Nguyen & O'Connor 2015), in which items of equal confidence share their accuracy, so that
no order of items matters; MCE is the widest gap of any bin. The Brier score is the sum over classes of squared errors
(Brier 1950: 0..2). All but a small ECE depends on how many items there are: on 100 items a perfect model has an ECE
near .1, so `perfect` tells what a model of this size and these confidences would get if it were right as often as it
claims. Logits may be any scores whose softmax the model gives, so also the logarithms of its probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.training.evaluation.classes import checked

__all__ = [
    "BINS",
    "COLDEST",
    "HOTTEST",
    "Calibration",
    "Perfect",
    "Reliability",
    "brier",
    "calibration",
    "cross_fitted",
    "ece",
    "mce",
    "perfect",
    "reliability",
    "softmax",
    "temperature",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BINS = 15
DRAWS = 1000  # data sets of a perfectly calibrated model
COLDEST, HOTTEST = 0.05, 20.0  # temperatures beyond these leave a certainty or an even guess anyway
_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reliability table: for each bin mean confidence, accuracy (both 0 in an empty bin) and count, all (bins,)."""

    confidence: Floats
    accuracy: Floats
    count: Ints


@dataclass(frozen=True, slots=True)
class Perfect:
    """The ECE of a perfectly calibrated model of the same size and confidences: its mean, and its 95 % point."""

    mean: float
    limit: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a model's confidence is worth.

    Parameters: ece, adaptive_ece, mce, 0..1; brier, 0..2; table, of equal width; perfect, of the ECE.
    """

    ece: float
    adaptive_ece: float
    mce: float
    brier: float
    table: Reliability
    perfect: Perfect


def calibration(
    gold: npt.ArrayLike, probabilities: npt.ArrayLike, rng: np.random.Generator, bins: int = BINS
) -> Calibration:
    """All measures at once.

    Raises: UsageError, as `classes.checked`.
    """
    table = reliability(gold, probabilities, bins)
    adaptive = reliability(gold, probabilities, bins, adaptive=True)
    drawn = perfect(probabilities, rng, bins)
    return Calibration(ece(table), ece(adaptive), mce(table), brier(gold, probabilities), table, drawn)


def reliability(
    gold: npt.ArrayLike, probabilities: npt.ArrayLike, bins: int = BINS, *, adaptive: bool = False
) -> Reliability:
    """The reliability table, in bins of equal width or (adaptive) of equal size, as near as that goes.

    Raises: UsageError, as `classes.checked`.
    """
    truth, told = checked(gold, probabilities)
    confidence, right = told.max(1), (told.argmax(1) == truth).astype(np.float64)
    if adaptive:
        return _table(*_ranked(confidence, right, bins), bins)
    return _table(_bin(confidence, bins), confidence, right, bins)


def ece(table: Reliability) -> float:
    """The expected calibration error of a reliability table."""
    return float(table.count @ np.abs(table.accuracy - table.confidence) / table.count.sum())


def mce(table: Reliability) -> float:
    """The maximum calibration error of a reliability table, over bins that hold an item."""
    return float(np.abs(table.accuracy - table.confidence).max())


def brier(gold: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """The Brier score of all classes: 0 at best, 2 when always certain and wrong.

    Raises: UsageError, as `classes.checked`.
    """
    truth, told = checked(gold, probabilities)
    return float(np.square(told - np.eye(told.shape[1])[truth]).sum(1).mean())


def perfect(
    probabilities: npt.ArrayLike, rng: np.random.Generator, bins: int = BINS, draws: int = DRAWS, share: float = 0.95
) -> Perfect:
    """The ECE of labels that are drawn from the model's own probabilities: what finite size alone brings about.

    An ECE above the limit is no accident of size (at the level of 1 - share); one below it is no sign of a fault.
    """
    confidence = np.asarray(probabilities, np.float64).max(1)
    place = _bin(confidence, bins)
    # The ECE is the sum over bins of |right - claimed|, by n.
    claimed = np.bincount(place, confidence, bins)
    right = (np.bincount(place, rng.random(len(place)) < confidence, bins) for _ in range(draws))
    errors = np.array([np.abs(hits - claimed).sum() for hits in right]) / len(place)
    return Perfect(float(errors.mean()), float(np.quantile(errors, share)))


def temperature(gold: npt.ArrayLike, logits: npt.ArrayLike) -> float:
    """The temperature T for which softmax(logits / T) makes gold most likely (Guo and others 2017).

    The negative log-likelihood is convex in 1/T, so its slope is halved down to nought between `COLDEST` and `HOTTEST`;
    where it is nought beyond them, the nearer of them is given. Fit it on items that the model was not trained on.
    Raises: UsageError, as `softmax`, or as `classes.checked`.
    """
    scores = _logits(logits)
    truth, _ = checked(gold, softmax(scores))
    least, most = np.log(1 / HOTTEST), np.log(1 / COLDEST)
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        least, most = (least, middle) if _slope(truth, scores, np.exp(middle)) > 0 else (middle, most)
    return float(np.exp(-(least + most) / 2))


def cross_fitted(gold: npt.ArrayLike, logits: npt.ArrayLike, folds: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Probabilities of which each fold is scaled by the temperature that fits the others.

    Parameters: gold (n,); logits (n, k); folds (n,), any labels, of which no two folds should share an actor or artist.
    Returns: probabilities (n, k), and temperatures (folds,) in the folds' sorted order.
    Raises: UsageError, there are fewer than two folds, or as `temperature`.
    """
    truth, scores, fold = np.asarray(gold), _logits(logits), np.asarray(folds)
    names = np.unique(fold)
    if fold.shape != truth.shape or len(names) < 2:
        raise UsageError(
            f"folds are (n,) as gold, and two or more; got {fold.shape} beside {truth.shape}, {len(names)}"
        )
    heats = np.array([temperature(truth[fold != name], scores[fold != name]) for name in names])
    return softmax(scores / heats[np.searchsorted(names, fold), None]), heats


def softmax(logits: npt.ArrayLike) -> Floats:
    """Probabilities (n, k) of logits (n, k).

    Raises: UsageError, logits are not rows of numbers, or one is NaN or infinite (minus infinity is probability 0).
    """
    scores = _logits(logits)
    raised = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))


def _logits(logits: npt.ArrayLike) -> Floats:
    scores = np.asarray(logits, np.float64)
    if scores.ndim != 2 or not scores.size:
        raise UsageError(f"logits are (n, k); got {scores.shape}")
    top = scores.max(1)
    if not np.isfinite(top).all():
        raise UsageError("each row of logits needs a finite largest number, and no NaN")
    return np.maximum(scores, np.finfo(np.float64).min / 1e6)  # minus infinity times 0 would be NaN


def _slope(truth: Ints, scores: Floats, inverse: float) -> float:
    """The derivative of the mean negative log-likelihood by the inverse temperature."""
    expected = (softmax(scores * inverse) * scores).sum(1)
    return float((expected - scores[np.arange(len(truth)), truth]).mean())


def _bin(confidence: Floats, bins: int) -> Ints:
    """The bin of equal width of each confidence; an edge belongs to the bin below it."""
    return np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence, side="left").astype(np.int64)


def _ranked(confidence: Floats, right: Floats, bins: int) -> tuple[Ints, Floats, Floats]:
    """Bin, confidence and rightness of the items from the least confident on; equal confidences share the last."""
    _, same, sizes = np.unique(confidence, return_inverse=True, return_counts=True)
    shared = np.bincount(same, right) / sizes
    order = np.argsort(confidence, kind="stable")
    return np.arange(len(order)) * bins // len(order), confidence[order], shared[same][order]


def _table(place: Ints, confidence: Floats, right: Floats, bins: int) -> Reliability:
    count = np.bincount(place, minlength=bins)
    claimed, hits = (np.bincount(place, values, bins) / np.maximum(count, 1) for values in (confidence, right))
    return Reliability(claimed, hits, count)
