"""Baselines of what hears sound, and the cepstral statistics that they know of a sound.

Conventions: cepstra are the first `COUNT` of the discrete cosine transform (orthonormal) of log-mel frames in decibels,
of waves by the definition with the window of 1024 at their recorded level, of the mood set's spectrograms as they are.
Statistics are the mean and the standard deviation over time of the cepstra, of their absolute differences from frame to
frame, and of the spectrum of their movement in five octaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import scipy.fft

from kelly.sound.features import decibels, scales
from kelly.training.data.clips import STEP
from kelly.training.data.sounds import FULL, TASKS, Sound
from kelly.training.evaluation.calibration import softmax

__all__ = ["COUNT", "baselines", "statistics"]

Floats = npt.NDArray[np.float64]

COUNT = 40
_FEWEST = 3  # groups that a baseline is fitted on
_MOVED = 20  # cepstra whose movement is looked at
_LENGTH = 256  # frames of its spectrum
_OCTAVES = (1, 6, 16, 32, 64, 128)
_MOST = 50_000  # sounds whose statistics are remembered, 2 kB each

_known: dict[bytes, Floats] = {}


def baselines(
    name: str, train: Sequence[Sound], asked: Sequence[Sound], note: Callable[[str], object]
) -> dict[str, Floats]:
    """What baselines tell of sounds (asked, numbers), by their names.

    Parameters: name, of the task; train, the sounds that they are fitted on; asked; note, told when there are too few
    to fit them on: then there are none.
    """
    if len({one.group for one in train}) < _FEWEST or np.ptp([one.told for one in train], axis=0).max() == 0:
        note("no baselines, which are fitted on a train split; see --train")
        return {}
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    truth = np.array([one.told for one in train], np.float64)
    mean = truth.mean(0)
    x, x_asked, classes = statistics(train), statistics(asked), truth.argmax(1)
    constant = np.tile(mean, (len(asked), 1))
    if not TASKS[name].classes:
        ridge = make_pipeline(StandardScaler(), RidgeCV(np.logspace(0, 5, 16)))
        return {"constant": constant, "ridge": np.asarray(ridge.fit(x, truth).predict(x_asked), np.float64)}
    shares = np.zeros((len(asked), truth.shape[1]))
    if TASKS[name].voices:
        machine = make_pipeline(StandardScaler(), SVC(C=5, break_ties=True)).fit(x, classes)
        margins = np.asarray(machine.decision_function(x_asked), np.float64)
        shares[:, machine.classes_] = softmax(margins if margins.ndim > 1 else np.stack([-margins, margins], 1))
        return {"constant": constant, "SVM": shares}
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=2000)).fit(x, classes)
    shares[:, linear.classes_] = linear.predict_proba(x_asked)
    return {"constant": constant, "linear": shares}


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
