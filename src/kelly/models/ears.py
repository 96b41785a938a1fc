"""Ears: the networks that hear sound, at run time by onnxruntime alone.

Conventions: there are three, each a folder of `kelly.models` with `model.onnx`, `config.json` and a card. `voice` hears
a voice (heads `speech`, `song` and `kind`), `music` music (`gems`, `vgmidi`, `emopia`); both are given waves of one
channel at 16 kHz (an ear that somebody else trained, at its own `rate`) in -1..1, of any level, and hear `LONGEST`
seconds at once at the most. `moods` hears thirty seconds of music as frames of `kelly.models.recognizer.frames`, which
is how its corpus comes. A head tells probabilities of the names that `names` gives, or ratings in the terms of its
corpus.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import FileError, UsageError
from kelly.models.sessions import opened

__all__ = ["LONGEST", "NAMES", "RATE", "Ear", "shipped"]

Floats = npt.NDArray[np.float32]

NAMES = ("voice", "music", "moods")
RATE = 16_000
LONGEST = 12.0  # seconds
_TENTHS = 10.0  # a level is so many decibels
_SPAN = 80.0  # dB


class Ear:
    """A network that hears. Parameters: data, of `model.onnx`; config, of `config.json`."""

    def __init__(self, data: bytes, config: Mapping[str, Any]) -> None:
        self.config = config
        self._session = opened(data)
        self._inputs = tuple(one.name for one in self._session.get_inputs())

    @property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """What each head tells of, by the head's name."""
        return MappingProxyType({head: tuple(names) for head, names in self.config["heads"].items()})

    @property
    def rate(self) -> int:
        """Samples a second of the waves that it hears."""
        return int(self.config.get("rate", RATE))

    def hear(self, waves: Sequence[npt.ArrayLike]) -> dict[str, npt.NDArray[np.float64]]:
        """What each head tells (sounds, numbers) of waves (samples,), or of decibels (frames, 128) in -80..0.

        Raises: UsageError, there is no sound, or one is empty, longer than `LONGEST` or no finite numbers.
        """
        rows = [np.asarray(wave, np.float32) for wave in waves]
        pictured = self._inputs[0] == "levels"
        if not rows or not all(row.ndim == 1 + pictured and len(row) and np.isfinite(row).all() for row in rows):
            raise UsageError("sounds must be one or more, of finite numbers; one is empty or has another shape")
        if not pictured and max(map(len, rows)) > LONGEST * self.rate:
            longest = max(map(len, rows)) / self.rate
            raise UsageError(f"at most {LONGEST:g} seconds are heard at once; got {longest:.1f}")
        rows = [(row + np.float32(_SPAN)) / np.float32(_TENTHS) for row in rows] if pictured else rows
        told = {head: np.zeros((len(rows), len(names))) for head, names in self.names.items()}
        for length in sorted({len(row) for row in rows}):
            places = [place for place, row in enumerate(rows) if len(row) == length]
            # Only sounds of one length come together: what is heard of one never hangs on the padding beside it.
            for head, said in self._run(np.stack([rows[place] for place in places])).items():
                told[head][places] = said
        return told

    def _run(self, sounds: Floats) -> dict[str, Floats]:
        """What each head tells of sounds of one length."""
        lengths = np.full(len(sounds), sounds.shape[1], np.int64)
        told = self._session.run(None, dict(zip(self._inputs, (sounds, lengths), strict=True)))
        return dict(zip(self.names, told, strict=True))


def shipped(name: str) -> Ear:
    """An ear that comes with Kelly, loaded once. Raises: FileError, Kelly was built without it."""
    found = _shipped(name)
    if found is None:
        raise FileError(f"Kelly was built without its ear for {name}")
    return found


@cache
def _shipped(name: str) -> Ear | None:
    folder = resources.files("kelly.models").joinpath(name)
    if not folder.joinpath("model.onnx").is_file():
        return None
    config = json.loads(folder.joinpath("config.json").read_text(encoding="utf-8"))
    return Ear(folder.joinpath("model.onnx").read_bytes(), config)
