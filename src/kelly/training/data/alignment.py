"""Alignment: which written note is which played note, and how the playing departs from the page.

Conventions: a beat is a quarter note of the score; annotated beats, one to one in score and performance, are the
anchors between which performed time is stretched in a straight line onto the score's. Each written note takes at most
one played note of its pitch within `REACH` of it, in the same order, so that as many pairs as possible lie as close as
possible. Deviations are positive where a note is late. What the annotated beats follow (tempo, rubato) is in the local
tempo, what departs from them is in the deviations. A performance that matches less than `LEAST` of its score is not to
be learnt from: its pianist left repeats out, plays ornaments otherwise than they are written out, or moves freely
between beats that are far apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.score.notes import Note, Score

__all__ = ["LEAST", "REACH", "Alignment", "align"]

REACH = 0.25  # beats between a written and a played onset at most
LEAST = 0.9  # of the written notes, for a performance to be learnt from
_FAR = 0.5  # what a pair at `REACH` is worth; one at no distance is worth 1

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Alignment:
    """A performance beside its score.

    Parameters: written, the score's notes in time order, a note written twice at one place taken once; matched (m,),
    the indices into `written` of those that were played, rising; for each of them: deviation in beats and
    deviation_ms in milliseconds of the performance, velocity 1..127, articulation (performed duration, stretched onto
    the score, over written duration); beats (k,), where in the score the annotated beats lie; tempo (k - 1,), in
    quarter notes a minute from each of them to the next; extra, how many played notes no written note took.
    """

    written: tuple[Note, ...]
    matched: Ints
    deviation: Floats
    deviation_ms: Floats
    velocity: Ints
    articulation: Floats
    beats: Floats
    tempo: Floats
    extra: int

    @property
    def rate(self) -> float:
        """The share of the written notes that were matched, 0..1; 0 where none is written."""
        return len(self.matched) / len(self.written) if self.written else 0.0

    @property
    def tempo_ratio(self) -> Floats:
        """The tempo (k - 1,) from each annotated beat to the next, relative to the performance's median."""
        ratio: Floats = self.tempo / np.median(self.tempo)
        return ratio


def align(score: Score, performance: Score, score_times: npt.ArrayLike, performance_times: npt.ArrayLike) -> Alignment:
    """Match a performance to its score.

    Parameters: score and performance, as read from their files; score_times and performance_times (k,), the annotated
    beats in seconds of either file, the i-th of one being the i-th of the other.

    Returns: the alignment; one of few matches is no error, look at its `rate`.

    Raises: UsageError, fewer than two beats, different numbers of them, or times that do not rise.
    """
    times, played_times = _anchors(score_times, performance_times)
    beats = _beats(score, times)
    written, played = _written(score), tuple(sorted(performance.notes()))
    onsets = performance.seconds([note.onset for note in played])
    ends = performance.seconds([note.end for note in played])
    starts, stops = _stretched(onsets, played_times, beats), _stretched(ends, played_times, beats)
    pairs = _pairs(written, played, starts)
    matched, taken = pairs.T
    places = np.array([note.onset for note in written])[matched]
    return Alignment(
        written,
        matched,
        deviation=starts[taken] - places,
        deviation_ms=1000 * (onsets[taken] - _stretched(places, beats, played_times)),
        velocity=np.array([note.velocity for note in played], np.int64)[taken],
        articulation=(stops - starts)[taken] / np.array([note.duration for note in written])[matched],
        beats=beats,
        tempo=60 * np.diff(beats) / np.diff(played_times),
        extra=len(played) - len(pairs),
    )


def _anchors(score_times: npt.ArrayLike, performance_times: npt.ArrayLike) -> tuple[Floats, Floats]:
    times, played_times = np.asarray(score_times, np.float64), np.asarray(performance_times, np.float64)
    if times.ndim != 1 or times.shape != played_times.shape or len(times) < 2:
        raise UsageError(f"two beats or more, as many in both, are needed; got {times.shape} and {played_times.shape}")
    if not (np.all(np.diff(times) > 0) and np.all(np.diff(played_times) > 0)):
        raise UsageError("the times of annotated beats must rise; they do not")
    return times, played_times


def _beats(score: Score, seconds: Floats) -> Floats:
    """Times in beats of times in seconds, by the tempo map."""
    onsets = np.array([tempo.onset for tempo in score.tempos])
    a_second = np.array([tempo.bpm / 60 for tempo in score.tempos])
    starts = score.seconds(onsets)
    piece = np.clip(np.searchsorted(starts, seconds, side="right") - 1, 0, len(onsets) - 1)
    beats: Floats = onsets[piece] + (seconds - starts[piece]) * a_second[piece]
    return beats


def _written(score: Score) -> tuple[Note, ...]:
    """The notes in time order; of those that two voices share the longest."""
    longest: dict[tuple[float, int], Note] = {}
    for note in sorted(score.notes()):
        place = (note.onset, note.pitch)
        if place not in longest or note.duration > longest[place].duration:
            longest[place] = note
    return tuple(sorted(longest.values()))


def _stretched(times: Floats, anchors: Floats, places: Floats) -> Floats:
    """Times between anchors as places between theirs; beyond the first and last one at the pace that holds there."""
    first, last = ((places[i + 1] - places[i]) / (anchors[i + 1] - anchors[i]) for i in (0, -2))
    inside = np.interp(times, anchors, places)
    before, after = np.minimum(times - anchors[0], 0), np.maximum(times - anchors[-1], 0)
    stretched: Floats = inside + before * first + after * last
    return stretched


def _pairs(written: tuple[Note, ...], played: tuple[Note, ...], starts: Floats) -> Ints:
    """The indices (m, 2) of written notes and of the played ones they take, in the order of the written."""
    places = np.array([note.onset for note in written])
    ours, theirs = (np.array([note.pitch for note in notes], np.int64) for notes in (written, played))
    found = [np.empty((0, 2), np.int64)]
    for pitch in np.intersect1d(ours, theirs):
        mine, yours = np.flatnonzero(ours == pitch), np.flatnonzero(theirs == pitch)
        pairs = _in_order(places[mine], starts[yours])
        found.append(np.column_stack([mine[pairs[:, 0]], yours[pairs[:, 1]]]))
    pairs = np.concatenate(found)
    ordered: Ints = pairs[np.argsort(pairs[:, 0])]
    return ordered


def _in_order(places: Floats, starts: Floats) -> Ints:
    """The best pairs (m, 2) of rising times that cross no other pair: the most worth in sum (dynamic programming).

    Where each note for itself would take its nearest, repeated notes that are all late would take their neighbours'.
    """
    apart = np.abs(places[:, None] - starts)
    worth = np.where(apart <= REACH, 1 - (1 - _FAR) * apart / REACH, -1)
    best = np.zeros((len(places) + 1, len(starts) + 1))
    for i, row in enumerate(worth):
        np.maximum.accumulate(np.maximum(best[i, 1:], best[i, :-1] + row), out=best[i + 1, 1:])
    return _traced(best, worth)


def _traced(best: Floats, worth: Floats) -> Ints:
    """The pairs that make up the last cell of the table of the best sums."""
    i, j = worth.shape
    pairs = []
    while i and j:
        if best[i, j] == best[i - 1, j]:
            i -= 1
        elif best[i, j] == best[i, j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return np.array(pairs[::-1], np.int64).reshape(-1, 2)
