"""Tokens: a score as compound words, one row of small numbers a word, and back.

Conventions: time is counted in steps of a twelfth of a beat (`GRID`), which holds sixteenths and triplets alike. Words
are int16 (words, fields), the fields in the order of `FIELDS`; 0 says nothing, and each kind of word uses some of them:

- part: an instrument. seat, by which its notes name it; pitch, its program from 1 on, percussion `PERCUSSION`.
- bar: a bar begins. meter and tempo, by their places in `METERS` and `TEMPOS`, from 1 on.
- chord: a harmony begins. position in the bar, in steps from 1 on; chord, as the caller numbers them, from 1 on.
- note: position; seat; pitch, the MIDI number and 1; duration, by its place in `DURATIONS`; velocity, in steps of 4.
- end: the piece ends.

In a bar words are in order of position, at one position chords first, then notes by seat and pitch. What words do not
hold is lost: where between two steps a note begins and ends, how hard it is struck to the last of four, tempos that
change within a bar, keys, controls, bends and names. A score made of words gives the same words again. Compound words
come from Hsiao and others (AAAI 2021), in which the place of a note is a word of its own; here it is a field, so that a
note is one word.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.score.notes import DRUM_CHANNEL, Meter, Note, Part, Score, Tempo

__all__ = [
    "DURATIONS",
    "FAMILIES",
    "FIELDS",
    "GRID",
    "LONGEST_BAR",
    "LOUDER",
    "METERS",
    "PERCUSSION",
    "SEATS",
    "SIZES",
    "TEMPOS",
    "decode",
    "encode",
]

Words = npt.NDArray[np.int16]
Chord = tuple[float, int]  # onset in beats, number
Whole = npt.NDArray[np.int64]
T = TypeVar("T")

GRID = 12  # steps of a beat
FIELDS = ("family", "position", "seat", "pitch", "duration", "velocity", "chord", "tempo", "meter")
FAMILIES = ("end", "part", "bar", "chord", "note")
SEATS = 16
PERCUSSION = 129
LONGEST_BAR = 8  # beats
METERS = tuple(
    (numerator, denominator)
    for denominator in (1, 2, 4, 8, 16)
    for numerator in range(1, 17)
    if 4 * numerator <= LONGEST_BAR * denominator
)
TEMPOS = np.round(20 * 2 ** (np.arange(53) / 12), 2)  # BPM, a twelfth of an octave apart: 20 .. 403
# Steps of a note: each up to two beats, then ever coarser, up to four bars of four beats.
DURATIONS = np.array([*range(1, 25), *range(27, 49, 3), *range(54, 97, 6), *range(108, 193, 12)])
CHORDS = 1023
LOUDER = 4  # velocities of a step
SIZES = MappingProxyType(
    {
        "family": len(FAMILIES),
        "position": GRID * LONGEST_BAR + 1,
        "seat": SEATS + 1,
        "pitch": PERCUSSION + 1,
        "duration": len(DURATIONS) + 1,
        "velocity": 127 // LOUDER + 2,
        "chord": CHORDS + 1,
        "tempo": len(TEMPOS) + 1,
        "meter": len(METERS) + 1,
    }
)
_END, _PART, _BAR, _CHORD, _NOTE = range(len(FAMILIES))
# The fields that each family of words uses, which are all more than 0; the others are 0.
_USED = np.array(
    [
        [name in used.split() for name in FIELDS]
        for used in ("", "seat pitch", "tempo meter", "position chord", "position seat pitch duration velocity")
    ]
)
_LENGTHS = np.array([GRID * 4 * numerator // denominator for numerator, denominator in METERS])  # steps of a bar
_FAMILY, _POSITION, _SEAT, _PITCH, _DURATION, _VELOCITY, _HARMONY, _TEMPO, _METER = range(len(FIELDS))


def encode(score: Score, chords: Sequence[Chord] = (), seats: Sequence[int] | None = None) -> Words:
    """The words of a score.

    Parameters: score, of up to `SEATS` parts with notes; chords, in order; seats, of the parts with notes, 1 to `SEATS`
    (None: in their order).
    Returns: words (n, fields).
    Raises: UsageError, the score has more parts or a meter beyond `METERS`, seats are not as they must be, or a chord's
    number is out of range.
    """
    parts = [part for part in score.parts if part.notes]
    if len(parts) > SEATS:
        raise UsageError(f"a score must have up to {SEATS} parts with notes; got {len(parts)}")
    at = list(range(1, len(parts) + 1)) if seats is None else list(seats)
    if len(at) != len(parts) or len(set(at)) < len(at) or not set(at) <= set(range(1, SEATS + 1)):
        raise UsageError(f"seats must be {len(parts)} different ones of 1..{SEATS}; got {at}")
    each = zip(at, parts, strict=True)
    listed = [(n.onset, n.end, seat, n.pitch, n.velocity) for seat, part in each for n in part.notes]
    notes = np.array(listed, np.float64).reshape(-1, 5)
    begins, ends = (np.maximum(0, np.rint(notes[:, column] * GRID)).astype(np.int64) for column in (0, 1))
    heard = np.rint(np.array([onset for onset, _ in chords], np.float64) * GRID).astype(np.int64)
    numbers = np.array([number for _, number in chords], np.int64)
    if len(numbers) and not (numbers.min() >= 1 and numbers.max() <= CHORDS):
        raise UsageError(f"chords must be numbered 1..{CHORDS}; got {numbers.min()}..{numbers.max()}")
    bars, meters = _bars(score.meters, int(max(begins.max(initial=0), heard.max(initial=0))))
    programs = [PERCUSSION if part.is_drums else part.program + 1 for part in parts]
    lengths = 1 + _nearest(DURATIONS, np.maximum(1, ends - begins))
    words = [
        _words(_PART, seat=at, pitch=programs),
        _words(_BAR, tempo=_tempos(score.tempos, bars), meter=meters),
        _words(_CHORD, position=_placed(bars, heard), chord=numbers),
        _words(
            _NOTE,
            position=_placed(bars, begins),
            seat=notes[:, 2],
            pitch=notes[:, 3] + 1,
            duration=lengths,
            velocity=1 + notes[:, 4] // LOUDER,
        ),
    ]
    rows, onsets = np.concatenate(words), np.concatenate([np.full(len(parts), -1), bars, heard, begins])
    keys = [rows[:, FIELDS.index(name)] for name in ("velocity", "duration", "pitch", "seat", "family")]
    return np.concatenate([rows[np.lexsort((*keys, onsets))], _words(_END, seat=[0])]).astype(np.int16)


def decode(words: npt.ArrayLike) -> tuple[Score, tuple[Chord, ...]]:
    """The score and the chords of words, up to the first that ends the piece; parts are called after their seats.

    Raises: UsageError, words have another shape or numbers out of range, or a word stands where it means nothing.
    """
    rows = _checked(words)
    family = rows[:, _FAMILY]
    barred, timed = family == _BAR, family >= _CHORD
    bars = rows[barred]
    begins = np.cumsum([0, *_LENGTHS[bars[:, _METER] - 1]])[:-1]
    onsets = np.zeros(len(rows), np.int64)
    onsets[timed] = begins[np.cumsum(barred)[timed] - 1] + rows[timed, _POSITION] - 1
    notes: dict[int, list[Note]] = {seat: [] for seat in rows[family == _PART, _SEAT].tolist()}
    for row, onset in zip(rows[family == _NOTE].tolist(), onsets[family == _NOTE].tolist(), strict=True):
        velocity = max(1, (row[_VELOCITY] - 1) * LOUDER)
        length = float(DURATIONS[row[_DURATION] - 1]) / GRID
        notes[row[_SEAT]].append(Note(onset / GRID, length, row[_PITCH] - 1, velocity))
    channels = (channel for channel in range(SEATS) if channel != DRUM_CHANNEL)
    parts = tuple(
        Part(f"Seat {seat}", DRUM_CHANNEL, notes=tuple(notes[seat]))
        if program == PERCUSSION
        else Part(f"Seat {seat}", next(channels, 0), program - 1, tuple(notes[seat]))
        for seat, program in rows[family == _PART][:, [_SEAT, _PITCH]].tolist()
    )
    tempos = _changes(begins / GRID, TEMPOS[bars[:, _TEMPO] - 1].tolist())
    meters = _changes(begins / GRID, [METERS[number - 1] for number in bars[:, _METER].tolist()])
    harmony = family == _CHORD
    chords = tuple(zip((onsets[harmony] / GRID).tolist(), rows[harmony, _HARMONY].tolist(), strict=True))
    score = Score(
        parts,
        tempos=tuple(Tempo(onset, bpm) for onset, bpm in tempos) or (Tempo(0.0, 120.0),),
        meters=tuple(Meter(onset, *meter) for onset, meter in meters) or (Meter(0.0),),
    )
    return score, chords


def _checked(words: npt.ArrayLike) -> Whole:
    """Words up to the end of the piece. Raises: UsageError, they are none, or stand where they mean nothing."""
    rows, sizes = np.asarray(words), np.array(list(SIZES.values()))
    if rows.ndim != 2 or rows.shape[1] != len(FIELDS) or not np.issubdtype(rows.dtype, np.integer):
        raise UsageError(f"words must be whole numbers (words, {len(FIELDS)}); got {rows.dtype} of shape {rows.shape}")
    wrong = (rows < 0) | (rows >= sizes)
    if wrong.any():
        word, column = np.argwhere(wrong)[0]
        told = f"{FIELDS[column]} must lie in 0..{sizes[column] - 1}"
        raise UsageError(f"word {word}: {told}; got {rows[word, column]}")
    ends = np.flatnonzero(rows[:, _FAMILY] == _END)
    rows = rows[: ends[0]].astype(np.int64) if len(ends) else rows.astype(np.int64)
    family = rows[:, _FAMILY]
    wrong = (rows > 0)[:, 1:] != _USED[family][:, 1:]
    if wrong.any():
        word = int(np.argwhere(wrong)[0, 0])
        used = ", ".join(np.array(FIELDS)[_USED[family[word]]])
        told = f"a {FAMILIES[family[word]]} must have {used} and no more"
        raise UsageError(f"word {word}: {told}; got {rows[word].tolist()}")
    early = np.flatnonzero((family >= _CHORD) & (np.cumsum(family == _BAR) == 0))
    if len(early):
        told = f"a {FAMILIES[family[early[0]]]} must come after a bar"
        raise UsageError(f"word {early[0]}: {told}; got it before the first")
    seats = rows[family == _PART, _SEAT]
    if len(set(seats.tolist())) < len(seats):
        raise UsageError(f"each part must have a seat of its own; got {seats.tolist()}")
    unknown = np.flatnonzero((family == _NOTE) & ~np.isin(rows[:, _SEAT], seats))
    if len(unknown):
        told = f"the seat of a note must be that of a part, {seats.tolist()}"
        raise UsageError(f"word {unknown[0]}: {told}; got {rows[unknown[0], _SEAT]}")
    return rows


def _words(family: int, **columns: npt.ArrayLike) -> Whole:
    """Words of a family with some fields."""
    rows = np.zeros((len(np.asarray(next(iter(columns.values())))), len(FIELDS)), np.int64)
    rows[:, _FAMILY] = family
    for name, values in columns.items():
        rows[:, FIELDS.index(name)] = values
    return rows


def _bars(meters: Sequence[Meter], last: int) -> tuple[Whole, Whole]:
    """Where bars begin, in steps, until one holds the step `last`; and each one's meter, new ones from the next bar."""
    begins: list[int] = []
    numbers: list[int] = []
    start = 0
    for row, one in enumerate(meters):
        if (one.numerator, one.denominator) not in METERS:
            told = f"{one.numerator}/{one.denominator}"
            raise UsageError(f"a bar must last up to {LONGEST_BAR} beats, in whole notes to sixteenths; got {told}")
        number = METERS.index((one.numerator, one.denominator)) + 1
        length = int(_LENGTHS[number - 1])
        until = min(last + 1, round(meters[row + 1].onset * GRID)) if row + 1 < len(meters) else last + 1
        count = max(0, math.ceil((until - start) / length))
        begins += range(start, start + count * length, length)
        numbers += [number] * count
        start += count * length
    return np.array(begins, np.int64), np.array(numbers, np.int64)


def _tempos(tempos: Sequence[Tempo], bars: Whole) -> Whole:
    """The nearest of `TEMPOS` where each bar begins."""
    onsets = np.rint(np.array([one.onset for one in tempos]) * GRID)
    at = np.maximum(np.searchsorted(onsets, bars, side="right") - 1, 0)
    return 1 + _nearest(np.log(TEMPOS), np.log(np.array([one.bpm for one in tempos]))[at])


def _placed(bars: Whole, onsets: Whole) -> Whole:
    """The position of steps in their bars, from 1 on."""
    return onsets - bars[np.searchsorted(bars, onsets, side="right") - 1] + 1 if len(onsets) else onsets


def _nearest(values: npt.NDArray[np.floating | np.integer], wanted: npt.NDArray[np.floating | np.integer]) -> Whole:
    """Which of rising values is the nearest to each that is wanted, the lower of two."""
    above = np.clip(np.searchsorted(values, wanted), 1, len(values) - 1)
    return np.where(wanted - values[above - 1] <= values[above] - wanted, above - 1, above).astype(np.int64)


def _changes(onsets: npt.NDArray[np.float64], values: Sequence[T]) -> list[tuple[float, T]]:
    """The first of values, and each that is another than the one before, with where it stands."""
    each = list(zip(onsets.tolist(), values, strict=True))
    return [one for row, one in enumerate(each) if not row or one[1] != each[row - 1][1]]
