"""Writing: the transformer writes bars, word by word, under rules that hold whatever it expects.

Conventions: words as in `kelly.models.transformer.layout`, with the tonic at C; times in steps of a twelfth of a beat.
A bar's meter, tempo, feeling and chords are settled before it is written, and so is what others play in it (`given`);
the network says what the seats that are free play. Rules are masks: who may play, in which range, in which key, on
chord tones, one note at a time, within the bar. When the network's memory is full it begins anew with the parts and
the last bars, so that a piece may be of any length and needs no more memory than a short one.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from kelly.composing.improvising.sampling import Sampling, choose
from kelly.emotion.code import UNKNOWN, Gaussian, encode
from kelly.emotion.space import Emotion
from kelly.models.harmony.classes import CHORDS, pitch_classes
from kelly.models.transformer.layout import (
    AFTER,
    AFTER_BARS,
    BAR,
    BEGIN,
    END,
    FAMILIES,
    FIELDS,
    LEFT,
    NOTE,
    PART,
    SEATS,
    SIZES,
    SLOTS,
    TURN,
)
from kelly.models.transformer.network import Memory, Network, Told
from kelly.score.notes import Note
from kelly.score.tokens import DURATIONS, GRID, LOUDER, METERS, TEMPOS

__all__ = ["FOUR", "SPREADS", "Bar", "Page", "Rules", "note_of", "parted", "tempo_word", "write"]

Words = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FOUR = METERS.index((4, 4)) + 1  # how words tell 4/4
SPREADS = (0.25, 0.1, 0.2)  # of what is asked for
SURE = 0.7  # the confidence of what is asked for
_FAMILY, _SEAT, _POSITION, _PITCH, _DURATION, _VELOCITY, _TEMPO, _METER = range(len(FIELDS))
_CALLED = 0.5  # log odds that a seat gains for every bar in which it was silent
_CODES = 64  # of feelings that are kept, at most
_RECENT = 16  # notes of a part among which a pitch counts as repeated


@dataclass(frozen=True, slots=True)
class Rules:
    """What a seat may play.

    Parameters: low and high, MIDI pitches (at C); classes, the pitch classes it keeps to beside those of the chord
    (all, if empty); chordal, whether only tones of the chord that sounds, where there is one; passing, whether it is so
    on the beat alone; alone, whether one note at a time.
    """

    low: int = 0
    high: int = 127
    classes: frozenset[int] = frozenset()
    chordal: bool = False
    passing: bool = False
    alone: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Bar:
    """A bar of the plan.

    Parameters: meter and tempo, as words have them; feeling, None where it is not told; chords, four classes and 1, 0
    where they are not known; words (n, 8), the notes that are there: of a bar to be written those of others; classes,
    the pitch classes that seats which keep to some keep to in this bar (those of their rules, if empty); least and
    most, how many notes are to be written in it, where there is room for as many; again, the number of an earlier one
    of those to be written, whose notes are written again.
    """

    meter: int
    tempo: int
    feeling: Emotion | None = None
    chords: tuple[int, ...] = (0,) * SLOTS
    words: Words = field(default_factory=lambda: np.zeros((0, len(FIELDS)), np.int64))
    classes: frozenset[int] = frozenset()
    least: int = 0
    most: int = 120
    again: int | None = None

    @property
    def steps(self) -> int:
        """How long it is."""
        top, bottom = METERS[self.meter - 1]
        return GRID * 4 * top // bottom

    def chord_at(self, position: int) -> int:
        """The chord that sounds at a position."""
        return self.chords[min(SLOTS - 1, (position - 1) * SLOTS // self.steps)]

    def on_beat(self, position: int) -> bool:
        """Whether a position is a beat of the meter."""
        return (position - 1) % (4 * GRID // METERS[self.meter - 1][1]) == 0


@dataclass(frozen=True, slots=True)
class Page:
    """What is to be written.

    Parameters: programs, of all seats that play, as words have them; rules, of the seats that are free; bars, to be
    written; before and after, bars that are there around them.
    """

    programs: Mapping[int, int]
    rules: Mapping[int, Rules]
    bars: Sequence[Bar]
    before: Sequence[Bar] = ()
    after: Sequence[Bar] = ()


def write(network: Network, page: Page, sampling: Sampling, rng: Generator) -> Iterator[tuple[int, Words]]:
    """Write a page's bars.

    Returns: each note as it is written, with the number of its bar among those to be written: (8,).
    """
    pen = _Pen(network, page, sampling)
    for number in range(len(page.bars)):
        for word in pen.bar(number, rng):
            yield number, word


def parted(notes: Sequence[Note]) -> list[Note]:
    """Notes one at a time, given in order: each ends when the next begins, at the latest."""
    ends = [*(note.onset for note in notes[1:]), math.inf]
    return [
        replace(note, duration=min(note.duration, end - note.onset)) for note, end in zip(notes, ends, strict=False)
    ]


def note_of(word: Words, begins: float, moved: int) -> Note:
    """The note of a word.

    Parameters: word (8,); begins, the beat at which its bar does; moved, semitones that brought the piece to C.
    """
    length = float(DURATIONS[int(word[_DURATION]) - 1]) / GRID
    pitch = int(word[_PITCH]) - 1 - (0 if word[_SEAT] == SEATS["drums"] else moved)
    return Note(begins + (int(word[_POSITION]) - 1) / GRID, length, pitch, max(1, LOUDER * (int(word[_VELOCITY]) - 1)))


def tempo_word(bpm: float) -> int:
    """How words tell a tempo: the nearest of `TEMPOS`, from 1 on."""
    return 1 + int(np.abs(np.log(TEMPOS / bpm)).argmin())


class _Pen:
    """What is written so far. Parameters: as `write`."""

    def __init__(self, network: Network, page: Page, sampling: Sampling) -> None:
        self.page, self.sampling = page, sampling
        self.memory: Memory = network.memory(sampling.guidance)
        self.gives = any(len(bar.words) for bar in page.bars)
        self.recent: dict[int, deque[int]] = {seat: deque(maxlen=_RECENT) for seat in page.rules}
        self.silent = dict.fromkeys(page.rules, 0)  # bars since each seat played
        self.again: dict[int, list[Words]] = {bar.again: [] for bar in page.bars if bar.again is not None}
        self.kept: deque[tuple[Words, int, int]] = deque(maxlen=network.places)  # words with place and bars left
        self.row: list[Bar] = [*page.before, *page.bars]
        self._allowed: dict[tuple[int, int, frozenset[int], bool], Flags] = {}
        self._codes: dict[tuple[float, ...] | None, npt.NDArray[np.float32]] = {}
        self._open()

    def bar(self, number: int, rng: Generator) -> Iterator[Words]:
        """Write one bar."""
        page = self.page
        at = len(page.before) + number
        bar, left = self.row[at], len(page.bars) - number
        given = bar.words[: self.memory.network.places // 4]  # of a bar that is too crowded, the beginning
        self._make_room(2 + len(given))
        opening = _word(BAR, tempo=bar.tempo, meter=bar.meter)[None]
        turn = [_word(TURN)[None]] if self.gives else []
        self._read(np.concatenate([opening, given, *turn]), at, left)
        drawn = (
            self._drawn(bar, at, left, rng) if bar.again is None else self._repeated(self.again[bar.again], at, left)
        )
        self.silent = {seat: bars + 1 for seat, bars in self.silent.items()}
        for word in drawn:
            self.silent[int(word[_SEAT])] = 0
            self.recent[int(word[_SEAT])].append(int(word[_PITCH]))
            if number in self.again:
                self.again[number].append(word)
            yield word

    def _drawn(self, bar: Bar, at: int, left: int, rng: Generator) -> Iterator[Words]:
        """The notes of a bar, new ones."""
        last = np.array([1, 0, 0])
        for count in range(bar.most):
            word = self._note(bar, last, rng, ends=at == len(self.row) - 1, must=count < bar.least)
            if word is None:
                return
            last = word[[_POSITION, _SEAT, _PITCH]]
            self._make_room(1)
            self._read(word[None], at, left)
            yield word

    def _repeated(self, words: Sequence[Words], at: int, left: int) -> Sequence[Words]:
        """The notes of a bar, as they were written before."""
        if words:
            self._make_room(len(words))
            self._read(np.stack(words), at, left)
        return words

    def _note(self, bar: Bar, last: Words, rng: Generator, *, ends: bool, must: bool) -> Words | None:
        """The next note of a bar, none where it is over.

        Parameters: last, the position, seat and pitch of the last; ends, whether the piece may end with this bar; must,
        whether the bar may not be over yet.
        """
        word = _word(NOTE)
        families = np.zeros(len(FAMILIES), bool)
        families[[NOTE] if must else [NOTE, BAR, END] if ends else [NOTE, BAR]] = True
        if choose(self.memory.expect(word * 0, _FAMILY), families, self.sampling, rng) != NOTE:
            return None
        seats = np.zeros(SIZES["seat"], bool)
        free = [seat for seat in self.page.rules if self._positions(bar, last, seat).any()]
        if not free:
            return None
        seats[free] = True
        told = self.memory.expect(word, _SEAT)
        for seat in free:  # the longer a seat was silent, the sooner it is called upon
            told[seat] += _CALLED * self.silent[seat]
        word[_SEAT] = choose(told, seats, self.sampling, rng)
        positions = self._positions(bar, last, int(word[_SEAT]))
        word[_POSITION] = choose(self.memory.expect(word, _POSITION), positions, self.sampling, rng)
        told = self.memory.expect(word, _PITCH)
        if self.sampling.repetition and word[_SEAT] != SEATS["drums"]:  # a beat is what repeats
            np.subtract.at(told, list(self.recent[int(word[_SEAT])]), self.sampling.repetition)
        word[_PITCH] = choose(told, self._pitches(bar, last, word), self.sampling, rng)
        durations = np.arange(SIZES["duration"]) > 0
        word[_DURATION] = choose(self.memory.expect(word, _DURATION), durations, self.sampling, rng)
        velocities = np.arange(SIZES["velocity"]) > 0
        word[_VELOCITY] = choose(self.memory.expect(word, _VELOCITY), velocities, self.sampling, rng)
        return word

    def _positions(self, bar: Bar, last: Words, seat: int) -> Flags:
        """Where a seat's next note may begin: from the last note on, in a bar's order of position, seat and pitch."""
        places = np.arange(SIZES["position"])
        allowed: Flags = (places >= max(1, last[0])) & (places <= bar.steps)
        for slot in range(SLOTS):  # a chord may have no tone in range
            if not self._tones(seat, bar, bar.chords[slot]).any():
                allowed &= (places - 1) * SLOTS // bar.steps != slot
        if last[1] > seat or (last[1] == seat and not self._more(bar, last, seat)):
            allowed[last[0]] = False
        return allowed

    def _more(self, bar: Bar, last: Words, seat: int) -> bool:
        """Whether a seat may strike another key at once with its last."""
        if self.page.rules[seat].alone:
            return False
        return bool(self._tones(seat, bar, bar.chord_at(int(last[0])))[last[2] + 1 :].any())

    def _pitches(self, bar: Bar, last: Words, word: Words) -> Flags:
        position = int(word[_POSITION])
        chord = bar.chord_at(position)
        allowed = self._tones(int(word[_SEAT]), bar, chord, on_beat=bar.on_beat(position)).copy()
        if word[_POSITION] == last[0] and word[_SEAT] == last[1]:
            allowed[: last[2] + 1] = False
        return allowed

    def _tones(self, seat: int, bar: Bar, chord: int, *, on_beat: bool = True) -> Flags:
        """The pitches (130,) that a seat may play over a chord; those of its key where the chord is not known."""
        asked = seat, chord, bar.classes, on_beat
        if asked not in self._allowed:
            rule = self.page.rules[seat]
            classes = bar.classes if rule.classes else rule.classes
            chordal = rule.chordal and (on_beat or not rule.passing)
            self._allowed[asked] = _tones(replace(rule, classes=classes or rule.classes, chordal=chordal), chord)
        return self._allowed[asked]

    def _open(self) -> None:
        """Read what stands before all bars that are to be written."""
        header = [_word(PART, seat=seat, pitch=program)[None] for seat, program in sorted(self.page.programs.items())]
        self.header = np.concatenate(header)
        room = self.memory.network.places // 2 - len(self.header) - 2
        self.later: list[tuple[Words, Bar, Bar | None]] = []
        for number, bar in enumerate(self.page.after[:AFTER_BARS]):
            words = np.concatenate([_word(BAR, tempo=bar.tempo, meter=bar.meter)[None], bar.words])
            if sum(len(one) for one, _, _ in self.later) + len(words) > room // 2:
                break
            following = self.page.after[number + 1] if number + 1 < len(self.page.after) else None
            self.later.append((words, bar, following))
        first, rows = len(self.page.before), 0
        while first > 0 and rows + len(self.page.before[first - 1].words) + 1 <= room // 2:
            first -= 1
            rows += len(self.page.before[first].words) + 1
        for at in range(first, len(self.page.before)):
            bar = self.page.before[at]
            words = np.concatenate([_word(BAR, tempo=bar.tempo, meter=bar.meter)[None], bar.words])
            left = len(self.page.bars) + len(self.page.before) - at
            self.kept += [(word, at, left) for word in words]
        self._begin()

    def _begin(self) -> None:
        """Read the parts, what comes after, and the last of what was read before, in an empty memory."""
        self.memory.forget()
        at = self.kept[0][1] if self.kept else 0
        left = self.kept[0][2] if self.kept else len(self.page.bars)
        first = self.row[at]
        rows: list[tuple[Words, Bar | None, Bar | None, int]] = [(word, None, first, 0) for word in self.header]
        if self.later:
            rows.append((_word(AFTER), None, self.later[0][1], 0))
            rows += [(word, bar, following, 0) for words, bar, following in self.later for word in words]
        rows.append((_word(BEGIN), None, first, left))
        rows += [(word, self.row[at], self._following(at), left) for word, at, left in self.kept]
        self.memory.read(np.stack([row[0] for row in rows]), self._told([row[1:] for row in rows]))

    def _following(self, at: int) -> Bar | None:
        if at + 1 < len(self.row):
            return self.row[at + 1]
        return self.page.after[0] if self.page.after else None

    def _read(self, words: Words, at: int, left: int) -> None:
        self.memory.read(words, self._told([(self.row[at], self._following(at), left)] * len(words)))
        self.kept += [(word, at, left) for word in words]

    def _make_room(self, count: int) -> None:
        """Where there is no room for some words more, begin anew with the last bars, about half as long."""
        if self.memory.room > count:
            return
        told = len(self.header) + sum(len(one) for one, _, _ in self.later) + 2
        most = max(0, min(self.memory.network.places // 2, self.memory.network.places - count) - told)
        last = list(self.kept)[len(self.kept) - most :] if most else []
        begins = next((row for row, (word, _, _) in enumerate(last) if word[_FAMILY] == BAR), 0)
        self.kept.clear()
        self.kept += last[begins:]
        self._begin()

    def _told(self, rows: Sequence[tuple[Bar | None, Bar | None, int]]) -> Told:
        """What is told beside words: of each the bar it stands in, the next, and how many are left."""
        feelings, changes, chords, left = [], [], [], []
        for bar, following, more in rows:
            here = bar or following
            feeling = here.feeling if here else None
            then = following.feeling if following else None
            feelings.append(self._code(feeling))
            changes.append(
                [0.0] * 3 if feeling is None or then is None else np.subtract(then.vad, feeling.vad).tolist()
            )
            chords.append([*(bar.chords if bar else (0,) * SLOTS), *(following.chords if following else (0,) * SLOTS)])
            left.append(min(more, LEFT))
        return Told(
            np.array(feelings, np.float32),
            np.array(changes, np.float32),
            np.array(chords, np.int64),
            np.array(left, np.int64),
        )

    def _code(self, feeling: Emotion | None) -> npt.NDArray[np.float32]:
        key = None if feeling is None else feeling.vad
        if key not in self._codes:
            if len(self._codes) > _CODES:
                self._codes.clear()
            sure = None if feeling is None else feeling.with_confidence(SURE)
            told = UNKNOWN if sure is None else encode(Gaussian(sure, SPREADS))
            self._codes[key] = told.astype(np.float32)
        return self._codes[key]


def _tones(rule: Rules, chord: int) -> Flags:
    pitch = np.arange(SIZES["pitch"]) - 1
    allowed: Flags = (pitch >= max(0, rule.low)) & (pitch <= min(127, rule.high))
    tones = pitch_classes(chord - 1) if 1 <= chord <= CHORDS else ()
    if rule.chordal and tones:
        return np.asarray(allowed & np.isin(pitch % 12, tones))
    kept = sorted({*rule.classes, *tones}) if rule.classes else range(12)
    return np.asarray(allowed & np.isin(pitch % 12, kept))


def _word(family: int, *, seat: int = 0, position: int = 0, pitch: int = 0, tempo: int = 0, meter: int = 0) -> Words:
    return np.array([family, seat, position, pitch, 0, 0, tempo, meter])
