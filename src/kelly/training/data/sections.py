"""Sections: where an arrangement turns to something else, and how much is going on between those places.

Conventions: everything follows from chords and accompaniment alone, so that it may be told beside a melody that is to
be predicted. Rows of features are bars. A section begins where the bars before and the bars after are each alike but
unlike one another: a checkerboard kernel along the diagonal of the bars' self-similarity (Foote, "Automatic audio
segmentation using a measure of audio novelty", ICME 2000). Sections open phrases of four bars. Energy is that of a
section: the mean rank, 0..1, of its bars' loudness among all bars of the song.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from kelly.models.melody.slots import Place
from kelly.score.notes import Note

__all__ = ["PHRASE", "USUAL", "energies", "features", "places", "starts"]

Floats = npt.NDArray[np.float64]

PHRASE, USUAL = 4, 8  # bars
_UNEVEN = 2.0  # deviations of novelty
_REACH = 8  # bars of the kernel to either side


def features(chords: Sequence[Iterable[int]], parts: Iterable[Sequence[Note]], bar: int) -> tuple[Floats, Floats]:
    """What the bars of a song are compared by.

    Parameters: chords, the pitch classes 0..11 of each beat's chord; parts, the notes of each part of the
    accompaniment; bar, its beats.
    Returns: features (bars, n), each column of deviation 1 at most; loudness (bars,), the velocities of the notes that
    begin in a bar, summed over all parts.
    """
    count = -(-len(chords) // bar)
    tones = np.zeros((count, 12))
    for beat, classes in enumerate(chords):
        tones[beat // bar, list(classes)] += 1
    columns = [_of_part(part, bar, count) for part in parts]
    loudness = np.sum([column[:, 0] for column in columns], axis=0) if columns else np.zeros(count)
    whole = np.concatenate([tones / np.sqrt(12), *columns], axis=1)
    return (whole - whole.mean(0)) / np.maximum(whole.std(0), 1e-9), np.asarray(loudness, np.float64)


def starts(rows: Floats) -> list[int]:
    """The first bar of each section, 0 among them.

    They are the borders of the most novelty, less what sections of unusual lengths cost, by dynamic programming: most
    last 8 bars, nearly all whole phrases, but for the first and the last.

    Parameters: rows (bars, n), what bars are compared by (`features`).
    """
    novelty = _novelty(rows)
    worth = (novelty - novelty.mean()) / max(novelty.std(), 1e-9)
    best, before = np.append(np.full(len(worth), -np.inf), 0.0), np.zeros(len(worth) + 1, np.int64)
    best[0] = 0.0
    for end in range(1, len(best)):
        gain = 0.0 if end == len(worth) else worth[end]
        reached = best[:end] - [_cost(end - first, outer=first == 0 or end == len(worth)) for first in range(end)]
        before[end] = int(reached.argmax())
        best[end] = reached.max() + gain
    return _traced(before)


def energies(loudness: npt.ArrayLike, borders: Sequence[int]) -> Floats:
    """The energy 0..1 of each section; .5 where all bars are alike.

    Parameters: loudness (bars,); borders, as `starts` gives them.
    """
    values = np.asarray(loudness, np.float64)
    below = (values[:, None] > values[None, :]).mean(1)
    ranks = below + (values[:, None] == values[None, :]).mean(1) / 2
    return np.array([ranks[first:last].mean() for first, last in _spans(borders, len(values))])


def places(borders: Sequence[int], energy: Sequence[float] | Floats, beats: int, bar: int) -> list[Place]:
    """Where each beat of a song stands.

    Parameters: borders, the first bar of each section; energy of each; beats of the song, from a bar line on; bar, its
    beats (the fourth and those after it are told as the fourth).
    """
    found = []
    for (first, last), level in zip(_spans(borders, -(-beats // bar)), energy, strict=True):
        end = min(last * bar, beats)
        found += [
            Place(min(beat % bar, 3), (beat // bar - first) % PHRASE, float(level), float(end - beat))
            for beat in range(first * bar, end)
        ]
    return found


def _of_part(part: Sequence[Note], bar: int, count: int) -> Floats:
    """Loudness, notes, and sixteenths that are struck, of each bar of a part: (bars, 3)."""
    onsets = np.array([note.onset for note in part])
    velocities = np.array([note.velocity for note in part], np.float64)
    bars = (onsets // bar).astype(np.int64)
    inside = (bars >= 0) & (bars < count)
    struck = np.unique(np.rint(onsets[inside] * 4))
    return np.column_stack(
        [
            np.bincount(bars[inside], velocities[inside], minlength=count),
            np.bincount(bars[inside], minlength=count),
            np.bincount(np.minimum(struck // (4 * bar), count - 1).astype(np.int64), minlength=count),
        ]
    )


def _novelty(rows: Floats) -> Floats:
    """How much each bar opens something new, (bars,): Foote's kernel, its edges faded."""
    count = len(rows)
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    padded = np.pad((rows / lengths) @ (rows / lengths).T, _REACH)
    offsets = np.arange(-_REACH, _REACH) + 0.5
    fade = np.sign(offsets) * np.exp(-((offsets / _REACH) ** 2))
    kernel = np.outer(fade, fade)
    return np.array([(padded[i : i + 2 * _REACH, i : i + 2 * _REACH] * kernel).sum() for i in range(count)])


def _cost(bars: int, *, outer: bool) -> float:
    """What a section of some bars costs, in deviations of novelty; the outer ones may be short and uneven."""
    octaves = float(np.log2(bars / USUAL))
    return max(octaves, 0.0) if outer else abs(octaves) + _UNEVEN * (bars % PHRASE != 0)


def _traced(before: npt.NDArray[np.int64]) -> list[int]:
    borders = [int(before[-1])]
    while borders[-1] > 0:
        borders.append(int(before[borders[-1]]))
    return borders[::-1]


def _spans(borders: Sequence[int], end: int) -> list[tuple[int, int]]:
    return list(zip(borders, [*borders[1:], end], strict=True))
