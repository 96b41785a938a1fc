"""Results: all that an evaluation found, as plain values that can be written, read and drawn.

Conventions: a report holds tasks (a corpus and what is asked of it); a task holds numbers, each with its interval and
beside the same number of every baseline, and what the pictures are drawn from. Arrays are (n,) over items unless said
otherwise. `Report.as_dict` is what `metrics.json` holds: dataclasses become objects, arrays lists, and what is not
finite null, for JSON knows no such numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kelly._version import __version__
from kelly.training.evaluation.bootstrap import Estimate
from kelly.training.evaluation.calibration import Calibration
from kelly.training.evaluation.classes import ClassScores
from kelly.training.evaluation.fairness import Fairness
from kelly.training.evaluation.targets import Verdict, summary
from kelly.training.evaluation.windows import Consistency

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [
    "SCHEMA",
    "Axis",
    "Calibrated",
    "Classes",
    "Number",
    "Report",
    "Steadiness",
    "Task",
    "Timeline",
    "lines",
    "plain",
]

SCHEMA = 1  # of metrics.json: raised when a field changes its meaning or goes

Floats = npt.NDArray[np.float64]
Plain = dict[str, Any] | list[Any] | str | float | None


@dataclass(frozen=True, slots=True)
class Number:
    """A measured number with what stands beside it.

    Parameters: name; ours; beside, the baselines' by name; differences, ours less theirs on the same drawn items, by
    name; lower, whether less is better; bar, what must be reached; ceiling, what cannot be surpassed, where known;
    derived, whether gold is derived (from class names) and not rated: such numbers never stand beside rated ones.
    """

    name: str
    ours: Estimate
    beside: Mapping[str, Estimate] = field(default_factory=dict)
    differences: Mapping[str, Estimate] = field(default_factory=dict)
    lower: bool = False
    bar: float | None = None
    ceiling: float | None = None
    derived: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the bar is reached; None where there is none."""
        if self.bar is None:
            return None
        return self.ours.value <= self.bar if self.lower else self.ours.value >= self.bar


@dataclass(frozen=True, slots=True)
class Classes:
    """Class by class: names (k), and the scores of the model."""

    names: tuple[str, ...]
    scores: ClassScores


@dataclass(frozen=True, slots=True)
class Calibrated:
    """How well the model is calibrated, without intervals: a resampled set's ECE is larger than the set's own.

    Parameters: before, as the model comes; after, once scaled by `temperatures` (one for each fold, or one); beside,
    the baselines' by name.
    """

    before: Calibration
    after: Calibration | None = None
    temperatures: tuple[float, ...] = ()
    beside: Mapping[str, Calibration] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Axis:
    """A rated axis: its name, gold and told (n,), and whether its gold is derived (from class names) and not rated."""

    name: str
    gold: Floats
    told: Floats
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is told over a recording: title, seconds (t,), and told and gold as rows (t,) by the name of their axis."""

    title: str
    seconds: Floats
    told: Mapping[str, Floats]
    gold: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Consistency over the windows of tracks, and the names (d,) of its axes."""

    axes: tuple[str, ...]
    consistency: Consistency


@dataclass(frozen=True, slots=True)
class Task:
    """A corpus and what is asked of it.

    Parameters: title; split; items; unit, what intervals draw as a whole ("actor"), and units, how many; note, a
    sentence on the data; numbers; and where there are any: classes, calibration, axes, timelines, steadiness, fairness.
    """

    title: str
    split: str
    items: int
    unit: str
    units: int
    numbers: tuple[Number, ...]
    note: str = ""
    classes: Classes | None = None
    calibrated: Calibrated | None = None
    axes: tuple[Axis, ...] = ()
    timelines: tuple[Timeline, ...] = ()
    steadiness: Steadiness | None = None
    fairness: tuple[Fairness, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All that an evaluation found.

    Parameters: title; facts, what was measured, by whom and how (checkpoint, command, hardware ...), as texts by name;
    tasks; verdicts on the design's targets.
    """

    title: str
    facts: Mapping[str, str]
    tasks: Sequence[Task]
    verdicts: Sequence[Verdict] = ()

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data for JSON."""
        told: dict[str, Any] = {"schema": SCHEMA, "kelly": __version__, **_fields(self)}
        for row, verdict in zip(told["verdicts"], self.verdicts, strict=True):
            row["words"] = verdict.words
        for row, task in zip(told["tasks"], self.tasks, strict=True):
            for number, one in zip(row["numbers"], task.numbers, strict=True):
                number["reached"] = one.reached
        return told | {"summary": list(summary(self.verdicts)) if self.verdicts else []}


def lines(report: Report) -> Iterator[str]:
    """What matters of a report, as lines for people: the numbers with bars, calibration, and the design's targets."""
    for task in report.tasks:
        yield f"{task.title}, {task.split}: {task.items} records, {task.units} {task.unit}s. {task.note}".rstrip()
        for number in [one for one in task.numbers if one.bar is not None] or task.numbers[:1]:
            beside = "".join(f", {name} {other.value:.3f}" for name, other in number.beside.items())
            ceiling = "" if number.ceiling is None else f", ceiling {number.ceiling:.3f}"
            bar = "" if number.bar is None else f" (bar {number.bar:.2f}: {'met' if number.reached else 'missed'})"
            span = f" [{number.ours.low:.3f}, {number.ours.high:.3f}]" if number.ours.low is not None else ""
            yield f"  {number.name} {number.ours.value:.3f}{span}{bar}{beside}{ceiling}"
        if task.calibrated is not None:
            before, after = task.calibrated.before, task.calibrated.after
            scaled = "" if after is None else f", {after.ece:.3f} scaled by temperature"
            chance = (after or before).perfect
            yield f"  ECE {before.ece:.3f}{scaled} (a perfect model: {chance.mean:.3f}, 95 % {chance.limit:.3f})"
    yield from summary(report.verdicts) if report.verdicts else ()


def plain(value: object) -> Plain:
    """A value of results as JSON has it: objects, lists, texts, finite numbers, true, false and null."""
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if isinstance(value, int | None) else str(value)


def _fields(value: DataclassInstance) -> dict[str, Any]:
    return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
