"""A model's folder, as Kelly ships it: files of weights, and `config.json` with what is known of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kelly.files import make_folder, write_atomically

__all__ = ["put"]


def put(files: Mapping[str, bytes], config: Mapping[str, Any], out: Path) -> list[Path]:
    """Write a model's folder.

    Parameters: files, by their names; config, plain data, to which the SHA-256 of each of them is added; out, the
    folder, made where it is missing.
    Returns: the files written, `config.json` last.
    Raises: FileError, the folder or a file cannot be written.
    """
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    told = json.dumps({**config, "sha256": sums}, indent=1) + "\n"
    written = {**files, "config.json": told.encode()}
    make_folder(out)
    for name, data in written.items():
        write_atomically(out / name, data)
    return [out / name for name in written]
