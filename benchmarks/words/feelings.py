"""Feelings told: how the reader does on sentences whose quadrant, name and wound were written down beforehand.

Conventions: two sets of 150 sentences (`tests/listening/feelings_*.csv`), each by another author who knew the names and
nothing of the reader. The open one was looked at while the reader was made, the sealed one was opened when all was
done. Quadrants as in `Emotion.quadrant`; a row may allow two. A name is right when one of the three heaviest is among
the row's names; wounds are scored by F1, macro over the sixteen kinds ("none" among them).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from kelly.emotion.thesaurus import names
from kelly.listening.reading import Reading

__all__ = ["BARS", "FILES", "rows", "scores"]

SETS = Path(__file__).parents[2] / "tests/listening"
FILES = {"open": "feelings_open.csv", "sealed": "feelings_sealed.csv"}
BARS = {"quadrant": 0.9, "quadrant, negation": 0.85, "name in top 3": 0.6, "wound F1": 0.6, "sd V": 0.45, "sd A": 0.2}


def rows(which: Sequence[str] = ("open",)) -> list[dict[str, str]]:
    """The sentences of the sets that are there, in order."""
    told = []
    for name in which:
        path = SETS / FILES[name]
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                told += list(csv.DictReader(file))
    return told


def scores(sentences: list[dict[str, str]], read: Callable[[str], Reading]) -> dict[str, float]:
    """What a reader reaches, by measure."""
    readings = [read(row["text"]) for row in sentences]
    right = np.array(
        [one.emotion.quadrant in row["quadrant"].split("/") for one, row in zip(readings, sentences, strict=True)]
    )
    denied = np.array([row["negation"] == "1" for row in sentences])
    named = [bool(set(top(one)) & set(row["names"].split("/"))) for one, row in zip(readings, sentences, strict=True)]
    told = [one.wound or "none" for one in readings]
    return {
        "quadrant": float(right.mean()),
        "quadrant, negation": float(right[denied].mean()),
        "name in top 3": float(np.mean(named)),
        "wound F1": macro_f1(told, [row["wound"] for row in sentences]),
        "sd V": float(np.std([one.emotion.valence for one in readings])),
        "sd A": float(np.std([one.emotion.arousal for one in readings])),
    }


def commonest(sentences: list[dict[str, str]]) -> dict[str, float]:
    """What is reached by giving every sentence the commonest answer."""
    quadrant = Counter(row["quadrant"] for row in sentences).most_common(1)[0][0]
    top3 = {name for name, _ in Counter(row["names"].split("/")[0] for row in sentences).most_common(3)}
    wounds = [row["wound"] for row in sentences]
    usual = Counter(wounds).most_common(1)[0][0]
    right = [quadrant in row["quadrant"].split("/") for row in sentences]
    denied = [one for one, row in zip(right, sentences, strict=True) if row["negation"] == "1"]
    named = [bool(top3 & set(row["names"].split("/"))) for row in sentences]
    return {
        "quadrant": float(np.mean(right)),
        "quadrant, negation": float(np.mean(denied)),
        "name in top 3": float(np.mean(named)),
        "wound F1": macro_f1([usual] * len(wounds), wounds),
        "sd V": 0.0,
        "sd A": 0.0,
    }


def top(reading: Reading) -> list[str]:
    """The three names that a reader gives most weight; of the lexicon, which weighs none, those nearest to its
    point.
    """
    if reading.names:
        return [name for name, _ in sorted(reading.names, key=lambda pair: -pair[1])[:3]]
    told = [one.node.name for one in reading.alternatives]
    apart = {
        node.name: np.linalg.norm(np.subtract(node.emotion.vad, reading.emotion.vad) / (2, 1, 1)) for node in names()
    }
    return list(dict.fromkeys([*told, *sorted(apart, key=apart.__getitem__)]))[:3]


def macro_f1(told: list[str], truth: list[str]) -> float:
    """F1 of each kind that stands in the truth, and their mean."""
    f1 = []
    for kind in sorted(set(truth)):
        hits = sum(a == b == kind for a, b in zip(told, truth, strict=True))
        f1.append(2 * hits / (told.count(kind) + truth.count(kind)))
    return float(np.mean(f1))
