"""Classes: how often the class told is the class given, over all and class by class.

Conventions: gold is (n,) class numbers 0..k-1, probabilities are (n, k) with rows that sum to 1; the class told is
the most probable one (of equals the first). A confusion matrix (k, k) counts gold classes in rows and told ones in
columns; the measures of it take any leading axes, so that a thousand resampled matrices are measured at once. Where a
share has nothing to be a share of it is 0. As in scikit-learn, a class that is not in gold has no part in the
unweighted accuracy, and one that is neither in gold nor told has none in the macro F1; one that is told but not in
gold has an F1 of 0 there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError

__all__ = [
    "MEASURES",
    "ClassScores",
    "accuracy",
    "checked",
    "confusion",
    "confusions",
    "constant",
    "macro_f1",
    "row_shares",
    "scores",
    "unweighted_accuracy",
    "weighted_f1",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Counts = npt.NDArray[Any]

_TOLERANCE = 1e-3  # by which the probabilities of an item may miss 1: half precision does


@dataclass(frozen=True, slots=True)
class ClassScores:
    """What a model's classes are worth.

    Parameters: confusion (k, k), counts; accuracy, unweighted_accuracy (mean recall), macro_f1 and weighted_f1, 0..1;
    precision, recall and f1 (k,), 0..1; support (k,), items of each class in gold.
    """

    confusion: Ints
    accuracy: float
    unweighted_accuracy: float
    macro_f1: float
    weighted_f1: float
    precision: Floats
    recall: Floats
    f1: Floats
    support: Ints


def scores(gold: npt.ArrayLike, probabilities: npt.ArrayLike) -> ClassScores:
    """All measures of probabilities (n, k) against gold (n,).

    Raises: UsageError, as `checked`.
    """
    truth, told = checked(gold, probabilities)
    matrix = confusion(truth, told.argmax(1), told.shape[1])
    return ClassScores(
        matrix,
        float(accuracy(matrix)),
        float(unweighted_accuracy(matrix)),
        float(macro_f1(matrix)),
        float(weighted_f1(matrix)),
        precision=_share(_hits(matrix), matrix.sum(0)),
        recall=_share(_hits(matrix), matrix.sum(1)),
        f1=_f1(matrix),
        support=matrix.sum(1),
    )


def checked(gold: npt.ArrayLike, probabilities: npt.ArrayLike) -> tuple[Ints, Floats]:
    """Gold (n,) and probabilities (n, k) as arrays, once they are what they should be.

    Raises: UsageError, there is no item, shapes do not match, a class number is out of range, or a row of
    probabilities is not one.
    """
    truth, told = np.asarray(gold), np.asarray(probabilities, np.float64)
    if told.ndim != 2 or truth.shape != told.shape[:1] or not told.size:
        raise UsageError(f"classes are (n,) beside probabilities (n, k), n > 0; got {truth.shape} and {told.shape}")
    if not np.issubdtype(truth.dtype, np.integer) or truth.min() < 0 or truth.max() >= told.shape[1]:
        raise UsageError(f"classes must be whole numbers 0..{told.shape[1] - 1}; got {_range(truth)}")
    if not (np.all(told >= 0) and np.all(np.abs(told.sum(1) - 1) <= _TOLERANCE)):
        raise UsageError("the probabilities of an item must be 0 or more and sum to 1")
    return truth.astype(np.int64), told


def confusion(gold: Ints, told: Ints, classes: int) -> Ints:
    """The counts (classes, classes) of gold classes (rows) and told ones (columns), each an array (n,)."""
    return np.bincount(gold * classes + told, minlength=classes**2).reshape(classes, classes)


def confusions(gold: Ints, told: Ints, classes: int) -> Ints:
    """The confusion matrix (n, classes, classes) of each item alone: what `bootstrap` adds up."""
    each = np.zeros((len(gold), classes, classes), np.int64)
    each[np.arange(len(gold)), gold, told] = 1
    return each


def row_shares(matrix: Counts) -> Floats:
    """Each row of a confusion matrix as shares of the items of that class; 0 in the row of an empty class."""
    return _share(matrix, matrix.sum(-1, keepdims=True))


def accuracy(matrix: Counts) -> Floats:
    """The share of items whose class is told: (...) of confusion matrices (..., k, k)."""
    return _share(_hits(matrix).sum(-1), matrix.sum((-2, -1)))


def unweighted_accuracy(matrix: Counts) -> Floats:
    """Mean recall over the classes in gold: (...) of confusion matrices (..., k, k)."""
    recall = _share(_hits(matrix), matrix.sum(-1))
    return _share(recall.sum(-1), (matrix.sum(-1) > 0).sum(-1))


def macro_f1(matrix: Counts) -> Floats:
    """Mean F1 over the classes that are in gold or told: (...) of confusion matrices (..., k, k)."""
    seen = (matrix.sum(-1) + matrix.sum(-2) > 0).sum(-1)
    return _share(_f1(matrix).sum(-1), seen)


def weighted_f1(matrix: Counts) -> Floats:
    """Mean F1 over items, each taking that of its class: (...) of confusion matrices (..., k, k)."""
    support = matrix.sum(-1)
    return _share((_f1(matrix) * support).sum(-1), support.sum(-1))


def constant(shares: npt.ArrayLike, items: int) -> Floats:
    """The probabilities (items, k) of a model that knows nothing but how common each class is.

    Parameters: shares (k,), counts or shares of the classes in the train split; items.
    Raises: UsageError, no class has a share, or one has less than none.
    """
    row = np.asarray(shares, np.float64)
    if row.ndim != 1 or not np.all(row >= 0) or not 0 < row.sum() < np.inf:
        raise UsageError("the shares of classes must be a row of finite numbers, 0 or more, that are not all 0")
    return np.tile(row / row.sum(), (items, 1))


def _hits(matrix: Counts) -> Counts:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _f1(matrix: Counts) -> Floats:
    return _share(2 * _hits(matrix), matrix.sum(-1) + matrix.sum(-2))


def _share(part: Counts, whole: Counts) -> Floats:
    """Part by whole, 0 where there is no whole."""
    top, bottom = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(top, bottom, out=np.zeros(np.broadcast_shapes(top.shape, bottom.shape)), where=bottom > 0)


def _range(truth: npt.NDArray[Any]) -> str:
    return f"{truth.dtype} from {truth.min()} to {truth.max()}"


# The measures of confusion matrices by name.
MEASURES: MappingProxyType[str, Callable[[Counts], Floats]] = MappingProxyType(
    {
        "accuracy": accuracy,
        "unweighted accuracy": unweighted_accuracy,
        "macro F1": macro_f1,
        "weighted F1": weighted_f1,
    }
)
