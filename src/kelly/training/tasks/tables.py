"""The hand-written tables that the word model learns from beside the corpora.

Conventions: names are the 72 of the thesaurus and the 8 blends, in its order (`NODES`); wounds as in `heads.WOUNDS`.
Definitions say what a name or a wound means, in several wordings; `labels.csv` says by which names a corpus's label may
be meant; anchors are sentences with the node that they say, by which Kelly's scale is anchored. None of these sentences
is ever measured on.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from kelly.emotion.space import NEUTRAL, Emotion
from kelly.emotion.thesaurus import TIERS, blends, names
from kelly.models.words.heads import WOUNDS
from kelly.training.data.corpora import goemotions, semeval

__all__ = ["NODES", "Anchor", "anchors", "definitions", "label_names", "place_of"]

Floats = npt.NDArray[np.float64]

NODES = (*names(), *blends())
_LABELS = {"goemotions": goemotions.LABELS, "semeval": semeval.EMOTIONS}


@dataclass(frozen=True, slots=True)
class Anchor:
    """A sentence and what it says: text, the place of its node, the node's name (None: neutral), its wound or None."""

    text: str
    emotion: Emotion
    name: str | None
    wound: str | None


@cache
def place_of(name: str) -> int:
    """The index of a name in `NODES`."""
    return [node.name for node in NODES].index(name)


def anchors() -> Iterator[Anchor]:
    """All anchor sentences, in the order of the table."""
    for row in _rows("anchors.csv"):
        if row["name"] == "neutral":
            emotion = NEUTRAL
        else:
            emotion = NODES[place_of(row["name"])].emotion.scaled(TIERS[row["tier"]])
        yield Anchor(row["text"], emotion, None if row["name"] == "neutral" else row["name"], row["wound"] or None)


def definitions(of: str) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The definitions of "names" or "wounds": texts, and for each the index of what it defines."""
    column, index = ("name", place_of) if of == "names" else ("wound", WOUNDS.index)
    rows = list(_rows(f"{of}.csv"))
    return [row["definition"] for row in rows], np.array([index(row[column]) for row in rows])


def label_names(corpus: str) -> Floats:
    """By which names the labels of "goemotions" or "semeval" may be meant: (labels, 80), rows sum to 1 or are 0."""
    labels = _LABELS[corpus]
    shares = np.zeros((len(labels), len(NODES)))
    for row in _rows("labels.csv"):
        if row["corpus"] == corpus:
            shares[labels.index(row["label"]), place_of(row["name"])] = float(row["weight"])
    return shares


def _rows(file: str) -> Iterator[dict[str, str]]:
    with resources.files("kelly.training.tasks").joinpath("tables", file).open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)
