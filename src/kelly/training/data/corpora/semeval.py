"""SemEval-2018 Task 1, English: tweets with the intensity of valence, of four feelings, and eleven feelings yes or no.

Conventions: official layout `semeval2018_task1/{V-reg,EI-reg,E-c}/*-{train,dev,test}*.txt`, tab-separated (Mohammad and
others, SemEval-2018). A tweet that stands in several subtasks is one record with several labels; a record's split is
dev (or test) as soon as one subtask has it there, so that no text is trained on that is measured elsewhere. Licence of
the corpus: none stated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kelly.errors import CorpusError
from kelly.training.data.layout import SPLITS, Corpus, rows

__all__ = ["CORPUS", "EMOTIONS", "INTENSITIES", "Tweet", "load"]

CORPUS = Corpus(
    "semeval2018_task1",
    "*/*.txt",
    title="SemEval-2018 Task 1",
    source="competitions.codalab.org/competitions/17751",
    licence="none stated",
    commercial=None,
    group="tweet",
    counts={"train": 6905, "dev": 919},
)
EMOTIONS = (
    *("anger", "anticipation", "disgust", "fear", "joy", "love", "optimism", "pessimism", "sadness", "surprise"),
    "trust",
)
INTENSITIES = ("anger", "fear", "joy", "sadness")
_KINDS = ("Affect Dimension", "Intensity Score")


@dataclass(slots=True)
class Tweet:
    """A labelled tweet.

    Parameters: text; splits, the split of each subtask it stands in ("V-reg", "EI-reg", "E-c"); valence, 0..1 or None;
    intensities, feeling -> 0..1; emotions, eleven flags in the order of `EMOTIONS` or None.
    """

    text: str
    splits: dict[str, str] = field(default_factory=dict)
    valence: float | None = None
    intensities: dict[str, float] = field(default_factory=dict)
    emotions: tuple[int, ...] | None = None

    def stands_in(self, subtask: str, split: str) -> None:
        """Note a split of a subtask; of several the most guarded one counts."""
        self.splits[subtask] = max(split, self.splits.get(subtask, split), key=SPLITS.index)

    @property
    def id(self) -> str:
        """The text itself, since a tweet has another id in each subtask."""
        return self.text

    @property
    def group(self) -> str:
        """Each tweet stands alone."""
        return self.text

    @property
    def split(self) -> str:
        """The most guarded split of its subtasks."""
        return max(self.splits.values(), key=SPLITS.index)


def load(root: Path) -> Iterator[Tweet]:
    """Read the subtasks and splits that are there.

    Raises: CorpusError when the corpus is missing, a column is missing or a label lies outside its range.
    """
    place = CORPUS.folder(root)
    tweets: dict[str, Tweet] = {}
    for path in sorted(place.glob("*/*.txt")):
        split = next((split for split in SPLITS if f"-{split}" in path.stem.lower()), None)
        if split is None:
            continue
        if path.parent.name == "E-c":
            _flags(path, split, tweets)
        elif path.parent.name in {"V-reg", "EI-reg"}:
            _intensities(path, split, tweets)
    yield from tweets.values()


def _flags(path: Path, split: str, tweets: dict[str, Tweet]) -> None:
    for row in rows(path, ("ID", "Tweet", *EMOTIONS), delimiter="\t"):
        try:
            flags = tuple(("0", "1").index(row[name]) for name in EMOTIONS)
        except ValueError:
            raise CorpusError(f"{path}: the labels of {row['ID']} must be 0 or 1") from None
        tweet = tweets.setdefault(row["Tweet"], Tweet(row["Tweet"]))
        tweet.stands_in("E-c", split)
        tweet.emotions = flags


def _intensities(path: Path, split: str, tweets: dict[str, Tweet]) -> None:
    for row in rows(path, ("ID", "Tweet", *_KINDS), delimiter="\t"):
        kind, score = (row[name] for name in _KINDS)
        try:
            value = float(score)
        except ValueError:
            value = -1.0
        if not 0 <= value <= 1:
            raise CorpusError(f"{path}: the intensity of {row['ID']} must lie in 0..1; got {score!r}")
        tweet = tweets.setdefault(row["Tweet"], Tweet(row["Tweet"]))
        tweet.stands_in(path.parent.name, split)
        if kind == "valence":
            tweet.valence = value
        elif kind in INTENSITIES:
            tweet.intensities[kind] = value
        else:
            raise CorpusError(
                f"{path}: the dimension of {row['ID']} must be valence or one of {INTENSITIES}; got {kind!r}"
            )
