"""Voices: the notes of one staff as one or two lines of chords, each of which sounds one thing at a time.

Conventions: places are divisions from the score's start. Notes that overlap stand in one voice, tied where another
begins or ends, or in two, those that are held and those that move, whichever takes fewer ties; the higher is the first.
Where even that would be a thicket of ties, what is held ends where the next note of its voice begins.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from kelly.score.notation.tones import Tone

__all__ = ["Chord", "Head", "voices_of"]

SECOND = 2  # what a second voice costs, in ties
THICKET, ALLOWED = 1.0, 4  # ties for each note of a stretch that are too many, beyond some that are always allowed


@dataclass(frozen=True, slots=True)
class Head:
    """A notehead: pitch, velocity, the place where it was struck, whether it is tied to the one before and after it."""

    pitch: int
    velocity: int
    struck: int
    tied: bool = False
    ties: bool = False


@dataclass(frozen=True, slots=True)
class Chord:
    """What one voice sounds from `start` to `end`: heads from low to high (none is a rest), staccato or rolled."""

    start: int
    end: int
    heads: tuple[Head, ...]
    short: bool = False
    rolled: bool = False


def voices_of(tones: Iterable[Tone]) -> list[list[Chord]]:
    """The voices of a staff, one or two, each with its chords in order; what lies between them is rest."""
    voices: list[list[Tone]] = [[], []]
    for stretch in _stretches(_struck_anew(sorted(tones, key=lambda tone: (tone.start, tone.pitch)))):
        for voice, row in zip(voices, _shared(stretch), strict=False):
            voice.extend(row)
    return [list(_chords(voice)) for voice in voices if voice] or [[]]


def _struck_anew(tones: Sequence[Tone]) -> list[Tone]:
    """The tones, each of which ends where its pitch begins anew at the latest."""
    nexts: dict[int, int] = {}
    row = []
    for tone in reversed(tones):
        until = nexts.get(tone.pitch, tone.end)
        row.append(tone if tone.end <= until else replace(tone, end=until))
        nexts[tone.pitch] = tone.start
    return row[::-1]


def _stretches(tones: Sequence[Tone]) -> Iterator[list[Tone]]:
    """The tones in stretches between which nothing is held."""
    stretch: list[Tone] = []
    until = 0
    for tone in tones:
        if stretch and tone.start >= until:
            yield stretch
            stretch = []
        stretch.append(tone)
        until = max(until, tone.end) if len(stretch) > 1 else tone.end
    if stretch:
        yield stretch


def _shared(tones: list[Tone]) -> tuple[list[Tone], ...]:
    """The tones of a stretch in one voice or in two, the higher first."""
    alone = _ties(tones)
    if alone == 0:
        return (tones,)
    starts = sorted({tone.start for tone in tones})
    held = [tone for tone in tones if _first_inside(starts, tone) is not None]
    moving = [tone for tone in tones if _first_inside(starts, tone) is None]
    two = _ties(held) + _ties(moving) + SECOND
    if alone <= two or not moving:
        return (_thinned(tones),)
    rows = sorted((_thinned(held), _thinned(moving)), key=lambda row: -sum(tone.pitch for tone in row) / len(row))
    return tuple(rows)


def _ties(tones: Iterable[Tone]) -> int:
    """How many heads more than notes it takes to write tones in one voice."""
    row = list(tones)
    edges = sorted({edge for tone in row for edge in (tone.start, tone.end)})
    return sum(bisect_left(edges, tone.end) - bisect_right(edges, tone.start) for tone in row)


def _first_inside(starts: Sequence[int], tone: Tone) -> int | None:
    """The first place inside a tone at which another begins."""
    index = bisect_right(starts, tone.start)
    return starts[index] if index < len(starts) and starts[index] < tone.end else None


def _thinned(tones: list[Tone]) -> list[Tone]:
    """The tones of a voice; those of a thicket end where the next begins."""
    if _ties(tones) <= THICKET * len(tones) + ALLOWED:
        return tones
    starts = sorted({tone.start for tone in tones})
    cut = [replace(tone, end=_first_inside(starts, tone) or tone.end) for tone in tones]
    longest = {start: max(tone.end for tone in row) for start, row in groupby(cut, key=lambda tone: tone.start)}
    return [replace(tone, end=longest[tone.start]) for tone in cut]


def _chords(tones: Sequence[Tone]) -> Iterator[Chord]:
    """The tones of a voice, in order of their starts, as chords that change wherever one of them begins or ends."""
    edges = sorted({edge for tone in tones for edge in (tone.start, tone.end)})
    sounding: list[Tone] = []
    at = 0
    for start, end in pairwise(edges):
        sounding = [tone for tone in sounding if tone.end > start]
        while at < len(tones) and tones[at].start == start:
            sounding.append(tones[at])
            at += 1
        if sounding:
            heads = [Head(t.pitch, t.velocity, t.start, t.start < start, t.end > end) for t in sounding]
            new = [tone for tone in sounding if tone.start == start]
            yield Chord(
                start,
                end,
                tuple(sorted(heads, key=lambda head: head.pitch)),
                short=len(new) == len(sounding) and all(tone.short for tone in new),
                rolled=len(new) > 1 and all(tone.rolled for tone in new),
            )
