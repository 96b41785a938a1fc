"""Scores: the transformer goes on with a score, fills bars of it, plays a part anew or plays along.

Conventions: a score stays as it is but for what is asked for: bars after its end, bars from one to another (numbered
from 1), or the notes of a part; and the report of a song that Kelly composed, which is true no more, is left out. New
notes lie on the grid of `kelly.score.tokens`, in the meter, the tempo and the range that are there. What feeling they
carry may be asked for; else it is the one that is heard in the score. They keep to the pitch classes that the score
makes use of.

Parameters of all functions: score, of up to `MOST_BARS` bars, with tones, or a song; feeling, whatever `kelly.compose`
takes (of a journey its beginning), None: as it is heard; seed, another take; sampling, how freely it is drawn. They
raise UsageError, where one of these is something else, and FileError, where Kelly was built without the transformer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from kelly.composing.bars import spared, unreported
from kelly.composing.chance import stream
from kelly.composing.improvising.reading import Read, read
from kelly.composing.improvising.sampling import USUAL, Sampling, sampling_of
from kelly.composing.improvising.writing import Bar, Page, Rules, note_of, parted, write
from kelly.composing.song import Feeling, Song, meant, score_of
from kelly.emotion.space import Emotion
from kelly.errors import UsageError
from kelly.listening.score import hear
from kelly.models.transformer import network
from kelly.models.transformer.layout import BAR, NOTE, ROLES, SEATS, SLOTS
from kelly.names import find, key
from kelly.numbers import whole
from kelly.score.notes import DRUM_CHANNEL, Note, Part, Score
from kelly.score.tokens import DURATIONS, GRID

__all__ = ["LONGEST", "accompanied", "continued", "infilled", "varied"]

Words = npt.NDArray[np.int64]

LONGEST = 1000  # bars that are written at a time, at most
MOST_NOTES, MOST_BARS = 200_000, 10_000  # of a score that is read
_HEARD = 2000  # notes of a part by which the feeling of a score is heard
_USED = 0.01  # of the time that sounds: what a pitch class must have to be one that the score makes use of
_OVERHANG = 0.5  # beats
_BEYOND = 4  # semitones that a part may go beyond the range that it has
_ALONE = 0.95  # of a part's onsets: one note at a time where so many are
_PLAYERS: Mapping[str, tuple[int, int, int]] = {"chords": (0, 45, 72), "bass": (32, 28, 52)}  # program, low, high


def continued(
    score: Score | Song, bars: int = 8, feeling: Feeling | None = None, seed: int = 0, sampling: Sampling = USUAL
) -> Score:
    """A score with more bars after its last, 1 to `LONGEST`.

    They begin with the first bar line after the last note's end; what sounds less than half a beat beyond one is cut
    there.
    """
    whole("bars", bars, 1, LONGEST)
    known = _Known(score, feeling, seed, sampling)
    last = known.bars[-1]
    length = last.steps / GRID
    beyond = max(0, math.ceil((known.score.end - known.read.starts[-1] - _OVERHANG) / length))
    begins = known.read.starts[-1] + (beyond + np.arange(bars + 1)) * length
    new = [replace(last, chords=(0,) * SLOTS, words=_none()) for _ in range(beyond + bars)]
    page = Page(known.programs, known.rules(known.programs), new[beyond:], before=_bare([*known.bars, *new[:beyond]]))
    return known.ended(float(begins[0])).joined(known.written(page, "continue", begins))


def infilled(
    score: Score | Song,
    first: int,
    last: int,
    feeling: Feeling | None = None,
    seed: int = 0,
    sampling: Sampling = USUAL,
) -> Score:
    """A score with the bars `first` to `last` (from 1) written anew, between what stands around them.

    Of more parts than have a seat (`kelly.models.transformer.layout`), those that have none rest there.
    """
    known = _Known(score, feeling, seed, sampling)
    first, last = known.span(first, last)
    new = [replace(bar, words=_none(), chords=(0,) * SLOTS) for bar in known.bars[first - 1 : last]]
    before, after = _bare(known.bars[: first - 1]), _bare(known.bars[last:])
    begins = known.read.starts[first - 1 : last + 1]
    page = Page(known.programs, known.rules(known.programs), new, before, after)
    return known.joined(known.written(page, "infill", begins), cleared=(float(begins[0]), float(begins[-1])))


def varied(
    score: Score | Song,
    part: str,
    feeling: Feeling | None = None,
    seed: int = 0,
    sampling: Sampling = USUAL,
    bars: tuple[int, int] | None = None,
) -> Score:
    """A score with a part, by its name or the role that it is read in, written anew beside what the others play.

    Of bars (the first and the last, from 1) it is written anew there alone.
    """
    known = _Known(score, feeling, seed, sampling)
    seat = known.seat(part)
    if bars is None:
        return known.joined(known.beside(known.rules([seat]), {}, f"vary {seat}"), instead=seat)
    if not isinstance(bars, tuple) or len(bars) != 2:
        raise UsageError(f"bars must be two numbers, the first and the last; got {bars!r}")
    first, last = known.span(*bars)
    notes = known.beside(known.rules([seat]), {}, f"vary {seat}", first, last)
    begin, end = known.read.starts[[first - 1, last]].tolist()
    return known.joined(notes, cleared=(begin, end), instead=seat)


def accompanied(
    score: Score | Song, feeling: Feeling | None = None, seed: int = 0, sampling: Sampling = USUAL
) -> Score:
    """A score with chords and a bass to what is there."""
    given = score_of(score)
    sounding = [part for part in given.parts if part.notes]
    led = given
    if len(sounding) == 1 and not sounding[0].is_drums:  # what is alone leads
        led = replace(given, parts=tuple(replace(part, name="melody") if part.notes else part for part in given.parts))
    known = _Known(led, feeling, seed, sampling)
    parts: list[tuple[int, Part]] = []
    rules: dict[int, Rules] = {}
    programs: dict[int, int] = {}
    for role, (program, low, high) in _PLAYERS.items():
        if SEATS[role] in known.programs:
            continue
        rules[SEATS[role]] = Rules(low + known.read.moved, high + known.read.moved, known.classes, alone=role == "bass")
        programs[SEATS[role]] = program + 1
        channel = _channel([*given.parts, *(part for _, part in parts)], program)
        parts.append((SEATS[role], Part(role.capitalize(), channel, program)))
    if not parts:
        raise UsageError("there is nothing to add: the score has chords and a bass")
    known.bars = _bare(known.bars)  # a melody alone does not tell its chords
    notes = known.beside(rules, programs, "accompany")
    added = tuple(replace(part, notes=tuple(notes[seat])) for seat, part in parts)
    joined = known.joined({})
    return replace(joined, parts=(*given.parts, *added))


class _Known:
    """A score as it is read, and how it is to be written on. Parameters: as those of all functions."""

    def __init__(self, given: Score | Song, feeling: Feeling | None, seed: int, sampling: Sampling) -> None:
        score = score_of(given)
        self.seed = whole("seed", seed, 0, 2**63 - 1)
        self.sampling = sampling_of(sampling)
        count = sum(len(part.notes) for part in score.parts)
        if count > MOST_NOTES:
            raise UsageError(f"a score must have up to {MOST_NOTES:,} notes; got {count:,}")
        if (bars := _count(score)) > MOST_BARS:
            raise UsageError(f"a score must have up to {MOST_BARS:,} bars; got {bars:,}")
        found = read(score)
        if found is None:
            raise UsageError(
                "a score must have tones; it has none" if count == 0 else "a score must have tones; it has drums alone"
            )
        self.score, self.read = score, found
        self.feeling = _heard(score) if feeling is None else meant(feeling).journey.start
        self.programs = {seat: int(one) for seat, one in enumerate(found.programs.tolist()) if one}
        self.bars = list(_bars(found, self.feeling))
        words = found.words[found.words[:, 0] == NOTE]
        pitched = words[words[:, 1] != SEATS["drums"]]
        weights = np.bincount((pitched[:, 3] - 1) % 12, DURATIONS[pitched[:, 4] - 1], minlength=12)
        self.classes = frozenset(np.flatnonzero(weights >= _USED * weights.sum()).tolist())

    def rules(self, seats: Sequence[int] | Mapping[int, int]) -> dict[int, Rules]:
        """What seats may play: about the range that they have."""
        return {seat: self._rule(seat) for seat in seats}

    def _rule(self, seat: int) -> Rules:
        words = self.read.words
        own = words[(words[:, 0] == NOTE) & (words[:, 1] == seat)]
        bars = np.cumsum(words[:, 0] == BAR)[(words[:, 0] == NOTE) & (words[:, 1] == seat)]
        pitches = own[:, 3] - 1
        if seat == SEATS["drums"]:
            return Rules(int(pitches.min()), int(pitches.max()))
        onsets = len(np.unique(np.stack([bars, own[:, 2]]), axis=1).T)
        low, high = int(pitches.min()) - _BEYOND, int(pitches.max()) + _BEYOND
        moved = self.read.moved
        return Rules(max(low, moved), min(high, 127 + moved), self.classes, alone=onsets >= _ALONE * len(own))

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The first and the last of some bars, from 1. Raises: UsageError, they are not there."""
        count = len(self.bars)
        if not 1 <= whole("first", first, 0, MOST_BARS) <= whole("last", last, 0, MOST_BARS) <= count:
            raise UsageError(f"bars must lie in 1..{count}, the first before the last; got {first}-{last}")
        return first, last

    def seat(self, part: str) -> int:
        """The seat of a part that is called so, or read in that role. Raises: UsageError, there is none."""
        seats = {role: SEATS[role] for role in ROLES if SEATS[role] in self.programs}
        named = zip(self.score.parts, self.read.seats, strict=True)
        seats |= {key(one.name): seat for one, seat in named if seat and key(one.name)}
        return seats[find(part, tuple(seats), "part")]

    def beside(
        self,
        rules: Mapping[int, Rules],
        programs: Mapping[int, int],
        name: str,
        first: int = 1,
        last: int | None = None,
    ) -> dict[int, list[Note]]:
        """What some seats play beside the others, in all bars or from one to another, between what stands around."""
        end = len(self.bars) if last is None else last
        new = self.bars[first - 1 : end]
        given = [replace(bar, words=bar.words[~np.isin(bar.words[:, 1], list(rules))]) for bar in new]
        page = Page({**self.programs, **programs}, rules, given, self.bars[: first - 1], self.bars[end:])
        return self.written(page, name, self.read.starts[first - 1 : end + 1])

    def written(self, page: Page, name: str, begins: npt.NDArray[np.float64]) -> dict[int, list[Note]]:
        """The notes of each seat that is free, in beats of the score. Raises: FileError, there is no transformer."""
        notes: dict[int, list[Note]] = {seat: [] for seat in page.rules}
        end = float(begins[-1])
        for number, word in write(network.needed(), page, self.sampling, stream(self.seed, "transformer", name)):
            note = note_of(word, float(begins[number]), self.read.moved)
            notes[int(word[1])].append(replace(note, duration=min(note.duration, end - note.onset)))
        return {seat: parted(sorted(row)) if page.rules[seat].alone else sorted(row) for seat, row in notes.items()}

    def ended(self, end: float) -> _Known:
        """The same with no note that sounds beyond a beat."""
        twin = copy(self)
        twin.score = replace(
            self.score,
            parts=tuple(
                replace(part, notes=tuple(replace(n, duration=min(n.duration, end - n.onset)) for n in part.notes))
                for part in self.score.parts
            ),
        )
        return twin

    def joined(
        self, notes: Mapping[int, Sequence[Note]], cleared: tuple[float, float] | None = None, instead: int = 0
    ) -> Score:
        """The score with new notes of seats: in place of those in some beats, of one seat, or of one in some beats."""
        parts = []
        for part, seat in zip(self.score.parts, self.read.seats, strict=True):
            kept = part.notes
            if (cleared or instead) and seat == (instead or seat):
                kept = tuple(spared(kept, *cleared)) if cleared else ()
            added = sorted([*kept, *notes.get(seat, ())]) if seat else kept
            parts.append(replace(part, notes=tuple(added)))
        return unreported(replace(self.score, parts=tuple(parts)))


def _bare(bars: Sequence[Bar]) -> list[Bar]:
    """Bars without their chords: where some are not known, the network has learned to do without any."""
    return [replace(bar, chords=(0,) * SLOTS) for bar in bars]


def _count(score: Score) -> int:
    """How many bars there are, about."""
    changes = [meter.onset for meter in score.meters[1:]]
    spans = zip(score.meters, pairwise([0.0, *changes, max(score.end, *changes, 0.0)]), strict=True)
    return math.ceil(sum((last - first) / meter.bar_length for meter, (first, last) in spans))


def _heard(score: Score) -> Emotion | None:
    """The feeling that is heard in a score, of a long one in its beginning."""
    beginning = replace(score, parts=tuple(replace(part, notes=part.notes[:_HEARD]) for part in score.parts))
    told = hear(beginning)
    return told.emotion if told.emotion.confidence > 0 else None


def _bars(found: Read, feeling: Emotion | None) -> Iterator[Bar]:
    edges = np.append(np.flatnonzero(found.words[:, 0] == BAR), len(found.words))
    for number, (begin, end) in enumerate(pairwise(edges)):
        opening = found.words[begin]
        chords = tuple(found.chords[number].tolist())
        yield Bar(int(opening[7]), int(opening[6]), feeling, chords, found.words[begin + 1 : end])


def _channel(parts: Sequence[Part], program: int) -> int:
    """A channel that no part has, or else one of the same instrument. Raises: UsageError, there is neither."""
    taken = {part.channel for part in parts} | {DRUM_CHANNEL}
    alike = [part.channel for part in parts if part.program == program and not part.is_drums]
    found = [*(channel for channel in range(16) if channel not in taken), *alike]
    if not found:
        raise UsageError("a score must leave a MIDI channel free to be accompanied; all sixteen are taken")
    return found[0]


def _none() -> Words:
    return np.zeros((0, 8), np.int64)
