"""Bootstrap: how far a measure might have come out otherwise, had other items, or other people, been drawn.

Conventions: intervals are percentile intervals (Efron 1979) of a measure over sets drawn with replacement. What is
drawn is a unit: an item, or with `groups` (n,) a whole group (actor, artist, song) with all its items, which is the
honest choice where the items of a group resemble each other. Of a single unit there is no interval. Below some twenty
units percentile intervals are too narrow; they then say "at least so uncertain". Chance comes from the generator
handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError

__all__ = [
    "DRAWS",
    "SHARE",
    "Estimate",
    "estimate",
    "estimate_sums",
    "interval",
    "paired",
    "resampled",
    "resampled_sums",
]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Measure = Callable[..., Any]

DRAWS = 1000
SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its interval; low and high are None where there is no interval."""

    value: float
    low: float | None = None
    high: float | None = None


def estimate(
    measure: Measure, *columns: Array, rng: np.random.Generator, groups: Array | None = None, draws: int = DRAWS
) -> Estimate:
    """A measure with its interval.

    Parameters: measure, a function of the columns that gives a number; columns, arrays (n, ...) of the same n; rng;
    groups (n,), what is drawn as a whole (None: single items); draws.
    Raises: UsageError, there is no item, or columns or groups are not of one length.
    """
    return interval(float(measure(*columns)), resampled(measure, *columns, rng=rng, groups=groups, draws=draws))


def paired(
    measure: Measure,
    gold: Array,
    ours: Array,
    theirs: Array,
    *,
    rng: np.random.Generator,
    groups: Array | None = None,
    draws: int = DRAWS,
) -> Estimate:
    """How much more we get than they do, by a measure of gold and told, both measured on the same drawn items."""
    return estimate(
        lambda truth, one, other: measure(truth, one) - measure(truth, other),
        *(gold, ours, theirs),
        rng=rng,
        groups=groups,
        draws=draws,
    )


def estimate_sums(
    measure: Measure, sums: Array, *, rng: np.random.Generator, groups: Array | None = None, draws: int = DRAWS
) -> Estimate:
    """As `estimate`, of a measure that needs only sums over items; all drawn sets are measured at once.

    Parameters: measure, a function of sums (..., shape of one) that gives numbers (...): `kelly.training.evaluation
    .classes` has such; sums (n, shape of one), what each item adds (`classes.confusions`).
    """
    return interval(float(measure(sums.sum(0))), resampled_sums(measure, sums, rng=rng, groups=groups, draws=draws))


def interval(value: float, drawn: Floats, share: float = SHARE) -> Estimate:
    """A value with the central interval that holds a share of what was drawn (none of an empty row)."""
    if not len(drawn):
        return Estimate(value)
    low, high = np.percentile(drawn, [50 * (1 - share), 50 * (1 + share)])
    return Estimate(value, float(low), float(high))


def resampled(
    measure: Measure, *columns: Array, rng: np.random.Generator, groups: Array | None = None, draws: int = DRAWS
) -> Floats:
    """The measure of each drawn set: (draws, ...), whatever numbers the measure gives; (0,) of a single unit."""
    members = _members(columns, groups)
    picks = _picks(len(members), rng, draws)
    rows = (np.concatenate([members[unit] for unit in pick]) if groups is not None else pick for pick in picks)
    return np.array([measure(*(column[row] for column in columns)) for row in rows], np.float64)


def resampled_sums(
    measure: Measure, sums: Array, *, rng: np.random.Generator, groups: Array | None = None, draws: int = DRAWS
) -> Floats:
    """As `resampled`, of a measure of sums."""
    members = _members((sums,), groups)
    if len(members) == 1:
        return np.zeros(0)
    flat = (
        np.array([sums[unit].sum(0).ravel() for unit in members]) if groups is not None else sums.reshape(len(sums), -1)
    )
    counts = (np.bincount(pick, minlength=len(members)) for pick in _picks(len(members), rng, draws))
    drawn = np.array([count @ flat for count in counts])
    return np.asarray(measure(drawn.reshape(-1, *sums.shape[1:])), np.float64)


def _picks(units: int, rng: np.random.Generator, draws: int) -> Iterator[npt.NDArray[np.int64]]:
    """The units of each drawn set; no set of a single unit, which would be drawn again and again."""
    return (rng.integers(0, units, units) for _ in range(draws if units > 1 else 0))


def _members(columns: tuple[Array, ...], groups: Array | None) -> list[npt.NDArray[np.int64]]:
    """The items of each unit."""
    lengths = {len(column) for column in (*columns, *([] if groups is None else [groups]))}
    if len(lengths) != 1 or 0 in lengths:
        raise UsageError(f"columns and groups must have one length above 0; got {sorted(lengths)}")
    if groups is None:
        return list(np.arange(lengths.pop())[:, None])
    order = np.argsort(groups, kind="stable")
    _, sizes = np.unique(groups, return_counts=True)
    return np.split(order, np.cumsum(sizes)[:-1])
