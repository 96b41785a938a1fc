"""Frames: what the recogniser is given of a sound, and how its answers are gathered.

Conventions: a frame is 128 Slaney mel bands of `kelly.sound.features.FRAMES` (22,050 Hz, window and hop 2048, 10.77
frames a second) in decibels below the loudest band of the whole sound, none lower than `SPAN`. The network's input is
each band less its mean, in its standard deviations, `FURTHEST` of them at most; both are those that music has
(`bands.csv`, dB: over the training clips of the four corpora that the network learns from, each corpus alike). The
first `WARM_UP` frames (two seconds) are a beginning that it was never asked about; the reading of a sound is the mean
of the codes after them.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.sound.audio import Audio
from kelly.sound.features import FRAMES, below_maximum, spectrogram

__all__ = ["FURTHEST", "SPAN", "WARM_UP", "bands", "frames", "gathered", "scaled"]

SPAN = 80.0  # dB
WARM_UP = 22
FURTHEST = 4.0  # deviations


def frames(audio: Audio) -> npt.NDArray[np.float32]:
    """The frames (frames, 128) of a sound, in decibels below its loudest band.

    Raises: UsageError, it has no samples.
    """
    return below_maximum(spectrogram(audio, FRAMES), SPAN)[0]


def scaled(decibels: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """The network's inputs (..., 128) from decibels (..., 128) below the loudest band of a sound."""
    mean, deviation = bands()
    values = np.maximum(np.asarray(decibels, np.float32), np.float32(-SPAN))
    return np.asarray(np.clip((values - mean) / deviation, -FURTHEST, FURTHEST), np.float32)


@cache
def bands() -> npt.NDArray[np.float32]:
    """The mean and the standard deviation (2, 128) in dB that each band has in music; not to be written to."""
    text = resources.files("kelly.models.recognizer").joinpath("bands.csv").read_text(encoding="utf-8")
    table = np.loadtxt(text.splitlines(), np.float32, delimiter=",", skiprows=1).T
    table.flags.writeable = False
    return table


def gathered(codes: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """The code (64,) of a whole sound: the mean of those of its frames (frames, 64) after the warm-up, if it has any.

    Raises: UsageError, there is no frame.
    """
    if not len(codes):
        raise UsageError("a sound of no frames carries no feeling")
    return np.asarray(codes[WARM_UP if len(codes) > WARM_UP else 0 :].mean(axis=0, dtype=np.float64))
