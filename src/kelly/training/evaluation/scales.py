"""Scales that listeners tick: the mean correlation over them, and the highest that raters' noise leaves to reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from kelly.training.evaluation import continuous
from kelly.training.evaluation.bootstrap import interval, resampled
from kelly.training.evaluation.measuring import About
from kelly.training.evaluation.results import Number, Task

__all__ = ["MEAN_R", "ceilings", "with_scales"]

Floats = npt.NDArray[np.float64]

MEAN_R = "mean of scales: Pearson r"


def with_scales(
    task: Task, names: Sequence[str], gold: Floats, told: Mapping[str, Floats], raters: Floats, about: About
) -> Task:
    """A task of scales with the mean r over them in front, and what raters' noise leaves to be reached.

    Parameters: task, as `rated` gives it; names of the scales; gold (items, scales), shares of listeners; told, what
    ours, which comes first, and baselines tell; raters (items,), how many listeners there were; about.
    """
    ceiling = ceilings(gold, raters)
    models = list(told.values())

    def mean(truth: Floats, *others: Floats) -> Floats:
        axes = range(truth.shape[1])
        return np.array([np.mean([continuous.pearson(truth[:, i], one[:, i]) for i in axes]) for one in others])

    point = mean(gold, *models)
    drawn = resampled(mean, gold, *models, rng=np.random.default_rng(0), groups=about.groups, draws=about.draws)
    beside = {who: row for row, who in enumerate(told) if row}
    whole = Number(
        MEAN_R,
        interval(float(point[0]), drawn[:, 0]),
        {who: interval(float(point[row]), drawn[:, row]) for who, row in beside.items()},
        {who: interval(float(point[0] - point[row]), drawn[:, 0] - drawn[:, row]) for who, row in beside.items()},
        bar=about.bars.get(MEAN_R),
        ceiling=float(ceiling.mean()),
    )
    limits = {f"{name}: Pearson r": float(one) for name, one in zip(names, ceiling, strict=True)}
    numbers = tuple(replace(one, ceiling=limits.get(one.name)) for one in task.numbers)
    return replace(task, numbers=(whole, *numbers))


def ceilings(shares: Floats, raters: Floats) -> Floats:
    """The highest r (scales,) that can be expected: the root of the reliability of shares (items, scales).

    Of n listeners who say yes or no, a share p varies by p (1 - p) / (n - 1) around what all listeners would say.
    """
    noise = (shares * (1 - shares) / np.maximum(raters - 1, 1)[:, None]).mean(0)
    return np.asarray(np.sqrt(np.clip(1 - noise / np.maximum(shares.var(0), 1e-9), 0, 1)))
