"""Warriner norms: 13,915 English words, each rated by about twenty people an axis (valence, arousal, dominance, 1..9).

Conventions: official layout `warriner/Ratings_Warriner_et_al.csv` (Warriner, Kuperman and Brysbaert 2013). Kelly holds
out a tenth by word stem ("abandon" and "abandonment" stay together; the lists of X-ANEW part them). Licence of the
norms: CC BY-NC-ND 3.0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import snowballstemmer

from kelly.errors import CorpusError
from kelly.training.data.layout import Corpus, rows

__all__ = ["CORPUS", "Word", "load", "stem"]

CORPUS = Corpus(
    "warriner",
    "Ratings_Warriner_et_al.csv",
    title="the norms of Warriner, Kuperman and Brysbaert",
    source="the supplement of Behavior Research Methods 45, 1191-1207",
    licence="CC BY-NC-ND 3.0",
    commercial=False,
    group="stem",
    counts={"train": 12481, "dev": 1434},
)
_COLUMNS = ("V.Mean.Sum", "A.Mean.Sum", "D.Mean.Sum")
_TENTH = 10


@dataclass(frozen=True, slots=True)
class Word:
    """A rated word: text, split (train, or dev for the tenth held out), means (1..9) of V, A, D."""

    text: str
    split: str
    means: tuple[float, float, float]

    @property
    def id(self) -> str:
        """The word itself."""
        return self.text

    @property
    def group(self) -> str:
        """The stem, whose words are in one split."""
        return stem(self.text)


def load(root: Path) -> Iterator[Word]:
    """Read the norms.

    Raises: CorpusError when they are missing, a column is missing or a mean lies outside 1..9.
    """
    path = CORPUS.folder(root) / "Ratings_Warriner_et_al.csv"
    for row in rows(path, ("Word", *_COLUMNS)):
        told = [row[column] for column in _COLUMNS]
        try:
            v, a, d = (float(mean) for mean in told)
        except ValueError:
            raise CorpusError(f"{path}: the means of {row['Word']!r} must be numbers; got {told}") from None
        if not all(1 <= mean <= 9 for mean in (v, a, d)):
            raise CorpusError(f"{path}: the means of {row['Word']!r} must lie in 1..9; got {told}")
        yield Word(row["Word"], _split(row["Word"]), (v, a, d))


def stem(word: str) -> str:
    """The stem of an English word (Snowball's second Porter stemmer)."""
    return str(_STEMMER.stemWord(word.lower()))


_STEMMER = snowballstemmer.stemmer("english")


def _split(word: str) -> str:
    digest = hashlib.sha256(stem(word).encode()).digest()
    return "dev" if int.from_bytes(digest[:4], "big") % _TENTH == 0 else "train"
