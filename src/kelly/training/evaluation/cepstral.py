"""Cepstral statistics: what a baseline knows of a sound.

Conventions: cepstra are the first `COUNT` of the discrete cosine transform (orthonormal) of log-mel frames in decibels,
of waves by the definition with the window of 1024 at their recorded level, of the mood set's spectrograms as they are.
Statistics are the mean and the standard deviation over time of the cepstra, of their absolute differences from frame to
frame, and of the spectrum of their movement in five octaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import scipy.fft

from kelly.sound.features import decibels, scales
from kelly.training.data.clips import STEP
from kelly.training.data.sounds import FULL, Sound

__all__ = ["COUNT", "statistics"]

Floats = npt.NDArray[np.float64]

COUNT = 40
_MOVED = 20  # cepstra whose movement is looked at
_LENGTH = 256  # frames of its spectrum
_OCTAVES = (1, 6, 16, 32, 64, 128)
_MOST = 50_000  # sounds whose statistics are remembered, 2 kB each

_known: dict[bytes, Floats] = {}


def statistics(found: Sequence[Sound]) -> Floats:
    """The statistics (sounds, numbers) of sounds."""
    return np.array([_remembered(one) for one in found])


def _remembered(sound: Sound) -> Floats:
    """The statistics of a sound, which most folds learn from: known by what it holds, so that its wave is not kept."""
    key = hashlib.sha256(f"{sound.rate} {sound.wave.dtype} {sound.wave.shape}".encode())
    key.update(np.ascontiguousarray(sound.wave).reshape(-1).view(np.uint8).data)
    if key.digest() not in _known:
        if len(_known) >= _MOST:
            _known.clear()
        _known[key.digest()] = _statistics(sound)
    return _known[key.digest()]


def _statistics(sound: Sound) -> Floats:
    if sound.wave.dtype == np.uint8:
        frames = sound.wave.astype(np.float64) * STEP
    else:
        frames = decibels(sound.wave.astype(np.float64) / FULL, scales(sound.rate)[1]).astype(np.float64)
    cepstra = scipy.fft.dct(frames, norm="ortho", axis=1)[:, :COUNT]
    steps = np.abs(np.diff(cepstra, axis=0)) if len(cepstra) > 1 else np.zeros_like(cepstra)
    moved = cepstra[:, :_MOVED] - cepstra[:, :_MOVED].mean(0)
    spectrum = np.abs(np.fft.rfft(moved, _LENGTH, axis=0))
    bands = [spectrum[low:high].mean(0) for low, high in pairwise(_OCTAVES)]
    parts = (cepstra.mean(0), cepstra.std(0), steps.mean(0), steps.std(0), np.log1p(np.concatenate(bands)))
    return np.concatenate(parts)
