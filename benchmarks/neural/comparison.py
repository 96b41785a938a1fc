"""Comparison: two sides of the same songs beside human music, as the rows of tables.

Conventions: a side is a table of counts (songs, bins) for each measure; the i-th song of both sides has the same
feeling and seed. Intervals are of the paired bootstrap: the same songs are drawn on both sides, human music stays as it
is. A draw holds fewer distinct songs than there are, which moves it away from human music; so the draws' differences
are centred on the difference of all songs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from controllability.run import AXES, PROMISES, Row
from hearing import spearman
from neural.distances import apart, even, interval, pull, weighed, weights
from neural.human import ONSETS, Human
from neural.measures import JUDGED, MEASURES, Events, counted

__all__ = ["NEARER", "Side", "beside", "control", "differing", "judged", "side"]

Floats = npt.NDArray[np.float64]
Side = Mapping[str, Floats]
Line = tuple[object, ...]

NEARER, FARTHER, UNCLEAR = "nearer", "**farther**", "no clear change"
STREAM = 0  # of the resamples


def side(pieces: Sequence[Events]) -> Side:
    """The histograms of some songs."""
    return {name: np.stack([counted(one[name], measure.bins) for one in pieces]) for name, measure in MEASURES.items()}


def judged(rules: Side, neural: Side, human: Human) -> list[Line]:
    """A line for each measure that is judged: name, both distances, their difference, its interval, floor, verdict."""
    return [_line(name, rules[name], neural[name], human.of(name), human.floor[name]) for name in JUDGED]


def beside(rules: Side, neural: Side, human: Human) -> Iterator[Line]:
    """The lines of what is not judged: other measures, the corpora one by one, and modes as they come."""
    for name in MEASURES:
        if name not in JUDGED:
            yield _line(name, rules[name], neural[name], human.of(name), human.floor[name])
    for name in JUDGED:
        measure, one, other = MEASURES[name], rules[name], neural[name]
        for corpus in measure.corpora if len(measure.corpora) > 1 else ():
            yield _line(name, one, other, human.counts[name, corpus], label=f"{name}, {corpus} alone")
        if name == ONSETS:
            mixed = even(np.stack([human.counts[name, corpus] for corpus in measure.corpora]))
            yield _line(name, one, other, mixed, label=f"{name}, half of either")
        if measure.by_mode:
            label = f"{name}, modes taken together"
            yield _line(name, _merged(one), _merged(other), _merged(human.of(name)), label=label)


def control(rules: Sequence[Row], neural: Sequence[Row]) -> Iterator[Line]:
    """A line for each promise of controllability: name, both correlations, their difference, its interval, what is
    promised of whole songs, verdict.
    """
    drawn = weights(len(rules), np.random.default_rng(STREAM)).astype(np.int64)
    for axis, quantity, least in PROMISES:
        asked = np.array([row[0][AXES.index(axis)] for row in rules])
        both = [np.array([row[1][quantity] for row in rows]) for rows in (rules, neural)]
        one, other = (spearman(asked, found) for found in both)
        again = [[spearman(np.repeat(asked, times), np.repeat(found, times)) for times in drawn] for found in both]
        low, high = interval(np.subtract(again[1], again[0]), other - one)
        verdict = "**fell**" if high < 0 else "held"
        yield f"{axis} and {quantity}", one, other, _signed(other - one), _between(low, high), least, verdict


def differing(rules: Side, neural: Side, human: Human, most: int) -> Iterator[Line]:
    """Of each measure the bins that set the rules most apart from human music: measure, bin, shares of the three."""
    for name, measure in MEASURES.items():
        one, other = (_shares(part[name].sum(0)) for part in (rules, neural))
        like = weighed(human.of(name), one) if measure.by_mode else human.of(name)
        for index in np.argsort(-pull(one, like), kind="stable")[:most].tolist():
            yield name, measure.name(index), *(_percent(shares[index]) for shares in (like, one, other))


def _line(
    name: str, rules: Floats, neural: Floats, human: Floats, floor: float | None = None, *, label: str = ""
) -> Line:
    by_mode = MEASURES[name].by_mode and rules.shape[1] == MEASURES[name].bins
    drawn = np.vstack([np.ones(len(rules)), weights(len(rules), np.random.default_rng(STREAM))])
    one, other = (apart(drawn @ rows, human, by_mode=by_mode) for rows in (rules, neural))
    low, high = interval((other - one)[1:], float(other[0] - one[0]))
    verdict = NEARER if high < 0 else FARTHER if low > 0 else UNCLEAR
    least = "" if floor is None else floor
    return (
        label or name,
        float(one[0]),
        float(other[0]),
        _signed(other[0] - one[0]),
        _between(low, high),
        least,
        verdict,
    )


def _merged(counts: Floats) -> Floats:
    """Histograms (..., bins) whose halves, major and minor, are added."""
    return np.asarray(counts.reshape(*counts.shape[:-1], 2, -1).sum(-2))


def _shares(counts: Floats) -> Floats:
    return np.asarray(counts / max(counts.sum(), 1))


def _signed(number: float) -> str:
    return f"{number:+.3f}"


def _between(low: float, high: float) -> str:
    return f"{low:+.3f} .. {high:+.3f}"


def _percent(share: float) -> str:
    return f"{share:.1%}"
