"""EmoBank: sentences of several genres, each rated by about ten people for valence, arousal and dominance (1..5).

Conventions: official layout `emobank/corpus/` (Buechel and Hahn, EACL 2017). The gold is the mean of `emobank.csv`
(readers and writers together); the counts say how many single raters gave 1, 2, 3, 4, 5, since the disagreement of
raters is a part of the label. Licence of the corpus: CC BY-SA 4.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kelly.errors import CorpusError
from kelly.training.data.layout import Corpus, one_of, rows

__all__ = ["AXES", "CORPUS", "LEVELS", "Sentence", "load"]

CORPUS = Corpus(
    "emobank",
    "**/emobank.csv",
    title="EmoBank",
    source="github.com/JULIELab/EmoBank",
    licence="CC BY-SA 4.0",
    commercial=True,
    group="sentence",
    counts={"train": 8043, "dev": 996},
)
AXES = ("V", "A", "D")
LEVELS = 5
_RATERS = ("individual_reader_ratings.csv", "individual_writer_ratings.csv")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A rated sentence: id, split, text, gold (V, A, D, each 1..5), counts (3, 5) of single ratings per axis."""

    id: str
    split: str
    text: str
    gold: tuple[float, float, float]
    counts: npt.NDArray[np.float32]

    @property
    def group(self) -> str:
        """Each sentence stands alone."""
        return self.id


def load(root: Path) -> Iterator[Sentence]:
    """Read the corpus.

    Raises: CorpusError when the corpus is missing, a column is missing or a rating lies outside 1..5.
    """
    place = CORPUS.folder(root)
    table = one_of(place, "emobank.csv", "corpus/emobank.csv", "**/emobank.csv")
    assert table is not None  # noqa: S101 - `folder` has seen it
    counts = _counts(table.parent)
    for row in rows(table, ("id", "split", *AXES, "text")):
        gold = tuple(_rating(table, row["id"], row[axis]) for axis in AXES)
        yield Sentence(row["id"], row["split"], row["text"], gold, counts.get(row["id"], _around(gold)))  # type: ignore[arg-type]


def _rating(path: Path, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 1 <= value <= LEVELS:
        raise CorpusError(f"{path}: a rating of {name} must lie in 1..5; got {text!r}")
    return value


def _counts(place: Path) -> dict[str, npt.NDArray[np.float32]]:
    counts: dict[str, npt.NDArray[np.float32]] = {}
    for name in _RATERS:
        path = place / name
        if not path.exists():
            continue
        for row in rows(path, ("id", *AXES)):
            of = counts.setdefault(row["id"], np.zeros((len(AXES), LEVELS), np.float32))
            for axis, key in enumerate(AXES):
                of[axis, round(_rating(path, row["id"], row[key])) - 1] += 1
    return counts


def _around(gold: tuple[float, ...]) -> npt.NDArray[np.float32]:
    """Where single ratings are missing: the two levels beside the mean, weighted so that they give it."""
    counts = np.zeros((len(AXES), LEVELS), np.float32)
    for axis, value in enumerate(gold):
        low = min(int(value), LEVELS - 1)
        counts[axis, low - 1], counts[axis, low] = low + 1 - value, value - low
    return counts
