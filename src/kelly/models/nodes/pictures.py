"""Pictures: what the node classifier sees of eight seconds of sound.

Conventions: a picture is (64, 128): the bands of `kelly.sound.features.LOOPS`, lowest first, x frames of 1/16 s from 0
to `SECONDS`. Decibels are of full scale, not relative to anything: how loud a loop is tells its dominance. The network
takes `scaled` decibels, which are about -2..2 where there is music.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.sound.features import FLOOR, LOOPS, decibels

__all__ = ["BANDS", "FRAMES", "MIDDLE", "SECONDS", "SILENCE", "SPREAD", "picture", "scaled"]

Floats = npt.NDArray[np.float32]

SECONDS = 8.0
BANDS = LOOPS.bands
FRAMES = 128
SILENCE = 10 * float(np.log10(FLOOR))  # dB
MIDDLE, SPREAD = -25.0, 20.0  # dB, about those of rendered loops


def picture(wave: npt.ArrayLike) -> Floats:
    """The picture (64, 128) in dB of a wave (samples,) at 16 kHz, of which the first eight seconds are seen.

    Raises: UsageError, the wave is shorter, or as `features.decibels`.
    """
    samples = np.asarray(wave)[: int(SECONDS * LOOPS.rate)]
    if samples.ndim != 1 or len(samples) < SECONDS * LOOPS.rate:
        raise UsageError(f"a picture takes {SECONDS:g} seconds at {LOOPS.rate} Hz; got shape {np.shape(wave)}")
    return np.ascontiguousarray(decibels(samples, LOOPS)[:FRAMES].T)


def scaled(levels: npt.ArrayLike) -> Floats:
    """Decibels as the network takes them: `MIDDLE` is 0, and `SPREAD` more is 1."""
    return np.asarray((np.asarray(levels, np.float32) - np.float32(MIDDLE)) / np.float32(SPREAD), np.float32)
