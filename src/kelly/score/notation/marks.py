"""Marks: what stands above and below the notes: tempo, sections, swing, chords, loudness and pedal.

Conventions: places are divisions from the score's start. A mark stands where it is read, not where a hand was late.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from kelly.errors import UsageError
from kelly.score.notation.bars import QUARTER, SIXTEENTH, Bars
from kelly.score.notation.chords import ChordName, Symbol, symbol_of
from kelly.score.notation.grid import Strike
from kelly.score.notation.spelling import Key
from kelly.score.notation.swing import Swing, Swings
from kelly.score.notation.texts import clean
from kelly.score.notes import Control, Score

__all__ = [
    "ChordMark",
    "Level",
    "Mark",
    "Pedal",
    "Pedals",
    "Section",
    "Speed",
    "SwingMark",
    "chord_marks",
    "levels",
    "pedals_of",
    "sections",
    "speeds",
    "swing_marks",
]

PEDAL, DOWN = 64, 64
SLOWEST = 60_000_000 / 2**24  # what a MIDI file can hold, in microseconds a quarter note
SEEN = 0.02  # share of the tempo by which it must change to be marked again
LOUDNESS = ("ppp", "pp", "p", "mp", "mf", "f", "ff", "fff")
LOUD = (24, 41, 56, 72, 88, 104, 119)  # velocities between them
SURE = 3  # velocities beyond these from which on a change is one
WINDOW = 16 * QUARTER  # over which loudness is told where no sections are marked
LONGEST_TEXT = 40


@dataclass(frozen=True, slots=True)
class Speed:
    """A tempo in quarter notes a minute, whether it is seen or only played, and the beat that it is counted in."""

    place: int
    bpm: float
    seen: bool
    beat: int = QUARTER


@dataclass(frozen=True, slots=True)
class Section:
    """The name of what begins here; whether it stands at a bar line and is short enough for a box."""

    place: int
    text: str
    boxed: bool


@dataclass(frozen=True, slots=True)
class SwingMark:
    """That what follows swings so, or no more."""

    place: int
    swing: Swing


@dataclass(frozen=True, slots=True)
class ChordMark:
    """A chord symbol; None for no chord."""

    place: int
    symbol: Symbol | None


@dataclass(frozen=True, slots=True)
class Level:
    """How loud a part is from here on: "p", "mf" ..., and the velocity that this is."""

    place: int
    loudness: str
    velocity: int


@dataclass(frozen=True, slots=True)
class Pedal:
    """What the sustain pedal does: start or stop."""

    place: int
    kind: str


Mark = Speed | Section | SwingMark | ChordMark | Level | Pedal


@dataclass(frozen=True, slots=True)
class Pedals:
    """When the sustain pedal is down: from and until, in divisions, in order."""

    held: tuple[tuple[float, float], ...] = ()

    def until(self, place: int) -> float:
        """Until when it holds what is struck at a place; the place itself where it is up."""
        index = bisect_right(self.held, (place + SIXTEENTH, float("inf"))) - 1
        if index >= 0 and self.held[index][1] > place + SIXTEENTH:
            return self.held[index][1]
        return place

    def marks(self, bars: Bars) -> Iterator[Pedal]:
        """How that is written."""
        for low, high in ((bars.place(low / QUARTER), bars.place(high / QUARTER)) for low, high in self.held):
            if low < high:
                yield Pedal(low, "start")
                yield Pedal(high, "stop")


def pedals_of(controls: Iterable[Control]) -> Pedals:
    """When the controls of a part hold the pedal; one that is never let go is none."""
    held: list[tuple[float, float]] = []
    down: float | None = None
    for control in sorted(control for control in controls if control.controller == PEDAL):
        place = max(control.onset, 0.0) * QUARTER
        if control.value >= DOWN and down is None:
            down = place
        elif control.value < DOWN and down is not None:
            held.append((down, place))
            down = None
    return Pedals(tuple(held))


def speeds(score: Score, bars: Bars) -> Iterator[Speed]:
    """The tempos; those of a ritardando are played, and seen once a bar at most. Raises: UsageError, one is none."""
    for tempo in score.tempos:
        if not SLOWEST < tempo.bpm < math.inf:
            raise UsageError(f"a tempo must lie above {SLOWEST:.2f} BPM; got {tempo.bpm!r}")
    known = {bars.place(tempo.onset): tempo.bpm for tempo in sorted(score.tempos)}
    known.setdefault(0, 120.0)
    places = sorted(known)
    seen: Speed | None = None
    for place, after in zip(places, [*places[1:], bars.end], strict=True):
        bpm, bar = known[place], bars.at(place)
        lasts = after - place >= bar.length or after == bars.end
        fresh = seen is None or (abs(bpm / seen.bpm - 1) > SEEN and (lasts or place - seen.place >= bar.length))
        mark = Speed(place, bpm, fresh, bar.pulse)
        seen = mark if fresh else seen
        yield mark


def sections(score: Score, bars: Bars) -> Iterator[Section]:
    """The markers: at the bar line where they stand near one."""
    for marker in score.markers:
        text = clean(marker.text)
        place, line = bars.place(marker.onset), bars.nearest(marker.onset).start
        near = abs(place - line) <= SIXTEENTH
        if text:
            yield Section(line if near else place, text, near and len(text) <= LONGEST_TEXT)


def swing_marks(swings: Swings) -> Iterator[SwingMark]:
    """Where it begins to swing, and where it does no more."""
    for before, swing in pairwise((Swing(), *swings.row)):
        if (before.unit, before.ratio) != (swing.unit, swing.ratio):
            yield SwingMark(swing.start, swing)


def chord_marks(
    chords: Iterable[ChordName], bars: Bars, starts: Collection[int], key_at: Callable[[int], Key]
) -> list[ChordMark]:
    """The chord symbols in order; one that says what the last one said is left out but where a section starts.

    Parameters: chords; bars; starts, of sections; key_at, the key of a bar.
    """
    row: list[ChordMark] = []
    for place, name in sorted({bars.place(chord.onset): chord.name for chord in sorted(chords)}.items()):
        symbol = symbol_of(name)
        mark = ChordMark(place, symbol and symbol.spelled(key_at(bars.at(place).index)))
        if not row or row[-1].symbol != mark.symbol or place in starts:
            row.append(mark)
    return row


def levels(strikes: Iterable[Strike], starts: Sequence[int], bars: Bars) -> Iterator[Level]:
    """How loud a part is, section by section (or every few bars): marked where it changes clearly."""
    edges = starts if len(starts) > 1 else list(range(0, bars.end, WINDOW))
    windows: dict[int, list[Strike]] = {}
    for strike in strikes:
        windows.setdefault(bisect_right(edges, strike.place), []).append(strike)
    last: int | None = None
    for window in windows.values():
        velocity = round(median(note.velocity for strike in window for note in strike.notes))
        level = bisect_right(LOUD, velocity)
        if last is None or (level != last and bisect_right(LOUD, velocity + (SURE if level < last else -SURE)) != last):
            yield Level(window[0].place, LOUDNESS[level], velocity)
            last = level
