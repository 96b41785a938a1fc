"""Plots: the pictures of a report as inline SVG that takes its colours from the page.

Conventions: each function draws one picture and gives an `svg` element as markup. Colours are names of CSS variables
(`PENS`), so that one picture serves light and dark. Text stays text. Nothing in a picture depends on the clock; the
ids of a picture start with its own name, which must be unique on the page. Scatters show at most `POINTS` items,
evenly picked; the numbers beside them are of all.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kelly.training.evaluation.calibration import Reliability
from kelly.training.evaluation.classes import ClassScores, row_shares
from kelly.training.evaluation.markup import Markup
from kelly.training.evaluation.results import Axis, Number, Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PENS", "POINTS", "confusion", "intervals", "per_class", "reliability", "scatter", "timeline"]

Floats = npt.NDArray[np.float64]

POINTS = 1500
WIDTH = 4.2  # inches: about what a telephone shows without making letters smaller
# Colours that matplotlib writes and no picture means: each is replaced by a variable of the page.
PENS = MappingProxyType(
    {name: f"#0000{i:02x}" for i, name in enumerate(("ink", "soft", "rule", "one", "two", "three", "four", "paper"), 1)}
)
SERIES = ("one", "two", "three", "four")
_DARK = 0.5  # the share from which a cell is so full that its number is written in the colour of the paper
_LONGEST = 24  # letters of a class's name that are shown


def confusion(key: str, names: Sequence[str], scores: ClassScores) -> Markup:
    """The confusion matrix: each cell filled by its share of the row, the count written in."""
    k, shares = len(names), row_shares(scores.confusion)

    def draw(axes: Axes) -> None:
        from matplotlib.patches import Rectangle

        for (i, j), count in np.ndenumerate(scores.confusion):
            axes.add_patch(Rectangle((j - 0.47, i - 0.47), 0.94, 0.94, fc=PENS["one"], alpha=float(shares[i, j])))
            pen = "paper" if shares[i, j] > _DARK else "ink" if count else "soft"
            axes.text(j, i, f"{count:,}", color=PENS[pen], ha="center", va="center", size=min(9, 60 / k))
        axes.set(xlim=(-0.5, k - 0.5), ylim=(k - 0.5, -0.5), aspect="equal", xlabel="told", ylabel="given")
        axes.set_xticks(range(k), _short(names), rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(k), _short(names))
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)

    return _svg(key, WIDTH, draw)


def reliability(key: str, before: Reliability, after: Reliability | None = None) -> Markup:
    """The reliability diagram: accuracy by confidence, before and after temperature scaling; areas are counts."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=PENS["rule"], lw=1)
        for table, pen, label in ((before, "two", "as it comes"), (after, "one", "after scaling")):
            if table is not None:
                held = table.count > 0
                x, y = table.confidence[held], table.accuracy[held]
                axes.plot(x, y, color=PENS[pen], lw=1, alpha=0.6)
                axes.scatter(
                    x, y, 4 + 160 * table.count[held] / table.count.sum(), PENS[pen], lw=0, alpha=0.8, label=label
                )
        axes.set(xlim=(0, 1.03), ylim=(0, 1.03), aspect="equal", xlabel="confidence", ylabel="accuracy")
        _legend_below(axes, 2, WIDTH / 2)

    return _svg(key, WIDTH * 0.86, draw)


def scatter(key: str, axis: Axis) -> Markup:
    """Told by given, with the diagonal on which both are the same."""
    picked = np.linspace(0, len(axis.gold) - 1, min(POINTS, len(axis.gold))).round().astype(int)
    x, y = axis.gold[picked], axis.told[picked]
    least, most = float(min(x.min(), y.min())), float(max(x.max(), y.max()))
    edge = 0.04 * (most - least) or 0.1

    def draw(axes: Axes) -> None:
        axes.plot([least, most], [least, most], color=PENS["rule"], lw=1)
        size, alpha = (16, 0.65) if len(x) < 200 else (9, 0.4)
        axes.scatter(x, y, size, PENS["one"], lw=0, alpha=alpha)
        reach = (least - edge, most + edge)
        axes.set(xlim=reach, ylim=reach, aspect="equal", xlabel="given", ylabel="told")
        axes.locator_params(nbins=6)

    return _svg(key, WIDTH * 0.86, draw)


def per_class(key: str, names: Sequence[str], scores: ClassScores) -> Markup:
    """F1 of each class as a bar, with precision and recall as marks on it."""
    rows, height = np.arange(len(names)), 0.9 + 0.27 * len(names)

    def draw(axes: Axes) -> None:
        axes.barh(rows, scores.f1, 0.62, color=PENS["one"], alpha=0.45, label="F1")
        axes.scatter(scores.precision, rows, 34, PENS["two"], marker="|", lw=2, label="precision", zorder=3)
        axes.scatter(scores.recall, rows, 20, PENS["three"], marker="o", lw=0, label="recall", zorder=3)
        labels = [f"{name} ({n:,})" for name, n in zip(_short(names), scores.support, strict=True)]
        axes.set_yticks(rows, labels)
        axes.set(xlim=(0, 1.02), ylim=(len(names) - 0.4, -0.6))
        _quiet(axes)
        _legend_below(axes, 3, height)

    return _svg(key, WIDTH, draw, height)


def intervals(key: str, numbers: Sequence[Number]) -> Markup:
    """Each number and its baselines as points with their intervals, the bar as a stroke."""
    names = list(dict.fromkeys(["ours", *(name for number in numbers for name in number.beside)]))
    rows, height = np.arange(len(numbers)), 0.9 + 0.48 * len(numbers)

    def draw(axes: Axes) -> None:
        for place, name in enumerate(names):
            pen = PENS[SERIES[place]] if place < len(SERIES) else PENS["soft"]
            told = [
                (row, one.ours if name == "ours" else one.beside.get(name))
                for row, one in zip(rows, numbers, strict=True)
            ]
            at = [(row + 0.16 * (place - (len(names) - 1) / 2), one) for row, one in told if one is not None]
            axes.scatter([one.value for _, one in at], [y for y, _ in at], 22, pen, lw=0, label=_shown(name), zorder=3)
            for y, one in at:
                if one.low is not None and one.high is not None:
                    axes.plot([one.low, one.high], [y, y], color=pen, lw=1.4, solid_capstyle="round")
        bars = [(one.bar, row) for row, one in zip(rows, numbers, strict=True) if one.bar is not None]
        axes.vlines([x for x, _ in bars], [y - 0.36 for _, y in bars], [y + 0.36 for _, y in bars], PENS["ink"], lw=1)
        axes.set_yticks(rows, _short(number.name for number in numbers))
        axes.set_ylim(len(numbers) - 0.4, -0.6)
        _quiet(axes)
        _legend_below(axes, min(len(names), 3), height)

    return _svg(key, WIDTH, draw, height)


def timeline(key: str, line: Timeline) -> Markup:
    """What is told over a recording, and where it is known, dashed, what is given."""

    def draw(axes: Axes) -> None:
        for place, (name, values) in enumerate(line.told.items()):
            pen = PENS[SERIES[place % len(SERIES)]]
            axes.plot(line.seconds, values, color=pen, lw=1.4, label=_shown(name))
            if name in line.gold:
                axes.plot(
                    line.seconds,
                    line.gold[name],
                    color=pen,
                    lw=1,
                    ls=(0, (3, 2)),
                    alpha=0.8,
                    label=f"{_shown(name)}, given",
                )
        axes.grid(axis="y")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("seconds")
        axes.margins(x=0.01)
        _legend_below(axes, 2, 2.2)

    return _svg(key, WIDTH, draw, 2.6)


def _short(names: Iterable[str]) -> list[str]:
    return [_shown(name) for name in names]


def _shown(name: str) -> str:
    """A name on one line, not too long, of letters that can be written; matplotlib has no legend for a leading _."""
    line = " ".join(name.encode(errors="replace").decode().split())
    line = line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
    return f" {line}" if line.startswith("_") else line


def _quiet(axes: Axes) -> None:
    """Rows of names to the left, thin upright lines, nothing else."""
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _legend_below(axes: Axes, columns: int, height: float) -> None:
    """A legend under the axes of a picture of a height in inches."""
    below = -0.36 / (0.77 * height)  # matplotlib leaves the axes .77 of it
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, below), ncols=columns, columnspacing=1.4, handlelength=1.4)


def _svg(key: str, width: float, draw: Callable[[Axes], None], height: float | None = None) -> Markup:
    """A picture of one pair of axes, drawn by a function: `width` by `height` inches (None: square)."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style = resources.files("kelly.training.evaluation").joinpath("plots.mplstyle")
    with resources.as_file(style) as path, mpl.rc_context(fname=path), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a script that the font lacks is written all the same
        figure = Figure(figsize=(width, height or width))
        draw(figure.add_subplot())
        return _inline(figure, key)


def _inline(figure: Figure, key: str) -> Markup:
    """A figure as an element: no prolog, ids under the picture's own name, pens as variables of the page."""
    written = io.BytesIO()
    blank = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(written, format="svg", metadata=blank, transparent=True, bbox_inches="tight", pad_inches=0.04)
    drawn = written.getvalue().decode()
    drawn = drawn[drawn.index("<svg") :].strip()
    drawn = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{key}-", drawn)
    drawn = re.sub(r'^<svg([^>]*?) height="[^"]*"', r"<svg\1", drawn)
    drawn = re.sub(r'^<svg([^>]*?) width="([^"]*)"', r'<svg\1 style="max-width: \2"', drawn)  # letters keep their size
    for name, colour in PENS.items():
        drawn = drawn.replace(colour, f"var(--{name})")
    return Markup(drawn)
