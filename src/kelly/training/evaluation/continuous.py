"""Continuous ratings: how far from the gold, and how well in step with it, what a model tells is.

Conventions: gold and told are (n,) in one unit. MAE and RMSE are in that unit; R2 is the share of gold's variance
that is explained (1 at best, below 0 when the gold's own mean does better); Pearson's and Spearman's correlations
(ranks, ties sharing their mean) and Lin's concordance (CCC, 1989: Pearson's, lessened by what mean and scale are off)
are -1..1. What is undefined is given a value: correlations and CCC are 0 when gold or told does not vary (of one item
they never do); R2 of gold that does not vary is 1 if every item is told exactly and else 0, as in scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.training.evaluation import metrics

__all__ = ["NAMES", "Agreement", "agreement", "ccc", "mae", "pearson", "r2", "rmse", "spearman"]

Floats = npt.NDArray[np.float64]

# The measures by name, in the order of the fields of `Agreement`, and whether less is better.
NAMES = (
    ("MAE", True),
    ("RMSE", True),
    ("R2", False),
    ("Pearson r", False),
    ("Spearman rho", False),
    ("CCC", False),
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """All measures of told against gold: mae and rmse in the unit of the ratings, r2, pearson, spearman and ccc."""

    mae: float
    rmse: float
    r2: float
    pearson: float
    spearman: float
    ccc: float

    @property
    def row(self) -> tuple[float, ...]:
        """The numbers in the order of `NAMES`."""
        return self.mae, self.rmse, self.r2, self.pearson, self.spearman, self.ccc


def agreement(gold: npt.ArrayLike, told: npt.ArrayLike) -> Agreement:
    """All measures at once.

    Raises: UsageError, as every function here: the two are not rows of as many finite numbers, at least one.
    """
    truth, guess = _rows(gold, told)
    errors = _mae(truth, guess), _rmse(truth, guess), _r2(truth, guess)
    if not _vary(truth, guess):
        return Agreement(*errors, 0.0, 0.0, 0.0)
    return Agreement(*errors, metrics.pearson(truth, guess), _spearman(truth, guess), _ccc(truth, guess))


def mae(gold: npt.ArrayLike, told: npt.ArrayLike) -> float:
    """Mean absolute error."""
    return _mae(*_rows(gold, told))


def rmse(gold: npt.ArrayLike, told: npt.ArrayLike) -> float:
    """Root of the mean squared error."""
    return _rmse(*_rows(gold, told))


def r2(gold: npt.ArrayLike, told: npt.ArrayLike) -> float:
    """The coefficient of determination: 1 - squared errors by squared deviations of gold from its mean."""
    return _r2(*_rows(gold, told))


def pearson(gold: npt.ArrayLike, told: npt.ArrayLike) -> float:
    """Pearson's correlation; 0 when gold or told does not vary."""
    return agreement(gold, told).pearson


def spearman(gold: npt.ArrayLike, told: npt.ArrayLike) -> float:
    """Pearson's correlation of ranks, ties sharing their mean rank; 0 when gold or told does not vary."""
    return agreement(gold, told).spearman


def ccc(gold: npt.ArrayLike, told: npt.ArrayLike) -> float:
    """Lin's concordance, of variances over n: 2 cov / (var + var + squared difference of means)."""
    return agreement(gold, told).ccc


def _rows(gold: npt.ArrayLike, told: npt.ArrayLike) -> tuple[Floats, Floats]:
    truth, guess = np.asarray(gold, np.float64), np.asarray(told, np.float64)
    if truth.ndim != 1 or truth.shape != guess.shape or not truth.size:
        raise UsageError(f"gold and told are rows (n,) of the same n > 0; got {truth.shape} and {guess.shape}")
    if not (np.isfinite(truth).all() and np.isfinite(guess).all()):
        raise UsageError("gold and told must be finite numbers; leave out what is not rated")
    return truth, guess


def _vary(*rows: Floats) -> bool:
    """Whether each row holds two different numbers (the rounding of a mean makes a constant seem to vary)."""
    return all(bool(row.max() > row.min()) for row in rows)


def _mae(truth: Floats, guess: Floats) -> float:
    return float(np.abs(guess - truth).mean())


def _rmse(truth: Floats, guess: Floats) -> float:
    return float(np.sqrt(np.square(guess - truth).mean()))


def _r2(truth: Floats, guess: Floats) -> float:
    missed, spread = float(np.square(guess - truth).sum()), float(np.square(truth - truth.mean()).sum())
    if not _vary(truth) or spread == 0:  # squares of the smallest numbers are 0
        return float(missed == 0)
    return 1 - missed / spread


def _spearman(truth: Floats, guess: Floats) -> float:
    return metrics.pearson(_ranks(truth), _ranks(guess))


def _ccc(truth: Floats, guess: Floats) -> float:
    shared = float(((truth - truth.mean()) * (guess - guess.mean())).mean())
    apart = float(truth.var() + guess.var() + (truth.mean() - guess.mean()) ** 2)
    return 2 * shared / apart if apart > 0 else 0.0


def _ranks(values: Floats) -> Floats:
    """The rank of each value, from 0; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts + 1) / 2)[place], np.float64)
