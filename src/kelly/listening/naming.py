"""Naming: which of the 72 names and eight blends a point of feeling is called by, and how sure a reading is.

Conventions: a name is a region about its place in (V, A, D), wider by the spread of the reading; weights of names are
shares that sum to 1, in the order of `named`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from kelly.emotion.space import Emotion, distance
from kelly.emotion.thesaurus import Node, blends, names, nodes
from kelly.listening.reading import Alternative

__all__ = ["WIDE", "alternatives", "called", "certainty", "log_density", "named", "shares"]

Floats = npt.NDArray[np.float64]

WIDE = (0.3, 0.15, 0.15)  # of a name's region where nobody has measured another
_TOLD, _SHARE = 3, 0.15  # readings that are told, and the share below which one is not
_NEAR = (0.3, 0.15, 0.15)  # a reading that is off by less than this is as good as right
_NORMAL = NormalDist()


@cache
def named() -> tuple[Node, ...]:
    """The 72 names at full tier, then the eight blends."""
    return (*names(), *blends())


@cache
def _places() -> Floats:
    return np.array([node.emotion.vad for node in named()])


def log_density(emotion: Emotion, spreads: Sequence[float], wide: npt.ArrayLike) -> Floats:
    """The logarithm of a reading's density at the place of each name (80,), up to a constant.

    Parameters: emotion; spreads, standard deviations of V, A, D; wide, how wide a name's own region is.
    """
    apart = (_places() - emotion.vad) / np.hypot(spreads, wide)
    return np.asarray(-0.5 * (apart**2).sum(1))


def shares(logs: Floats) -> Floats:
    """Weights that sum to 1, from their logarithms."""
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


def alternatives(weights: Floats, emotion: Emotion) -> tuple[Alternative, ...]:
    """The one to three heaviest names, each at the tier that lies nearest to the reading."""
    ranked = np.argsort(-np.round(weights, 9), kind="stable")[:_TOLD]
    told = [i for i in ranked if i == ranked[0] or weights[i] >= _SHARE]
    total = math.fsum(weights[i] for i in told)
    return tuple(Alternative(_tiered(named()[i], emotion), float(weights[i]) / total) for i in told)


def called(emotion: Emotion, spreads: Sequence[float]) -> tuple[tuple[tuple[str, float], ...], tuple[Alternative, ...]]:
    """What a place is called: each name's weight (80,), and the names that are told.

    Parameters: emotion; spreads, standard deviations of V, A, D.
    """
    weights = shares(log_density(emotion, spreads, WIDE))
    names_weighed = tuple((node.name, weight) for node, weight in zip(named(), weights.tolist(), strict=True))
    return names_weighed, alternatives(weights, emotion)


def certainty(spreads: Sequence[float]) -> float:
    """How likely the reading is as good as right: the mean over the axes, under normal errors of these spreads."""
    likely = [2 * _NORMAL.cdf(near / spread) - 1 for near, spread in zip(_NEAR, spreads, strict=True)]
    return math.fsum(likely) / len(likely)


def _tiered(node: Node, emotion: Emotion) -> Node:
    tiers = [one for one in nodes() if one.name == node.name] or [node]
    return min(tiers, key=lambda one: round(distance(one.emotion, emotion), 9))
