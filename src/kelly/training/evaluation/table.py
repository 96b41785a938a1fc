"""Tables of results: every number of a network beside its baselines, its bar and its ceiling.

Conventions: a measure is one number of one set of data; its values are those of several runs (seeds), or of the one
model that is shipped. Baselines are measured on the same items in the same call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Measure", "lines", "told"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of a network.

    Parameters: task, the set of data; items, how many; name, what is measured, with its unit; values, of each run;
    lower, whether less is better; baselines, by name; bar, what must be reached (or beaten); ceiling, what cannot be
    surpassed, where known.
    """

    task: str
    items: int
    name: str
    values: Sequence[float]
    lower: bool = False
    baselines: Mapping[str, float] = field(default_factory=dict)
    bar: float | None = None
    ceiling: float | None = None

    @property
    def value(self) -> float:
        """The mean over runs."""
        return float(np.mean(self.values))

    @property
    def deviation(self) -> float | None:
        """The standard deviation over runs; None of one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else None

    @property
    def reached(self) -> bool | None:
        """Whether the bar is reached; None where there is none."""
        if self.bar is None:
            return None
        return self.value <= self.bar if self.lower else self.value >= self.bar


def told(network: str, split: str, runs: Sequence[str], measures: Sequence[Measure]) -> dict[str, Any]:
    """The results as plain data for JSON: network, split, runs (none: the shipped model) and rows."""
    rows = [
        {
            "task": one.task,
            "items": one.items,
            "measure": one.name,
            "value": one.value,
            "deviation": one.deviation,
            "lower_is_better": one.lower,
            "bar": one.bar,
            "reached": one.reached,
            "ceiling": one.ceiling,
            "baselines": dict(one.baselines),
        }
        for one in measures
    ]
    return {"network": network, "split": split, "runs": list(runs), "rows": rows}


def lines(results: Mapping[str, Any]) -> Iterator[str]:
    """The results of `told` as lines for people."""
    runs = results["runs"]
    whose = f"mean of {', '.join(runs)}" if runs else "the shipped model"
    yield f"{results['network']}, split {results['split']}, {whose}"
    width = max([4, *(len(row["task"]) for row in results["rows"])])
    name = max([7, *(len(row["measure"]) for row in results["rows"])])
    yield f"{'task':<{width}} {'items':>8}  {'measure':<{name}} {'value':>8} {'±':>6} {'bar':>8}  baselines"
    for row in results["rows"]:
        deviation = "" if row["deviation"] is None else f"{row['deviation']:.3f}"
        bar = "" if row["bar"] is None else f"{'<' if row['lower_is_better'] else '>'}{row['bar']:.3f}"
        beside = ", ".join(f"{key} {value:.3f}" for key, value in row["baselines"].items())
        ceiling = "" if row["ceiling"] is None else f"; ceiling {row['ceiling']:.3f}"
        start = f"{row['task']:<{width}} {row['items']:>8}  {row['measure']:<{name}}"
        yield f"{start} {row['value']:>8.3f} {deviation:>6} {bar:>8}  {beside}{ceiling}".rstrip()
