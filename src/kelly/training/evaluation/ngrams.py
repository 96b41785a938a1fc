"""N-grams of chord classes: the models that a network of harmony has to beat, each a proper distribution.

Conventions: a song is a sequence of classes from `BEGIN` to `END`; a model is fitted on songs and then tells the
distribution (64,) of the class after a history (oldest first, `BEGIN` included). Each step from `BEGIN` on is told, so
a song of n classes has n - 1. `steps` gives these for whole songs, `remembered` adds what the song itself has shown so
far.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.models.harmony.classes import CLASSES
from kelly.models.harmony.following import Mixture
from kelly.models.harmony.ngrams import LONGEST, Ngrams, key_of
from kelly.models.harmony.ppm import PPM, blend

__all__ = ["KneserNey", "Model", "Song", "Unigram", "ppm", "remembered", "steps"]

Floats = npt.NDArray[np.float64]
Song = Sequence[int]
Context = tuple[int, ...]

LARGEST = 3  # counts from here on are discounted alike


class Model(Protocol):
    """Whatever tells which class comes after a history."""

    def predict(self, history: Sequence[int]) -> Floats:
        """The probability (64,) of each class after a history."""


class Unigram:
    """How frequent each class is, whatever came before; one more of each is counted than there was.

    Parameters: songs, to learn from.
    """

    def __init__(self, songs: Iterable[Song]) -> None:
        counts = np.ones(CLASSES)
        for song in songs:
            np.add.at(counts, np.asarray(song[1:], np.int64), 1)
        self._told: Floats = counts / counts.sum()

    def predict(self, history: Sequence[int]) -> Floats:
        """The same for every history."""
        del history
        return self._told


class KneserNey:
    """Interpolated modified Kneser-Ney smoothing (Chen & Goodman 1999), with three discounts for each length.

    Below the longest context it counts in how many longer contexts a class was met, except after contexts that open a
    song, which no longer one can precede. Under the shortest lies the uniform distribution.

    Parameters: songs, to learn from; order, of the n-gram: a trigram sees two chords.
    Raises: UsageError, the order is below 1.
    """

    def __init__(self, songs: Iterable[Song], order: int) -> None:
        if order < 1:
            raise UsageError(f"the order of an n-gram must be 1 or more; got {order}")
        self._longest = order - 1
        self._counts = _continuations(_counted(songs, self._longest))
        self._discounts = [_discounts(table) for table in self._counts]
        self._known: dict[Context, Floats] = {}

    def predict(self, history: Sequence[int]) -> Floats:
        """The probability (64,) of each class after the last chords of a history."""
        told = np.full(CLASSES, 1 / CLASSES)
        for length in range(min(len(history), self._longest) + 1):
            context = tuple(history[len(history) - length :])
            if context not in self._counts[length]:
                break
            told = self._interpolated(context, told)
        return told

    def table(self, least: int, free: int) -> Ngrams:
        """The model as a table that is smaller.

        Parameters: least, how often a context of more than `free` chords must have been met to be kept.
        Raises: UsageError, the order is above what a table holds.
        """
        if self._longest > LONGEST:
            raise UsageError(f"a table of n-grams must be of order {LONGEST + 1} or less; got {self._longest + 1}")
        kept = {
            key_of(context): (counts, self._discounts[len(context)])
            for contexts in self._counts
            for context, counts in contexts.items()
            if len(context) <= free or counts.total() >= least
        }
        keys = sorted(kept)
        left, starts, classes, shares = [], [0], list[int](), list[float]()
        for counts, discounts in (kept[key] for key in keys):
            taken = {index: discounts[min(n, LARGEST)] for index, n in counts.items()}
            left.append(sum(taken.values()) / counts.total())
            classes += sorted(counts)
            shares += [(counts[index] - taken[index]) / counts.total() for index in sorted(counts)]
            starts.append(len(classes))
        return Ngrams(
            np.array(keys, np.uint64),
            np.array(left, np.float16),
            np.array(starts, np.uint32),
            np.array(classes, np.uint8),
            np.array(shares, np.float16),
        )

    def _interpolated(self, context: Context, shorter: Floats) -> Floats:
        if context not in self._known:
            counts = self._counts[len(context)][context]
            taken = {index: self._discounts[len(context)][min(n, LARGEST)] for index, n in counts.items()}
            told = sum(taken.values()) * shorter
            for index, count in counts.items():
                told[index] += count - taken[index]
            self._known[context] = told / sum(counts.values())
        return self._known[context]


def ppm(songs: Iterable[Song], order: int) -> PPM:
    """A PPM that has learned from songs, and learns no more by itself."""
    model = PPM(order)
    for song in songs:
        for place in range(1, len(song)):
            model.learn(song[max(0, place - order) : place], song[place])
    return model


def steps(model: Model, songs: Iterable[Song]) -> Floats:
    """The probabilities (steps, 64) that a model tells for all steps of songs, one song after another."""
    rows = [model.predict(song[:place]) for song in songs for place in range(1, len(song))]
    return np.array(rows).reshape(-1, CLASSES)


def remembered(rows: Floats, songs: Iterable[Song], mixture: Mixture) -> Floats:
    """What a model says of songs in general, blended with a PPM that learns from each song alone while it goes on.

    Parameters: rows (steps, 64), the model's probabilities, as `steps` gives them; songs; mixture, for the PPM's order
    and trust.
    Returns: (steps, 64).
    """
    told: list[Floats] = []
    for song in songs:
        own = PPM(mixture.order)
        for place in range(1, len(song)):
            told.append(blend(rows[len(told)], own.predict(song[:place]), mixture.trust))
            own.learn(song[:place], song[place])
    return np.array(told).reshape(-1, CLASSES)


def _counted(songs: Iterable[Song], longest: int) -> list[dict[Context, Counter[int]]]:
    """How often each class came after each longest context, by its length: shorter ones open a song."""
    tables: list[dict[Context, Counter[int]]] = [{} for _ in range(longest + 1)]
    for song in songs:
        for place in range(1, len(song)):
            context = tuple(song[max(0, place - longest) : place])
            tables[len(context)].setdefault(context, Counter())[song[place]] += 1
    return tables


def _continuations(tables: list[dict[Context, Counter[int]]]) -> list[dict[Context, Counter[int]]]:
    """To each shorter context, each class once for every longer context that ends in it and that the class followed."""
    for length in range(len(tables) - 1, 0, -1):
        for context, counts in tables[length].items():
            tables[length - 1].setdefault(context[1:], Counter()).update(counts.keys())
    return tables


def _discounts(table: dict[Context, Counter[int]]) -> tuple[float, ...]:
    """What counts of 0, 1, 2 and more are lessened by; a half where there are too few counts to tell."""
    seen = Counter(count for counts in table.values() for count in counts.values())
    one, two, three, four = (seen[count] for count in (1, 2, 3, 4))
    if not (one and two and three and four):
        return 0.0, 0.5, 0.5, 0.5
    share = one / (one + 2 * two)
    found = (1 - 2 * share * two / one, 2 - 3 * share * three / two, 3 - 4 * share * four / three)
    return 0.0, *(min(max(discount, 0.0), count) for count, discount in enumerate(found, 1))
