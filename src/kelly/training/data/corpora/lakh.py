"""Lakh MIDI Dataset: 176,581 files from the web, 45,129 of them matched to tracks of the Million Song Dataset.

Conventions: official layout, `lakh/` with `lmd_full/<c>/<md5>.mid` (c the first sign of the sum), `lmd_matched/<A>/<B>/
<C>/TR<ABC...>/<md5>.mid`, or both (Raffel, thesis, Columbia University 2016). A file is a record once, by its MD5 sum;
a matched one belongs to the first track, in order of names, that it is matched to; any other stands alone. There is no
official split: by hash of the group (`training.data.tenths`) a tenth is dev and a tenth test. Versions of a song that
match different tracks or none can fall into different splits, and so can a file where only one part of the collection
is there. Some thousand files are damaged, as the authors say; `read` refuses those. Licence: CC BY 4.0 (the songs
themselves are not cleared).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kelly.errors import CorpusError
from kelly.score import midi
from kelly.score.notes import Score
from kelly.training.data.layout import Corpus
from kelly.training.data.tenths import split_by_hash

__all__ = ["CORPUS", "File", "load", "read"]

CORPUS = Corpus(
    "lakh",
    "lmd_*",
    title="Lakh MIDI Dataset (LMD-full or LMD-matched)",
    source="colinraffel.com/projects/lmd",
    licence="CC BY 4.0",
    commercial=None,
    group="track",
)
_MATCHED, _FULL = "lmd_matched", "lmd_full"
_SUM = re.compile(r"[0-9a-f]{32}")
_TRACK = re.compile(r"TR[A-Z]{5}[0-9A-F]{11}")


@dataclass(frozen=True, slots=True)
class File:
    """A MIDI file: id (its MD5 sum), split, group (the track it is matched to, or its sum), path."""

    id: str
    split: str
    group: str
    path: Path

    @property
    def track(self) -> str | None:
        """The track of the Million Song Dataset that it is matched to, None where it is matched to none."""
        return None if self.group == self.id else self.group


def load(root: Path) -> Iterator[File]:
    """List the files, matched ones first, each once.

    Raises: CorpusError when the corpus is missing, neither part of it is there, or a name is not of the layout.
    """
    place = CORPUS.folder(root)
    if not ((place / _MATCHED).is_dir() or (place / _FULL).is_dir()):
        raise CorpusError(f"{place} must hold {_MATCHED} or {_FULL}; it holds neither")
    seen: set[str] = set()
    for path in _paths(place):
        file = _file(path)
        if file.id not in seen:
            seen.add(file.id)
            yield file


def read(file: File) -> Score:
    """What a file holds. Raises: FileError, the file is missing, damaged or no MIDI."""
    return midi.read(file.path)


def _paths(place: Path) -> Iterator[Path]:
    yield from sorted((place / _MATCHED).glob("*/*/*/*/*.mid"))
    yield from sorted((place / _FULL).glob("*/*.mid"))


def _file(path: Path) -> File:
    name, folder = path.stem, path.parent.name
    if not (_SUM.fullmatch(name) and (_TRACK.fullmatch(folder) or folder == name[0])):
        raise CorpusError(f"{path} must be named by its MD5 sum, in the folder of a track or of the sum's first sign")
    group = name if folder == name[0] else folder
    return File(name, split_by_hash(CORPUS.name, group), group, path)
