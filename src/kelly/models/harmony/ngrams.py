"""N-grams: a table of what follows short contexts of chords, small enough to be shipped beside the network.

Conventions: classes are those of `classes`. A file is an `.npz` of five arrays: keys (contexts,) uint64, rising; left
(contexts,) float16, the share that a context leaves to the one shorter by its oldest chord; starts (contexts + 1,)
uint32, where its entries begin; classes (entries,) uint8 and shares (entries,) float16, what it gives to each class
itself. The key of a context is a 1 followed by six bits for each chord, the oldest first. The context without chords is
always there, and leaves its share to the uniform distribution. `kelly.training.evaluation.ngrams` makes such tables.
"""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import FileError
from kelly.models.harmony.classes import CLASSES

__all__ = ["LONGEST", "Ngrams", "key_of", "shipped"]

Floats = npt.NDArray[np.float64]

LONGEST = 9  # chords of a context: their key has 55 bits
LARGEST = 2**20  # bytes of a file
MOST = 2**20  # contexts, and entries
_BITS = 6
_LOGGER = logging.getLogger("kelly.models")
_KINDS = {"keys": np.uint64, "left": np.float16, "starts": np.uint32, "classes": np.uint8, "shares": np.float16}


@dataclass(frozen=True, slots=True)
class Ngrams:
    """What follows short contexts.

    Parameters: keys, left, starts, classes and shares, as in the file.
    Raises: FileError, they do not belong together, or make no distributions.
    """

    keys: npt.NDArray[np.uint64]
    left: npt.NDArray[np.float16]
    starts: npt.NDArray[np.uint32]
    classes: npt.NDArray[np.uint8]
    shares: npt.NDArray[np.float16]

    def __post_init__(self) -> None:
        """Check all that looking up relies on."""
        wrong = next((what for what, right in _facts(self) if not right), "")
        if wrong:
            raise FileError(f"a table of n-grams must have {wrong}")

    @classmethod
    def read(cls, data: bytes) -> Ngrams:
        """A table from the bytes of its file. Raises: FileError, they are damaged, too many or no table."""
        if len(data) > LARGEST:
            raise FileError(f"a table of n-grams must have {LARGEST} bytes or fewer; got {len(data)}")
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                whole = sum(info.file_size for info in packed.infolist())
            if whole > 24 * MOST:
                raise FileError(f"a table of n-grams must unpack to {24 * MOST} bytes or fewer; got {whole}")
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                return cls(**{name: arrays[name] for name in _KINDS})
        except (
            OSError,
            ValueError,
            KeyError,
            EOFError,
            RuntimeError,
            NotImplementedError,
            zipfile.BadZipFile,
        ) as error:
            raise error if isinstance(error, FileError) else FileError(f"no table of n-grams: {error}") from error

    def write(self) -> bytes:
        """The bytes of its file, the same for the same table."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in _KINDS:
                array = io.BytesIO()
                np.save(array, getattr(self, name), allow_pickle=False)
                archive.writestr(zipfile.ZipInfo(f"{name}.npy"), array.getvalue(), zipfile.ZIP_DEFLATED)
        return packed.getvalue()

    def predict(self, history: Sequence[int]) -> Floats:
        """The probability (64,) of each class after a history, oldest chord first; each above 0, their sum 1."""
        told = np.full(CLASSES, 1 / CLASSES)
        for length in range(min(len(history), LONGEST) + 1):
            key = key_of(history[len(history) - length :])
            place = int(np.searchsorted(self.keys, key))
            if place == len(self.keys) or self.keys[place] != key:
                break
            told *= float(self.left[place])
            own = slice(int(self.starts[place]), int(self.starts[place + 1]))
            told[self.classes[own]] += self.shares[own]
        whole: Floats = told / told.sum()
        return whole


@cache
def shipped() -> Ngrams | None:
    """The table that comes with Kelly; None, with a note where it is damaged, where there is none."""
    try:
        return Ngrams.read(resources.files("kelly.models.harmony").joinpath("ngrams.npz").read_bytes())
    except FileNotFoundError:
        return None
    except FileError as error:
        _LOGGER.warning("kelly: no n-grams of harmony: %s", error)
        return None


def key_of(context: Sequence[int]) -> np.uint64:
    """The key of a context of up to `LONGEST` classes."""
    key = 1
    for index in context:
        key = key << _BITS | int(index)
    return np.uint64(key)


def _facts(table: Ngrams) -> list[tuple[str, bool]]:
    """What must hold of a table: how it is told, and whether it does."""
    arrays: Mapping[str, npt.NDArray[Any]] = {name: getattr(table, name) for name in _KINDS}
    kinds = all(array.ndim == 1 and array.dtype == _KINDS[name] for name, array in arrays.items())
    if not kinds:
        return [(f"five arrays of one dimension: {', '.join(f'{n} {np.dtype(k)}' for n, k in _KINDS.items())}", False)]
    contexts, entries = len(table.keys), len(table.classes)
    if not 1 <= contexts <= MOST or entries > MOST:
        return [(f"1 to {MOST} contexts and up to {MOST} entries", False)]
    steps = np.diff(table.starts.astype(np.int64))
    ends = len(table.starts) == contexts + 1 and table.starts[0] == 0 and table.starts[-1] == entries
    return [
        ("as many shares as classes, and a left and a start for each key", len(table.shares) == entries),
        ("as many shares as classes, and a left and a start for each key", len(table.left) == contexts and bool(ends)),
        ("rising keys, the first 1", bool(table.keys[0] == 1 and (np.diff(table.keys) > 0).all())),
        ("starts that do not fall", bool((steps >= 0).all())),
        (f"classes below {CLASSES}", bool((table.classes < CLASSES).all())),
        ("shares of 0..1", all(bool(((x >= 0) & (x <= 1)).all()) for x in (table.left, table.shares))),
        ("a share that is left over to unknown classes", bool((table.left > 0).all())),
    ]
