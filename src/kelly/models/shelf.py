"""The shelf: which trained models come with this Kelly, under which licence, and whether their files are whole.

Conventions: a model is a folder of `kelly.models` with a `config.json`, which names the licence of the weights and the
SHA-256 of every file; its `card.md` says the rest.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

__all__ = ["Model", "models"]


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model: name, licence of its weights, corpora they were trained on, size in bytes, damaged files."""

    name: str
    licence: str
    corpora: tuple[str, ...]
    size: int
    damaged: tuple[str, ...]


def models() -> tuple[Model, ...]:
    """The models that come with this Kelly, in alphabetical order, their files checked; one whose `config.json` is
    damaged has no licence and no corpora.
    """
    folders = (folder for folder in resources.files("kelly.models").iterdir() if folder.is_dir())
    found = [folder for folder in folders if folder.joinpath("config.json").is_file()]
    return tuple(_model(folder) for folder in sorted(found, key=lambda folder: folder.name))


def _model(folder: Traversable) -> Model:
    try:
        config = json.loads(folder.joinpath("config.json").read_text(encoding="utf-8"))
        licence, corpora, sums = str(config["licence"]), tuple(config["corpora"]), dict(config["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return Model(folder.name, "unknown", (), 0, ("config.json",))
    files = {name: _bytes(folder, name) for name in sums}
    damaged = [name for name, data in files.items() if hashlib.sha256(data).hexdigest() != sums[name]]
    return Model(folder.name, licence, corpora, sum(map(len, files.values())), tuple(damaged))


def _bytes(folder: Traversable, name: str) -> bytes:
    file = folder.joinpath(name)
    return file.read_bytes() if file.is_file() else b""
