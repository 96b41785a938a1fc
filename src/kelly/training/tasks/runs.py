"""Runs: a folder that belongs to one training, and the settings it was made from.

Conventions: a run is a folder with `run.json` (what it was made from), `metrics.csv` (a row a round), `last.ckpt` (to
go on after a kill) and, once it is done and nothing was wrong with it, `weights.safetensors`. A folder is claimed
before anything is written to it, and only a training with the same settings and data may go on in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from kelly.errors import FileError, UsageError
from kelly.files import read_bytes, write_atomically

__all__ = ["Note", "add_row", "claim", "settings"]

Note = Callable[[str], None]
Settings = TypeVar("Settings")
LONGEST = 100_000  # bytes of a file of settings


def claim(out: Path, made_from: Mapping[str, Any]) -> None:
    """Mark a folder as a run's own. Raises: FileError when it belongs to a run of other settings."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{out} cannot be a run's folder: {error.strerror}") from error
    path, text = out / "run.json", json.dumps(made_from, indent=2, sort_keys=True) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise FileError(f"{out} holds a run of other settings; give another folder or remove it")
    write_atomically(path, text.encode())


def settings(kind: type[Settings], config: Path | None) -> Settings:
    """The settings of a YAML file, or the usual ones.

    Parameters: kind, a dataclass whose fields have defaults; config, the file or None.
    Raises: UsageError, a key or a value is not one of theirs; FileError, the file cannot be read.
    """
    if config is None:
        return kind()
    try:
        told = yaml.safe_load(read_bytes(config, limit=LONGEST)) or {}
        return TypeAdapter(kind).validate_python(told)
    except (yaml.YAMLError, ValidationError) as error:
        first = str(error).splitlines()
        raise UsageError(f"{config} is no recipe: {' '.join(first[1:3]) or first[0]}") from error


def add_row(path: Path, row: Mapping[str, float | int]) -> None:
    """Add a row to a run's table, which a resumed run goes on with; its head line is written with the first."""
    told = path.read_text(encoding="utf-8") if path.exists() else ",".join(row) + "\n"
    values = (str(value) if isinstance(value, int) else f"{value:.6g}" for value in row.values())
    write_atomically(path, f"{told}{','.join(values)}\n".encode())
