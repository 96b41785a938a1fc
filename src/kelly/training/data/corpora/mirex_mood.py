"""MIREX-like moods: clips of recordings in five clusters of moods, some with the song as MIDI.

Conventions: layout `mirex_mood/` with `labels.csv`, `MIDIs/<id>.mid`, and in place of the audio
`features/logmel128_u8.npz` and `features/mel_max_db.csv` (`FEATURES.txt` says how they were made: 128 Slaney mel bands,
22,050 Hz, hop 2048, 10.77 frames a second). The set and its 28 moods are Panda and others', CMMR 2013. Labels are
editors' tags of albums and songs, not listeners' ratings. MIDIs are whole songs in many tracks, drums among them; a
clip is 30 s of the recording. Artists that share a name, or a song's title, are one group. No licence is stated.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kelly.errors import CorpusError
from kelly.score import midi
from kelly.score.notes import Score
from kelly.training.data.layout import Corpus, number, rows
from kelly.training.data.splits import split_of

__all__ = ["BANDS", "BESIDE", "CLUSTERS", "CORPUS", "FRAMES_A_SECOND", "Clip", "Spectrogram", "load", "logmel", "read"]

CORPUS = Corpus(
    "mirex_mood",
    "features/mel_max_db.csv",
    title="the MIREX-like mood set",
    source="mir.dei.uc.pt/downloads.html, the features as in features/FEATURES.txt",
    licence="none stated",
    commercial=False,
    group="artist",
    counts={"train": 645, "dev": 71},
)
CLUSTERS = 5
BANDS = 128
FRAMES_A_SECOND = 22_050 / 2048
_RANGE = 80.0  # dB below a clip's maximum
# What a damaged archive raises; RuntimeError where it seems to be packed or locked in a way that nobody knows.
_DAMAGE = (OSError, EOFError, RuntimeError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip.

    Parameters: id; split; group, its artist; cluster 1..5; mood, as the editors wrote it; title; artist; path of the
    song's MIDI, None where there is none; features, the archive of spectrograms; level, the loudest band in dB.
    """

    id: str
    split: str
    group: str
    cluster: int
    mood: str
    title: str
    artist: str
    path: Path | None
    features: Path
    level: float


@dataclass(frozen=True, slots=True, eq=False)
class Spectrogram:
    """A log-mel spectrogram: decibels, float32 (frames, 128) in -80..0 below the clip's maximum; level, that in dB."""

    decibels: npt.NDArray[np.float32]
    level: float

    @property
    def absolute(self) -> npt.NDArray[np.float32]:
        """The decibels with the clip's own level given back."""
        return self.decibels + np.float32(self.level)


def load(root: Path) -> Iterator[Clip]:
    """Read the labels and levels.

    Raises: CorpusError when the corpus is missing, a column is missing, a cluster is not 1..5, or a clip has no level.
    """
    place = CORPUS.folder(root)
    table, levels = place / "labels.csv", _levels(place / CORPUS.sign)
    for row in rows(table, ("id", "cluster", "mood", "title", "artist", "midi", "artist_group")):
        name = row["id"]
        if name not in levels:
            raise CorpusError(f"{place / CORPUS.sign} must hold every clip of {table.name}; it lacks {name!r}")
        yield Clip(
            name,
            split_of("mirex_mood", name),
            row["artist_group"],
            _cluster(table, row["cluster"]),
            row["mood"],
            row["title"],
            row["artist"],
            place / "MIDIs" / f"{name}.mid" if row["midi"] == "1" else None,
            place / "features/logmel128_u8.npz",
            levels[name],
        )


def read(clip: Clip) -> Score:
    """The notes of a clip's whole song.

    Raises: CorpusError, it has no MIDI; FileError, that is missing or damaged.
    """
    if clip.path is None:
        raise CorpusError(f"clip {clip.id} of the mood set has no MIDI file")
    return midi.read(clip.path)


def logmel(clip: Clip) -> Spectrogram:
    """The spectrogram of a clip, to steps of .314 dB; the others in the archive are not touched.

    Raises: CorpusError when the archive cannot be read or holds no such spectrogram of the clip.
    """
    try:
        with clip.features.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            levels = archive[clip.id]
    except _DAMAGE as error:
        raise CorpusError(f"{clip.features} cannot be read at {clip.id}: {error}") from error
    if levels.ndim != 2 or len(levels) != BANDS or levels.dtype != np.uint8:
        raise CorpusError(
            f"{clip.features}: {clip.id} must be uint8 ({BANDS}, frames); got {levels.dtype} {levels.shape}"
        )
    decibels = levels.T.astype(np.float32) * np.float32(_RANGE / 255) - np.float32(_RANGE)
    return Spectrogram(np.ascontiguousarray(decibels), clip.level)


BESIDE = (logmel,)  # what is read of a clip besides its song's notes


def _levels(path: Path) -> dict[str, float]:
    table = rows(path, ("id", "max_db"))
    return {row["id"]: number(path, f"max_db of {row['id']!r}", row["max_db"], -100, 100) for row in table}


def _cluster(path: Path, text: str) -> int:
    if text not in {str(cluster + 1) for cluster in range(CLUSTERS)}:
        raise CorpusError(f"{path}: a cluster must be 1..{CLUSTERS}; got {text!r}")
    return int(text)
