"""Baselines that stand beside the word model: linear models and nearest neighbours on the untouched encoder.

Conventions: fitted on the train split of the same corpora, evaluated on any split; embeddings are the pretrained
encoder's sentence vectors (length 1). Each gives predictions in the corpus's own unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from kelly.models.words.tidy import tidy
from kelly.training.evaluation.words import Gold
from kelly.training.tasks.mixture import encode
from kelly.training.tasks.words import base_folder, meanings

__all__ = ["embed", "logistic", "nearest", "ridge"]

Floats = npt.NDArray[np.floating[Any]]


def embed(texts: Sequence[str]) -> Floats:
    """Sentence vectors (texts, 384) of the untouched encoder."""
    base = base_folder()
    return meanings(base, encode(Tokenizer.from_file(str(base / "tokenizer.json")), [tidy(text) for text in texts]))


def ridge(train: Gold, texts: Sequence[str]) -> Floats:
    """Ridge regression (penalty 1) on sentence vectors: predictions (texts, columns)."""
    from sklearn.linear_model import Ridge

    return np.asarray(Ridge(alpha=1.0).fit(embed(train.texts), train.values).predict(embed(texts)))


def logistic(train: Gold, texts: Sequence[str]) -> Floats:
    """One logistic regression a label on sentence vectors: probabilities (texts, labels)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    model = OneVsRestClassifier(LogisticRegression(C=10.0, max_iter=200))
    return np.asarray(model.fit(embed(train.texts), train.values).predict_proba(embed(texts)))


def nearest(train: Gold, texts: Sequence[str]) -> Floats:
    """The gold of the nearest train text by the cosine of sentence vectors."""
    known, asked = embed(train.texts), embed(texts)
    return np.asarray(train.values[np.argmax(asked @ known.T, axis=1)])
