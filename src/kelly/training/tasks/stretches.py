"""Stretches: what the transformer reads of pieces, cut and laid out anew each time it does.

Conventions: words as in `kelly.models.transformer.layout`, pieces as in `kelly.training.data.pieces`. A sample is a
stretch of a piece of up to `LONGEST` words; every time it is seen the network reads up to `window` words of it, cut and
laid out anew: some stretches end where the piece goes on, as phrases do; of some the bars in the middle are to be
written between those around; of some a few parts are given and the others are to be written; a piano is one part or
melody, bass and chords, instruments are what they are or all a piano; a piece stands in the one or the other octave, a
little faster or slower; and of some the feeling, the chords or the bars left are hidden, so that the network can also
do without. Only what is to be written is learned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from kelly.models.transformer.layout import (
    AFTER,
    AFTER_BARS,
    BAR,
    BEGIN,
    END,
    FIELDS,
    LEFT,
    NOTE,
    PART,
    SEATS,
    SIZES,
    SLOTS,
    TURN,
)
from kelly.training.data.pieces import Piece
from kelly.training.networks.compound import CHANGE
from kelly.training.tasks.samples import Samples

if TYPE_CHECKING:
    from kelly.training.tasks.transformer import Settings

__all__ = ["LONGEST", "MOST_BARS", "Stretch", "laid", "padded", "samples"]

Ints = npt.NDArray[np.int64]
Stretch: TypeAlias = "dict[str, npt.NDArray[np.generic]]"

LONGEST, MOST_BARS = 1024, 64  # words and bars of a stretch
_PHRASED = 0.5  # the share of samples that end where their piece goes on, and after how many bars
_PHRASES = (4, 8, 8, 8, 12, 16, 16, 24, 32)
_BETWEEN = 3  # bars that there must be, for some to be written between others
_RATED, _OFTENER = ("emopia", "vgmidi"), 2.0  # whose feelings listeners told; how often they are drawn beside others
_PLAIN = 0.5  # the share of samples in which all instruments are told as a piano
_SEAT, _POSITION, _PITCH, _TEMPO, _ROLE = (
    (*FIELDS, "role").index(name) for name in ("seat", "position", "pitch", "tempo", "role")
)


def samples(found: Iterable[Piece]) -> Samples:
    """Pieces in stretches that share half of their words with the next.

    Tensors: words (n, 1024, 9), bars (n, 64, 2), where each begins and ends among the words; programs (n, 17); moved
    (n,); chords (n, 65, 4) and felt (n, 65, 6), of the bars and of the one after, unknown where a spread is 0; count
    (n,) of bars; rest (n,), how many bars of the piece come after.
    """
    rows = [row for piece in found for row in _stretches(piece)]
    names = ("words", "bars", "programs", "moved", "chords", "felt", "count", "rest")
    tensors = {name: torch.from_numpy(np.array([row[name] for row, _ in rows])) for name in names}
    rated = torch.tensor([group.split("/")[0] in _RATED for _, group in rows], dtype=torch.bool)
    return Samples(tensors, [group for _, group in rows], torch.where(rated, _OFTENER, 1.0))


def _stretches(piece: Piece) -> Iterator[tuple[Stretch, str]]:
    starts = np.append(np.flatnonzero(piece.words[:, 0] == BAR), len(piece.words))
    bars, first = len(starts) - 1, 0
    while first < bars:
        last = first + 1
        while last < min(bars, first + MOST_BARS) and starts[last + 1] - starts[first] <= LONGEST:
            last += 1
        cut = piece.words[starts[first] : starts[last]][:LONGEST]
        spans = np.minimum(np.stack([starts[first:last], starts[first + 1 : last + 1]], 1) - starts[first], LONGEST)
        yield (
            {
                "words": _filled(cut, LONGEST),
                "bars": _filled(spans.astype(np.int16), MOST_BARS),
                "programs": piece.programs,
                "moved": np.array(piece.moved, np.int8),
                "chords": _filled(piece.chords[first : last + 1], MOST_BARS + 1),
                "felt": _filled(np.nan_to_num(piece.feelings[first : last + 1]), MOST_BARS + 1),
                "count": np.array(last - first, np.int16),
                "rest": np.array(bars - last, np.int16),
            },
            f"{piece.corpus}/{piece.group}",
        )
        if last == bars:
            return
        first = max(first + 1, (first + last) // 2)


def _filled(rows: npt.NDArray[np.generic], length: int) -> npt.NDArray[np.generic]:
    return np.concatenate([rows, np.zeros((length - len(rows), *rows.shape[1:]), rows.dtype)])


def _words(one: Stretch) -> Ints:
    """The words of a stretch, without what fills it up."""
    return one["words"][: int(one["bars"].max())].astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is read of a stretch.

    Parameters: words (n, fields); programs; first and last (excluded) bar; middle, the first of those that come after
    what is written, None where there are none; known, how many bars are there already; given, seats whose notes are
    there; hidden, what is not told.
    """

    words: Ints
    programs: npt.NDArray[np.generic]
    first: int
    last: int
    middle: int | None = None
    known: int = 0
    given: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    hidden: frozenset[str] = frozenset()


def _cut(one: Stretch, settings: Settings, rng: np.random.Generator) -> _Cut:
    """A stretch cut by chance."""
    count = int(one["count"])
    words, programs = _varied(_words(one), int(one["moved"]), rng), one["programs"]
    if rng.random() < _PLAIN:
        programs = np.where(np.arange(len(programs)) == SEATS["drums"], programs, np.minimum(programs, 1))
    first = int(rng.integers(max(1, (count + 1) // 2)))
    last = min(count, first + int(rng.choice(_PHRASES))) if rng.random() < _PHRASED else count
    hidden = frozenset(name for name in ("unfelt", "unplanned", "endless") if rng.random() < getattr(settings, name))
    cut = _Cut(words, programs, first, last, hidden=hidden)
    mode = rng.random()
    if mode < settings.given:
        return replace(cut, given=_some(np.unique(words[words[:, 0] == NOTE, _SEAT]), rng))
    if mode < settings.given + settings.between and last - first >= _BETWEEN:
        middle = last - int(rng.integers(1, min(AFTER_BARS, last - first - 2) + 1))
        return replace(cut, middle=middle, known=int(rng.integers(middle - first)))
    return cut


def laid(one: Stretch, settings: Settings, rng: np.random.Generator | None) -> Stretch:
    """A stretch as it is read: see `TransformerTask.reads`."""
    count, rest = int(one["count"]), int(one["rest"])
    whole = _Cut(_words(one)[:, :-1], one["programs"], 0, count)
    cut = whole if rng is None else _cut(one, settings, rng)
    until = cut.last if cut.middle is None else cut.middle
    more = rest if cut.middle is None and cut.last == count else 0
    rows = _Rows(one, cut, settings.window)
    rows.parts(cut.words, cut.programs, cut.first)
    if cut.middle is not None:
        rows.add(np.array([AFTER]), cut.middle, 0, leads=True)
        for bar in range(cut.middle, cut.last):
            rows.add(cut.words[slice(*one["bars"][bar])], bar, 0)
    rows.add(np.array([BEGIN]), cut.first, until - cut.first + more, leads=True)
    for bar in range(cut.first, until):
        rows.bar(cut.words[slice(*one["bars"][bar])], bar, until - bar + more, cut)
    if not more:
        rows.add(np.array([END]), until - 1, 1, own=True)
    return rows.arrays()


class _Rows:
    """Words in the making, with the row of conditions of each: those of a bar, or of what leads to it."""

    def __init__(self, one: Stretch, cut: _Cut, window: int) -> None:
        self.one, self.cut, self.window = one, cut, window
        self.words: list[Ints] = []
        self.own: list[npt.NDArray[np.bool_]] = []
        self.row: list[Ints] = []
        self.told: dict[tuple[int, int, bool], int] = {}
        self.length = 0

    def parts(self, words: Ints, programs: npt.NDArray[np.generic], bar: int) -> None:
        """The parts that play in some words, before a bar."""
        for seat in np.unique(words[words[:, 0] == NOTE, _SEAT]).tolist():
            row = np.zeros((1, len(FIELDS)), np.int64)
            row[0, 0], row[0, _SEAT], row[0, _PITCH] = PART, seat, max(1, int(programs[seat]))
            self.add(row, bar, 0, leads=True)

    def bar(self, words: Ints, bar: int, left: int, cut: _Cut) -> None:
        """The words of a bar: where some seats are given, their notes come first."""
        if not len(cut.given):
            self.add(words, bar, left, own=bar - cut.first >= cut.known)
            return
        is_given = np.isin(words[:, _SEAT], cut.given) & (words[:, 0] == NOTE)
        self.add(words[:1], bar, left, own=True)  # that the bar before is over is for the network to say
        self.add(words[is_given], bar, left)
        self.add(np.array([TURN]), bar, left)
        self.add(words[1:][~is_given[1:]], bar, left, own=True)

    def add(self, words: Ints, bar: int, left: int, *, own: bool = False, leads: bool = False) -> None:
        """More words, of a bar with some left, or that lead to it; of one number, a word of that family."""
        if self.length >= self.window:
            return
        if words.ndim == 1:
            words = np.concatenate([words, np.zeros(len(FIELDS) - 1, np.int64)])[None]
        words = words[: self.window - self.length]
        at = self.told.setdefault((bar, min(left, LEFT), leads), len(self.told))
        self.words.append(words)
        self.own.append(np.full(len(words), own))
        self.row.append(np.full(len(words), at))
        self.length += len(words)

    def arrays(self) -> Stretch:
        """All that was added, with the conditions (rows, ...)."""
        here = np.array([bar for bar, _, _ in self.told], np.int64)
        left = np.array([left for _, left, _ in self.told], np.int64)
        leads = np.array([leads for _, _, leads in self.told], np.bool_)
        # A phrase is told as a piece: what its piece goes on with is not told, and in generation not known.
        goes_on = self.cut.last == int(self.one["count"]) and int(self.one["rest"]) > 0
        count = self.cut.last + goes_on
        felt, chords = self.one["felt"].astype(np.float32), self.one["chords"].astype(np.int64)
        after = np.where(leads, here, np.minimum(here + 1, count - 1))
        plan = np.concatenate([np.where(leads[:, None], 0, chords[here]), chords[after]], 1)
        plan[~leads & (here + 1 >= count), SLOTS:] = 0
        return {
            "words": np.concatenate(self.words),
            "own": np.concatenate(self.own),
            "row": np.concatenate(self.row),
            "felt": felt[here],
            "next": felt[after, :CHANGE],
            "unfelt": np.array("unfelt" in self.cut.hidden),
            "chords": plan * ("unplanned" not in self.cut.hidden),
            "left": left * ("endless" not in self.cut.hidden),
        }


def _varied(words: Ints, moved: int, rng: np.random.Generator) -> Ints:
    """Words in one of the two octaves, by role or by part, a little faster or slower; (n, fields)."""
    if rng.random() < 0.5:
        words = words.copy()
        words[:, _SEAT] = words[:, _ROLE]
        bar = np.cumsum(words[:, 0] == BAR)
        words = words[np.lexsort((words[:, _PITCH], words[:, _SEAT], words[:, _POSITION], words[:, 0] != BAR, bar))]
    words = words[:, :-1].copy()
    sounding = (words[:, 0] == NOTE) & (words[:, _SEAT] != SEATS["drums"])
    if rng.random() < abs(moved) / 12:
        pitch = words[sounding, _PITCH] - 12 * int(np.sign(moved))
        words[sounding, _PITCH] = np.where(pitch < 1, pitch + 12, np.where(pitch > 128, pitch - 12, pitch))
    of_bar = words[:, 0] == BAR
    faster = words[of_bar, _TEMPO] + int(rng.integers(-1, 2))
    words[of_bar, _TEMPO] = np.clip(faster, 1, SIZES["tempo"] - 1)
    return words


def _some(seats: Ints, rng: np.random.Generator) -> Ints:
    """Some of several seats, not all; of one, none."""
    if len(seats) < 2:
        return seats[:0]
    if rng.random() < 0.3 and SEATS["melody"] in seats:
        return np.array([SEATS["melody"]])
    if rng.random() < 0.4:  # all but one
        return np.delete(seats, int(rng.integers(len(seats))))
    return rng.permutation(seats)[: int(rng.integers(1, len(seats)))]


def padded(rows: Sequence[npt.NDArray[np.generic]]) -> npt.NDArray[np.generic]:
    """Arrays of some lengths side by side, filled with zeros."""
    if not rows[0].ndim:
        return np.array(rows)
    longest = max(len(row) for row in rows)
    return np.stack([_filled(row, longest) for row in rows])
