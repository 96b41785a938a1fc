"""Classes: the 64 chords that harmony is predicted in, and the trace of past chords that the network sees.

Conventions: a class is an index 0..63. Chords are relative to the tonic: index = 5 * degree + quality, with degree in
semitones above the tonic (0..11) and quality one of `QUALITIES` in their order; 60 is no chord (a rest of the harmony),
61 the begin and 62 the end of a song, 63 every sound that is none of these (a bare fifth, a single note, a cluster).
Names join degree and quality: "I:maj", "bVII:dom7", "IV:sus". The layout is a part of the weights: it never changes.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.names import quoted, unknown

__all__ = [
    "BEGIN",
    "CHORDS",
    "CLASSES",
    "DECAY",
    "DEGREES",
    "END",
    "NO_CHORD",
    "OTHER",
    "QUALITIES",
    "class_named",
    "class_of",
    "degree_of",
    "name_of",
    "pitch_classes",
    "quality_of",
    "step",
    "traces",
]

DEGREES = ("I", "bII", "II", "bIII", "III", "IV", "#IV", "V", "bVI", "VI", "bVII", "VII")
QUALITIES = ("maj", "min", "dim", "dom7", "sus")
CHORDS = len(DEGREES) * len(QUALITIES)
NO_CHORD, BEGIN, END, OTHER = range(CHORDS, CHORDS + 4)
CLASSES = CHORDS + 4
DECAY = 0.8
_INTERVALS = dict(zip(QUALITIES, ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 7, 10), (0, 5, 7)), strict=True))
_NAMES = (*(f"{degree}:{quality}" for degree in DEGREES for quality in QUALITIES), "no-chord", "begin", "end", "other")


def class_of(degree: int, quality: str) -> int:
    """The class of a chord.

    Parameters: degree, of its root in semitones above the tonic (any integer, octaves fall away); quality, one of
    `QUALITIES`. Returns: 0..59. Raises: UsageError, there is no such quality.
    """
    if quality not in QUALITIES:
        raise UsageError(f"a chord's quality must be one of {', '.join(QUALITIES)}; got {quoted(quality)}")
    return degree % len(DEGREES) * len(QUALITIES) + QUALITIES.index(quality)


def degree_of(index: int) -> int | None:
    """The root of a class in semitones above the tonic; None where it has none. Raises: UsageError, not 0..63."""
    return index // len(QUALITIES) if _checked(index) < CHORDS else None


def quality_of(index: int) -> str | None:
    """The quality of a class, of `QUALITIES`; None where it has none. Raises: UsageError, not 0..63."""
    return QUALITIES[index % len(QUALITIES)] if _checked(index) < CHORDS else None


def name_of(index: int) -> str:
    """The name of a class, such as "bVII:dom7" or "begin". Raises: UsageError, the index is not 0..63."""
    return _NAMES[_checked(index)]


def class_named(name: str) -> int:
    """The class of a name as `name_of` gives it. Raises: UnknownNameError, there is none."""
    if name not in _NAMES:
        raise unknown(name, _NAMES, "chord class")
    return _NAMES.index(name)


def pitch_classes(index: int) -> tuple[int, ...]:
    """What a class sounds, in semitones above the tonic (0..11), from its root up; a suspension with its fourth.

    Returns: nothing for no chord, begin, end and other. Raises: UsageError, the index is not 0..63.
    """
    degree, quality = degree_of(index), quality_of(index)
    if degree is None or quality is None:
        return ()
    return tuple((degree + interval) % 12 for interval in _INTERVALS[quality])


def step(trace: npt.NDArray[np.float32], index: int) -> npt.NDArray[np.float32]:
    """The trace of past chords after one more chord: .8 trace + .2 one-hot.

    Parameters: trace (64,), zeros at first, unchanged by the call; index, the class of the chord that has come.
    Returns: (64,), its sum below 1. Raises: UsageError, the index is not 0..63.
    """
    after = np.float32(DECAY) * trace
    after[_checked(index)] += np.float32(1 - DECAY)
    return after


def traces(indices: Iterable[int]) -> npt.NDArray[np.float32]:
    """The trace after each chord of a song.

    Parameters: indices, n classes, one a chord change. Returns: (n, 64), row i after chord i; the input from which
    chord i + 1 is told. Raises: UsageError, an index is not 0..63.
    """
    rows = [np.zeros(CLASSES, np.float32)]
    for index in indices:
        rows.append(step(rows[-1], index))
    return np.stack(rows)[1:]


def _checked(index: int) -> int:
    if not 0 <= index < CLASSES:
        raise UsageError(f"a chord class must lie in 0..{CLASSES - 1}; got {index}")
    return index
