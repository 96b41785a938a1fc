"""Feelings: which emotion code each song of a corpus carries, where somebody or something has labelled it.

Conventions: a file of labels is an `.npz` with one array for each corpus's ids (`<corpus>.ids`, texts) and one for
their codes (`<corpus>.codes`, float32 (songs, 64), see `kelly.emotion.code`). A song that nobody labelled carries
`UNKNOWN`, the code of knowing nothing, which every network is trained with too. Of songs as they go on there may be
curves: `<corpus>.curves`, float32 (passages, 6), start and end in seconds from the first note, means and spreads of
valence and arousal, and `<corpus>.passages`, how many of them each song has.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.emotion.code import SIZE, UNKNOWN
from kelly.errors import FileError
from kelly.files import read_bytes, write_atomically

__all__ = ["Feelings", "load", "save"]

Codes = Mapping[str, npt.NDArray[np.float32]]
LARGEST = 100 * 2**20
PASSAGE = 6  # numbers of a passage


@dataclass(frozen=True, slots=True)
class Feelings:
    """The codes of songs, corpus -> id -> code (64,), and their curves, corpus -> id -> (passages, 6)."""

    codes: Mapping[str, Codes] = field(default_factory=dict)
    curves: Mapping[str, Codes] = field(default_factory=dict)

    def of(self, corpus: str, name: str) -> npt.NDArray[np.float32]:
        """The code of a song, `UNKNOWN` where it is not labelled."""
        return self.codes.get(corpus, {}).get(name, UNKNOWN.astype(np.float32))

    def curve(self, corpus: str, name: str) -> npt.NDArray[np.float32]:
        """The passages of a song (passages, 6), none where they are not known."""
        return self.curves.get(corpus, {}).get(name, np.zeros((0, PASSAGE), np.float32))

    def knows(self, corpus: str, name: str) -> bool:
        """Whether a song is labelled."""
        return name in self.codes.get(corpus, {})


def save(feelings: Feelings, path: Path) -> None:
    """Write labels to a file. Raises: FileError, as `write_atomically`."""
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for corpus, codes in sorted(feelings.codes.items()):
        arrays[f"{corpus}.ids"] = np.array(sorted(codes))
        arrays[f"{corpus}.codes"] = np.array([codes[name] for name in sorted(codes)], np.float32)
        told = [feelings.curve(corpus, name) for name in sorted(codes)]
        arrays[f"{corpus}.passages"] = np.array([len(one) for one in told])
        arrays[f"{corpus}.curves"] = np.concatenate([np.zeros((0, PASSAGE), np.float32), *told])
    written = io.BytesIO()
    np.savez(written, **arrays)  # type: ignore[arg-type] # numpy's own stub leaves no room for names
    write_atomically(path, written.getvalue())


def load(path: Path | None) -> Feelings:
    """Read labels; of no file none are known.

    Raises: FileError, the file is missing, damaged or holds no labels.
    """
    if path is None:
        return Feelings()
    try:
        with np.load(io.BytesIO(read_bytes(path, limit=LARGEST)), allow_pickle=False) as packed:
            corpora = [name.removesuffix(".ids") for name in packed.files if name.endswith(".ids")]
            told = {corpus: _corpus(packed, corpus) for corpus in corpora}
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FileError(f"{path} holds no labels: {error}") from error
    codes, curves = {}, {}
    for corpus, (ids, coded, counts, passages) in told.items():
        if coded.shape != (len(ids), SIZE) or not np.isfinite(coded).all() or np.abs(coded).max(initial=0) > 1:
            raise FileError(f"{path}: codes of {corpus} must be ({len(ids)}, {SIZE}) numbers in -1..1")
        if counts.shape != (len(ids),) or passages.shape != (counts.sum(), PASSAGE) or not np.isfinite(passages).all():
            raise FileError(f"{path}: curves of {corpus} must be ({counts.sum()}, {PASSAGE}) finite numbers")
        names = list(map(str, ids))
        codes[corpus] = dict(zip(names, coded, strict=True))
        curves[corpus] = dict(zip(names, np.split(passages, np.cumsum(counts)[:-1]), strict=True)) if names else {}
    return Feelings(codes, curves)


def _corpus(packed: Mapping[str, npt.NDArray[Any]], corpus: str) -> tuple[npt.NDArray[Any], ...]:
    """The ids, codes, numbers of passages and curves of a corpus."""
    ids = packed[f"{corpus}.ids"]
    return (
        *(ids, packed[f"{corpus}.codes"]),
        packed[f"{corpus}.passages"] if f"{corpus}.passages" in packed else np.zeros(len(ids), np.int64),
        packed[f"{corpus}.curves"] if f"{corpus}.curves" in packed else np.zeros((0, PASSAGE), np.float32),
    )
