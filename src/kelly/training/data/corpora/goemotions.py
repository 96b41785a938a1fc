"""GoEmotions: short comments, each with one or more of 28 labels (27 feelings and neutral).

Conventions: official layout `goemotions/{train,dev,test}.tsv` (text TAB label numbers with commas TAB id;
Demszky and others, ACL 2020). Licence of the corpus: Apache-2.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kelly.errors import CorpusError
from kelly.training.data.layout import SPLITS, Corpus

__all__ = ["CORPUS", "LABELS", "Comment", "load"]

CORPUS = Corpus(
    "goemotions",
    "*.tsv",
    title="GoEmotions",
    source="github.com/google-research/google-research/tree/master/goemotions",
    licence="Apache-2.0",
    commercial=True,
    group="comment",
    counts={"train": 43376, "dev": 5422},
)
LABELS = (
    *("admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire"),
    *("disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief", "joy"),
    *("love", "nervousness", "optimism", "pride", "realization", "relief", "remorse", "sadness", "surprise"),
    "neutral",
)


@dataclass(frozen=True, slots=True)
class Comment:
    """A labelled comment: id, split, text, labels (indices into `LABELS`, at least one)."""

    id: str
    split: str
    text: str
    labels: tuple[int, ...]

    @property
    def group(self) -> str:
        """Each comment stands alone."""
        return self.id


def load(root: Path) -> Iterator[Comment]:
    """Read the splits that are there.

    Raises: CorpusError when the corpus is missing or a line is not as it should be.
    """
    place = CORPUS.folder(root)
    for split in SPLITS:
        path = place / f"{split}.tsv"
        if path.exists():
            yield from _split(path, split)


def _split(path: Path, split: str) -> Iterator[Comment]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        parts = line.rstrip("\r").split("\t")
        try:
            text, labels, name = parts
            indices = tuple(int(label) for label in labels.split(","))
        except ValueError:
            raise CorpusError(f"{path}: line {number} must be text, label numbers and id; got {line[:60]!r}") from None
        if not all(0 <= index < len(LABELS) for index in indices):
            raise CorpusError(f"{path}: line {number} has a label outside 0..{len(LABELS) - 1}: {labels}")
        yield Comment(name, split, text, indices)
