"""Runs: a folder that belongs to one training, and the settings it was made from.

Conventions: a run is a folder with `run.json` (what it was made from), `held.json` (the groups of songs, actors or
pieces that it was chosen by and never learned from), `metrics.csv` (a row a round), `last.ckpt` (to
go on after a kill) and, once it is done and nothing was wrong with it, `weights.safetensors`. A folder is claimed
before anything is written to it, and only a training with the same settings and data may go on in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from kelly.errors import FileError, UsageError
from kelly.files import read_bytes, write_atomically
from kelly.names import quoted

__all__ = ["Note", "add_row", "claim", "claimed", "held", "hold", "keep_rows", "parsed", "settings"]

Note = Callable[[str], None]
Settings = TypeVar("Settings")
LONGEST = 100_000  # bytes of a file of settings
HELD, MOST_HELD = "held.json", 10_000_000  # and of one of groups


def claim(out: Path, made_from: Mapping[str, Any]) -> None:
    """Mark a folder as a run's own.

    Parameters: out, the folder; made_from, what settings and data.
    Raises: FileError, it belongs to a run of other settings, or is no folder.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{out} cannot be a run's folder: {error.strerror}") from error
    path, text = out / "run.json", (json.dumps(made_from, indent=2, sort_keys=True) + "\n").encode()
    if path.exists() and read_bytes(path, limit=LONGEST) != text:
        raise FileError(f"{out} holds a run of other settings; give another folder or remove it")
    write_atomically(path, text)


def hold(out: Path, groups: Iterable[str]) -> None:
    """Write down which songs, actors or pieces a run chooses by and never learns from, so that it can judge them."""
    write_atomically(out / HELD, (json.dumps(sorted(set(groups)), indent=1) + "\n").encode())


def held(run: Path) -> frozenset[str]:
    """The groups that a run did not learn from ("ravdess/Actor_03"). Raises: FileError, it does not tell them."""
    path = run / HELD
    try:
        told = json.loads(read_bytes(path, limit=MOST_HELD))
    except ValueError as error:
        raise FileError(f"{path} must be a JSON list of groups; it is damaged") from error
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        raise FileError(f"{path} must be a JSON list of groups; got {quoted(told)}")
    return frozenset(told)


def claimed(run: Path) -> dict[str, Any]:
    """What a run was made from. Raises: FileError, the folder is no run, or its `run.json` is damaged."""
    path = run / "run.json"
    if not path.is_file():
        raise FileError(f"{run} is no run: it holds no run.json")
    try:
        told = json.loads(read_bytes(path, limit=LONGEST))
    except ValueError as error:
        raise FileError(f"{path} must say what the run was made from, in JSON; it is damaged") from error
    if not isinstance(told, dict):
        raise FileError(f"{path} must be a JSON object; got {quoted(told)}")
    return told


def settings(kind: type[Settings], config: Path | None) -> Settings:
    """The settings of a YAML file, or the usual ones.

    Parameters: kind, a dataclass whose fields have defaults; config, the file or None.
    Raises: UsageError, a key or a value is not one of theirs; FileError, the file cannot be read.
    """
    if config is None:
        return kind()
    try:
        told = yaml.safe_load(read_bytes(config, limit=LONGEST)) or {}
    except yaml.YAMLError as error:
        why = " ".join(str(error).split()).replace('in "<byte string>", ', "at ")
        raise UsageError(f"{config} is no YAML: {why}") from error
    return parsed(kind, told, config)


def parsed(kind: type[Settings], told: object, source: Path) -> Settings:
    """Settings from plain data that came from a file. Raises: UsageError, as `settings`."""
    try:
        return TypeAdapter(kind).validate_python(told)
    except ValidationError as error:
        raise UsageError(f"{source} is no recipe: {_complaint(error)}") from error


def _complaint(error: ValidationError) -> str:
    """The first thing that is wrong: in the words of whoever refused it, or in pydantic's."""
    one = error.errors(include_url=False)[0]
    if "error" in one.get("ctx", {}):
        return str(one["ctx"]["error"])
    where = ".".join(map(str, one["loc"])) or "the file"
    return f"{where}: {one['msg'][:1].lower()}{one['msg'][1:]}; got {quoted(one['input'])}"


def add_row(path: Path, row: Mapping[str, float | int]) -> None:
    """Add a row to a run's table, which a resumed run goes on with; its head line is written with the first."""
    told = path.read_bytes() if path.exists() else f"{','.join(row)}\n".encode()
    values = (str(value) if isinstance(value, int) else f"{value:.6g}" for value in row.values())
    write_atomically(path, told + f"{','.join(values)}\n".encode())


def keep_rows(path: Path, count: int) -> None:
    """Keep the first rows of a run's table: those of the rounds after which a resumed run goes on."""
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    if len(lines) > count + 1:
        write_atomically(path, b"".join(lines[: count + 1]))
