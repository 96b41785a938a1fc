"""Emotify: tracks of four genres with the feelings that listeners said the music roused in them.

Conventions: official layout `emotify/data.csv`, a row for each listener of a track with nine flags, and
`emotify/emotifymusic/<genre>/<n>.mp3` (or .ogg, .wav, .flac); n counts from 1 in each genre, track ids go on over the
genres, a hundred each (Aljanaki, Wiering and Veltkamp, Information Processing & Management 52(1), 2016). Feelings are
those of the Geneva Emotional Music Scale: felt, not expressed; a listener chose up to three. A proportion is the
share of a track's listeners that chose a feeling. No licence is stated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kelly.errors import CorpusError
from kelly.sound import recording
from kelly.sound.audio import Audio
from kelly.training.data.layout import Corpus, number, rows
from kelly.training.data.splits import split_of

__all__ = ["CORPUS", "FEELINGS", "GENRES", "Track", "load", "read"]

CORPUS = Corpus(
    "emotify",
    "emotifymusic/*",
    title="Emotify",
    source="www2.projects.science.uu.nl/memotion/emotifydata",
    licence="none stated",
    commercial=False,
    group="track",
    counts={"train": 255, "dev": 25},
)
FEELINGS = (
    *("amazement", "solemnity", "tenderness", "nostalgia", "calmness", "power", "joyful_activation", "tension"),
    "sadness",
)
GENRES = ("classical", "rock", "electronic", "pop")
_TRACKS = 100  # of a genre
_ENDINGS = (".ogg", ".mp3", ".wav", ".flac")


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A track: id, split, genre, path, raters (listeners), proportions, float64 (9,) in 0..1 as in `FEELINGS`."""

    id: str
    split: str
    genre: str
    path: Path
    raters: int
    proportions: npt.NDArray[np.float64]

    @property
    def group(self) -> str:
        """Each track stands alone; the artists are not named."""
        return self.id


def load(root: Path) -> Iterator[Track]:
    """Read the listeners' answers, track by track.

    Raises: CorpusError when the corpus is missing, a column is missing, a track is not of its genre, or a flag is
    neither 0 nor 1.
    """
    place = CORPUS.folder(root)
    table = place / "data.csv"
    answers: dict[tuple[int, str], list[list[float]]] = defaultdict(list)
    for row in rows(table, ("track id", "genre", *FEELINGS)):
        track = _numbered(table, row["track id"], row["genre"])
        answers[track, row["genre"]].append([_flag(table, name, row[name]) for name in FEELINGS])
    for (track, genre), flags in sorted(answers.items()):
        name, path = str(track), _file(place / "emotifymusic" / genre, track - _TRACKS * GENRES.index(genre))
        yield Track(name, split_of("emotify", name), genre, path, len(flags), np.mean(flags, axis=0))


def read(track: Track) -> Audio:
    """The sound of a track, one channel. Raises: FileError, the file is missing, damaged or no audio."""
    return recording.read(track.path)


def _numbered(table: Path, text: str, genre: str) -> int:
    if genre not in GENRES:
        raise CorpusError(f"{table}: a genre must be one of {', '.join(GENRES)}; got {genre!r}")
    first = _TRACKS * GENRES.index(genre)
    return int(number(table, f"the id of a {genre} track", text, first + 1, first + _TRACKS))


def _flag(table: Path, name: str, text: str) -> float:
    if text.strip() not in {"0", "1"}:
        raise CorpusError(f"{table}: {name} must be 0 or 1; got {text!r}")
    return float(text)


def _file(folder: Path, count: int) -> Path:
    paths = [folder / f"{count}{ending}" for ending in _ENDINGS]
    return next((path for path in paths if path.exists()), paths[0])
