"""Statistics: numbers of a score by which music that was made is compared with music that people wrote.

Conventions: time is counted in steps of a twelfth of a beat, as `kelly.score.tokens` does; bars follow the score's
meters up to the one in which the last note begins, and may last up to eight beats. Drums count for rhythm, and for how
alike bars are, but have no pitch classes. What a score cannot tell (it has no tones, or a single bar) is NaN. All
functions of a score raise UsageError where it has longer bars.

None of these numbers is better the higher, or the lower: the nearer to those of human music, the better. Entropies and
the similarity of grooves are those of Wu and Yang (The Jazz Transformer on the Front Line, ISMIR 2020), the
consistency of scales is Mogren's (C-RNN-GAN, 2016), that of grooves as MusPy has it (Dong and others, ISMIR 2020); bars
are alike as in Museformer (Yu and others, NeurIPS 2022); the overlapping area is Yang and Lerch's (On the evaluation of
generative models in music, Neural Computing and Applications 2020).

Whether something was copied is asked of words (`kelly.models.transformer.layout`, as `kelly.training.data.pieces` or
`kelly.composing.improvising.reading.read` give them), line by line: a line is what one seat plays, drums left out. Each
note of a line but the first is a step: the interval from the note before, its duration, and how long after the other it
begins, so that a line is the same in every key. Where words tell roles besides seats, these have lines too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.listening.traits.counts import entropy
from kelly.models.transformer.layout import BAR, FIELDS, NOTE, SEATS, SIZES
from kelly.score import tokens
from kelly.score.notes import DRUM_CHANNEL, Meter, Part, Score

__all__ = [
    "Corpus",
    "groove_consistency",
    "groove_similarity",
    "histograms",
    "longest_shared",
    "overlap",
    "pitch_class_entropy",
    "repetition",
    "scale_consistency",
    "self_similarity",
    "structureness",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint64]

_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_SCALES = np.array([np.isin((np.arange(12) - tonic) % 12, _MAJOR) for tonic in range(12)])
_TONES, _DRUMS = 1, 2  # seats
_SEAT, _POSITION, _PITCH, _DURATION, _METER = (
    FIELDS.index(name) for name in ("seat", "position", "pitch", "duration", "meter")
)
_CROWDS = np.array([*range(16), *range(16, 65, 4)])  # the least notes of a bar of each class
_LENGTHS = np.array([round(Meter(0.0, *meter).bar_length * tokens.GRID) for meter in tokens.METERS])  # steps
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2 ** 64
_MIXES = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def pitch_class_entropy(score: Score, bars: int | None = None) -> float:
    """The entropy of the pitch classes, 0..log2(12) bits: how many are in use, and how evenly.

    It is -sum(p log2 p) over the shares of the classes among the tones that begin in a span: the whole score, or (Wu
    and Yang's H1 and H4) every so many bars one after another, the mean over all such spans in which a tone begins.

    Parameters: score; bars of a span (None, or more than there are: the whole).
    Raises: UsageError, bars is below 1.
    """
    if bars is not None and bars < 1:
        raise UsageError(f"a span must have 1 bar or more; got {bars}")
    laid = _laid(score)
    counts = np.zeros((len(laid.steps), 12))
    np.add.at(counts, (laid.bar[laid.tone], laid.pitch[laid.tone] % 12), 1)
    span = len(counts) if bars is None else min(bars, len(counts))
    spans = np.lib.stride_tricks.sliding_window_view(counts, span, 0).sum(-1)
    told = [entropy(one) for one in spans if one.any()]
    return float(np.mean(told)) if told else np.nan


def scale_consistency(score: Score) -> float:
    """The share of the tones that lie in a scale, 7/12 (all alike) to 1, of the scale that fits best.

    The scales are the twelve major ones, which have the notes of the natural minor ones.
    """
    counts = np.bincount([note.pitch % 12 for note in score.notes(drums=False)], minlength=12)
    return float((_SCALES @ counts).max() / counts.sum()) if counts.any() else np.nan


def groove_consistency(score: Score) -> float:
    """How like each bar's rhythm is to the next one's, 0..1: the mean of the similarities of neighbours.

    Two bars are alike by 1 - (steps in which a note begins in just one of them) / (steps of the longer one).
    """
    alike = _grooves(score)
    return float(np.diagonal(alike, 1).mean()) if len(alike) > 1 else np.nan


def groove_similarity(score: Score) -> float:
    """How like the rhythms of all bars are to each other, 0..1: the same mean, over all pairs of bars."""
    alike = _grooves(score)
    return float(alike[np.triu_indices(len(alike), 1)].mean()) if len(alike) > 1 else np.nan


def self_similarity(score: Score) -> Floats:
    """How like each bar is to each (bars, bars), 0..1: the share of the notes of both that they have in common.

    Notes are the same that begin at the same place of their bars, with one pitch and one duration: the similarity is
    |A and B| / |A or B|. It is NaN of two bars that are both empty.
    """
    laid = _laid(score)
    notes = np.stack([laid.position, laid.pitch, laid.duration, laid.tone], 1)
    _, kind = np.unique(notes, axis=0, return_inverse=True)
    held = np.zeros((len(laid.steps), kind.max(initial=0) + 1))
    held[laid.bar, kind.reshape(-1)] = 1
    both, each = held @ held.T, held.sum(1)
    either = each[:, None] + each - both
    return np.where(either > 0, both / np.maximum(either, 1), np.nan)


def repetition(score: Score, longest: int) -> Floats:
    """How like bars are that lie 1, 2, ... `longest` bars apart (longest,): means of `self_similarity`."""
    alike = self_similarity(score)
    return np.array([_mean(np.diagonal(alike, apart)) for apart in range(1, longest + 1)])


def structureness(score: Score, least: int = 1, most: int | None = None) -> float:
    """How much of a score was there before, 0..1: of each bar, how like it is to the most similar earlier one.

    It is the mean over the bars that have notes and others `least` to `most` bars before. Wu and Yang's indicators of
    short, middle and long structure look for the passage of such a length that repeats best in what is heard; this
    looks at all bars, and at what is written.

    Parameters: score; least and most, how many bars before (None: from the beginning).
    Raises: UsageError, least is below 1 or above most.
    """
    if not 1 <= least <= (least if most is None else most):
        raise UsageError(f"bars before must be 1 or more, from least to most; got {least} and {most}")
    alike = self_similarity(score)
    rows = [(bar, row[max(0, bar - (most or bar)) : max(0, bar - least + 1)]) for bar, row in enumerate(alike)]
    return _mean(np.array([before.max() for bar, before in rows if len(before) and alike[bar, bar] == 1]))


def histograms(score: Score) -> dict[str, Floats]:
    """How often each value comes: counts, which may be added up over scores.

    Of tones pitch (128,), duration (48,), one for each of `kelly.score.tokens.DURATIONS`, and velocity (32,), in steps
    of four; of all notes the interval (48,) from each moment at which something begins to the next, in the same
    classes, and the notes (29,) that begin in a bar, one by one up to 15, then in fours, and 64 or more.
    """
    laid = _laid(score)
    waits = np.diff(np.unique(laid.onset))
    crowds = np.bincount(laid.bar, minlength=len(laid.steps))
    found = {
        "pitch": (laid.pitch[laid.tone], 128),
        "duration": (laid.duration[laid.tone], len(tokens.DURATIONS)),
        "interval": (np.abs(waits[:, None] - tokens.DURATIONS).argmin(1), len(tokens.DURATIONS)),
        "velocity": (laid.velocity[laid.tone], tokens.SIZES["velocity"] - 1),
        "notes": (np.searchsorted(_CROWDS, crowds, "right") - 1, len(_CROWDS)),
    }
    return {name: np.bincount(values, minlength=size).astype(np.float64) for name, (values, size) in found.items()}


def overlap(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """The area that two histograms of the same classes have in common, each of area 1: 0..1, sum(min(p, q)).

    Yang and Lerch take it of densities that they estimate with kernels; of values that are counted in classes the
    histogram is the density. NaN where one of the two is empty.
    Raises: UsageError, they are not of the same classes.
    """
    rows = [np.asarray(row, np.float64) for row in (one, other)]
    if rows[0].shape != rows[1].shape:
        raise UsageError(f"histograms must be of the same classes; got {rows[0].shape} and {rows[1].shape}")
    if not all(row.any() for row in rows):
        return np.nan
    return float(np.minimum(*(row / row.sum() for row in rows)).sum())


class Corpus:
    """Lines of pieces, in which `longest_shared` looks.

    Each stretch of a line has a hash of 64 bits, the value of a polynomial whose coefficients are the steps, so that
    all stretches of one length can be told at once from sums over the beginnings of lines: of millions of steps in a
    second, and a false match is as good as impossible.

    Parameters: pieces, the words (n, 8 or 9) of each.
    """

    def __init__(self, pieces: Iterable[npt.NDArray[np.integer]]) -> None:
        lines = [line for words in pieces for line in _lines(words.astype(np.int64))]
        lengths = np.array([len(line) for line in lines], np.int64)
        steps = _mixed(np.concatenate([np.zeros(0, np.int64), *lines]).astype(np.uint64))
        self._sums = np.append(np.uint64(0), np.cumsum(steps * _powers(_BASE, len(steps))))
        self._back = _powers(pow(_BASE, -1, 2**64), len(steps))
        self._room = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(steps))  # steps to the end of the line

    def __len__(self) -> int:
        """How many steps there are."""
        return len(self._room)

    def stretches(self, places: Ints, length: int) -> tuple[Ints, Hashes]:
        """Those of some places at which a line goes on for so many steps, and the hashes of these."""
        found = places[self._room[places] >= length]
        return found, (self._sums[found + length] - self._sums[found]) * self._back[found]


def longest_shared(words: npt.NDArray[np.integer], corpus: Corpus) -> int:
    """How many steps, one after another, of a line of some words stand in a line of a corpus too, at most.

    A whole line of n notes that was copied, in whatever key, has n - 1. What is long is told by pieces that copied
    nothing: scales, and notes that are struck again and again, are everybody's.
    """
    asked = Corpus([words])
    places, length, more, growing = np.arange(len(corpus)), 0, 1, True
    while more:  # twice as many more each time, until there are none; then half as many
        found = _shared(corpus, places, asked, length + more)
        growing &= len(found) > 0
        if len(found):
            places, length = found, length + more
        more = 2 * more if growing else more // 2
    return length


@dataclass(frozen=True, slots=True)
class _Laid:
    """The notes of a score on the grid, and its bars.

    Parameters: bar, the number of each note's (n,); position and onset, the steps from that bar's beginning and from
    the score's; pitch; duration and velocity, classes; tone, whether it is none of the drums'; steps (bars,) of bars.
    """

    bar: Ints
    position: Ints
    onset: Ints
    pitch: Ints
    duration: Ints
    velocity: Ints
    tone: Bools
    steps: Ints


def _laid(score: Score) -> _Laid:
    drums = tuple(note for part in score.parts if part.is_drums for note in part.notes)
    tones = tuple(score.notes(drums=False))
    parts = (Part("tones", 0, notes=tones), Part("drums", DRUM_CHANNEL, notes=drums))
    rows = tokens.encode(replace(score, parts=parts), seats=[_TONES] * bool(tones) + [_DRUMS] * bool(drums))
    words = dict(zip(tokens.FIELDS, rows.T.astype(np.int64), strict=True))
    note, bar = (words["family"] == tokens.FAMILIES.index(name) for name in ("note", "bar"))
    place = np.cumsum(bar)[note] - 1
    steps = _LENGTHS[words["meter"][bar] - 1]
    position, pitch, duration, velocity = (
        words[name][note] - 1 for name in ("position", "pitch", "duration", "velocity")
    )
    onset = (np.cumsum(steps) - steps)[place] + position
    return _Laid(place, position, onset, pitch, duration, velocity, words["seat"][note] == _TONES, steps)


def _grooves(score: Score) -> Floats:
    """How like the rhythm of each bar is to that of each (bars, bars)."""
    laid = _laid(score)
    struck = np.zeros((len(laid.steps), laid.steps.max()))
    struck[laid.bar, laid.position] = 1
    each = struck.sum(1)
    apart = each[:, None] + each - 2 * struck @ struck.T
    return np.asarray(1 - apart / np.maximum(laid.steps[:, None], laid.steps))


def _mean(values: Floats) -> float:
    """The mean of what is known; NaN of nothing."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan


def _lines(words: Ints) -> Iterator[Ints]:
    """The steps of each line of words (notes - 1,), a number for each that is different."""
    bar, note = words[:, 0] == BAR, (words[:, 0] == NOTE) & (words[:, _SEAT] != SEATS["drums"])
    steps = _LENGTHS[words[bar, _METER] - 1]
    notes = words[note]
    onset = (np.cumsum(steps) - steps)[np.cumsum(bar)[note] - 1] + notes[:, _POSITION]
    order = np.lexsort((notes[:, _PITCH], onset))
    notes, onset = notes[order], onset[order]
    seats = [notes[:, column] for column in (_SEAT, *range(len(FIELDS), words.shape[1]))]
    for row, seat in enumerate(seats):
        for one in np.unique(seat) if not row or (seat != seats[0]).any() else ():
            wait, interval = np.diff(onset[seat == one]), np.diff(notes[seat == one, _PITCH])
            step = wait * 2 * SIZES["pitch"] + SIZES["pitch"] + interval
            yield step * SIZES["duration"] + notes[seat == one, _DURATION][1:]


def _shared(corpus: Corpus, places: Ints, asked: Corpus, length: int) -> Ints:
    """Those of some places of a corpus at which a stretch of so many steps begins that is asked for, too."""
    found, here = corpus.stretches(places, length)
    there = np.unique(asked.stretches(np.arange(len(asked)), length)[1])
    if not len(there):
        return found[:0]
    known = there[np.minimum(np.searchsorted(there, here), len(there) - 1)] == here
    return np.asarray(found[known])


def _powers(base: int, count: int) -> Hashes:
    """The powers of a number from the 0th on (count,), modulo 2 ** 64."""
    factors = np.full(count, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors)


def _mixed(numbers: Hashes) -> Hashes:
    """Numbers spread over all 64 bits, one to one (the finish of SplitMix64: Steele and others, OOPSLA 2014)."""
    for shift, factor in _MIXES:
        numbers = (numbers ^ (numbers >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(numbers ^ (numbers >> np.uint64(31)))
