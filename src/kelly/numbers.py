"""Numbers: what a user may give for one, and what is answered to anything else."""

from __future__ import annotations

import math
import operator
from numbers import Real
from typing import Any

from kelly.errors import UsageError
from kelly.names import quoted

__all__ = ["number", "whole"]


def whole(name: str, value: Any, low: int, high: int) -> int:  # noqa: ANN401 - whatever a caller may give
    """An integer in low..high. Raises: UsageError, the value called `name` is none."""
    try:
        found = low - 1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        found = low - 1
    if low <= found <= high:
        return found
    top = "2^63-1" if high == 2**63 - 1 else high
    raise UsageError(f"{name} must be an integer in {low}..{top}; got {quoted(value)}")


def number(name: str, value: Any, low: float, high: float, unit: str = "") -> float:  # noqa: ANN401
    """A finite number in low..high. Raises: UsageError, the value called `name` is none."""
    try:
        found = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    except OverflowError:  # an integer that no float can hold
        found = math.inf
    if low <= found <= high:
        return found + 0.0  # -0.0 is 0.0
    raise UsageError(f"{name} must lie in {low:g}..{high:g}{f' {unit}' if unit else ''}; got {quoted(value)}")
