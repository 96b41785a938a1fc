"""Measuring: from gold and what models tell to a task of the report, every number with its interval and baselines.

Conventions: ours and every baseline tell of the same items in the same order. All are measured on the same drawn
sets, so that a difference's interval is that of paired items. Class probabilities are (items, k), ratings (items,
axes) with NaN where gold is not rated. Baselines come by name; one called "constant" should stand among them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.training.evaluation import calibration, classes, continuous
from kelly.training.evaluation.bootstrap import DRAWS, interval, resampled, resampled_sums
from kelly.training.evaluation.fairness import Fairness, fairness
from kelly.training.evaluation.results import Axis, Calibrated, Classes, Number, Task

__all__ = ["About", "classified", "rated"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Models = Mapping[str, npt.ArrayLike]


@dataclass(frozen=True, slots=True)
class About:
    """What a task's report says besides its numbers, and how its intervals are drawn.

    Parameters: title; split; groups (items,), what is drawn as a whole (None: single items), and unit, what a group is;
    note; bars, by the name of a number; subgroups, by what parts the items: (items,) names; draws.
    """

    title: str
    split: str
    groups: Array | None = None
    unit: str = "item"
    note: str = ""
    bars: Mapping[str, float] = field(default_factory=dict)
    subgroups: Mapping[str, Array] = field(default_factory=dict)
    draws: int = DRAWS

    def units(self, items: int) -> int:
        """How many units there are to be drawn."""
        return items if self.groups is None else len(np.unique(self.groups))


def classified(
    about: About,
    names: Sequence[str],
    gold: npt.ArrayLike,
    ours: npt.ArrayLike,
    beside: Models,
    rng: np.random.Generator,
    folds: npt.ArrayLike | None = None,
) -> Task:
    """A task of classes.

    Parameters: about; names (k); gold (items,), class numbers; ours (items, k) and beside, probabilities; rng; folds
    (items,), by which the temperature is cross-fitted (None: there is no scaling).
    Raises: UsageError, shapes or values are not those of classes and probabilities.
    """
    truth, told = classes.checked(gold, ours)
    if len(names) != told.shape[1]:
        raise UsageError(f"there must be a name for each of {told.shape[1]} classes; got {len(names)}")
    models = [told, *(classes.checked(truth, other)[1] for other in beside.values())]
    sums = np.stack([classes.confusions(truth, model.argmax(1), len(names)) for model in models], axis=1)
    drawn = resampled_sums(_class_measures, sums, rng=rng, groups=about.groups, draws=about.draws)
    return Task(
        about.title,
        about.split,
        len(truth),
        about.unit,
        about.units(len(truth)),
        _numbers([(name, False) for name in classes.MEASURES], _class_measures(sums.sum(0)), drawn, [*beside], about),
        about.note,
        Classes(tuple(names), classes.scores(truth, told)),
        _calibrated(truth, dict(zip(["ours", *beside], models, strict=True)), rng, folds),
        fairness=tuple(_class_fairness(about, by, truth, told, rng) for by in about.subgroups),
    )


def rated(
    about: About,
    names: Sequence[str],
    gold: npt.ArrayLike,
    ours: npt.ArrayLike,
    beside: Models,
    rng: np.random.Generator,
    derived: Sequence[str] = (),
) -> Task:
    """A task of ratings.

    Parameters: about; names of the axes; gold (items, axes), NaN where not rated; ours (items, axes) and beside; rng;
    derived, the axes whose gold is derived and not rated.
    Raises: UsageError, shapes differ, an axis has no gold, or what is told is not finite.
    """
    truth = np.asarray(gold, np.float64)
    models = [np.asarray(one, np.float64) for one in (ours, *beside.values())]
    if truth.ndim != 2 or truth.shape[1] != len(names) or any(model.shape != truth.shape for model in models):
        shapes = [truth.shape, *(model.shape for model in models)]
        raise UsageError(f"ratings are (items, {len(names)}), all of the same shape; got {shapes}")
    known = [np.isfinite(column) for column in truth.T]
    if bare := [name for name, those in zip(names, known, strict=True) if not those.any()]:
        raise UsageError(f"each axis needs an item with gold; nobody rated {', '.join(bare)}")
    numbers: list[Number] = []
    for axis, name in enumerate(names):
        columns = [values[known[axis], axis] for values in (truth, *models)]
        told = _axis_numbers(name, columns, known[axis], [*beside], about, rng)
        numbers += [replace(one, derived=name in derived) for one in told]
    axes = tuple(
        Axis(name, truth[known[axis], axis], models[0][known[axis], axis], name in derived)
        for axis, name in enumerate(names)
    )
    parted = tuple(
        _axis_fairness(about, by, names[axis], known[axis], axes[axis], rng)
        for by in about.subgroups
        for axis in range(len(names))
    )
    units = about.units(len(truth))
    return Task(
        *(about.title, about.split, len(truth), about.unit, units, tuple(numbers), about.note),
        axes=axes,
        fairness=parted,
    )


def _class_measures(sums: Array) -> Floats:
    """The measures (..., measures) of confusion matrices (..., k, k)."""
    return np.stack([measure(sums) for measure in classes.MEASURES.values()], axis=-1)


def _axis_numbers(
    name: str, columns: Sequence[Floats], known: Array, beside: Sequence[str], about: About, rng: np.random.Generator
) -> tuple[Number, ...]:
    """The numbers of an axis, from gold, ours and the baselines (n,) of the items whose gold is known."""
    groups = None if about.groups is None else about.groups[known]
    drawn = resampled(_agreements, *columns, rng=rng, groups=groups, draws=about.draws)
    measures = [(f"{name}: {measure}", lower) for measure, lower in continuous.NAMES]
    return _numbers(measures, _agreements(*columns), drawn, beside, about)


def _agreements(truth: Floats, *models: Floats) -> Floats:
    """The measures (models, measures) of what each tells."""
    return np.array([continuous.agreement(truth, told).row for told in models])


def _numbers(
    measures: Sequence[tuple[str, bool]], point: Floats, drawn: Floats, beside: Sequence[str], about: About
) -> tuple[Number, ...]:
    """Numbers of the measures on all items (models, measures) and on drawn sets (draws, models, measures)."""
    sets = drawn.reshape(-1, *point.shape)
    return tuple(_number(measure, point[:, i], sets[:, :, i], beside, about) for i, measure in enumerate(measures))


def _number(measure: tuple[str, bool], point: Floats, sets: Floats, beside: Sequence[str], about: About) -> Number:
    name, lower = measure
    return Number(
        name,
        interval(float(point[0]), sets[:, 0]),
        {one: interval(float(point[i]), sets[:, i]) for i, one in enumerate(beside, 1)},
        {one: interval(float(point[0] - point[i]), sets[:, 0] - sets[:, i]) for i, one in enumerate(beside, 1)},
        lower,
        about.bars.get(name),
    )


def _calibrated(
    truth: Array, models: Mapping[str, Floats], rng: np.random.Generator, folds: npt.ArrayLike | None
) -> Calibrated:
    """Calibration of ours (the first), scaled and not, and of the baselines by name."""
    (_, told), *others = models.items()
    before = calibration.calibration(truth, told, rng)
    beside = {name: calibration.calibration(truth, other, rng) for name, other in others}
    if folds is None:
        return Calibrated(before, beside=beside)
    with np.errstate(divide="ignore"):  # a probability of 0 is a logit of minus infinity
        scaled, heats = calibration.cross_fitted(truth, np.log(told), folds)
    return Calibrated(before, calibration.calibration(truth, scaled, rng), tuple(heats.tolist()), beside)


def _class_fairness(about: About, by: str, truth: Array, told: Floats, rng: np.random.Generator) -> Fairness:
    measure = partial(_unweighted, k=told.shape[1])
    return _fairness(
        about, by, ("unweighted accuracy", measure), (truth, told.argmax(1)), np.ones(len(truth), bool), rng
    )


def _unweighted(truth: Array, told: Array, k: int) -> float:
    return float(classes.unweighted_accuracy(classes.confusion(truth, told, k)))


def _axis_fairness(about: About, by: str, name: str, known: Array, axis: Axis, rng: np.random.Generator) -> Fairness:
    return _fairness(about, by, (f"{name}: MAE", continuous.mae), (axis.gold, axis.told), known, rng, lower=True)


def _fairness(
    about: About,
    by: str,
    named: tuple[str, Callable[..., float]],
    columns: tuple[Array, ...],
    known: Array,
    rng: np.random.Generator,
    *,
    lower: bool = False,
) -> Fairness:
    groups = None if about.groups is None else about.groups[known]
    return fairness(
        by, named, columns, about.subgroups[by][known], rng=rng, groups=groups, draws=about.draws, lower=lower
    )
