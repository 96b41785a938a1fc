"""Measures: what of a piece is counted, and in which bins.

Conventions: a measure is a row of bins, numbered from 0; a piece becomes, for each measure, the bins that its events
fall into. Times are in beats (quarter notes), pitches MIDI numbers, velocities 1..127, tonics pitch classes 0..11.

- Bins of 1/48 beat put sixteenths (12 bins apart) and triplets (16) into the middle of one. At 120 BPM one is 10.4 ms
  wide, about the least displacement that listeners notice between short notes (Friberg and Sundberg, "Time
  discrimination in a monotonic, isochronous sequence", JASA 98(5), 1995): finer ones would count what nobody hears,
  coarser ones would hide what a hand does around the grid.
- Transitions and progressions are relative to the tonic and kept apart by mode, for whether a song is in major or in
  minor follows from the feeling by a fixed formula, and human corpora have another share of minor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kelly.models.harmony import classes

__all__ = [
    "BAR",
    "JUDGED",
    "LATEST",
    "MEASURES",
    "Events",
    "Measure",
    "counted",
    "deviations",
    "line",
    "loudness",
    "melody",
    "places",
    "progression",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Events = Mapping[str, Ints]  # the bins of a piece's events, by measure

BAR, FINE = 4, 48  # beats a bar, bins a beat
LATEST = FINE // 4  # bins either side of where a note is written
WIDEST = 24  # semitones
STEP = 4  # velocities a bin
VELOCITIES = 128 // STEP
FARTHEST = 16  # bins either side of a part's mean velocity
TONES = 12
MODES = ("major", "minor")
DEGREES = ("1", "b2", "2", "b3", "3", "4", "#4", "5", "b6", "6", "b7", "7")


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure: how many bins it has, what a bin is called, which corpora it is read from, whether the first half of
    its bins is major and the second minor.
    """

    bins: int
    name: Callable[[int], str]
    corpora: tuple[str, ...]
    by_mode: bool = False


def _transition(index: int) -> str:
    mode, before, after = np.unravel_index(index, (2, TONES, TONES))
    return f"{DEGREES[before]} to {DEGREES[after]}, {MODES[mode]}"


def _bigram(index: int) -> str:
    mode, before, after = (int(i) for i in np.unravel_index(index, (2, classes.CLASSES, classes.CLASSES)))
    return f"{classes.name_of(before)} to {classes.name_of(after)}, {MODES[mode]}"


def _place(index: int) -> str:
    return f"beat {1 + index // FINE} + {index % FINE}/{FINE}"


def _velocity(index: int) -> str:
    return f"{STEP * index}..{STEP * index + STEP - 1}"


def _accent(index: int) -> str:
    return f"{STEP * (index - FARTHEST):+d} ± {STEP // 2}"


MEASURES: dict[str, Measure] = {
    "pitch classes": Measure(2 * TONES**2, _transition, ("pop909",), by_mode=True),
    "intervals": Measure(2 * WIDEST + 1, lambda index: f"{index - WIDEST:+d}", ("pop909",)),
    "chords": Measure(2 * classes.CLASSES**2, _bigram, ("pop909", "billboard"), by_mode=True),
    "velocity": Measure(VELOCITIES, _velocity, ("pop909", "asap")),
    "onsets": Measure(BAR * FINE, _place, ("pop909", "asap")),
    "accents": Measure(2 * FARTHEST + 1, _accent, ("pop909", "asap")),
    "drum velocity": Measure(VELOCITIES, _velocity, ("groove",)),
    "drum accents": Measure(2 * FARTHEST + 1, _accent, ("groove",)),
    "drum onsets": Measure(BAR * FINE, _place, ("groove",)),
}
JUDGED = ("pitch classes", "intervals", "chords", "velocity", "onsets")


def line(onset: Floats, pitch: Ints) -> tuple[Floats, Ints]:
    """Notes as one line: in order of onset, of those that begin together the highest."""
    order = np.lexsort((-pitch, onset))
    onset, pitch = onset[order], pitch[order]
    first = np.diff(onset, prepend=-np.inf) > 0
    return onset[first], pitch[first]


def melody(pitch: Ints, tonic: Ints, minor: Flags) -> dict[str, Ints]:
    """Transitions of pitch classes and intervals of a line.

    Parameters: pitch (n,); tonic and minor (n,), the key of each note. A transition is relative to the key of its
    later note; intervals beyond two octaves are counted as two.
    """
    before, after = (pitch[:-1] - tonic[1:]) % TONES, (pitch[1:] - tonic[1:]) % TONES
    return {
        "pitch classes": np.ravel_multi_index((minor[1:].astype(int), before, after), (2, TONES, TONES)),
        "intervals": np.clip(np.diff(pitch), -WIDEST, WIDEST) + WIDEST,
    }


def progression(index: Ints, tonic: Ints, minor: Flags) -> dict[str, Ints]:
    """Bigrams of chord classes.

    Parameters: index (n,), the class of each change; tonic and minor (n,), its key. A chord that is repeated in its key
    is one; a pair of chords from two keys is none.
    """
    keys = np.column_stack([tonic, minor.astype(int)])
    new = np.append(True, (np.diff(index) != 0) | (np.diff(keys, axis=0) != 0).any(1)) if len(index) else minor
    index, keys = index[new], keys[new]
    inside = (np.diff(keys, axis=0) == 0).all(1)
    pairs = (keys[1:, 1][inside], index[:-1][inside], index[1:][inside])
    return {"chords": np.ravel_multi_index(pairs, (2, classes.CLASSES, classes.CLASSES))}


def loudness(velocity: Ints, part: Ints, *, drums: bool = False) -> dict[str, Ints]:
    """Velocities, and the same less the mean of their part over the piece.

    Parameters: velocity (n,); part (n,), numbers from 0; drums, whether they are counted as drums'.
    """
    mean = np.bincount(part, velocity) / np.maximum(np.bincount(part), 1)
    accent = np.rint((velocity - mean[part]) / STEP).astype(np.int64)
    named = "drum " if drums else ""
    return {
        f"{named}velocity": velocity // STEP,
        f"{named}accents": np.clip(accent, -FARTHEST, FARTHEST) + FARTHEST,
    }


def places(onset: Floats, *, drums: bool = False) -> dict[str, Ints]:
    """Where onsets lie in a bar of four beats; `onset` is counted from the start of a bar."""
    return {"drum onsets" if drums else "onsets": np.rint(onset * FINE).astype(np.int64) % (BAR * FINE)}


def deviations(beats: npt.NDArray[np.floating]) -> Ints:
    """The bins of how far notes are played from where they are written, in beats; positive is late."""
    return np.asarray(np.clip(np.rint(beats * FINE), -LATEST, LATEST) + LATEST, np.int64)


def counted(found: Ints, bins: int) -> Floats:
    """The histogram of events that fall into so many bins: counts (bins,)."""
    return np.bincount(found, minlength=bins).astype(np.float64)
