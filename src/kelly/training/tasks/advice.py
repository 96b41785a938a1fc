"""Advice: what support vector regression on a clip's statistics says of clips that it does not know.

Conventions: clips as in `kelly.training.data.clips`. The few clips that a corpus has say little about a feeling that
listeners hardly agree on; a network that learns from their answers alone learns them by heart. So each clip also comes
with an answer that has less noise in it: that of a regression fitted on the other folds of its corpus (`FOLDS`, by
group), from the mean over time of each band's level, its deviation, its changes from one frame to the next and over
four, its rises, and the deviation of what it has above the frame's mean. Answers are in standard deviations of the
corpus's clips about their mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kelly.training.data.clips import Clip
from kelly.training.data.splits import share

__all__ = ["FOLDS", "advice", "statistics"]

Floats = npt.NDArray[np.float64]

FOLDS = 5
_SLACK = 0.2  # deviations within which an answer is right enough
_APART = 4  # frames: a beat or so
_FEWEST = 4  # clips that say anything about others


def advice(found: Sequence[Clip]) -> Floats:
    """Valence and arousal (clips, 2) of clips of several corpora, each as told by what the others of its own teach."""
    rows = np.array([statistics(clip) for clip in found])
    truth = np.array([clip.summary for clip in found])
    corpora = np.array([clip.corpus for clip in found])
    folds = np.array([int(share("advice", clip.group) * FOLDS) for clip in found])
    told = np.zeros((len(found), 2))
    for corpus in sorted(set(corpora)):
        own = corpora == corpus
        points = (truth - truth[own].mean(0)) / np.maximum(truth[own].std(0), 1e-6)
        for fold in range(FOLDS):
            known, asked = own & (folds != fold), own & (folds == fold)
            if asked.any() and known.sum() >= _FEWEST:
                told[asked] = _answers(rows[known], points[known], rows[asked])
    return told


def statistics(clip: Clip) -> Floats:
    """What the regression is given of a clip (768,): six numbers of each band, dB."""
    levels = clip.decibels.astype(np.float64)
    changes = np.diff(levels, axis=0, prepend=levels[:1])
    later = np.abs(levels[_APART:] - levels[:-_APART]) if len(levels) > _APART else np.zeros((1, levels.shape[1]))
    above = levels - levels.mean(axis=1, keepdims=True)
    means = (levels, np.abs(changes), np.maximum(changes, 0), later)
    return np.concatenate([*(part.mean(axis=0) for part in means), levels.std(axis=0), above.std(axis=0)])


def _answers(rows: Floats, points: Floats, asked: Floats) -> Floats:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    models = [make_pipeline(StandardScaler(), SVR(epsilon=_SLACK)).fit(rows, axis) for axis in points.T]
    return np.stack([model.predict(asked) for model in models], axis=1)
