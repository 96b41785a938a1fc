"""Preparing: what networks learn from is computed once for every file and kept, whatever is stopped or asked again.

Conventions: a function makes named arrays from an item, and nothing else but the item's file and parameters may change
what it makes; its version is raised when it makes something else. A result is kept in the cache as `.npz`, under the
SHA-256 of the file's bytes, the parameters, the function's name and its version: a file that moves is not prepared
again, one that changes is. A result that was damaged is made anew. The cache grows until its folder is deleted.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kelly.errors import FileError, KellyError, UsageError
from kelly.files import make_folder, write_atomically
from kelly.training.data.parallel import mapped, shown
from kelly.training.data.sums import digest

__all__ = ["Arrays", "Function", "Item", "cache_folder", "prepared"]

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]
Function: TypeAlias = "Callable[[Item], Mapping[str, npt.ArrayLike]]"

MOST_TOLD = 10  # items that failed and are told one by one
# What reading a damaged file may raise.
DAMAGE = (OSError, ValueError, EOFError, KeyError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Item:
    """What a result is made from: a file (None where there is none), and parameters of the kinds that JSON knows."""

    path: Path | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """The file, or the parameters where there is none."""
        return str(self.path) if self.path else json.dumps(dict(self.parameters))


def cache_folder() -> Path:
    """Where results are kept unless another folder is named: `$XDG_CACHE_HOME/kelly`, else `~/.cache/kelly`.

    Raises: UsageError, there is no home folder.
    """
    asked = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        return (asked if asked.is_absolute() else Path.home() / ".cache") / "kelly"
    except RuntimeError as error:
        raise UsageError("there is no home folder to keep prepared data in: name a folder with --cache") from error


def prepared(
    items: Iterable[Item],
    function: Function,
    cache: Path,
    *,
    version: int,
    workers: int = 1,
    engine: str = "local",
    note: Callable[[str], object],
) -> Iterator[Arrays | None]:
    """Prepare items, or take from the cache what was prepared before.

    Parameters: items; function, pure and at the top of a module, from an item to its arrays by name; cache, the folder
    of results (`cache_folder`), seen by all workers; version, of the function; workers and engine, as in
    `parallel.mapped`; note, told of items that failed.
    Returns: the arrays of each item in order, the same however many workers there are; None where the function raised
    a KellyError.
    Raises: UsageError, the function is no top-level function or makes what is no array, or parameters are not JSON;
    FileError, the cache cannot be written, or every item failed.
    """
    listed = list(items)
    home = cache / _name(function)
    make_folder(home)
    outcomes = mapped(partial(_outcome, function, home, version), listed, workers=workers, engine=engine)
    return _read(shown(outcomes, "preparing", len(listed)), listed, note)


def _name(function: Function) -> str:
    name = f"{function.__module__}.{getattr(function, '__qualname__', '<>')}"
    if "<" in name:
        raise UsageError(f"only a function at the top of a module can be sent to other processes; got {name}")
    return name


def _read(
    outcomes: Iterator[Path | str], items: Sequence[Item], note: Callable[[str], object]
) -> Iterator[Arrays | None]:
    failed: list[str] = []
    for item, outcome in zip(items, outcomes, strict=True):
        if isinstance(outcome, Path):
            yield _kept(outcome)
            continue
        failed.append(outcome if str(item) in outcome else f"{item}: {outcome}")
        if len(failed) <= MOST_TOLD:
            note(failed[-1])
        yield None
    if failed:
        told = f"{len(failed)} of {len(items)} items could not be prepared"
        if len(failed) == len(items):
            raise FileError(f"{told}; the first: {failed[0]}")
        note(told)


def _outcome(function: Function, home: Path, version: int, item: Item) -> Path | str:
    """The file of an item's result, which is made unless it is there and whole; or why the item has none."""
    told = _told(item)
    try:
        place = _place(home, version, told, digest(item.path) if item.path else "")
        arrays = None if _is_whole(place) else function(item)
    except KellyError as error:
        return str(error)
    if arrays is not None:
        _keep(place, arrays)  # a full disk is not the item's fault, and raises
    return place


def _told(item: Item) -> str:
    try:
        return json.dumps(dict(item.parameters), sort_keys=True)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"parameters of an item must be of the kinds that JSON knows; got {item.parameters}"
        ) from error


def _place(home: Path, version: int, told: str, content: str) -> Path:
    key = hashlib.sha256(json.dumps([home.name, version, told, content]).encode()).hexdigest()
    return home / key[:2] / f"{key}.npz"


def _keep(place: Path, arrays: Mapping[str, npt.ArrayLike]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:  # as numpy.savez, which cannot name an array "file"
        for name, array in arrays.items():
            _pack(archive, name, np.asarray(array))
    make_folder(place.parent)
    write_atomically(place, packed.getbuffer())


def _pack(archive: zipfile.ZipFile, name: str, array: npt.NDArray[Any]) -> None:
    if array.dtype.hasobject:
        raise UsageError(f"prepared data are arrays of numbers or texts; {name} is one of objects")
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array(file, array, allow_pickle=False)


def _is_whole(place: Path) -> bool:
    """Whether a result is there and every array of it passes its checksum."""
    try:
        with zipfile.ZipFile(place) as packed:
            return packed.testzip() is None
    except DAMAGE:
        return False


def _kept(place: Path) -> Arrays:
    try:
        with np.load(place, allow_pickle=False) as packed:
            return {name: packed[name] for name in packed.files}
    except DAMAGE as error:
        raise FileError(f"{place} was damaged while it was in use: {error}") from error
