"""Counts: the few ways in which traits sum up many numbers; each gives names and values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["Traits", "entropy", "histogram", "middle", "named", "share", "spread"]

Traits = dict[str, float]
Floats = npt.NDArray[np.float64]
PERCENTILES = (10, 25, 50, 75, 90)


def middle(name: str, values: npt.ArrayLike) -> Traits:
    """Mean and standard deviation; 0 of nothing."""
    row = np.asarray(values, np.float64)
    return {f"{name} mean": float(row.mean()) if row.size else 0.0, f"{name} sd": float(row.std()) if row.size else 0.0}


def spread(name: str, values: npt.ArrayLike, percentiles: Sequence[int] = PERCENTILES) -> Traits:
    """Percentiles; 0 of nothing."""
    row = np.asarray(values, np.float64)
    told = np.percentile(row, percentiles) if row.size else np.zeros(len(percentiles))
    return {f"{name} p{at}": float(value) for at, value in zip(percentiles, told, strict=True)}


def named(name: str, values: npt.ArrayLike) -> Traits:
    """Each of a row of values, by its index."""
    return {f"{name} {i}": float(value) for i, value in enumerate(np.asarray(values, np.float64).ravel())}


def histogram(name: str, values: npt.ArrayLike, edges: npt.ArrayLike, weights: Floats | None = None) -> Traits:
    """The share of the values between each two edges (of all values, those outside among them)."""
    row = np.asarray(values, np.float64)
    whole = float(len(row) if weights is None else weights.sum())
    return named(name, np.histogram(row, np.asarray(edges), weights=weights)[0] / max(whole, 1e-9))


def share(condition: npt.NDArray[np.bool_]) -> float:
    """The share of true ones; 0 of nothing."""
    return float(condition.mean()) if condition.size else 0.0


def entropy(counts: npt.ArrayLike) -> float:
    """Entropy in bits of counts or shares; 0 of nothing."""
    row = np.asarray(counts, np.float64)
    row = row[row > 0] / max(row.sum(), 1e-9)
    return float(-(row * np.log2(row)).sum())
