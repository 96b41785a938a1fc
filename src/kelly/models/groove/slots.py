"""Slots of the groove network: what its 32 outputs mean (its input is the emotion code).

Conventions: a bar of 4/4 has 16 steps, a sixteenth (a quarter of a beat) each. With y in -1..1, outputs 0-15 are each
step's offset, y / 2 sixteenth, positive being late; outputs 16-31 its accent, 64 y velocity steps from the bar's mean.
Targets are the mean over a step's hits; steps without a hit are masked in loss and metric.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError

__all__ = ["SIZE", "STEPS", "Groove", "decode", "encode", "targets"]

Floats = npt.NDArray[np.float64]

STEPS, SIZE = 16, 32
STEP = 0.25  # beats
_LATEST, _LOUDEST = 0.5 * STEP, 64.0  # what y = 1 means: beats, velocity steps


@dataclass(frozen=True, slots=True)
class Groove:
    """A groove: offsets (..., 16) in beats, positive is late, and accents (..., 16) in velocity steps."""

    offsets: Floats
    accents: Floats


def decode(outputs: npt.ArrayLike) -> Groove:
    """The groove that outputs (..., 32) in -1..1 speak of. Raises: UsageError when there are not 32."""
    y = np.asarray(outputs, np.float64)
    if y.shape[-1:] != (SIZE,):
        raise UsageError(f"the groove network gives {SIZE} numbers; got shape {y.shape}")
    return Groove(_LATEST * y[..., :STEPS], _LOUDEST * y[..., STEPS:])


def encode(groove: Groove) -> Floats:
    """Outputs (..., 32) that decode to a groove; what lies beyond an eighth of a beat or 64 steps is clipped."""
    y = np.concatenate([groove.offsets / _LATEST, groove.accents / _LOUDEST], -1)
    return np.asarray(np.clip(y, -1.0, 1.0))


def targets(onsets: npt.ArrayLike, velocities: npt.ArrayLike, bars: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """What the network should give for the bars of a take.

    A hit belongs to the nearest step, one just before a bar line to the bar behind it. A hit's accent is counted from
    the mean velocity of its bar.

    Parameters: onsets (hits,) in beats from the first bar line; velocities (hits,) 1..127; bars of four beats.
    Returns: outputs (bars, 32), 0 where no hit is; mask (bars, 32), whether one is. Hits outside the bars are left out.
    """
    at, loud = np.asarray(onsets, np.float64), np.asarray(velocities, np.float64)
    step = np.rint(at / STEP).astype(np.int64)
    inside = (step >= 0) & (step < bars * STEPS)
    at, loud, step = at[inside], loud[inside], step[inside]
    accents = loud - _means(step // STEPS, loud, bars)[step // STEPS]
    each = [_means(step, values, bars * STEPS).reshape(bars, STEPS) for values in (at - STEP * step, accents)]
    struck = (np.bincount(step, minlength=bars * STEPS) > 0).reshape(bars, STEPS)
    return encode(Groove(each[0], each[1])), np.concatenate([struck, struck], 1)


def _means(index: npt.NDArray[np.int64], values: Floats, count: int) -> Floats:
    """The mean of the values at each index 0..count - 1; 0 where there is none."""
    hits = np.bincount(index, minlength=count)
    return np.asarray(np.bincount(index, values, count) / np.maximum(hits, 1))
