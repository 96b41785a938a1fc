"""Patterns: rhythms written as rows of steps, and how busy a section wants them.

Conventions: one character a step, sixteen steps a bar of the genre's own time; "." is silence, "-" holds the hit
before it, any other character is a hit whose meaning its engine knows. Rows repeat from the section's start, so that
a part that enters late falls in with the others. Tables of rows lie beside the engines, ordered from calm to busy.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from numpy.random import Generator

from kelly.composing.chance import chance
from kelly.composing.context import BAR, Context

__all__ = ["Hit", "bar_rows", "closing_bar", "drive", "kit", "lay", "lay_bars", "level", "step_of", "table"]


@dataclass(frozen=True, slots=True)
class Hit:
    """One hit of a row: onset and duration in beats, and its character."""

    onset: float
    duration: float
    symbol: str


@cache
def table(file: str) -> dict[str, Any]:
    """A JSON table beside the engines."""
    text = resources.files("kelly.composing.engines").joinpath(file).read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def _read(row: str) -> tuple[tuple[int, int, str], ...]:
    """The hits of a row: step, steps held, character."""
    hits = []
    for i, symbol in enumerate(row):
        if symbol not in ".-":
            tail = row[i + 1 :]
            hits.append((i, 1 + len(tail) - len(tail.lstrip("-")), symbol))
    return tuple(hits)


def lay(row: str, start: float, end: float, step: float) -> list[Hit]:
    """The hits of a row that is repeated from beat 0, as far as they fall into start..end; cut at the end."""
    length = len(row) * step
    hits: list[Hit] = []
    turn = int(start // length)
    while turn * length < end:
        for i, held, symbol in _read(row):
            onset = turn * length + i * step
            if start - 1e-9 <= onset < end - 1e-9:
                hits.append(Hit(onset, min(held * step, end - onset), symbol))
        turn += 1
    return hits


def step_of(context: Context) -> float:
    """Length of one step in beats: a sixteenth of the genre's own time, twice as long in half-time."""
    return 0.25 / context.section.pulse


def drive(context: Context) -> float:
    """How hard the rhythm section works, 0..1: mostly the feeling's density, then the section's energy.

    Half-time is filled with smaller notes and double-time with larger ones, as players do; a section that returns
    pushes a little more.
    """
    pulse = context.section.pulse
    push = 0.2 * (pulse < 1) - 0.25 * (pulse > 1) + 0.05 * min(context.section.occurrence, 2)
    lift = 0.3 * context.energy**2  # verses hold back, so that choruses have somewhere to go
    return min(max(context.parameters.density - 0.3 + lift + push, 0.0), 1.0)


def level(context: Context, count: int = 4) -> int:
    """Which of `count` rows, ordered from calm to busy, suits the section."""
    return min(int(round(drive(context), 6) * count), count - 1)


def bar_rows(rows: Sequence[str], context: Context, rng: Generator) -> list[str]:
    """Which row each bar of the section plays: the one that suits it, and now and then a neighbour.

    Second bars seldom and fourth bars often differ: they push on in busy music and breathe in calm.
    """
    usual = level(context, len(rows))
    chosen: list[str] = []
    for bar in range(context.section.bars):
        likely = (0.0, 0.35, 0.1, 0.9)[bar % 4] * (0.6 + 0.4 * context.plan.complexity)
        way = 1 if chance(0.25 + 0.6 * drive(context), rng) else -1
        other = usual + way if 0 <= usual + way < len(rows) else usual - way
        chosen.append(rows[other if chance(likely, rng) else usual])
    return chosen


def lay_bars(rows: Sequence[str], start: float, end: float, step: float) -> list[Hit]:
    """As `lay`, with a row of its own for every bar."""
    hits: list[Hit] = []
    for bar in range(int(start // BAR), len(rows)):
        first, last = max(start, BAR * bar), min(end, BAR * (bar + 1))
        if first < last - 1e-9:
            hits += lay(rows[bar], first, last, step)
    return hits


def closing_bar(context: Context) -> float | None:
    """Where the song's last bar begins, in beats of this section; None in any other section, and in a loop."""
    if context.next is not None or context.plan.is_loop:
        return None
    return context.section.beats - BAR


def kit(genre: str) -> dict[str, int]:
    """The General MIDI percussion number of every drum of a genre's kit.

    An orchestra kit has timpani and concert drums where others have toms and hi-hats.
    """
    kits: dict[str, dict[str, int]] = table("drums.json")["kits"]
    return {**kits["default"], **kits.get(genre, {})}
