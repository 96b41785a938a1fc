"""Scores: the transformer goes on with a score, fills bars of it, plays a part anew or plays along.

Conventions: a score stays as it is, to the tick, but for what is asked for: bars after its end, bars from one to
another (numbered from 1), or the notes of a part. New notes lie on the grid of `kelly.score.tokens`, in the meter, the
tempo and the range that are there. What feeling they carry may be asked for; else it is the one that is heard in the
score. They keep to the pitch classes that the score makes use of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from kelly.composing.chance import stream
from kelly.composing.improvising.reading import Read, read
from kelly.composing.improvising.sampling import Sampling
from kelly.composing.improvising.writing import Bar, Page, Rules, parted, write
from kelly.composing.report import TAG
from kelly.emotion.space import Emotion
from kelly.errors import FileError, UsageError
from kelly.listening.score import hear
from kelly.models.transformer import network
from kelly.models.transformer.layout import BAR, NOTE, ROLES, SEATS, SLOTS
from kelly.names import find, key
from kelly.score.notes import DRUM_CHANNEL, Note, Part, Score
from kelly.score.tokens import DURATIONS, GRID

__all__ = ["LONGEST", "accompanied", "continued", "infilled", "varied"]

Words = npt.NDArray[np.int64]

USUAL = Sampling()
LONGEST = 1000  # bars that are written at a time, at most
MOST_NOTES = 200_000  # of a score that is read
_HEARD = 2000  # notes of a part by which the feeling of a score is heard
_USED = 0.01  # of the time that sounds: what a pitch class must have to be one that the score makes use of
_BEYOND = 4  # semitones that a part may go beyond the range that it has
_ALONE = 0.95  # of a part's onsets: one note at a time where so many are
_PLAYERS: Mapping[str, tuple[int, int, int]] = {"chords": (0, 45, 72), "bass": (32, 28, 52)}  # program, low, high


def continued(
    score: Score, bars: int = 8, feeling: Emotion | None = None, seed: int = 0, sampling: Sampling = USUAL
) -> Score:
    """A score with more bars after its last.

    Parameters: score, with tones; bars, 1 to `LONGEST`; feeling, None: as it is heard; seed; sampling.
    Raises: UsageError, bars are out of range, or the score has no tones, too many notes or bars of more than eight
    beats; FileError, Kelly was built without the transformer.
    """
    if not 1 <= bars <= LONGEST:
        raise UsageError(f"bars must lie in 1..{LONGEST}; got {bars}")
    known = _Known(score, feeling)
    last = known.bars[-1]
    new = [replace(last, chords=(0,) * SLOTS, words=_none()) for _ in range(bars)]
    begins = known.read.starts[-1] + np.arange(bars + 1) * last.steps / GRID
    page = Page(known.programs, known.rules(known.programs), new, before=_bare(known.bars))
    return known.joined(_written(page, sampling, seed, "continue", known, begins))


def infilled(
    score: Score,
    first: int,
    last: int,
    feeling: Emotion | None = None,
    seed: int = 0,
    sampling: Sampling = USUAL,
) -> Score:
    """A score with the bars `first` to `last` (from 1) written anew, between what stands around them.

    Parameters: as `continued`. Raises: as `continued`; UsageError, the score has no such bars.
    """
    known = _Known(score, feeling)
    count = len(known.bars)
    if not 1 <= first <= last <= count:
        raise UsageError(f"bars must lie in 1..{count}, the first before the last; got {first}-{last}")
    new = [replace(bar, words=_none(), chords=(0,) * SLOTS) for bar in known.bars[first - 1 : last]]
    before, after = _bare(known.bars[: first - 1]), _bare(known.bars[last:])
    begins = known.read.starts[first - 1 : last + 1]
    page = Page(known.programs, known.rules(known.programs), new, before, after)
    notes = _written(page, sampling, seed, "infill", known, begins)
    return known.joined(notes, cleared=(float(begins[0]), float(begins[-1])))


def varied(score: Score, part: str, feeling: Emotion | None = None, seed: int = 0, sampling: Sampling = USUAL) -> Score:
    """A score with a part written anew, beside what the others play.

    Parameters: part, its name, or the role that it is read in; others as `continued`. Raises: as `continued`;
    UsageError, there is no such part.
    """
    known = _Known(score, feeling)
    seat = known.seat(part)
    notes = known.beside({seat: known.rules([seat])[seat]}, {}, sampling, seed, f"vary {seat}")
    return known.joined(notes, instead=seat)


def accompanied(score: Score, feeling: Emotion | None = None, seed: int = 0, sampling: Sampling = USUAL) -> Score:
    """A score with chords and a bass to what is there. Parameters and errors: as `continued`."""
    given, sounding = score, [part for part in score.parts if part.notes]
    if len(sounding) == 1 and not sounding[0].is_drums:  # what is alone leads
        score = replace(
            score, parts=tuple(replace(part, name="melody") if part.notes else part for part in score.parts)
        )
    known = _Known(score, feeling)
    parts: list[tuple[int, Part]] = []
    rules: dict[int, Rules] = {}
    programs: dict[int, int] = {}
    for role, (program, low, high) in _PLAYERS.items():
        if SEATS[role] in known.programs:
            continue
        rules[SEATS[role]] = Rules(low + known.read.moved, high + known.read.moved, known.classes, alone=role == "bass")
        programs[SEATS[role]] = program + 1
        parts.append((SEATS[role], Part(role.capitalize(), _channel(score, len(parts)), program)))
    if not parts:
        raise UsageError("there is nothing to add: the score has chords and a bass")
    known.bars = _bare(known.bars)  # a melody alone does not tell its chords
    notes = known.beside(rules, programs, sampling, seed, "accompany")
    added = tuple(replace(part, notes=tuple(notes[seat])) for seat, part in parts)
    joined = known.joined({})
    return replace(joined, parts=(*given.parts, *added))


class _Known:
    """A score as it is read. Parameters: score; feeling, None: as it is heard. Raises: as `continued`."""

    def __init__(self, score: Score, feeling: Emotion | None) -> None:
        count = sum(len(part.notes) for part in score.parts)
        if count > MOST_NOTES:
            raise UsageError(f"a score must have up to {MOST_NOTES:,} notes; got {count:,}")
        found = read(score)
        if found is None:
            raise UsageError(
                "a score must have tones; it has none" if count == 0 else "a score must have tones; it has drums alone"
            )
        self.score, self.read = score, found
        told = hear(_beginning(score)) if feeling is None else None
        self.feeling = feeling if told is None else told.emotion if told.emotion.confidence > 0 else None
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

    def seat(self, part: str) -> int:
        """The seat of a part that is called so, or read in that role. Raises: UsageError, there is none."""
        seats = {role: SEATS[role] for role in ROLES if SEATS[role] in self.programs}
        named = zip(self.score.parts, self.read.seats, strict=True)
        seats |= {key(one.name): seat for one, seat in named if seat and key(one.name)}
        return seats[find(part, tuple(seats), "part")]

    def beside(
        self, rules: Mapping[int, Rules], programs: Mapping[int, int], sampling: Sampling, seed: int, name: str
    ) -> dict[int, list[Note]]:
        """What some seats play in all bars, beside the others."""
        given = [replace(bar, words=bar.words[~np.isin(bar.words[:, 1], list(rules))]) for bar in self.bars]
        page = Page({**self.programs, **programs}, rules, given)
        return _written(page, sampling, seed, name, self, self.read.starts)

    def joined(
        self, notes: Mapping[int, Sequence[Note]], cleared: tuple[float, float] | None = None, instead: int = 0
    ) -> Score:
        """The score with new notes of seats: in place of those in some beats, or of all of one seat."""
        parts = []
        for part, seat in zip(self.score.parts, self.read.seats, strict=True):
            kept = part.notes if seat != instead or not instead else ()
            if cleared:
                kept = tuple(_spared(kept, *cleared))
            added = sorted([*kept, *notes.get(seat, ())]) if seat else kept
            parts.append(replace(part, notes=tuple(added)))
        # What a song says of how it was made is true no more.
        texts = tuple(text for text in self.score.texts if not text.startswith(TAG))
        return replace(self.score, parts=tuple(parts), texts=texts)


def _bare(bars: Sequence[Bar]) -> list[Bar]:
    """Bars without their chords: where some are not known, the network has learned to do without any."""
    return [replace(bar, chords=(0,) * SLOTS) for bar in bars]


def _beginning(score: Score) -> Score:
    """As much of a long score as tells how it is felt."""
    return replace(score, parts=tuple(replace(part, notes=part.notes[:_HEARD]) for part in score.parts))


def _bars(found: Read, feeling: Emotion | None) -> Iterator[Bar]:
    edges = np.append(np.flatnonzero(found.words[:, 0] == BAR), len(found.words))
    for number, (begin, end) in enumerate(pairwise(edges)):
        opening = found.words[begin]
        chords = tuple(found.chords[number].tolist())
        yield Bar(int(opening[7]), int(opening[6]), feeling, chords, found.words[begin + 1 : end])


def _written(
    page: Page, sampling: Sampling, seed: int, name: str, known: _Known, begins: npt.NDArray[np.float64]
) -> dict[int, list[Note]]:
    """The notes of each seat that is free, in beats of the score. Raises: FileError, there is no transformer."""
    writer = network.shipped()
    if writer is None:
        raise FileError("Kelly was built without the transformer")
    notes: dict[int, list[Note]] = {seat: [] for seat in page.rules}
    end = float(begins[-1])
    for number, word in write(writer, page, sampling, stream(seed, "transformer", name)):
        seat, onset = int(word[1]), float(begins[number]) + (int(word[2]) - 1) / GRID
        duration = min(float(DURATIONS[int(word[4]) - 1]) / GRID, end - onset)
        moved = 0 if seat == SEATS["drums"] else known.read.moved
        notes[seat].append(Note(onset, duration, int(word[3]) - 1 - moved, max(1, 4 * (int(word[5]) - 1) + 2)))
    return {seat: parted(sorted(row)) if page.rules[seat].alone else sorted(row) for seat, row in notes.items()}


def _spared(notes: Sequence[Note], first: float, last: float) -> Iterator[Note]:
    """The notes that begin outside of some beats; what is held into them ends there."""
    for note in notes:
        if note.onset < first:
            yield replace(note, duration=min(note.duration, first - note.onset))
        elif note.onset >= last:
            yield note


def _channel(score: Score, more: int) -> int:
    """A channel that no part has, or the first where all are taken."""
    taken = {part.channel for part in score.parts} | {DRUM_CHANNEL}
    free = [channel for channel in range(16) if channel not in taken]
    return free[more] if more < len(free) else 0


def _none() -> Words:
    return np.zeros((0, 8), np.int64)
