"""Kelly's scale: how the corpora's own scales are joined, and what teachers together make of a text's feeling.

Conventions: EmoBank's raters hardly leave the middle of their scale, so heads are not rescaled but mapped: one
increasing map for each head and axis, from the head's unit to the thesaurus's (V -1..1, A and D 0..1), that gives the
anchors' own spread (quantiles to quantiles). A blend of the mapped heads, of what the labels' names say, of the
sentence vector and of the lexicon reader is then fitted on the anchors (ridge regression, its strength chosen by
cross-validation on anchors), and mapped likewise, since a regression draws everything to the middle. No corpus's dev
split takes part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kelly.emotion.space import NEUTRAL
from kelly.listening.lexical import read
from kelly.models.words.heads import SLOTS
from kelly.training.tasks.tables import NODES, label_names

__all__ = ["Blend", "Map", "fit", "joined", "lexical", "mapped"]

Floats = npt.NDArray[np.float64]

_KNOTS = np.array([0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1])
_STRENGTHS = (3.0, 10.0, 30.0, 100.0, 300.0)
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Map:
    """An increasing map of one axis: knots x (a head's unit) and y (Kelly's), level beyond the ends."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    def __call__(self, values: npt.ArrayLike) -> Floats:
        """Values on Kelly's scale."""
        return np.interp(np.asarray(values, np.float64), self.x, self.y)


@dataclass(frozen=True, slots=True)
class Blend:
    """What is made of a text: maps of each head (three axes), mean and weights of the regression, the last maps."""

    maps: dict[str, tuple[Map, ...]]
    centre: Floats
    width: Floats
    weights: Floats
    offset: Floats
    last: tuple[Map, ...]

    def __call__(self, heads: Floats, about: Floats, lexicon: Floats) -> Floats:
        """V, A, D (texts, 3) of heads (texts, 173; probabilities for logits), sentence vectors and `lexical`."""
        rows = (_features(self.maps, heads, about, lexicon) - self.centre) / self.width
        return _through(self.last, rows @ self.weights + self.offset)


def fit(heads: Floats, about: Floats, lexicon: Floats, points: Floats) -> Blend:
    """Fit a blend on anchors.

    Parameters: heads (anchors, 173), about (anchors, 384), lexicon (anchors, 4) as `Blend` takes them; points
    (anchors, 3), the anchors' places.
    """
    maps = {name: mapped(values, points) for name, values in _scales(heads).items()}
    rows = _features(maps, heads, about, lexicon)
    centre, width = rows.mean(0), _width(rows, about.shape[1])
    rows = (rows - centre) / width
    strength = min(_STRENGTHS, key=lambda one: float(np.square(_crossed(rows, points, one) - points).mean()))
    weights = _ridge(rows, points - points.mean(0), strength)
    last = mapped(_crossed(rows, points, strength), points)
    return Blend(maps, centre, width, weights, points.mean(0), last)


def mapped(values: Floats, points: Floats) -> tuple[Map, ...]:
    """The increasing map of each axis that gives values (anchors, axes) the distribution of points (anchors, 3)."""
    maps = []
    for axis in range(values.shape[1]):
        x = np.quantile(values[:, axis], _KNOTS)
        x = np.maximum.accumulate(x + 1e-9 * np.arange(len(x)))
        maps.append(Map(tuple(x.tolist()), tuple(np.quantile(points[:, axis], _KNOTS).tolist())))
    return tuple(maps)


def joined(maps: dict[str, tuple[Map, ...]], targets: npt.NDArray[np.float32]) -> Floats:
    """The corpora's gold on Kelly's scale: (texts, 3), NaN where a text has none.

    Parameters: maps of the heads; targets (texts, 173), where the slots of a spread hold the gold that it is about.
    """
    gold = np.full((len(targets), 3), np.nan)
    for name, slots in (("emobank", "emobank_spread"), ("warriner", "warriner_spread"), ("valence", "valence")):
        values = np.asarray(targets[:, SLOTS[slots]], np.float64)
        for axis, one in enumerate(maps[name]):
            known = ~np.isnan(values[:, axis])
            gold[known, axis] = one(values[known, axis])
    return gold


def lexical(texts: Sequence[str]) -> Floats:
    """What the lexicon makes of texts: valence, arousal, dominance, confidence (texts, 4); blank ones neutral."""
    return np.array([_lexical(text) for text in texts])


def _lexical(text: str) -> tuple[float, float, float, float]:
    if not text.strip():
        return (*NEUTRAL.vad, 0.0)
    emotion = read(text).emotion
    return (*emotion.vad, emotion.confidence)


def _scales(heads: Floats) -> dict[str, Floats]:
    """The heads that speak of the axes; the last of them is what the teachers made of the lexicon."""
    return {name: heads[:, SLOTS[name]] for name in ("emobank", "warriner", "valence", "feeling")}


def _features(maps: dict[str, tuple[Map, ...]], heads: Floats, about: Floats, lexicon: Floats) -> Floats:
    joined = [_through(maps[name], values) for name, values in _scales(heads).items()]
    flags = np.hstack([heads[:, SLOTS[name]] for name in ("intensities", "emotions", "goemotions")])
    sure = lexicon[:, 3:]
    told = np.hstack([lexicon, (lexicon[:, :3] - NEUTRAL.vad) * sure])
    return np.hstack([*joined, _named(heads), flags, told, about])


def _named(heads: Floats) -> Floats:
    """Where the names that the labels may be meant by lie, on average: (texts, 6)."""
    points = np.array([node.emotion.vad for node in NODES])
    places = []
    for head, corpus in (("goemotions", "goemotions"), ("emotions", "semeval")):
        weights = heads[:, SLOTS[head]] @ label_names(corpus)
        total = weights.sum(1, keepdims=True)
        share = np.minimum(1.0, total)
        places.append(share * (weights / np.maximum(total, 1e-9)) @ points + (1 - share) * np.array(NEUTRAL.vad))
    return np.hstack(places)


def _width(rows: Floats, vector: int) -> Floats:
    """The unit of each feature: its deviation; the many of the sentence vector together count like a dozen."""
    width = rows.std(0) + 1e-6
    width[-vector:] *= np.sqrt(vector / 12)
    return np.asarray(width)


def _through(maps: Sequence[Map], values: Floats) -> Floats:
    return np.stack([one(values[:, axis]) for axis, one in enumerate(maps)], 1)


def _ridge(rows: Floats, points: Floats, strength: float) -> Floats:
    return np.asarray(np.linalg.solve(rows.T @ rows + strength * np.eye(rows.shape[1]), rows.T @ points))


def _crossed(rows: Floats, points: Floats, strength: float) -> Floats:
    """Predictions of each fifth by a regression on the other four."""
    fold, told = np.arange(len(rows)) // 2 % _FOLDS, np.empty_like(points)  # an anchor stays with its misspelt twin
    for one in range(_FOLDS):
        rest, mean = fold != one, points[fold != one].mean(0)
        told[~rest] = rows[~rest] @ _ridge(rows[rest], points[rest] - mean, strength) + mean
    return told
