"""Feelings: which emotion code each song of a corpus carries, where somebody or something has labelled it.

Conventions: a file of labels is an `.npz` with one array for each corpus's ids (`<corpus>.ids`, texts) and one for
their codes (`<corpus>.codes`, float32 (songs, 64), see `kelly.emotion.code`). A song that nobody labelled carries
`UNKNOWN`, the code of knowing nothing, which every network is trained with too.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kelly.emotion.code import SIZE, UNKNOWN
from kelly.errors import FileError
from kelly.files import read_bytes, write_atomically

__all__ = ["Feelings", "load", "save"]

Codes = Mapping[str, npt.NDArray[np.float32]]
LARGEST = 100 * 2**20


@dataclass(frozen=True, slots=True)
class Feelings:
    """The codes of songs: corpus -> id -> code (64,)."""

    codes: Mapping[str, Codes] = field(default_factory=dict)

    def of(self, corpus: str, name: str) -> npt.NDArray[np.float32]:
        """The code of a song, `UNKNOWN` where it is not labelled."""
        return self.codes.get(corpus, {}).get(name, UNKNOWN.astype(np.float32))

    def knows(self, corpus: str, name: str) -> bool:
        """Whether a song is labelled."""
        return name in self.codes.get(corpus, {})


def save(feelings: Feelings, path: Path) -> None:
    """Write labels to a file. Raises: FileError, as `write_atomically`."""
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for corpus, codes in sorted(feelings.codes.items()):
        arrays[f"{corpus}.ids"] = np.array(sorted(codes))
        arrays[f"{corpus}.codes"] = np.array([codes[name] for name in sorted(codes)], np.float32)
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
            pairs = {corpus: (packed[f"{corpus}.ids"], packed[f"{corpus}.codes"]) for corpus in corpora}
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FileError(f"{path} holds no labels: {error}") from error
    for corpus, (ids, codes) in pairs.items():
        if codes.shape != (len(ids), SIZE) or not np.isfinite(codes).all() or np.abs(codes).max(initial=0) > 1:
            raise FileError(f"{path}: codes of {corpus} must be ({len(ids)}, {SIZE}) numbers in -1..1")
    return Feelings({corpus: dict(zip(map(str, ids), codes, strict=True)) for corpus, (ids, codes) in pairs.items()})
