"""DEAM: songs and excerpts of 45 s, rated for valence and arousal by at least five listeners.

Conventions: official layout, in any folder: `MEMD_audio/<id>.mp3`, and below `annotations averaged per song/` the
tables `song_level/static_annotations_averaged_songs_{1_2000,2000_2058}.csv` (means and standard deviations, 1..9) and
`dynamic (per second annotations)/{valence,arousal}.csv` (columns `sample_<n>ms`, -1..1, 2 Hz from 15 s on);
Aljanaki, Yang and Soleymani, PLoS ONE 12(3), 2017. The tables that circulate without sound are read too:
`deam/meta/static_annotations.csv` beside `deam_2hz/dynamic_annotations.csv`. Ratings are given in -1..1, arousal too.

Static valence and arousal are EXCHANGED up to id 1000, the songs shared with emoMusic, in both circulating copies: of
734 such songs "valence" correlates 1.00 with emoMusic's arousal and .96 with the arousal of the curves; of the 1,058
later songs .91 with the valence of the curves. Whether the release has it so, only its owners can see: `load` looks
anew. Of the songs up to 1000, and of the others, it exchanges the static ratings when the curves then fit better
(`training.data.rated.agreement`; ten songs are enough to tell); without curves it exchanges those up to 1000.

There is no official split: by hash of the song (`training.data.tenths`) a tenth is dev and a tenth test. The corpus is
for research.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kelly.errors import CorpusError, MissingCorpusError
from kelly.training.data.layout import Corpus, number, one_of, rows
from kelly.training.data.rated import NO_CURVE, Curve, RatedSong, agreement, long_curves, read
from kelly.training.data.tenths import split_by_hash

__all__ = ["CORPUS", "SHARED", "load", "read"]

CORPUS = Corpus(
    "deam",
    "**/static_annotations_averaged_songs_*.csv",
    title="DEAM",
    source="cvml.unige.ch/databases/DEAM",
    licence="CC BY-NC (research)",
    commercial=False,
    group="song",
)
SHARED = 1000  # the last id of the songs that emoMusic has too
_COPY = "meta/static_annotations.csv"
_SAMPLE = re.compile(r"sample_(\d+)ms")
_MIDDLE, _REACH = 5.0, 4.0  # of the scale 1..9


def load(root: Path) -> Iterator[RatedSong]:
    """Read the ratings of all songs, mended where valence and arousal are exchanged.

    Raises: CorpusError when the corpus is missing, a column is missing, or a rating is out of its range.
    """
    place = _folder(root)
    tables = sorted(place.glob(CORPUS.sign)) or [place / _COPY]
    curves, audio = _curves(place), one_of(place, "MEMD_audio", "**/MEMD_audio")
    songs = {song.id: song for table in tables for song in _songs(table, curves, audio)}  # a table may lie there twice
    for shared in (True, False):
        block = [song for song in songs.values() if (int(song.id) <= SHARED) == shared]
        fit = agreement(block)
        yield from map(_exchanged, block) if fit < 0 or (fit == 0 and shared) else block


def _folder(root: Path) -> Path:
    try:
        return CORPUS.folder(root)
    except MissingCorpusError:
        for place in (root / CORPUS.name, root):
            if (place / _COPY).is_file():
                return place
        raise


def _songs(table: Path, curves: dict[str, Curve], audio: Path | None) -> Iterator[RatedSong]:
    for row in rows(table, ("song_id", *(f"{axis}_{of}" for axis in ("valence", "arousal") for of in ("mean", "std")))):
        name = str(int(number(table, "song_id", row["song_id"], 1, 1_000_000)))
        valence, arousal = (
            (number(table, f"{axis} of {name}", row[f"{axis}_mean"], 1, 9) - _MIDDLE) / _REACH
            for axis in ("valence", "arousal")
        )
        spread = tuple(
            number(table, f"{axis} of {name}", row[axis], 0, 8) / _REACH for axis in ("valence_std", "arousal_std")
        )
        path = audio / f"{name}.mp3" if audio and (audio / f"{name}.mp3").exists() else None
        split, ratings = split_by_hash(CORPUS.name, name), curves.get(name, NO_CURVE)
        yield RatedSong(name, split, name, path, valence, arousal, (spread[0], spread[1]), ratings)


def _exchanged(song: RatedSong) -> RatedSong:
    return replace(song, valence=song.arousal, arousal=song.valence, spread=(song.spread[1], song.spread[0]))


def _curves(place: Path) -> dict[str, Curve]:
    valence, arousal = (one_of(place, f"**/dynamic*/{axis}.csv") for axis in ("valence", "arousal"))
    if valence and arousal:
        values = _samples(valence), _samples(arousal)
        return {song: _joined(values[0][song], values[1][song]) for song in values[0].keys() & values[1].keys()}
    copy = place.parent / "deam_2hz/dynamic_annotations.csv"
    return long_curves(copy) if copy.is_file() else {}


def _joined(valence: dict[int, float], arousal: dict[int, float]) -> Curve:
    """One curve from two, over the moments (ms) that both have."""
    return Curve.of((time / 1000, valence[time], arousal[time]) for time in valence.keys() & arousal.keys())


def _samples(path: Path) -> dict[str, dict[int, float]]:
    """Each song's values by millisecond. A row is as long as its song, so `layout.rows` would refuse it."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            head, *table = [[cell.strip() for cell in row] for row in csv.reader(lines) if row] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{path} cannot be read: {error}") from error
    times = [_SAMPLE.fullmatch(name) for name in head[1:]]
    if head[:1] != ["song_id"] or not all(times):
        raise CorpusError(f"{path} must have the columns song_id, sample_15000ms and so on; got {head[:3]}")
    return {
        row[0]: {
            int(time[1]): number(path, f"a sample of {row[0]!r}", cell, -1, 1)
            for time, cell in zip(times, row[1:], strict=False)
            if time and cell
        }
        for row in table
    }
