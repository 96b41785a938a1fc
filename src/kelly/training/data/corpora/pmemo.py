"""PMEmo: choruses of pop songs, rated for valence and arousal by ten listeners or more.

Conventions: official layout `PMEmo2019/` with `chorus/<id>.mp3`, `metadata.csv`, and `annotations/` with
`static_annotations.csv`, `dynamic_annotations.csv` (2 Hz, from 15 s on) and, where it is there,
`static_annotations_std.csv`, all in 0..1 (Zhang, Zhang, Li, Yang and Sun, ICMR 2018). Ratings are given in -1..1,
arousal too. Not every song of the metadata was rated. Choruses of one song by one artist are one group; there is no
official split: by hash of the group (`training.data.tenths`) a tenth is dev and a tenth test. The corpus is for
research.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from kelly.errors import CorpusError
from kelly.training.data.layout import Corpus, number, rows
from kelly.training.data.rated import NO_CURVE, Curve, RatedSong, agreement, long_curves, read
from kelly.training.data.tenths import split_by_hash

__all__ = ["CORPUS", "load", "read"]

CORPUS = Corpus(
    "pmemo",
    "**/annotations/static_annotations.csv",
    title="PMEmo",
    source="github.com/HuiZhangDB/PMEmo",
    licence="none stated",
    commercial=False,
    group="song",
)
_STATIC = ("Valence(mean)", "Arousal(mean)")
_SPREAD = ("Valence(std)", "Arousal(std)")
_UNKNOWN = (math.nan, math.nan)


def load(root: Path) -> Iterator[RatedSong]:
    """Read the ratings of all songs.

    Raises: CorpusError when the corpus is missing, a column is missing, a rating lies outside 0..1, or valence and
    arousal are exchanged in one of the tables (the curves fit better when they are).
    """
    table = next(iter(sorted(CORPUS.folder(root).glob(CORPUS.sign))))
    dynamic = table.with_name("dynamic_annotations.csv")
    songs = list(_songs(table, long_curves(dynamic) if dynamic.exists() else {}))
    if agreement(songs) < 0:
        raise CorpusError(f"{table} must go with {dynamic.name}; valence and arousal are exchanged in one of them")
    yield from songs


def _songs(table: Path, curves: dict[str, Curve]) -> Iterator[RatedSong]:
    place, deviations = table.parents[1], table.with_name("static_annotations_std.csv")
    spreads = dict(_pairs(deviations, _SPREAD)) if deviations.exists() else {}
    groups = _groups(place / "metadata.csv")
    for name, (valence, arousal) in _pairs(table, _STATIC):
        group, chorus = groups.get(name, name), place / "chorus" / f"{name}.mp3"
        split, path = split_by_hash(CORPUS.name, group), chorus if chorus.exists() else None
        of_valence, of_arousal = spreads.get(name, _UNKNOWN)
        spread, ratings = (2 * of_valence, 2 * of_arousal), curves.get(name, NO_CURVE)
        yield RatedSong(name, split, group, path, 2 * valence - 1, 2 * arousal - 1, spread, ratings)


def _pairs(path: Path, columns: tuple[str, str]) -> Iterator[tuple[str, tuple[float, float]]]:
    for row in rows(path, ("musicId", *columns)):
        name = row["musicId"]
        valence, arousal = (number(path, f"{column} of {name!r}", row[column], 0, 1) for column in columns)
        yield name, (valence, arousal)


def _groups(path: Path) -> dict[str, str]:
    """The song of each chorus, by title and artist; nothing when the metadata are not there."""
    if not path.exists():
        return {}
    table = rows(path, ("musicId", "title", "artist"))
    return {row["musicId"]: f"{row['title']} / {row['artist']}".casefold() for row in table}
