"""Staves: on which one or two staves and with which clefs a part is written, and where its percussion stands.

Conventions: instruments are those of General MIDI by program from 0 (`instruments.csv`): `staves` is how many it may
have, `rings` whether what it strikes sounds on by itself, `clefs` those it is read in. Percussion is told by its pitch
(`percussion.csv`).
"""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise

from kelly.score.notation.grid import Sounding, Strike

__all__ = ["CLEFS", "Clef", "Clefs", "Drum", "Instrument", "clefs_for", "divided", "drum", "instrument"]

Clefs = Mapping[int, str]  # the names of clefs by the places from which they hold

MIDDLE = 60
WHITE = (0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5, 6)  # the line or space of each pitch class, from C
FAR = 3  # ledger lines that are many
OFTEN = 0.06  # share of notes with so many, from which on a second staff is worth its place
CHANGE = 10  # ledger lines that a change of clef must save, and one for each note
HAND = 12  # semitones that one hand spans
STAYS = 3  # semitones beyond middle C from which on a hand that was there before comes along


@dataclass(frozen=True, slots=True)
class Clef:
    """A clef: its sign, line and octaves, and its lowest line (white keys from the lowest C of MIDI)."""

    sign: str
    line: int
    octaves: int
    bottom: int

    def ledgers(self, pitch: int) -> int:
        """How many ledger lines a pitch needs."""
        place = 7 * (pitch // 12) + WHITE[pitch % 12] - self.bottom
        return max(-place // 2 if place < 0 else 0, (place - 8) // 2)


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument: its name, MusicXML's name of its sound, and how it is written."""

    name: str
    sound: str
    staves: int
    rings: bool
    clefs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drum:
    """A percussion instrument: its name, where it stands on the staff and with which notehead."""

    name: str
    step: str
    octave: int
    notehead: str


CLEFS = {
    "treble": Clef("G", 2, 0, 37),
    "bass": Clef("F", 4, 0, 25),
    "treble8va": Clef("G", 2, 1, 44),
    "treble8vb": Clef("G", 2, -1, 30),
    "bass8vb": Clef("F", 4, -1, 18),
}


@cache
def _instruments() -> tuple[Instrument, ...]:
    return tuple(
        Instrument(row["name"], row["sound"], int(row["staves"]), row["rings"] == "1", tuple(row["clefs"].split()))
        for row in _rows("instruments.csv")
    )


@cache
def _drums() -> dict[int, Drum]:
    return {
        int(row["pitch"]): Drum(row["name"], row["step"], int(row["octave"]), row["notehead"])
        for row in _rows("percussion.csv")
    }


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("kelly.score.notation").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def instrument(program: int) -> Instrument:
    """The instrument of a program (0..127)."""
    return _instruments()[program]


def drum(pitch: int) -> Drum:
    """The percussion instrument of a pitch; one that General MIDI does not name stands where its number puts it."""
    known = _drums().get(pitch)
    octave, step = divmod(2 + pitch % 10, 7)
    return known or Drum(f"Percussion {pitch}", "CDEFGAB"[step], 4 + octave, "slash")


def clefs_for(strikes: Sequence[Strike], played: Instrument, edges: Sequence[int]) -> tuple[Clefs, ...]:
    """The clefs of a part's one or two staves, from place to place.

    Parameters: strikes, in order; played, the instrument; edges, where the clef may change, in order, 0 the first.
    """
    lines = {name: [_ledgers(strike, name) for strike in strikes] for name in played.clefs}
    best = _own(
        played.clefs, {name: sum(map(sum, rows)) for name, rows in lines.items()}, sum(len(s.notes) for s in strikes)
    )
    counts = [count for row in lines[best] for count in row]
    if played.staves > 1 and sum(count >= FAR for count in counts) > OFTEN * len(counts):
        return {0: "treble"}, {0: "bass"}
    clefs, clef = {0: best}, best
    places = [strike.place for strike in strikes]
    for low, high in pairwise([*edges, places[-1] + 1]):
        part = slice(bisect_left(places, low), bisect_left(places, high))
        costs = {name: sum(map(sum, rows[part])) for name, rows in lines.items()}
        saved = costs[clef] - min(costs.values())
        if saved > max(CHANGE, sum(map(len, lines[clef][part]))):
            clefs[low] = clef = min(costs, key=lambda name: costs[name])
    return (clefs,)


def _own(clefs: Sequence[str], costs: Mapping[str, int], notes: int) -> str:
    """The clef with the fewest ledger lines; an octave clef, which players of the instrument expect, if it has few."""
    best = min(costs, key=lambda name: costs[name])
    return clefs[0] if CLEFS[clefs[0]].octaves and costs[clefs[0]] <= costs[best] + notes else best


@cache
def _lines(clef: str) -> tuple[int, ...]:
    return tuple(CLEFS[clef].ledgers(pitch) for pitch in range(128))


def _ledgers(strike: Strike, clef: str) -> list[int]:
    lines = _lines(clef)
    return [lines[note.pitch] for note in strike.notes]


def divided(strikes: Sequence[Strike]) -> tuple[list[Strike], list[Strike]]:
    """The strikes of a part of two staves: what the right hand plays and what the left.

    What one hand can span goes to one of them, the one before where it lies about middle C; else middle C divides.
    """
    hands: tuple[list[Strike], list[Strike]] = ([], [])
    left = False
    for strike in strikes:
        pitches = [note.pitch for note in strike.notes]
        if pitches[-1] - pitches[0] <= HAND:
            middle = sum(pitches) / len(pitches)
            left = middle < MIDDLE + (STAYS if left else -STAYS)
            hands[left].append(strike)
            continue
        for hand, notes in zip(hands, _parted(strike), strict=True):
            if notes:
                hand.append(Strike(strike.place, notes, strike.rolled))
    return hands


def _parted(strike: Strike) -> tuple[tuple[Sounding, ...], tuple[Sounding, ...]]:
    high = tuple(note for note in strike.notes if note.pitch >= MIDDLE)
    return high, strike.notes[: len(strike.notes) - len(high)]
