"""Page: the report of an evaluation as `metrics.json` and one self-contained `index.html`.

Conventions: the page needs no network and no script; pictures are inline, colours follow the reader's light or dark,
and it reads on a telephone. Every text of a report is escaped. Both files are made before either is written, and each
is written whole or not at all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from pathlib import Path

from kelly.errors import FileError
from kelly.files import write_atomically
from kelly.training.evaluation import plots, tables
from kelly.training.evaluation.bootstrap import SHARE
from kelly.training.evaluation.calibration import Calibration
from kelly.training.evaluation.markup import Markup, element
from kelly.training.evaluation.results import Axis, Calibrated, Number, Report, Steadiness, Task
from kelly.training.evaluation.targets import summary

__all__ = ["METRICS", "PAGE", "page", "write"]

METRICS, PAGE = "metrics.json", "index.html"
_FEW = 20  # units, below which percentile intervals are too narrow


def write(report: Report, folder: str | os.PathLike[str]) -> None:
    """Write a report into a folder, which is made if it is missing: `metrics.json` and `index.html`.

    Raises: FileError, the folder cannot be made or written to.
    """
    told = json.dumps(report.as_dict(), ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    shown = page(report)
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot make the folder {os.fspath(folder)!r}: {error.strerror}") from error
    write_atomically(Path(folder) / METRICS, told.encode(errors="replace"))
    write_atomically(Path(folder) / PAGE, shown.encode(errors="replace"))


def page(report: Report) -> str:
    """The report as a document of HTML."""
    style = resources.files("kelly.training.evaluation").joinpath("page.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", report.title),
        element("style", Markup(style)),
    )
    parts = [_opening(report), _targets(report), *(_task(task, f"t{i}") for i, task in enumerate(report.tasks, 1))]
    body = element("body", element("main", *parts), _closing(report))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _opening(report: Report) -> Markup:
    facts = (part for name, value in report.facts.items() for part in (element("dt", name), element("dd", value)))
    links = [("targets", "The design’s targets")] if report.verdicts else []
    links += [(f"t{i}", task.title) for i, task in enumerate(report.tasks, 1)]
    items = (element("li", element("a", title, href=f"#{key}")) for key, title in links)
    return element(
        "header",
        element("h1", report.title),
        element("ul", *(line for task in report.tasks for line in _headline(task)), class_="short"),
        element("dl", *facts, class_="facts"),
        element("nav", element("ul", *items), aria_label="Contents"),
    )


def _headline(task: Task) -> Iterator[Markup]:
    """A task in a sentence for each number with a bar (the first where none has one), beside its baselines."""
    chosen = [number for number in task.numbers if number.bar is not None] or task.numbers[:1]
    return (element("li", *_sentence(task, number)) for number in chosen)


def _sentence(task: Task, one: Number) -> Iterator[str | Markup]:
    within = f" ({tables.span(one.ours)})" if tables.span(one.ours) else ""
    beside = "".join(f", {name} {tables.figure(told.value)}" for name, told in one.beside.items())
    yield element("strong", task.title)
    yield f": {one.name} {tables.figure(one.ours.value)}{within}{beside.replace(',', ';', 1)}"
    if one.bar is not None:
        yield f". To reach: {tables.figure(one.bar)}, "
        yield element("span", "reached" if one.reached else "missed", class_="met" if one.reached else "missed")
    yield "."


def _targets(report: Report) -> Markup | None:
    if not report.verdicts:
        return None
    told = (element("p", tables.unbroken(line)) for line in summary(report.verdicts))
    return element(
        "section", element("h2", "The design’s targets"), *told, tables.verdicts(report.verdicts), id="targets"
    )


def _task(task: Task, key: str) -> Markup:
    drawn = f"{task.units:,} {task.unit}{'' if task.units == 1 else 's'}"
    size = f"{task.items:,} items of {drawn}" if task.unit != "item" else drawn
    few = f" Intervals over so few {task.unit}s are too narrow." if 1 < task.units < _FEW else ""
    rated = [number for number in task.numbers if not number.derived]
    return element(
        "section",
        element("h2", task.title),
        element("p", f"{task.split} split, {size}.{few}", class_="soft"),
        element("p", task.note) if task.note else None,
        tables.numbers(rated) if rated else None,
        _pictures(_drawn(task, key)),
        *_calibrated(task.calibrated),
        *_steadiness(task.steadiness),
        *([element("h3", "By subgroup")] if task.fairness else []),
        *(tables.fairness(one, task.unit) for one in task.fairness),
        *_derived(task, key),
        id=key,
    )


def _derived(task: Task, key: str) -> Iterator[Markup | None]:
    """The axes whose gold is derived, apart from what is rated."""
    numbers = [number for number in task.numbers if number.derived]
    if not numbers:
        return
    yield element("h3", "Derived, not rated")
    yield element("p", "Nobody rated these: what they are measured against follows from the names of classes.")
    yield tables.numbers(numbers)
    yield _pictures(_scatters([axis for axis in task.axes if axis.derived], f"{key}d"))


def _drawn(task: Task, key: str) -> Iterator[tuple[str, Markup]]:
    """The pictures of a task, each with what it says."""
    # Only measures of one range can share an axis: those of classes do, and those that have a bar do well enough.
    beside = task.numbers if task.classes else [one for one in task.numbers if one.bar is not None and not one.derived]
    if beside:
        yield "The model beside its baselines; the upright stroke is to be reached", plots.intervals(f"{key}i", beside)
    if task.classes is not None:
        names, scores = task.classes.names, task.classes.scores
        yield (
            "Given classes in rows, told ones in columns; filled by share of the row",
            plots.confusion(f"{key}c", names, scores),
        )
        yield "F1 by class; in brackets how many are given", plots.per_class(f"{key}p", names, scores)
    if task.calibrated is not None:
        after = task.calibrated.after
        yield (
            "Reliability: on the diagonal confidence is what it says",
            plots.reliability(f"{key}r", task.calibrated.before.table, None if after is None else after.table),
        )
    yield from _scatters([axis for axis in task.axes if not axis.derived], f"{key}s")
    for i, line in enumerate(task.timelines):
        yield line.title, plots.timeline(f"{key}l{i}", line)


def _scatters(axes: Sequence[Axis], key: str) -> Iterator[tuple[str, Markup]]:
    return ((f"{axis.name}, told by given", plots.scatter(f"{key}{i}", axis)) for i, axis in enumerate(axes))


def _pictures(drawn: Iterable[tuple[str, Markup]]) -> Markup | None:
    figures = [element("figure", element("figcaption", text), picture) for text, picture in drawn]
    return element("div", *figures, class_="pictures") if figures else None


def _calibrated(told: Calibrated | None) -> Iterator[Markup]:
    if told is None:
        return
    yield element("h3", "Calibration")
    yield element("p", _judgement(told.after or told.before))
    if told.temperatures:
        heats = ", ".join(f"{heat:.2f}" for heat in told.temperatures)
        each = ", each fitted on the other folds" if len(told.temperatures) > 1 else ""
        yield element("p", f"Temperature{'s' if each else ''}: {heats}{each}.", class_="soft")
    yield tables.calibrated(told)


def _judgement(told: Calibration) -> str:
    """What an ECE means at this size."""
    ours, limit = tables.figure(told.ece), tables.figure(told.perfect.limit)
    if told.ece <= told.perfect.limit:
        return (
            f"The error of {ours} cannot be told from that of a perfect model, which stays below {limit} in 95 of 100."
        )
    return f"The error of {ours} is more than size explains: a perfect model stays below {limit} in 95 of 100."


def _steadiness(told: Steadiness | None) -> Iterator[Markup]:
    if told is None:
        return
    one = told.consistency
    yield element("h3", "Over time")
    share = (
        ""
        if one.majority is None
        else f" {one.majority:.1%} of windows have the class that is their track’s commonest."
    )
    yield element("p", f"{one.windows:,} windows of {one.tracks:,} tracks.{share}")
    yield tables.steadiness(told)


def _closing(report: Report) -> Markup:
    told = (
        f"Intervals hold {SHARE:.0%} of resampled sets (percentile bootstrap); where a task says what its items are "
        "of, that is drawn as a whole. “Ours +” is the model less the baseline on the same items, coloured where the "
        f"interval of that difference leaves 0 out. All numbers stand in {METRICS}."
    )
    return element("footer", element("p", told if report.tasks else f"All numbers stand in {METRICS}."))
