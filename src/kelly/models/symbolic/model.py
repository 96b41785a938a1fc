"""The symbolic recogniser at run time, by onnxruntime alone.

Conventions: rows of traits are heard one by one, so that what is heard of a piece does not depend on what is asked for
with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import FileError
from kelly.models.sessions import opened
from kelly.models.symbolic.heads import SIZE

__all__ = ["SymbolicRecognizer", "shipped"]


class SymbolicRecognizer:
    """The network. Parameters: folder, with `model.onnx` and `config.json`, which holds the scale of its readings."""

    def __init__(self, folder: Traversable) -> None:
        self.config: Mapping[str, Any] = json.loads(folder.joinpath("config.json").read_text(encoding="utf-8"))
        self._session = opened(folder.joinpath("model.onnx").read_bytes())

    def predict(self, traits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """The heads (rows, 6) of rows of traits, laid out as `kelly.models.symbolic.heads` says."""
        rows = [self._session.run(["heads"], {"traits": row[None]})[0][0] for row in traits.astype(np.float32)]
        return np.array(rows, np.float64).reshape(-1, SIZE)


@cache
def _shipped(name: str) -> SymbolicRecognizer | None:
    folder = resources.files("kelly.models").joinpath(name)
    return SymbolicRecognizer(folder) if folder.joinpath("model.onnx").is_file() else None


def shipped(name: str = "symbolic") -> SymbolicRecognizer:
    """A recogniser that comes with Kelly, loaded once: "symbolic", which knows all songs, or the "judge", which knows
    its own. Raises: FileError, Kelly was built without it.
    """
    found = _shipped(name)
    if found is None:
        raise FileError(f"Kelly was built without the recogniser for scores called {name}")
    return found
