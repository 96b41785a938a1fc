"""Runs: what the folders of trainings hold, read for whoever looks on.

Conventions: a run is a folder as `kelly train` makes it: `run.json` (what it was made from), `metrics.csv` (a row for
each epoch, or round of the words) and, once it is done, `weights.safetensors`. They may have been written by anyone, so
nothing in them is believed: what is not as it should be makes a run damaged, and never an error. A run is known by a
digest of its path.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from kelly.errors import FileError
from kelly.files import read_bytes
from kelly.serving.paths import plain_object, without

__all__ = ["Row", "Run", "best", "curve", "done", "made_from", "page", "read", "rounds", "thinned"]

SETTINGS, METRICS, WEIGHTS = "run.json", "metrics.csv", "weights.safetensors"
LONGEST, LARGEST = 100_000, 4_000_000  # bytes of what a run was made from, and of its table
POINTS, FEW = 1000, 200  # rows that are told of a run, and of each of many: of more, every second or third and so on
Row: TypeAlias = Mapping[str, float | None]
_OWN = ("network", "seed", "data")  # what is told beside the settings, or is a digest


@dataclass(frozen=True, slots=True)
class Run:
    """A run.

    Parameters: id; name, of its folder; created, when it was begun or went on last, in seconds since 1970; state,
    "done", "unfinished" or "damaged"; network and seed; settings; epochs, how many there are at most; best, the lowest
    dev loss; curve, a row an epoch.
    """

    id: str
    name: str
    created: float
    state: str
    network: str | None = None
    seed: int | None = None
    settings: Mapping[str, Any] | None = None
    epochs: int | None = None
    best: float | None = None
    curve: Sequence[Row] = ()


def page(places: Iterable[Path], limit: int, before: tuple[float, str] | None = None) -> list[tuple[Run, Path]]:
    """So many runs before a place (created, id), the newest first, with their folders.

    Parameters: places, folders of runs, or of a single one; limit; before.
    """
    folders = {os.path.realpath(folder): folder for place in places for folder in _below(place)}
    aged = ((when, _id(path), folder) for path, folder in folders.items() if (when := _age(folder)) is not None)
    newest = sorted((one for one in aged if before is None or one[:2] < before), key=lambda one: one[:2], reverse=True)
    return [(read(folder), folder) for _, _, folder in newest[:limit]]


def read(folder: Path) -> Run:
    """The run of a folder; one that is damaged says no more than that."""
    path, created = os.path.realpath(folder), _age(folder) or 0.0
    ident, name = _id(path), _plain(path)
    try:
        told, rows = made_from(folder), curve(folder)
    except (FileError, ValueError, RecursionError):
        return Run(ident, name, created, "damaged")
    seed, network = told.get("seed"), told.get("network", "words" if "rounds" in told else None)
    return Run(
        ident,
        name,
        created,
        "done" if done(folder) else "unfinished",
        network if isinstance(network, str) else None,
        seed if _whole(seed) else None,
        {key: value for key, value in told.items() if key not in _OWN},
        rounds(told),
        best(rows),
        thinned(rows, FEW),
    )


def made_from(folder: Path, told: Callable[[str], str] | None = None) -> dict[str, Any]:
    """What a run was made from, as it can be told.

    Parameters: folder; told, what is told of a text; without paths when left out.
    Raises: FileError, ValueError or RecursionError, it is not there, or damaged.
    """
    found = json.loads(read_bytes(folder / SETTINGS, limit=LONGEST))
    if not isinstance(found, dict):
        raise FileError("what a run was made from is no object")
    return plain_object(found, told or without([folder]))


def rounds(told: Mapping[str, Any]) -> int | None:
    """How many epochs a run has, at most."""
    found = told.get("epochs", told.get("rounds"))
    return found if _whole(found) and found > 0 else None


def curve(folder: Path) -> list[Row]:
    """The rows of a run's table: epoch, loss and dev_loss, or whatever else it measures; none of a run that just began.

    Raises: FileError or ValueError, it is damaged.
    """
    if not (folder / METRICS).exists():
        return []
    lines = csv.reader(read_bytes(folder / METRICS, limit=LARGEST).decode().splitlines(), strict=True)
    try:
        head, *rows = lines
    except csv.Error as error:
        raise ValueError("it is no table") from error
    if head[:1] not in (["epoch"], ["round"]) or len(set(head)) != len(head):
        raise ValueError("it is no table of epochs")
    names = ("epoch", *head[1:])
    return [dict(zip(names, (int("".join(row[:1])), *map(_number, row[1:])), strict=True)) for row in rows]


def best(rows: Sequence[Row]) -> float | None:
    """The lowest dev loss."""
    return min((loss for row in rows if (loss := row.get("dev_loss")) is not None), default=None)


def done(folder: Path) -> bool:
    """Whether a run came to its end, and to something."""
    return (folder / WEIGHTS).is_file()


def thinned(rows: Sequence[Row], points: int) -> Sequence[Row]:
    """At most so many rows, evenly, the last among them."""
    step = math.ceil(len(rows) / points) or 1
    return rows[::-1][::step][::-1]


def _below(place: Path) -> list[Path]:
    """The runs in a folder, or the folder where it is one."""
    if (place / SETTINGS).exists():
        return [place]
    with suppress(OSError):
        return [folder for folder in place.iterdir() if not folder.name.startswith(".") and folder.is_dir()]
    return []


def _age(folder: Path) -> float | None:
    """When a run was begun, or went on last; None of a folder that is no run."""
    for name in (SETTINGS, METRICS, WEIGHTS):
        with suppress(OSError):
            return max(0.0, (folder / name).stat().st_mtime)
    return None


def _id(path: str) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:24]


def _plain(path: str) -> str:
    """What a folder is called, in letters that can be told."""
    return Path(path).name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(cell: str) -> float | None:
    value = float(cell)
    return value if math.isfinite(value) else None
