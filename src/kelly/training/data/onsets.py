"""Onsets: what a pianist strikes at once, and how it stands out from what is played around it.

Conventions: times in seconds; notes that start within `CHORD` of the first of them are one onset. Its features:
louder, thicker, lower, higher, longer: loudest velocity (in tens), number of notes (log2), lowest and highest pitch (in
octaves; lower is negative) and longest note (log2 s) against the mean within four seconds; notes: their number (log2);
lowest, loudest, thickest: 1 where no onset within .4 s is more so; before, after: gaps to the neighbours (log2 s), pace
the mean gap within four seconds, gap_before and gap_after the difference; new: the share of its pitch classes that were
not struck in the second before.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kelly.score.notes import Score

__all__ = ["CHORD", "FEATURES", "PLACES", "onsets"]

CHORD = 0.04  # seconds from the first to the last note of a chord at most
FEATURES = (
    *("louder", "thicker", "notes", "lower", "higher", "lowest", "loudest", "thickest", "longer"),
    *("gap_before", "gap_after", "new", "before", "after", "pace"),
)
PLACES = ("previous", "this", "next")

_AROUND = 4.0  # seconds to either side that an onset is compared to
_NEAR = 0.4  # seconds to either side among which it may be the lowest, loudest, thickest
_PAST = 1.0  # seconds in which a pitch class is not new
_SHORTEST_GAP, _LONGEST_GAP = 0.03, 4.0  # seconds; shorter or longer ones tell nothing more

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def onsets(score: Score) -> tuple[Floats, Floats]:
    """The onsets of a performance, percussion aside.

    Returns: times (n,) in seconds, rising, means of their notes; features (n, 45), those of the previous onset, its own
    and the next one's, each in the order of `FEATURES` (the first and the last onset stand in for what they lack).
    """
    notes = sorted(score.notes(drums=False))
    if not notes:
        return np.empty(0), np.empty((0, len(PLACES) * len(FEATURES)))
    starts, ends = score.seconds([note.onset for note in notes]), score.seconds([note.end for note in notes])
    pitches, velocities = np.array([(note.pitch, note.velocity) for note in notes], np.float64).T
    chord = _chords(starts)
    first = np.flatnonzero(np.diff(chord, prepend=-1))
    counts = np.bincount(chord).astype(np.float64)
    times = np.bincount(chord, starts) / counts
    own = _features(
        times,
        np.log2(counts),
        np.maximum.reduceat(velocities, first),
        (np.minimum.reduceat(pitches, first), np.maximum.reduceat(pitches, first)),
        _log_gap(np.maximum.reduceat(ends - starts, first)),
        _new(times, chord, pitches),
    )
    return times, np.column_stack([np.vstack([own[:1], own[:-1]]), own, np.vstack([own[1:], own[-1:]])])


def _chords(onsets: Floats) -> Ints:
    """For each note, by rising onsets, the number of its chord."""
    chord = np.zeros(len(onsets), np.int64)
    first = onsets[0]
    for i in range(1, len(onsets)):
        new = onsets[i] - first > CHORD
        chord[i] = chord[i - 1] + new
        first = onsets[i] if new else first
    return chord


def _features(
    times: Floats, thick: Floats, loud: Floats, register: tuple[Floats, Floats], long: Floats, new: Floats
) -> Floats:
    """The features (n, 15) of each onset in the order of `FEATURES`: velocities, octaves, and log2 of seconds."""
    low, high = register
    gaps = _log_gap(np.diff(times))
    before, after = (np.append(gaps[:1], gaps), np.append(gaps, gaps[-1:])) if len(gaps) else (long, long)
    pace = _mean_around(after, times)
    columns = (
        (loud - _mean_around(loud, times)) / 10,
        thick - _mean_around(thick, times),
        thick,
        (low - _mean_around(low, times)) / 12,
        (high - _mean_around(high, times)) / 12,
        -low >= _most_near(-low, times),
        loud >= _most_near(loud, times),
        thick >= _most_near(thick, times),
        long - _mean_around(long, times),
        before - pace,
        after - pace,
        new,
        before,
        after,
        pace,
    )
    return np.column_stack(columns).astype(np.float64)


def _log_gap(seconds: Floats) -> Floats:
    return np.log2(np.clip(seconds, _SHORTEST_GAP, _LONGEST_GAP))


def _new(times: Floats, chord: Ints, pitches: Floats) -> Floats:
    """The share (n,) of an onset's pitch classes that were not struck in the second before."""
    struck = np.zeros((len(times), 12))
    struck[chord, pitches.astype(np.int64) % 12] = 1
    total = np.vstack([np.zeros((1, 12)), np.cumsum(struck, 0)])
    recent = total[:-1] - total[np.searchsorted(times, times - _PAST)]
    new: Floats = (struck * (recent == 0)).sum(1) / struck.sum(1)
    return new


def _mean_around(values: Floats, times: Floats) -> Floats:
    start, stop = _window(times, _AROUND)
    total = np.append(0, np.cumsum(values))
    mean: Floats = (total[stop] - total[start]) / (stop - start)
    return mean


def _most_near(values: Floats, times: Floats) -> Floats:
    start, stop = _window(times, _NEAR)
    most: Floats = np.maximum.reduceat(np.append(values, -np.inf), np.column_stack([start, stop]).ravel())[::2]
    return most


def _window(times: Floats, reach: float) -> tuple[Ints, Ints]:
    return np.searchsorted(times, times - reach), np.searchsorted(times, times + reach, side="right")
