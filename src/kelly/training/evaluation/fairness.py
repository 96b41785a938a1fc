"""Fairness: the same measure by subgroup (an actor's sex, a corpus), and whether the gap is more than chance.

Conventions: subgroups (n,) says to which each item belongs. Intervals are `bootstrap`'s, drawn inside each subgroup.
The gap is the largest value less the smallest; its interval is that of this very pair, so it may reach below 0, which
says that the order could turn around. Where there are many subgroups the pair is picked for its gap, and the interval
flatters it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.training.evaluation.bootstrap import DRAWS, Estimate, Measure, interval, resampled

__all__ = ["Fairness", "Subgroup", "fairness"]

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Subgroup:
    """A subgroup: its name, how many items and units (actors, artists) it has, and what it gets."""

    name: str
    items: int
    units: int
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Fairness:
    """A measure by subgroup.

    Parameters: by, what parts the items ("actor's sex"); measure, its name; subgroups, in the order of their names;
    gap, the largest value less the smallest, None of a single subgroup; pair, the names of the best-off and of the
    worst-off; lower, whether less is better.
    """

    by: str
    measure: str
    subgroups: tuple[Subgroup, ...]
    gap: Estimate | None
    pair: tuple[str, str] | None
    lower: bool = False


def fairness(
    by: str,
    named: tuple[str, Measure],
    columns: tuple[Array, ...],
    subgroups: Array,
    *,
    rng: np.random.Generator,
    groups: Array | None = None,
    draws: int = DRAWS,
    lower: bool = False,
) -> Fairness:
    """A measure by subgroup, with intervals and the largest gap.

    Parameters: by, what parts the items; named, the measure's name and the measure, a function of the columns; columns,
    arrays (n, ...), as gold and told; subgroups (n,); rng; groups (n,), what is drawn as a whole; draws; lower, whether
    less is better.
    Raises: UsageError, subgroups are not as many as items.
    """
    labels = np.asarray(subgroups)
    if any(len(column) != len(labels) for column in columns) or not len(labels):
        raise UsageError(f"subgroups must be as many as items, above 0; got {len(labels)}")
    units = np.arange(len(labels)) if groups is None else np.asarray(groups)
    parts, drawn = [], []
    for name in np.unique(labels):
        of = labels == name
        held = [column[of] for column in columns]
        drawn.append(resampled(named[1], *held, rng=rng, groups=None if groups is None else units[of], draws=draws))
        told = interval(float(named[1](*held)), drawn[-1])
        parts.append(Subgroup(str(name), int(of.sum()), len(np.unique(units[of])), told))
    gap, pair = _gap(parts, drawn, lower=lower)
    return Fairness(by, named[0], tuple(parts), gap, pair, lower)


def _gap(
    parts: list[Subgroup], drawn: list[npt.NDArray[np.float64]], *, lower: bool
) -> tuple[Estimate | None, tuple[str, str] | None]:
    if len(parts) < 2:
        return None, None
    values = [part.estimate.value for part in parts]
    least, most = int(np.argmin(values)), int(np.argmax(values))
    least = least if least != most else 1  # all alike
    known = len(drawn[most]) and len(drawn[least])
    gap = interval(values[most] - values[least], drawn[most] - drawn[least] if known else np.zeros(0))
    best, worst = (least, most) if lower else (most, least)
    return gap, (parts[best].name, parts[worst].name)
