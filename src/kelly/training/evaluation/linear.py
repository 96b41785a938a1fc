"""Linear models of many samples and few inputs: by least squares, and by least absolute deviations.

Conventions: inputs are (n, k), targets (n,); a model is a function from inputs (m, k) to predictions (m,), with an
intercept. Samples are gone through `CHUNK` at a time, so that millions fit in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["CHUNK", "Model", "least_absolute", "ridge"]

Floats = npt.NDArray[np.floating[Any]]
Model = Callable[[Floats], npt.NDArray[np.float64]]

CHUNK = 2**17
_ROUNDS = 12  # of reweighting: more change the error by less than a thousandth
_SMOOTHED = 0.01  # of the median's error: smaller errors weigh as much as this one


def ridge(inputs: Floats, targets: Floats, penalty: float = 1.0) -> Model:
    """The linear model of least squares, with a penalty on the squared weights (Hoerl & Kennard 1970)."""
    return _fitted(inputs, targets, np.ones(len(targets)), penalty)


def least_absolute(inputs: Floats, targets: Floats) -> Model:
    """The linear model of least absolute deviations, by reweighted least squares (Schlossmacher 1973)."""
    model = ridge(inputs, targets)
    least = _SMOOTHED * float(np.abs(targets - np.median(targets)).mean()) or 1.0
    for _ in range(_ROUNDS):
        model = _fitted(inputs, targets, 1 / np.maximum(np.abs(targets - model(inputs)), least), penalty=1.0)
    return model


def _fitted(inputs: Floats, targets: Floats, heed: npt.NDArray[np.float64], penalty: float) -> Model:
    """The linear model of least squares, each sample heeded as much as `heed` (n,) says; the intercept is free."""
    size = inputs.shape[1] + 1
    square, product = np.diag([penalty] * (size - 1) + [0.0]), np.zeros(size)
    for part in _parts(len(inputs)):
        design = np.column_stack([inputs[part], np.ones(len(inputs[part]))]).astype(np.float64)
        weighted = design * heed[part, None]
        square += weighted.T @ design
        product += weighted.T @ targets[part]
    weights = np.linalg.solve(square, product)
    return lambda asked: np.asarray(asked @ weights[:-1] + weights[-1], np.float64)


def _parts(count: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK) for start in range(0, count, CHUNK))
