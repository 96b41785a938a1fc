"""Baselines that stand beside the word model: linear models and nearest neighbours on the untouched encoder.

Conventions: fitted on the train split of the same corpora, evaluated on any split; embeddings are the pretrained
encoder's sentence vectors (length 1). Each gives predictions in the corpus's own unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.models.words.tidy import tidy
from kelly.training.evaluation.words import Gold
from kelly.training.tasks.mixture import encode
from kelly.training.tasks.words import base_folder, meanings, tokenizer

__all__ = ["embed", "logistic", "nearest", "ridge"]

Floats = npt.NDArray[np.floating[Any]]


def embed(texts: Sequence[str]) -> Floats:
    """Sentence vectors (texts, 384) of the untouched encoder."""
    return meanings(base_folder(), encode(tokenizer(), [tidy(text) for text in texts]))


def ridge(train: Gold, texts: Sequence[str]) -> Floats:
    """Ridge regression (penalty 1) on sentence vectors: predictions (texts, columns)."""
    from sklearn.linear_model import Ridge

    told = Ridge(alpha=1.0).fit(embed(train.texts), train.values).predict(embed(texts))
    return np.asarray(told).reshape(len(texts), -1)  # a single column comes without its axis


def logistic(train: Gold) -> Callable[[Sequence[str]], npt.NDArray[np.float64]]:
    """One logistic regression a label on sentence vectors: a reader that gives probabilities (texts, labels)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    model = OneVsRestClassifier(LogisticRegression(C=10.0, max_iter=200)).fit(embed(train.texts), train.values)
    return lambda texts: np.asarray(model.predict_proba(embed(texts)), np.float64)


def nearest(train: Gold, texts: Sequence[str]) -> Floats:
    """The gold of the nearest train text by the cosine of sentence vectors."""
    known, asked = embed(train.texts), embed(texts)
    return np.asarray(train.values[np.argmax(asked @ known.T, axis=1)])
