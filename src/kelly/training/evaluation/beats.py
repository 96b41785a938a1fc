"""Beat tracking: how well estimated beats agree with annotated ones.

Conventions: beats are times in seconds (n,), rising. F-measure counts an estimate within a window of an annotation, one
to one (Dixon 2007; +-70 ms). Continuity asks of each estimate that it and its distance from its neighbour agree with
the annotation to 17.5 % of the beat (Hainsworth 2004; Klapuri and others 2006): CML at the annotated metrical level,
AML also at half and double of it and off the beat; c is the longest run without an error, t the share in all. All are
0..1 and follow the definitions of the evaluation library mir_eval, which also leaves out the first five seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError

__all__ = ["LEVEL", "SETTLING", "WINDOW", "Continuity", "continuity", "f_measure", "settled"]

WINDOW = 0.07  # seconds
LEVEL = 0.175  # of a beat
SETTLING = 5.0  # seconds

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Continuity:
    """The four measures, each 0..1: cmlc, cmlt, amlc, amlt."""

    cmlc: float
    cmlt: float
    amlc: float
    amlt: float


def f_measure(annotated: npt.ArrayLike, estimated: npt.ArrayLike, window: float = WINDOW) -> float:
    """Harmonic mean of precision and recall of estimates within `window` seconds of an annotation; 0 of none at all.

    Raises: UsageError, as `continuity`.
    """
    reference, found = _valid(annotated), _valid(estimated)
    if not len(reference) or not len(found):
        return 0.0
    return 2 * _hits(reference, found, window) / (len(reference) + len(found))


def continuity(annotated: npt.ArrayLike, estimated: npt.ArrayLike) -> Continuity:
    """The four measures of continuity; all 0 where either side has fewer than two beats.

    Raises: UsageError, the times are not a row of finite numbers that rise.
    """
    reference, found = _valid(annotated), _valid(estimated)
    if len(reference) < 2 or len(found) < 2:
        return Continuity(0.0, 0.0, 0.0, 0.0)
    runs, shares = zip(*(_agreement(level, found) for level in _levels(reference) if len(level) > 1), strict=True)
    return Continuity(runs[0], shares[0], max(runs), max(shares))


def settled(beats: npt.ArrayLike, since: float = SETTLING) -> Floats:
    """The beats from a time in seconds on: before it a tracker may still be finding its pace."""
    times = _valid(beats)
    return times[times >= since]


def _valid(beats: npt.ArrayLike) -> Floats:
    times = np.asarray(beats, np.float64)
    if times.ndim != 1 or not np.all(np.isfinite(times)) or np.any(np.diff(times) <= 0):
        raise UsageError(f"beats must be a row of finite times that rise; got shape {times.shape}")
    return times


def _hits(reference: Floats, found: Floats, window: float) -> int:
    """How many pairs, one to one, lie within the window: the earliest that fits is always a best choice."""
    hits = i = 0
    for time in found:
        while i < len(reference) and reference[i] < time - window:
            i += 1
        if i < len(reference) and reference[i] <= time + window:
            hits, i = hits + 1, i + 1
    return hits


def _levels(reference: Floats) -> tuple[Floats, ...]:
    """The annotated beats; off the beat; twice as many; every other one, from the first and from the second on."""
    double = np.interp(np.arange(2 * len(reference) - 1) / 2, np.arange(len(reference)), reference)
    return reference, double[1::2], double, reference[::2], reference[1::2]


def _agreement(reference: Floats, found: Floats) -> tuple[float, float]:
    """The longest run of estimates that agree, and all of them, as shares of the longer of both rows."""
    nearest = np.abs(found[:, None] - reference).argmin(1)
    near = np.flatnonzero(_near(reference, found, nearest))
    agree = np.zeros(len(found), bool)
    agree[near[np.unique(nearest[near], return_index=True)[1]]] = True  # a beat is found once
    failures = np.flatnonzero(~np.concatenate([[False], agree, [False]]))
    length = max(len(reference), len(found))
    return float(np.diff(failures).max() - 1) / length, float(agree.sum()) / length


def _near(reference: Floats, found: Floats, nearest: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether place and distance of each estimate agree; of the distance to the beat before, at the start after."""
    i, at = np.arange(len(found)), nearest
    ahead = (i == 0) | (at == 0)
    j, to = np.where(ahead, i + 1, i), np.where(ahead, at + 1, at)
    j, to = np.clip(j, 1, len(found) - 1), np.clip(to, 1, len(reference) - 1)
    beat, gap = reference[to] - reference[to - 1], found[j] - found[j - 1]
    near: npt.NDArray[np.bool_] = (np.abs(found - reference[at]) < LEVEL * beat) & (np.abs(beat - gap) < LEVEL * beat)
    return near
