"""The logbook: what the folder of a training says of it.

Conventions: beside what `kelly train` writes, the folder holds `training.json` (what was asked for), `settings.yaml`,
`train.log`, `process.json` (who trains, and who watches it; written anew each time the training goes on), `stopping`
(it was told to end) and `ended.json` (how it ended). Each is whole or not there; one that somebody damaged says
nothing. No path of the machine is told.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from kelly.errors import FileError
from kelly.files import read_bytes, write_atomically
from kelly.serving import runs
from kelly.serving.children import Identity
from kelly.serving.paths import plain_object, without
from kelly.serving.runs import LONGEST, Row

__all__ = [
    "ASKED",
    "ENDED",
    "LOG",
    "STOPPING",
    "Asked",
    "Process",
    "Training",
    "arguments",
    "ask",
    "asked_in",
    "ended_as",
    "finished",
    "process_in",
    "rows_in",
    "seconds_in",
    "started",
    "training_in",
]

ASKED, STOPPING, ENDED, LOG = "training.json", "stopping", "ended.json", "train.log"
_PROCESS, _SETTINGS = "process.json", "settings.yaml"
_TAIL = 4096  # bytes of the log in which its last line is looked for
_LINE = 300  # characters of a line that is told
_DAMAGED = (ArithmeticError, LookupError, TypeError, ValueError)  # what reading our own files may raise
_POLITE = {128 + signal.SIGTERM, 128 + signal.SIGINT, -signal.SIGTERM, -signal.SIGINT}  # codes of what was told to end


@dataclass(frozen=True, slots=True)
class Training:
    """A training as it stands.

    Parameters: id; created; model; seed; device; settings, as they were asked for; state, "running", "done", "stopped"
    or "failed"; stopping, whether it was told to end; epochs, at most (None: not known yet); curve, a row for each
    epoch that is done; best, the lowest dev loss; seconds, of work so far; eta, seconds to the last epoch if all come;
    said, the last line of its log; code and ended, its exit code and when it ended, if that was seen; detail, why it
    failed.
    """

    id: str
    created: float
    model: str
    seed: int
    device: str
    settings: Mapping[str, Any]
    state: str
    stopping: bool
    epochs: int | None
    curve: Sequence[Row]
    best: float | None
    seconds: float
    eta: float | None
    said: str | None
    code: int | None
    ended: float | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, and when: data and labels are paths, settings as they can be told."""

    created: float
    model: str
    data: str
    seed: int
    device: str
    settings: Mapping[str, Any]
    labels: str | None


@dataclass(frozen=True, slots=True)
class Process:
    """Who trains: child, and keeper, the service that watches it; began; spent, seconds, and rows, before that."""

    child: Identity
    keeper: Identity
    began: float
    spent: float
    rows: int


@dataclass(frozen=True, slots=True)
class _End:
    """How a training ended: its exit code, when, and whether it was watched to its end."""

    code: int | None = None
    at: float | None = None
    seen: bool = False


def training_in(place: Path, asked: Asked, *, running: bool, points: int) -> Training:
    """A training as it stands.

    Parameters: place, its folder; asked; running, whether it is; points, rows that are told of its curve.
    """
    process, rows, epochs, said = process_in(place), rows_in(place), _epochs(place), _said(place, asked)
    end = _End() if running else _end(place)
    state = "running" if running else ended_as(place)
    return Training(
        place.name,
        asked.created,
        asked.model,
        asked.seed,
        asked.device,
        asked.settings,
        state,
        running and (place / STOPPING).exists(),
        epochs,
        runs.thinned(rows, points),
        runs.best(rows),
        0.0 if process is None else seconds_in(place, process),
        _eta(place, process, len(rows), epochs) if running and process is not None else None,
        said,
        end.code,
        end.at,
        _why(end.code, said) if state == "failed" else None,
    )


def ask(place: Path, asked: Mapping[str, Any]) -> None:
    """Write down what is asked for, as `schemas.workbench.TrainingQuestion` has it. Raises: FileError."""
    if asked.get("settings"):
        write_atomically(place / _SETTINGS, yaml.safe_dump(dict(asked["settings"])).encode())
    _write(place / ASKED, {"created": time.time(), **asked})


def started(place: Path, process: Process) -> None:
    """Write down who trains. Raises: FileError."""
    _write(place / _PROCESS, asdict(process))


def finished(place: Path, code: int | None, at: float, *, seen: bool) -> None:
    """Write down how a training ended: its exit code, if it was our child's, and when; seen, whether it was watched to
    its end. Raises: FileError.
    """
    _write(place / ENDED, asdict(_End(code, at, seen)))


def arguments(place: Path, asked: Asked) -> list[str]:
    """What `kelly` is told."""
    told = ["train", asked.model, "--data", asked.data, "--out", str(place), "--seed", str(asked.seed)]
    told += ["--device", asked.device, "--tracking", "none"]  # the curves are told by the service
    told += ["--config", str(place / _SETTINGS)] if asked.settings else []
    return told + (["--labels", asked.labels] if asked.labels else [])


def ended_as(place: Path) -> str:
    """What a training has ended as: who ended by itself before it was done has failed, as far as that was seen."""
    end = _end(place)
    if end.code == 0 or runs.done(place):
        return "done"
    return "failed" if end.seen and end.code not in _POLITE and not (place / STOPPING).exists() else "stopped"


def _why(code: int | None, said: str | None) -> str:
    """Why a training failed."""
    if code is not None and code < 0:
        return f"it was ended by signal {-code}, as by a machine that has no memory left"
    return said or ("it ended before it was done" if code is None else f"it ended with exit code {code}")


def _said(place: Path, asked: Asked) -> str | None:
    """The last line of a training's log, without paths."""
    try:
        with (place / LOG).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL))
            lines = [line for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    except OSError:
        return None
    if not lines:
        return None
    line = "".join(sign for sign in lines[-1].strip().removeprefix("kelly: ") if sign.isprintable())
    return without([asked.data, *([asked.labels] if asked.labels else []), place])(line)[:_LINE]


def seconds_in(place: Path, process: Process) -> float:
    """How long a training has worked, in seconds."""
    return process.spent + max(0.0, (_end(place).at or time.time()) - process.began)


def _eta(place: Path, process: Process, rows: int, epochs: int | None) -> float | None:
    """Seconds to the last epoch, by how long those of this process took; data are prepared before the first."""
    learned = rows - process.rows
    if epochs is None or learned < 1:
        return None
    with suppress(OSError):
        first, last = ((place / name).stat().st_mtime for name in (runs.SETTINGS, runs.METRICS))
        pace = (last - first) / learned
        return max(0.0, pace * (epochs - rows - 1) + max(0.0, pace - (time.time() - last)))  # this one may take longer
    return None


def rows_in(place: Path) -> list[Row]:
    """The rows of a training's table; none where it is damaged."""
    try:
        return runs.curve(place)
    except (FileError, ValueError):
        return []


def _epochs(place: Path) -> int | None:
    try:
        return runs.rounds(runs.made_from(place))
    except (FileError, ValueError, RecursionError):
        return None


def asked_in(place: Path) -> Asked | None:
    """What was asked for in a folder; None of one that is no training's, or damaged."""
    told = _read(place / ASKED)
    try:
        model, data, device = (str(told[name]) for name in ("model", "data", "device"))
        labels = str(told["labels"]) if told.get("labels") else None
        settings = plain_object(dict(told.get("settings") or {}), without())
        created = min(max(0.0, float(told["created"])), 1e11)  # even of a file that somebody wrote into
        return Asked(created, model, data, int(told["seed"]), device, settings, labels)
    except _DAMAGED:
        return None


def process_in(place: Path) -> Process | None:
    """Who trains in a folder, or did last."""
    told = _read(place / _PROCESS)
    try:
        child, keeper = (Identity(int(told[name]["pid"]), str(told[name]["mark"])) for name in ("child", "keeper"))
        return Process(child, keeper, float(told["began"]), float(told["spent"]), int(told["rows"]))
    except _DAMAGED:
        return None


def _end(place: Path) -> _End:
    """How a training ended, as far as that was seen."""
    told = _read(place / ENDED)
    code, at = told.get("code"), told.get("at")
    known = code if isinstance(code, int) else None
    return _End(known, at if isinstance(at, float) else None, known is not None or told.get("seen") is True)


def _read(path: Path) -> dict[str, Any]:
    """What one of our own files holds; nothing where it is missing or damaged."""
    try:
        told = json.loads(read_bytes(path, limit=2 * LONGEST))
    except (FileError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _write(path: Path, told: Mapping[str, Any]) -> None:
    write_atomically(path, json.dumps(told, indent=2).encode())
