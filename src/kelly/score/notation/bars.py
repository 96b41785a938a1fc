"""Bars: where the bar lines of a score lie, and with which note values a length of time is written between them.

Conventions: times are whole divisions from the score's start, `QUARTER` to a quarter note, so that sixty-fourths and
triplets are whole numbers. A bar consists of groups of beats, these of beats, these of halves (or thirds), and so on:
a note value is written where it lets the next larger part of the bar be seen, else it is cut there and tied.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import accumulate
from math import ceil, floor

from kelly.errors import UsageError
from kelly.score.notes import Meter

__all__ = ["QUARTER", "SIXTEENTH", "VALUES", "Bar", "Bars", "bars_of", "lengths"]

QUARTER = 48
SIXTEENTH = QUARTER // 4
WHOLE = 4 * QUARTER
TYPES = {
    WHOLE: "whole",
    WHOLE // 2: "half",
    QUARTER: "quarter",
    QUARTER // 2: "eighth",
    SIXTEENTH: "16th",
    SIXTEENTH // 2: "32nd",
    SIXTEENTH // 4: "64th",
}
VALUES = {length: (name, 0) for length, name in TYPES.items()} | {
    3 * length // 2: (name, 1) for length, name in TYPES.items() if length > min(TYPES)
}
DENOMINATORS = (1, 2, 4, 8, 16, 32, 64)
Tree = tuple[int, tuple["Tree", ...]]  # a length, and the parts that it consists of


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its number from 0, where it starts, and its time signature."""

    index: int
    start: int
    numerator: int
    denominator: int

    @property
    def length(self) -> int:
        """How long it is, in divisions."""
        return WHOLE * self.numerator // self.denominator

    @property
    def end(self) -> int:
        """Where the next one starts, in divisions."""
        return self.start + self.length

    @property
    def beats(self) -> tuple[int, ...]:
        """The lengths of its beats: quarters, or groups of two or three of a shorter denominator."""
        return _beats(self.numerator, self.denominator)

    @property
    def edges(self) -> tuple[int, ...]:
        """Where its beats start and the last one ends, in divisions from the bar line."""
        return _beat_edges(self.numerator, self.denominator)

    @property
    def pulse(self) -> int:
        """What is counted: the beat where all are alike and dotted, else the quarter."""
        return self.beats[0] if set(self.beats) == {3 * WHOLE // self.denominator} else QUARTER

    @property
    def simple(self) -> bool:
        """Whether its beats are quarters, which may be divided by three."""
        return self.denominator <= 4


@dataclass(frozen=True)
class Bars:
    """The bars of a score, one after the other from 0 on, at least one."""

    row: tuple[Bar, ...]

    @cached_property
    def starts(self) -> list[int]:
        """Where each starts, in divisions."""
        return [bar.start for bar in self.row]

    @property
    def end(self) -> int:
        """Where the last one ends, in divisions."""
        return self.row[-1].end

    def at(self, place: float) -> Bar:
        """The bar that holds a place (in divisions), the last one past the end."""
        return self.row[max(bisect_right(self.starts, place) - 1, 0)]

    def nearest(self, beats: float) -> Bar:
        """The bar whose start lies nearest to a time in quarter notes."""
        bar = self.at(place := beats * QUARTER)
        later = bar.index + 1 < len(self.row) and place - bar.start > bar.length / 2
        return self.row[bar.index + later]

    def place(self, beats: float) -> int:
        """The place nearest to a time in quarter notes that is a whole number of sixteenths from its bar's start."""
        bar = self.at(beats * QUARTER)
        steps = floor((beats * QUARTER - bar.start) / SIXTEENTH + 0.5)
        return min(bar.start + max(steps, 0) * SIXTEENTH, bar.end)


def bars_of(meters: Iterable[Meter], end: float, most: int) -> Bars:
    """The bars from 0 to `end` (in quarter notes) under a list of time signatures; four quarters before the first.

    A time signature that does not stand at a bar line moves there if it is nearer than half a sixteenth, else the bar
    before it is cut short and has a time signature of its own.

    Raises: UsageError, a time signature that is none, or more than `most` bars.
    """
    changes = sorted((replace(meter, onset=max(meter.onset, 0.0)) for meter in meters), key=lambda meter: meter.onset)
    row: list[Bar] = []
    place = 0
    known = [Meter(0.0), *changes]
    for meter, after in zip(known, [*changes, None], strict=True):
        _check(meter)
        first = Bar(len(row), place, meter.numerator, meter.denominator)
        if after is None or after.onset >= end:
            return Bars((*row, *_whole(first, end * QUARTER, most)))
        row += _cut_short(first, after.onset * QUARTER, most)
        place = row[-1].end if row else 0
    return Bars(tuple(row))


def _check(meter: Meter) -> None:
    if not 1 <= meter.numerator <= 255 or meter.denominator not in DENOMINATORS:
        raise UsageError(f"a meter is 1..255 over a power of two up to 64; got {meter.numerator}/{meter.denominator}")


def _whole(first: Bar, until: float, most: int) -> list[Bar]:
    """The bars like `first` that reach a place, one at least."""
    return _repeated(first, max(ceil((until - first.start) / first.length - 1e-6), 0 if first.index else 1), most)


def _cut_short(first: Bar, until: float, most: int) -> list[Bar]:
    """The bars like `first` up to a place, the last one cut short there."""
    full, rest = divmod(max(until - first.start, 0.0), first.length)
    sixteenths = floor(rest / SIXTEENTH + 0.5)
    if sixteenths * SIXTEENTH >= first.length:
        full, sixteenths = full + 1, 0
    row = _repeated(first, int(full), most)
    if sixteenths:
        row.append(Bar(first.index + len(row), first.start + len(row) * first.length, *_shortened(sixteenths)))
    return row


def _repeated(first: Bar, count: int, most: int) -> list[Bar]:
    if first.index + count > most:
        raise UsageError(f"at most {most} bars can be notated; this score has {first.index + count} or more")
    return [replace(first, index=first.index + i, start=first.start + i * first.length) for i in range(count)]


def _shortened(sixteenths: int) -> tuple[int, int]:
    """The time signature of a bar that lasts so many sixteenths: quarters where they will do."""
    denominator = 16
    while denominator > 4 and sixteenths % 2 == 0:
        sixteenths, denominator = sixteenths // 2, denominator // 2
    return sixteenths, denominator


@lru_cache(1 << 10)
def _beats(numerator: int, denominator: int) -> tuple[int, ...]:
    unit = WHOLE // denominator
    if denominator <= 4:
        return (QUARTER,) * (numerator * unit // QUARTER)
    if numerator % 3 == 0:
        return (3 * unit,) * (numerator // 3)
    if numerator % 2 == 0 or numerator == 1:
        return (2 * unit,) * (numerator // 2) or (unit,)
    return (*(2 * unit,) * ((numerator - 3) // 2), 3 * unit)


@lru_cache(1 << 10)
def _beat_edges(numerator: int, denominator: int) -> tuple[int, ...]:
    return tuple(accumulate(_beats(numerator, denominator), initial=0))


@lru_cache(1 << 10)
def _tree(numerator: int, denominator: int) -> Tree:
    """The bar as groups of beats, these as beats, and these as thirds or halves down to the sixty-fourth."""
    unit = WHOLE // denominator
    beats = _beats(numerator, denominator) if unit < QUARTER else (unit,) * numerator
    return _grouped(
        tuple((length, (_halved(unit),) * 3) if length == 3 * unit else _halved(length) for length in beats)
    )


def _halved(length: int) -> Tree:
    return (length, (_halved(length // 2),) * 2) if length > min(TYPES) else (length, ())


def _grouped(beats: tuple[Tree, ...]) -> Tree:
    """Beats as halves where there is an even number of them, else as twos and threes; up to three stay as they are."""
    length, count = sum(beat[0] for beat in beats), len(beats)
    if count == 1:
        return beats[0]
    if count <= 3:
        return length, beats
    if count % 2 == 0 or count == 5:
        middle = (count + 1) // 2
        return length, (_grouped(beats[:middle]), _grouped(beats[middle:]))
    twos = tuple(_grouped(beats[start : start + 2]) for start in range(0, count - 3, 2))
    return length, (*twos, _grouped(beats[-3:]))


@lru_cache(1 << 14)
def lengths(numerator: int, denominator: int, start: int, end: int, *, rest: bool = False) -> tuple[int, ...]:
    """The note values that fill a bar from `start` to `end` (divisions from the bar line), each a key of `VALUES`.

    Notes are tied over what should be seen (in four quarters the middle of the bar), but an off-beat within half a bar
    may be one note. Rests show every beat that they meet.
    """
    return tuple(_lengths(_tree(numerator, denominator), start, end, rest=rest))


def _lengths(tree: Tree, start: int, end: int, *, rest: bool) -> list[int]:
    """The values from `start` to `end` of one part of a bar, counted from where that part starts."""
    if end - start in VALUES and _is_one(tree, start, end, rest=rest):
        return [end - start]
    edges = _edges(tree)
    inside = bisect_right(edges, start) - 1
    if end <= edges[inside + 1]:
        below = edges[inside]
        return _lengths(tree[1][inside], start - below, end - below, rest=rest)
    runs = [edge for edge in edges if start in edges and start < edge < end and edge - start in VALUES and not rest]
    cut = runs[-1] if runs else edges[inside + 1]
    return [*_lengths(tree, start, cut, rest=rest), *_lengths(tree, cut, end, rest=rest)]


def _edges(tree: Tree) -> list[int]:
    return list(accumulate((length for length, _ in tree[1]), initial=0))


def _is_one(tree: Tree, start: int, end: int, *, rest: bool) -> bool:
    """Whether one value may stand here: all of it, several of three parts or more, or an off-beat over two of them."""
    if (start, end) == (0, tree[0]):
        return True
    edges = _edges(tree)
    if rest:
        return False
    if start in edges and end in edges and len(edges) > 3:
        return True
    plain = (i for i in range(len(edges) - 2) if edges[i + 1] - edges[i] == edges[i + 2] - edges[i + 1] in TYPES)
    return any(_is_off_beat(start - edges[i], end - edges[i], edges[i + 2] - edges[i]) for i in plain)


def _is_off_beat(start: int, end: int, length: int) -> bool:
    """Whether this is a dotted value at either end of two equal halves, or the middle of both, up to half a bar."""
    if start == 0 or end == length:
        return 4 * (end - start) == 3 * length
    return length <= WHOLE // 2 and 4 * start == length and 4 * end == 3 * length
