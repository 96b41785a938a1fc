"""Hearing: what can be measured of a song when nothing is known of it but the bytes of its MIDI file.

Conventions: files are read with symusic, so that nothing is shared with the code that composed and wrote them. Beats
are quarter notes and seconds follow the file's tempo map, both from the song's start; pitch is a MIDI number, velocity
1..127. A song ends with its last note. Channel 10 is drums; "pitched" is everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import symusic

__all__ = [
    "MEASURES",
    "Heard",
    "attacks_a_second",
    "hear",
    "key_difference",
    "mean_tempo",
    "mean_velocity",
    "measure",
    "note_length",
    "notes_a_second",
    "register",
    "spearman",
]

Array = npt.NDArray[np.float64]
# Two sounds less than this apart are heard as one attack (seconds).
TOGETHER = 0.03
# Krumhansl and Kessler (1982), probe-tone ratings of the twelve pitch classes from the tonic upwards.
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@dataclass(frozen=True, slots=True)
class Heard:
    """The notes of a song as arrays of one length, in order of onset, and what else its file tells.

    Parameters: onset and end in beats; start and stop, the same in seconds; pitch; velocity; part, index into names and
    programs (by track); drums, whether the note lies on channel 10; tempos, rows of (beat, BPM).
    """

    onset: Array
    end: Array
    start: Array
    stop: Array
    pitch: npt.NDArray[np.int64]
    velocity: npt.NDArray[np.int64]
    part: npt.NDArray[np.int64]
    drums: npt.NDArray[np.bool_]
    names: tuple[str, ...]
    programs: tuple[int, ...]
    tempos: Array

    @property
    def seconds(self) -> float:
        """Length of the song in seconds."""
        return float(self.stop.max(initial=0.0))

    @property
    def beats(self) -> float:
        """Length of the song in beats."""
        return float(self.end.max(initial=0.0))

    def of(self, name: str) -> Heard:
        """The same song with only the notes of the track called `name`."""
        wanted = [index for index, own in enumerate(self.names) if own == name]
        return self.where(np.isin(self.part, wanted))

    def where(self, chosen: npt.NDArray[np.bool_]) -> Heard:
        """The same song with only the notes that a mask chooses."""
        columns = ("onset", "end", "start", "stop", "pitch", "velocity", "part", "drums")
        kept = {name: getattr(self, name)[chosen] for name in columns}
        return Heard(**kept, names=self.names, programs=self.programs, tempos=self.tempos)

    @property
    def pitched(self) -> Heard:
        """The same song without drums."""
        return self.where(~self.drums)


def hear(data: bytes) -> Heard:
    """Read the bytes of a MIDI file. Raises what symusic raises when they are none."""
    score = symusic.Score.from_midi(data)
    tracks = list(score.tracks)
    rows = [
        (n.time, n.end, n.pitch, n.velocity, index, track.is_drum)
        for index, track in enumerate(tracks)
        for n in track.notes
    ]
    table = np.array(sorted(rows), dtype=np.float64).reshape(-1, 6)
    onset, end = table[:, 0] / score.tpq, table[:, 1] / score.tpq
    tempos = np.array(sorted((t.time / score.tpq, t.qpm) for t in score.tempos) or [(0.0, 120.0)])
    pitch, velocity, part = table[:, 2:5].astype(np.int64).T
    names, programs = tuple(track.name for track in tracks), tuple(track.program for track in tracks)
    start, stop = _seconds(onset, tempos), _seconds(end, tempos)
    return Heard(onset, end, start, stop, pitch, velocity, part, table[:, 5] > 0, names, programs, tempos)


def _seconds(beats: Array, tempos: Array) -> Array:
    """Beats as seconds by a tempo map."""
    per_beat = 60 / tempos[:, 1]
    reached = np.concatenate([[0.0], np.cumsum(np.diff(tempos[:, 0]) * per_beat[:-1])])
    piece = np.clip(np.searchsorted(tempos[:, 0], beats, side="right") - 1, 0, None)
    seconds: Array = reached[piece] + (beats - tempos[piece, 0]) * per_beat[piece]
    return seconds


def mean_tempo(song: Heard) -> float:
    """Beats a minute over the whole song: the mean of the tempo map, each tempo weighted by how long it is heard."""
    return 60 * song.beats / song.seconds


def notes_a_second(song: Heard) -> float:
    """All notes, drums too, over the length of the song."""
    return len(song.onset) / song.seconds


def attacks_a_second(song: Heard) -> float:
    """Distinct onsets a second: notes that begin within 30 ms of an attack's first note belong to it."""
    count, last = 0, -np.inf
    for start in np.sort(song.start):
        if start > last + TOGETHER:
            count, last = count + 1, start
    return count / song.seconds


def mean_velocity(song: Heard) -> float:
    """Mean velocity of the notes."""
    return float(song.velocity.mean())


def key_difference(song: Heard) -> float:
    """How major the pitched notes are: best correlation with a major key minus best with a minor one (-2..2).

    The twelve pitch classes, weighted by their sounding beats, are correlated (Pearson) with the profiles of
    Krumhansl and Kessler in all twelve transpositions.
    """
    tones = song.pitched
    weights = np.bincount(tones.pitch % 12, tones.end - tones.onset, minlength=12)
    best = [
        max(np.corrcoef(np.roll(profile, tonic), weights)[0, 1] for tonic in range(12)) for profile in (MAJOR, MINOR)
    ]
    return float(best[0] - best[1])


def register(song: Heard) -> float:
    """Mean pitch of the pitched notes, weighted by their sounding beats."""
    tones = song.pitched
    return float(np.average(tones.pitch, weights=tones.end - tones.onset))


def note_length(song: Heard) -> float:
    """Mean length of the pitched notes in seconds."""
    tones = song.pitched
    return float((tones.stop - tones.start).mean())


MEASURES: dict[str, Callable[[Heard], float]] = {
    "tempo (BPM)": mean_tempo,
    "notes / s": notes_a_second,
    "attacks / s": attacks_a_second,
    "velocity, pitched": lambda song: mean_velocity(song.pitched),
    "velocity, all": mean_velocity,
    "major - minor": key_difference,
    "register": register,
    "note length (s)": note_length,
}


def measure(song: Heard) -> dict[str, float]:
    """Every measure of `MEASURES` by name, rounded to 1e-6 so that what is equal ties."""
    return {name: round(of(song), 6) for name, of in MEASURES.items()}


def spearman(one: Sequence[float] | Array, other: Sequence[float] | Array) -> float:
    """Spearman's rank correlation of two rows of numbers, ties at their mean rank."""
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


def _ranks(row: Sequence[float] | Array) -> Array:
    """Ranks from 0; equal numbers share the mean of theirs."""
    _, place, count = np.unique(np.asarray(row, dtype=np.float64), return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    ranks: Array = (ends - (count + 1) / 2)[place]
    return ranks
