"""Tables: the numbers of a report as HTML tables, and how a number is written.

Conventions: three decimals, a true minus; under a number stands its interval in small type, under a baseline's also
by how much we are above or below it, coloured only where the interval of that difference leaves 0 out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kelly.training.evaluation.bootstrap import Estimate
from kelly.training.evaluation.calibration import Calibration
from kelly.training.evaluation.fairness import Fairness
from kelly.training.evaluation.markup import Markup, element
from kelly.training.evaluation.results import Calibrated, Number, Steadiness
from kelly.training.evaluation.targets import Verdict

__all__ = ["calibrated", "fairness", "figure", "numbers", "span", "steadiness", "unbroken", "verdicts"]

_NONE = "–"


def figure(value: float | None, *, signed: bool = False) -> str:
    """A number as it is printed: three decimals, a dash for none."""
    if value is None:
        return _NONE
    written = f"{value:+.3f}" if signed else f"{value:.3f}"
    return (written if float(written) else written.lstrip("-+")).replace("-", "−")


def span(one: Estimate, *, signed: bool = False) -> str:
    """An interval as it is printed: "0.512 to 0.604"; empty where there is none."""
    if one.low is None or one.high is None:
        return ""
    return f"{figure(one.low, signed=signed)} to {figure(one.high, signed=signed)}"


def unbroken(text: str) -> str:
    """A text whose bars are not torn from their signs at the end of a line."""
    return text.replace("≥ ", "≥\N{NO-BREAK SPACE}").replace("≤ ", "≤\N{NO-BREAK SPACE}")


def numbers(told: Sequence[Number]) -> Markup:
    """The numbers of a task: ours, every baseline's, and the bar."""
    names = list(dict.fromkeys(name for one in told for name in one.beside))
    barred, capped = any(one.bar is not None for one in told), any(one.ceiling is not None for one in told)
    head = ["", "ours", *names, *(["to reach"] if barred else []), *(["ceiling"] if capped else [])]
    rows = []
    for one in told:
        cells = [_cell(one.ours, strong=True), *(_beside(one, name) for name in names)]
        cells += [_bar(one)] if barred else []
        cells += [element("td", figure(one.ceiling))] if capped else []
        rows.append((one.name, cells))
    return _table(head, rows)


def calibrated(told: Calibrated) -> Markup:
    """Calibration before and after scaling, what a perfectly calibrated model would get, and the baselines'."""
    scaled = {} if told.after is None else {"after scaling": told.after}
    columns = {"as it comes": told.before, **scaled, **told.beside}
    rows = [(name, [element("td", figure(value)) for value in row]) for name, *row in _calibrations(columns.values())]
    return _table(["", *columns], rows)


def fairness(told: Fairness, unit: str) -> Markup:
    """A measure by subgroup, and its largest gap; a unit is what intervals draw ("actor")."""
    rows = [
        (part.name, [element("td", f"{part.items:,}"), element("td", f"{part.units:,}"), _cell(part.estimate)])
        for part in told.subgroups
    ]
    if told.gap is not None and told.pair is not None:
        name = f"largest gap: {told.pair[0]} better off than {told.pair[1]}"
        rows.append((name, [element("td"), element("td"), _cell(told.gap, strong=True)]))
    return _table([f"by {told.by}", "items", f"{unit}s", told.measure], rows)


def steadiness(told: Steadiness) -> Markup:
    """How much each axis changes from window to window, and varies within tracks and between them."""
    one = told.consistency
    columns = zip(told.axes, one.change, one.within, one.between, strict=True)
    rows = [(name, [element("td", figure(float(value))) for value in values]) for name, *values in columns]
    return _table(["", "change, window to window", "deviation within a track", "between tracks"], rows)


def verdicts(told: Sequence[Verdict]) -> Markup:
    """The design's targets: ours, a constant's, the others', and who meets them, in words."""
    names = list(dict.fromkeys(name for one in told for name in one.others))
    rows = []
    for one in told:
        values = [one.ours, one.constant, *(one.others.get(name) for name in names)]
        cells = [element("td", _amount(value, one.target.unit), class_=_met(one, value)) for value in values]
        rows.append((element("span", unbroken(one.target.title), element("small", one.words)), cells))
    return _table(["target", "ours", "constant", *names], rows)


def _table(head: Sequence[str], rows: Iterable[tuple[str | Markup, Sequence[Markup]]]) -> Markup:
    """A table whose rows begin with a name; it scrolls by itself where it is wider than the page."""
    top = [element("th", title, scope="col") if title else element("td") for title in head]
    body = [element("tr", element("th", name, scope="row"), *cells) for name, cells in rows]
    table = element("table", element("thead", element("tr", *top)), element("tbody", *body))
    return element("div", table, class_="wide", tabindex="0", role="group", aria_label=f"table: {head[0] or head[1]}")


def _cell(one: Estimate, *, strong: bool = False) -> Markup:
    value = element("strong", figure(one.value)) if strong else figure(one.value)
    return element("td", value, element("small", span(one)) if span(one) else None)


def _beside(number: Number, name: str) -> Markup:
    """A baseline's number, its interval, and how far ours is from it."""
    one, apart = number.beside.get(name), number.differences.get(name)
    if one is None:
        return element("td", _NONE)
    told = None if apart is None else f"ours {figure(apart.value, signed=True)}"
    small = element("small", told, class_=_kind(apart, lower=number.lower)) if told else None
    return element("td", figure(one.value), element("small", span(one)) if span(one) else None, small)


def _kind(apart: Estimate | None, *, lower: bool) -> str | None:
    """Whether a difference is surely a gain or surely a loss."""
    if apart is None or apart.low is None or apart.high is None or apart.low <= 0 <= apart.high:
        return None
    return "gain" if (apart.high < 0) is lower else "loss"


def _bar(one: Number) -> Markup:
    if one.bar is None:
        return element("td", _NONE)
    word = element("small", "reached" if one.reached else "missed", class_="gain" if one.reached else "loss")
    return element("td", f"{'≤' if one.lower else '≥'} {figure(one.bar)}", word)


def _amount(value: float | None, unit: str) -> str:
    """A number in a unit of its own is a measured quantity, which three decimals do not suit."""
    return figure(value) if value is None or not unit else f"{value:.3g} {unit}"


def _met(one: Verdict, value: float | None) -> str | None:
    return None if value is None else "met" if one.target.met(value) else "missed"


def _calibrations(columns: Iterable[Calibration]) -> Iterator[tuple[str, *tuple[float, ...]]]:
    """Rows of calibration: what a number is called, and it in each column."""
    several = list(columns)
    yield "expected calibration error", *(one.ece for one in several)
    yield "of a perfectly calibrated model: mean", *(one.perfect.mean for one in several)
    yield "of a perfectly calibrated model: 95 % point", *(one.perfect.limit for one in several)
    yield "in bins of equal size", *(one.adaptive_ece for one in several)
    yield "maximum calibration error", *(one.mce for one in several)
    yield "Brier score (0 to 2)", *(one.brier for one in several)
