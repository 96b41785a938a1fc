"""Rated songs: music whose valence and arousal listeners rated, once as a whole and in curves of two values a second.

Conventions: all ratings lie in -1..1, arousal too, whatever the corpus's own scale; times are seconds from the start of
the rated sound. DEAM and PMEmo have this shape. Both leave out the first 15 s of the curves, in which listeners settle.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kelly.errors import CorpusError
from kelly.sound import recording
from kelly.sound.audio import Audio
from kelly.training.data.layout import number, rows

__all__ = ["NO_CURVE", "Curve", "RatedSong", "agreement", "long_curves", "read"]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """How ratings move: seconds, float64 (moments,); values, float64 (moments, 2) of valence and arousal in -1..1."""

    seconds: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def mean(self) -> tuple[float, float]:
        """Mean valence and arousal; NaN for a curve without moments."""
        if not len(self):
            return math.nan, math.nan
        valence, arousal = self.values.mean(axis=0)
        return float(valence), float(arousal)

    @classmethod
    def of(cls, moments: Iterable[tuple[float, float, float]]) -> Curve:
        """A curve from its moments (seconds, valence, arousal), brought into time order."""
        table = np.array(sorted(moments), dtype=np.float64).reshape(-1, 3)
        return cls(table[:, 0], table[:, 1:])


NO_CURVE = Curve(np.zeros(0), np.zeros((0, 2)))


@dataclass(frozen=True, slots=True, eq=False)
class RatedSong:
    """A rated song.

    Parameters: id; split; group, what no split cuts; path of its sound, None where that is not in the folder; valence
    and arousal, the means over raters in -1..1; spread, the raters' standard deviations of both, NaN where they are not
    given; curve, `NO_CURVE` where there is none.
    """

    id: str
    split: str
    group: str
    path: Path | None
    valence: float
    arousal: float
    spread: tuple[float, float] = (math.nan, math.nan)
    curve: Curve = NO_CURVE


def read(song: RatedSong) -> Audio:
    """The sound of a song, one channel.

    Raises: CorpusError, the folder has no sound of it; FileError, the file is damaged or no audio.
    """
    if song.path is None:
        raise CorpusError(f"the corpus's folder has no audio of song {song.id}")
    return recording.read(song.path)


def long_curves(path: Path) -> dict[str, Curve]:
    """The curves in a table with a row for each moment: musicId, frameTime (s), Arousal(mean), Valence(mean) in 0..1.

    Raises: CorpusError, a column is missing, or a number is not one or out of its range.
    """
    moments: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for row in rows(path, ("musicId", "frameTime", "Arousal(mean)", "Valence(mean)")):
        song = row["musicId"]
        time = number(path, f"a time of {song!r}", row["frameTime"], 0, 36_000)
        valence, arousal = (
            2 * number(path, f"{axis} of {song!r}", row[axis], 0, 1) - 1 for axis in ("Valence(mean)", "Arousal(mean)")
        )
        moments[song].append((time, valence, arousal))
    return {song: Curve.of(of_song) for song, of_song in moments.items()}


def agreement(songs: Iterable[RatedSong]) -> float:
    """Whether the songs' own ratings go with their curves, axis by axis.

    Returns: the mean over songs of (V - A) of the ratings times (V - A) of the curve's mean: half of how much the
    squared distance between both grows when valence and arousal are exchanged. Below 0 they are exchanged in one of
    the tables; 0 when no song has a curve.
    """
    products = []
    for song in songs:
        if len(song.curve):
            valence, arousal = song.curve.mean
            products.append((song.valence - song.arousal) * (valence - arousal))
    return math.fsum(products) / len(products) if products else 0.0
