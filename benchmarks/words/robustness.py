"""Robustness: how far a reading moves when a sentence is written otherwise, and how sure the unknown is read.

Conventions: `robustness.csv` holds Kelly's own sentences, none from a public set. Sixty sentences (`base`, fifteen for
each quadrant in the order Q1 V+A+, Q2 V-A+, Q3 V-A-, Q4 V+A-) stand beside the same feeling written otherwise: in
other words, with two or three typos, in capitals, without capitals and marks, with an emoji, with hashtags. Four kinds
hold what the reader does not know: ten other languages, other scripts, gibberish and code. The last holds facts, which
tell no feeling. Differences are means of absolute differences from the reading of the base sentence; pull is
|V| x confidence, what a reading can do to a song. A reader that hears the same in everything would never move: so
beside the movement stands whether the quadrant is the one meant. Each number stands beside the lexicon's.

    python benchmarks/words/robustness.py
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from results import hardware, table, verdict

from kelly import Emotion, feel
from kelly.listening.lexical import read

__all__ = ["report", "rows"]

SET = Path(__file__).with_name("robustness.csv")
CHANGES = ("paraphrase", "typos", "upper", "lower", "emoji", "hashtags")
UNKNOWN = ("language", "script", "gibberish", "code")
KEPT = {"typos": 0.85, "upper": 0.95, "lower": 0.95, "emoji": 0.95}  # least share that keeps the sign of valence
UNSURE, NEVER_ABOVE, MOST = 0.35, 0.6, 0.95  # confidence in the unknown: below the first for most, never above the next
QUADRANTS = ("Q1", "Q2", "Q3", "Q4")
READERS = {"Kelly": feel, "lexicon": read}


class Row(NamedTuple):
    """A text of the set: its kind, and the number of the base sentence that it is or varies (0: of none)."""

    kind: str
    text: str
    base: int

    @property
    def quadrant(self) -> str:
        """The quadrant that was meant; of a variation or a base sentence only."""
        return QUADRANTS[(self.base - 1) // 15]


Heard = Mapping[Row, Emotion]


def rows() -> list[Row]:
    """The whole set, in the order of the file."""
    with SET.open(encoding="utf-8", newline="") as file:
        return [Row(row["kind"], row["text"], int(row["base"] or 0)) for row in csv.DictReader(file)]


def side(emotion: Emotion) -> int:
    """The sign of the valence: -1, 0 or 1."""
    return (emotion.valence > 0) - (emotion.valence < 0)


def pairs(heard: Heard, kind: str) -> list[tuple[Emotion, Emotion]]:
    """The readings of every base sentence and of its variation."""
    bases = {row.base: emotion for row, emotion in heard.items() if row.kind == "base"}
    return [(bases[row.base], emotion) for row, emotion in heard.items() if row.kind == kind]


def same(heard: Heard, kind: str, trait: Callable[[Emotion], object]) -> float:
    """The share of variations of a kind that have a trait in common with their base sentence."""
    return float(np.mean([trait(one) == trait(other) for one, other in pairs(heard, kind)]))


def meant(heard: Heard, kind: str) -> float:
    """The share of the sentences of a kind that are heard in the quadrant that was meant."""
    return float(np.mean([emotion.quadrant == row.quadrant for row, emotion in heard.items() if row.kind == kind]))


def of_kind(heard: Heard, kind: str, number: Callable[[Emotion], float]) -> np.ndarray:
    """One number of every reading of a kind."""
    return np.array([number(emotion) for row, emotion in heard.items() if row.kind == kind])


def _moved(name: str, heard: Heard, kind: str) -> tuple[object, ...]:
    apart = [np.abs(np.subtract(one.vad, other.vad)) for one, other in pairs(heard, kind)]
    stayed = same(heard, kind, side), same(heard, kind, attrgetter("quadrant"))
    return kind, name, *map(float, np.mean(apart, axis=0)), *stayed, meant(heard, kind)


def _spread(values: np.ndarray) -> tuple[float, float, float]:
    return float(values.mean()), float(np.percentile(values, 90)), float(values.max())


def _unknown(name: str, heard: Heard, kind: str) -> tuple[object, ...]:
    sure = of_kind(heard, kind, attrgetter("confidence"))
    pull = of_kind(heard, kind, lambda emotion: abs(emotion.valence) * emotion.confidence)
    return kind, name, *_spread(sure), *_spread(pull)


def _plain(name: str, heard: Heard, kind: str) -> tuple[object, ...]:
    means = (of_kind(heard, kind, attrgetter(number)).mean() for number in ("intensity", "confidence"))
    return kind, name, *map(float, means)


def _promises(readings: Mapping[str, Heard]) -> Iterator[tuple[object, ...]]:
    """What was promised of the robustness, what each reader does, and whether Kelly keeps it."""
    for kind, least in KEPT.items():
        shares = [same(heard, kind, side) for heard in readings.values()]
        yield f"{kind}: sign of valence kept", *shares, f">= {least}", verdict(met=shares[0] >= least)
    for kind in UNKNOWN:
        sure = [of_kind(heard, kind, attrgetter("confidence")) for heard in readings.values()]
        shares = [float((values <= UNSURE).mean()) for values in sure]
        tops = [float(values.max()) for values in sure]
        yield f"{kind}: confidence <= {UNSURE}", *shares, f">= {MOST}", verdict(met=shares[0] >= MOST)
        yield f"{kind}: highest confidence", *tops, f"<= {NEVER_ABOVE}", verdict(met=tops[0] <= NEVER_ABOVE)


def report() -> str:
    """Promises, movements, confidence in the unknown and what is heard in facts, as Markdown."""
    everything = rows()
    readings = {name: {row: hear(row.text).emotion for row in everything} for name, hear in READERS.items()}

    def each(line: Callable[[str, Heard, str], tuple[object, ...]], *kinds: str) -> list[tuple[object, ...]]:
        return [line(name, heard, kind) for kind in kinds for name, heard in readings.items()]

    moved = ("written", "reader", "dV", "dA", "dD", "same sign of V", "same quadrant", "quadrant as meant")
    unknown = ("unknown", "reader", "confidence, mean", "90 %", "highest", "pull, mean", "90 %", "highest")
    return "\n".join(
        [
            f"Promises, over {len(everything)} texts:\n",
            table(("", *READERS, "promised", ""), _promises(readings)),
            "The same feeling written otherwise (60 sentences a row; a guess is right on the quadrant in 0.250):\n",
            table(moved, each(_moved, "base", *CHANGES)),
            "What a reader of English does not know (90 %: nine in ten lie below):\n",
            table(unknown, each(_unknown, *UNKNOWN)),
            "Facts, beside sentences that tell a feeling (means):\n",
            table(("", "reader", "intensity", "confidence"), each(_plain, "fact", "base")),
        ]
    )


def main() -> None:
    """Read the whole set with both readers and print what was found."""
    print(f"{hardware()}.\n\n{report()}")


if __name__ == "__main__":
    main()
