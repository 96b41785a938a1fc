"""The thesaurus: 72 names of feelings in 8 categories and 3 tiers (216 nodes), and eight blends on top.

Conventions: a tier scales a name's distance from neutral (full 1.0, mid 0.6, low 0.3). Look-ups are blind to case
and know some synonyms (`synonyms.csv`). `nearest` and `neighbours` look among the 72 names at full tier; `describe`
among all 216 nodes and the blends.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from kelly.emotion.space import Emotion, distance
from kelly.errors import UnknownNameError, UsageError
from kelly.names import find, key, quoted
from kelly.names import nearest as nearest_names

__all__ = [
    "CATEGORIES",
    "TIERS",
    "Node",
    "blends",
    "by_category",
    "describe",
    "lookup",
    "names",
    "nearest",
    "neighbours",
    "nodes",
    "synonyms",
]

TIERS = {"full": 1.0, "mid": 0.6, "low": 0.3}
RELUCTANCE = {"full": 0.0, "mid": 0.06, "low": 0.09}  # added to the distance when a feeling is named
CATEGORIES = ("joy", "sadness", "anger", "fear", "surprise", "disgust", "trust", "anticipation")


@dataclass(frozen=True, slots=True)
class Node:
    """A named place in the space: a name at a tier, or a blend (tier "full").

    Parameters: name, category (one of `CATEGORIES`), tier (a key of `TIERS`), emotion, blend (a mixed feeling or not).
    """

    name: str
    category: str
    tier: str
    emotion: Emotion
    blend: bool = False

    @property
    def label(self) -> str:
        """How the node is written on the command line: "grief", or "grief:low" below the full tier."""
        return self.name if self.tier == "full" else f"{self.name}:{self.tier}"


def _rows(file: str) -> Iterator[dict[str, str]]:
    with resources.files("kelly.emotion").joinpath(file).open(encoding="utf-8") as table:
        yield from csv.DictReader(table)


def _point(row: dict[str, str]) -> Emotion:
    point = Emotion(float(row["valence"]), float(row["arousal"]), float(row["dominance"]))
    if "intensity" in row:
        point = Emotion(*point.vad, intensity=float(row["intensity"]))
    return point


@cache
def names() -> tuple[Node, ...]:
    """The 72 names at full tier, in the order of the table."""
    return tuple(Node(row["name"], row["category"], "full", _point(row)) for row in _rows("thesaurus.csv"))


@cache
def blends() -> tuple[Node, ...]:
    """The eight mixed feelings, with their own intensities."""
    return tuple(Node(row["name"], row["category"], "full", _point(row), blend=True) for row in _rows("blends.csv"))


@cache
def nodes() -> tuple[Node, ...]:
    """All 216 nodes: every name at every tier."""
    return tuple(
        Node(node.name, node.category, tier, node.emotion if factor == 1 else node.emotion.scaled(factor))
        for node in names()
        for tier, factor in TIERS.items()
    )


@cache
def synonyms() -> dict[str, str]:
    """Other words for the names: word -> name (lower case)."""
    return {row["synonym"]: row["name"] for row in _rows("synonyms.csv")}


@cache
def _index() -> dict[str, Node]:
    return {node.name: node for node in (*names(), *blends())}


def lookup(name: str, tier: str = "full") -> Node:
    """The node called `name` (any case, a synonym, or "name:tier") at `tier`.

    Raises
    ------
    UnknownNameError : nothing is called so; the message carries the nearest names.
    UsageError : the tier is not one of full, mid, low, or is named twice.
    """
    plain, _, given = name.partition(":") if isinstance(name, str) else (name, "", "")
    wanted = key(plain, "an emotion's name").replace("-", " ")
    node = _index().get(synonyms().get(wanted, wanted))
    if node is None:
        raise UnknownNameError(_unknown(wanted))
    tier = _tier(given.strip().casefold(), tier)
    if tier == "full":
        return node
    return Node(node.name, node.category, tier, node.emotion.scaled(TIERS[tier]), node.blend)


def _tier(given: str, asked: str) -> str:
    """The tier that is meant, given with the name ("grief:low") or beside it."""
    if given and asked not in ("full", given):
        raise UsageError(f"the tier is named twice: {quoted(given)} and {quoted(asked)}")
    tier = given or asked
    if tier not in TIERS:
        raise UsageError(f"tier must be one of {', '.join(TIERS)}; got {quoted(tier)}")
    return tier


def _unknown(name: str) -> str:
    close = nearest_names(name, (*_index(), *synonyms()), 3)
    hint = f"; did you mean {', '.join(close)}?" if close else ""
    return f"no emotion is called {quoted(name)}{hint} (kelly emotions lists all {len(names())})"


def by_category(category: str) -> tuple[Node, ...]:
    """The nine names of a category. Raises UnknownNameError when there is no such category."""
    wanted = find(category, CATEGORIES, "category")
    return tuple(node for node in names() if node.category == wanted)


def nearest(emotion: Emotion, k: int = 1) -> tuple[Node, ...]:
    """The k (1..72) names nearest to a feeling, nearest first; ties in the order of the table."""
    if not 1 <= k <= len(names()):
        raise UsageError(f"k must lie in 1..{len(names())}; got {k}")
    return _sorted(emotion, names())[:k]


def neighbours(emotion: Emotion, radius: float = 0.3) -> tuple[Node, ...]:
    """All names within `radius` (>= 0) of a feeling, nearest first."""
    return tuple(node for node in _sorted(emotion, names()) if distance(node.emotion, emotion) <= radius)


def describe(emotion: Emotion) -> Node:
    """The node or blend that says best what a feeling is: the nearest, full names before their weaker tiers.

    A tier is preferred to a full name only where it lies clearly nearer (`RELUCTANCE`), or where it is the very point:
    people say "sorrow" rather than "despair, somewhat". Ties go to names before blends, in the order of the table.
    """
    known, places, reluctance = _places()
    apart = np.round(np.sqrt(((places - _scaled(emotion)) ** 2).sum(axis=1)), 9)
    return known[int(np.argmin(np.where(apart == 0, -1.0, apart + reluctance)))]


@cache
def _places() -> tuple[tuple[Node, ...], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    known = (*nodes(), *blends())
    places = np.array([_scaled(node.emotion) for node in known])
    return known, places, np.array([RELUCTANCE[node.tier] for node in known])


def _scaled(emotion: Emotion) -> tuple[float, float, float]:
    """The point in the metric of `space.distance`."""
    return emotion.valence / 2, emotion.arousal, emotion.dominance


def _sorted(emotion: Emotion, among: Iterable[Node]) -> tuple[Node, ...]:
    # Distances are rounded so that a tie is a tie on every machine; sorted() then keeps the table's order.
    return tuple(sorted(among, key=lambda node: round(distance(node.emotion, emotion), 9)))
