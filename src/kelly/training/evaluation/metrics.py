"""Metrics: correlation, F1 with thresholds, coverage of intervals, and whether confidence means anything.

Conventions: gold and predictions are (items, columns) in one unit; each function says what it gives. Nothing here knows
a corpus or a model.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

__all__ = ["best_thresholds", "coverage", "cross_fitted", "error_by_confidence", "macro_f1", "pearson"]

Floats = npt.NDArray[np.float64]
_FOLDS = 5


def pearson(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Pearson's correlation of two rows of numbers; 0 when one of them does not vary."""
    if not np.size(one) or np.ptp(one) == 0 or np.ptp(other) == 0:  # a mean may miss its own numbers by a rounding
        return 0.0
    a, b = (values - values.mean() for values in (np.asarray(one, np.float64), np.asarray(other, np.float64)))
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 0.0


def macro_f1(scores: Floats, gold: Floats, thresholds: Floats) -> float:
    """Mean over labels (columns) of F1, where a label is given when its score passes its threshold."""
    return float(np.mean(_f1(scores >= thresholds, gold > 0)))


def best_thresholds(scores: Floats, gold: Floats) -> Floats:
    """For each label the threshold with the best F1 on these items (found among the scores themselves)."""
    return np.array([_best_threshold(scores[:, label], gold[:, label]) for label in range(scores.shape[1])])


def cross_fitted(scores: Floats, gold: Floats, folds: int = _FOLDS) -> float:
    """Macro F1 where each fold is judged by the thresholds that are best on the others."""
    fold = np.arange(len(scores)) % folds
    given = np.zeros_like(gold, bool)
    for i in range(folds):
        given[fold == i] = scores[fold == i] >= best_thresholds(scores[fold != i], gold[fold != i])
    return float(np.mean(_f1(given, gold > 0)))


def coverage(mean: Floats, spread: Floats, gold: Floats, share: float = 0.8) -> Floats:
    """The share of gold (items, columns) inside the central interval of normal distributions, per column."""
    reach = NormalDist().inv_cdf(0.5 + share / 2)
    inside: Floats = np.mean(np.abs(gold - mean) <= reach * spread, axis=0)
    return inside


def error_by_confidence(confidence: Floats, error: Floats, bins: int = 5) -> Floats:
    """Mean error (bins,) of the items in bins of equal size, from the least to the most confident."""
    order = np.argsort(confidence, kind="stable")
    return np.array([error[part].mean() for part in np.array_split(order, bins)])


def _best_threshold(scores: Floats, gold: Floats) -> float:
    order = np.argsort(-scores, kind="stable")
    falling, hits = scores[order], np.cumsum(gold[order])
    below = np.append(falling[1:], -np.inf)
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + gold.sum())
    best = int(np.argmax(np.where(falling > below, f1, -1.0)))  # equal scores cannot be told apart
    middle = (falling[best] + max(below[best], falling[best] - 1)) / 2
    return float(middle if middle > below[best] else falling[best])


def _f1(given: npt.NDArray[np.bool_], gold: npt.NDArray[np.bool_]) -> Floats:
    both = (given & gold).sum(0)
    total = given.sum(0) + gold.sum(0)
    f1: Floats = np.where(total > 0, 2 * both / np.maximum(total, 1), 0.0)
    return f1
