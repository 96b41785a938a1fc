"""Evaluation of the word model on any split of the corpora's official layout, beside baselines.

Conventions: a reader takes texts and gives heads (texts, 173) as laid out in `kelly.models.words.heads`. Correlations
are Pearson's over the items of a split, F1 is macro over labels. On the dev split the thresholds of F1 are cross-fitted
(each fifth is judged by the thresholds of the other four); on any other split they are those that the model carries.
The word norms have no split here: the tenth that Kelly holds out is measured whichever split is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kelly.errors import CorpusError, MissingCorpusError
from kelly.models.words.heads import SCALES, SLOTS, ratings, sigmoid
from kelly.training.data.corpora import emobank, goemotions, semeval, warriner
from kelly.training.evaluation.metrics import cross_fitted, macro_f1, pearson

__all__ = ["LABELLED", "Gold", "Row", "Thresholds", "gold", "measured", "predictions"]

Floats = npt.NDArray[np.float64]
Heads = npt.NDArray[np.floating]
Thresholds = dict[str, Floats]
LABELLED = ("emotions", "goemotions")  # the tasks of many labels, each given or not
_AXES = ("V", "A", "D")


@dataclass(frozen=True, slots=True)
class Gold:
    """A split of one task: texts, and gold (texts, columns) in the corpus's own unit."""

    texts: list[str]
    values: Floats


@dataclass(frozen=True, slots=True)
class Row:
    """One measured number: task, items, measure ("r V", "macro F1" ...), value."""

    task: str
    items: int
    measure: str
    value: float


def gold(root: Path, split: str) -> dict[str, Gold]:
    """The tasks below a root that have the split, by the name of their head.

    Parameters: root, folder of corpora; split, train, dev or test.
    Raises: CorpusError when no corpus has it, or one is not in its official layout.
    """
    held = "train" if split == "train" else "dev"
    loaders: dict[str, Callable[[], list[tuple[str, Sequence[float]]]]] = {
        "emobank": lambda: [(one.text, one.gold) for one in emobank.load(root) if one.split == split],
        "valence": lambda: [(one.text, (one.valence or 0.0,)) for one in _tweets(root, "V-reg", split)],
        "emotions": lambda: [(one.text, one.emotions or ()) for one in _tweets(root, "E-c", split)],
        "goemotions": lambda: [(one.text, _flags(one.labels)) for one in goemotions.load(root) if one.split == split],
        "warriner": lambda: [(one.text, one.means) for one in warriner.load(root) if one.split == held],
    }
    found = {name: _gold(loader) for name, loader in loaders.items()}
    kept = {name: one for name, one in found.items() if one is not None}
    if not kept:
        raise CorpusError(f"no corpus below {root} has a {split} split")
    return kept


def predictions(task: str, heads: Heads) -> Floats:
    """What heads say about a task, in its corpus's unit: (texts, columns)."""
    if task in SCALES:
        return ratings(heads, task)
    raw = np.asarray(heads[:, SLOTS[task]], np.float64)
    return sigmoid(raw) if task in LABELLED else raw


def measured(task: str, told: Floats, truth: Floats, thresholds: Thresholds | None = None) -> Iterator[Row]:
    """The numbers of a task: correlations, or macro F1 (cross-fitted when there are no thresholds)."""
    if task in LABELLED:
        known = None if thresholds is None else thresholds.get(task)
        f1 = cross_fitted(told, truth) if known is None else macro_f1(told, truth, known)
        yield Row(task, len(truth), "macro F1", f1)
        return
    for axis, name in zip(range(truth.shape[1]), _AXES, strict=False):
        yield Row(task, len(truth), f"r {name}", pearson(told[:, axis], truth[:, axis]))


def _gold(load: Callable[[], list[tuple[str, Sequence[float]]]]) -> Gold | None:
    try:
        pairs = load()
    except MissingCorpusError:
        return None
    if not pairs:
        return None
    return Gold([text for text, _ in pairs], np.array([values for _, values in pairs], np.float64))


def _tweets(root: Path, subtask: str, split: str) -> list[semeval.Tweet]:
    return [tweet for tweet in semeval.load(root) if tweet.splits.get(subtask) == split]


def _flags(labels: tuple[int, ...]) -> list[float]:
    return [float(index in labels) for index in range(len(goemotions.LABELS))]
