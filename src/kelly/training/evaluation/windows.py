"""Windows: whether what is told of a track's windows hangs together as the track itself does.

Conventions: items are windows (n,), those of a track in time order; tracks (n,) says whose each is. Ratings are (n,
d). A track of one window says nothing of change or of the spread within. Spread within is the pooled standard
deviation around each track's mean, spread between that of the tracks' means (both by n - 1): windows of a steady
model differ less within a track than between tracks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError

__all__ = ["Consistency", "consistency", "majority_share", "mean_change", "spreads"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Consistency:
    """How steady a model is over the windows of tracks.

    Parameters: tracks and windows, how many; change, within and between (d,), in the unit of the ratings (see
    `mean_change` and `spreads`); majority, 0..1 (see `majority_share`), None where there are no classes.
    """

    tracks: int
    windows: int
    change: Floats
    within: Floats
    between: Floats
    majority: float | None = None


def consistency(tracks: npt.ArrayLike, ratings: npt.ArrayLike, classes: npt.ArrayLike | None = None) -> Consistency:
    """All measures at once.

    Parameters: tracks (n,); ratings (n, d); classes (n,), class numbers 0 or above, if the model tells classes.
    Raises: UsageError, there is no window, or lengths differ.
    """
    order, numbers, counts = _ordered(tracks)
    values = _fitting(ratings, len(order))[order]
    majority = None if classes is None else majority_share(tracks, classes)
    change, (within, between) = _change(numbers, values), _spreads(numbers, counts, values)
    return Consistency(len(counts), len(order), change, within, between, majority)


def mean_change(tracks: npt.ArrayLike, ratings: npt.ArrayLike) -> Floats:
    """Mean absolute change (d,) from a window to the next of the same track; 0 where no track has two."""
    order, numbers, _ = _ordered(tracks)
    return _change(numbers, _fitting(ratings, len(order))[order])


def majority_share(tracks: npt.ArrayLike, classes: npt.ArrayLike) -> float:
    """The share of windows whose class is the commonest of their track: 1 where each track has one class throughout.

    Parameters: tracks (n,); classes (n,), class numbers 0 or above.
    """
    order, numbers, counts = _ordered(tracks)
    told = np.asarray(classes)
    if told.shape != order.shape or not np.issubdtype(told.dtype, np.integer) or told.min() < 0:
        raise UsageError(f"classes are ({len(order)},) whole numbers, 0 or above; got {told.dtype} {told.shape}")
    votes = np.zeros((len(counts), int(told.max()) + 1), np.int64)
    np.add.at(votes, (numbers, told[order]), 1)
    return float(votes.max(1).sum() / len(order))


def spreads(tracks: npt.ArrayLike, ratings: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Standard deviations (d,) within tracks and between them; 0 where too few windows or tracks tell."""
    order, numbers, counts = _ordered(tracks)
    return _spreads(numbers, counts, _fitting(ratings, len(order))[order])


def _change(numbers: Ints, values: Floats) -> Floats:
    steps = np.abs(np.diff(values, axis=0))[numbers[1:] == numbers[:-1]]
    return np.asarray(steps.sum(0) / max(len(steps), 1))


def _spreads(numbers: Ints, counts: Ints, values: Floats) -> tuple[Floats, Floats]:
    sums = np.zeros((len(counts), values.shape[1]))
    np.add.at(sums, numbers, values)
    means = sums / counts[:, None]
    free = len(values) - len(counts)
    within = np.sqrt(np.square(values - means[numbers]).sum(0) / max(free, 1))
    between = means.std(0, ddof=1) if len(means) > 1 else np.zeros(values.shape[1])
    return within, between


def _ordered(tracks: npt.ArrayLike) -> tuple[npt.NDArray[np.intp], Ints, Ints]:
    """The order that brings the windows of each track together, their tracks' numbers in it, and each track's count."""
    names = np.asarray(tracks)
    if names.ndim != 1 or not len(names):
        raise UsageError(f"tracks are a row (n,), n > 0; got {names.shape}")
    _, numbers, counts = np.unique(names, return_inverse=True, return_counts=True)
    order = np.argsort(numbers, kind="stable")
    return order, numbers[order].astype(np.int64), counts


def _fitting(ratings: npt.ArrayLike, windows: int) -> Floats:
    values = np.asarray(ratings, np.float64)
    if values.ndim != 2 or len(values) != windows or not np.isfinite(values).all():
        raise UsageError(f"ratings are finite, ({windows}, d); got {values.shape}")
    return values
