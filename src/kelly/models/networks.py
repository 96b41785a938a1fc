"""The six networks at run time: one class each, whose `predict` takes and gives what its slots mean.

Conventions: a network's folder holds `model.onnx` and `config.json` with its SHA-256. Outputs are rounded to 1/1024
before anyone chooses by them, so that the last digits of a sum cannot tip a choice. Networks with memory take one step
a call and `reset` begins anew. Which rules play where a network is missing is the caller's affair: `shipped` gives
None then and says so once, by `logging` (logger "kelly.models").
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Hashable, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, ClassVar, Self, TypeVar, cast

import numpy as np
import numpy.typing as npt

from kelly.errors import FileError
from kelly.models.dynamics import slots as dynamics
from kelly.models.groove import slots as groove
from kelly.models.harmony import ngrams
from kelly.models.harmony.following import Following, Mixture
from kelly.models.layers import NETWORKS, Network
from kelly.models.melody import slots as melody
from kelly.models.nodes import heads
from kelly.models.runner import Runner

__all__ = [
    "DynamicsEngine",
    "EmotionNodeClassifier",
    "EmotionRecognizer",
    "GroovePredictor",
    "HarmonyPredictor",
    "MelodyTransformer",
    "Trained",
    "open_folder",
    "shipped",
]

Floats = npt.NDArray[np.float64]

_GRID = 1024
_LOGGER = logging.getLogger("kelly.models")


class Trained:
    """What all six share.

    Parameters: runner, the loaded network; config, the numbers that ship with its weights.
    """

    network: ClassVar[Network]

    def __init__(self, runner: Runner, config: Mapping[str, Any] = MappingProxyType({})) -> None:
        self.config = config
        self._runner = runner.fresh()

    def fresh(self) -> Self:
        """The same network with a memory of its own."""
        return type(self)(self._runner, self.config)

    def _step(self, x: npt.ArrayLike) -> Floats:
        return np.asarray(np.rint(self._runner.step(x).astype(np.float64) * _GRID) / _GRID)


class _Remembering(Trained):
    def reset(self) -> None:
        """Forget everything heard so far."""
        self._runner.reset()


class EmotionRecognizer(_Remembering):
    """What feeling the sound so far carries."""

    network = NETWORKS["recognizer"]

    def predict(self, frame: npt.ArrayLike) -> Floats:
        """The emotion code (64,) after one more log-mel frame (128,), 10.77 of which make a second."""
        return self._step(frame)


class MelodyTransformer(_Remembering):
    """Which pitches the melody has in the next beat."""

    network = NETWORKS["melody"]

    def predict(self, beat: melody.Beat) -> Floats:
        """The probability (128,) that each MIDI pitch sounds in a beat, tonic transposed to C (`melody.restored`)."""
        return self._step(melody.encode(beat))


class HarmonyPredictor(Trained):
    """Which chord comes next. Raises: FileError, its config says nothing sensible of the mixture."""

    network = NETWORKS["harmony"]

    def __init__(self, runner: Runner, config: Mapping[str, Any] = MappingProxyType({})) -> None:
        super().__init__(runner, config)
        self._mixture = Mixture.of(config)

    def following(self) -> Following:
        """A song in the making, from its begin on, told by the network and the table of n-grams that is shipped."""
        return Following(self, ngrams.shipped(), self._mixture)

    def predict(self, code: npt.ArrayLike, trace: npt.ArrayLike) -> Floats:
        """The probability (64,) of each class of `harmony.classes`: from emotion code (64,) and trace (64,)."""
        return self._step(np.concatenate([np.asarray(code, np.float64), np.asarray(trace, np.float64)]))


class DynamicsEngine(Trained):
    """How written notes are played."""

    network = NETWORKS["dynamics"]

    def predict(self, notes: dynamics.Written) -> dynamics.Expression:
        """The expression of notes (arrays of one dimension), each by itself."""
        rows = [self._step(row) for row in dynamics.write(notes)]
        return dynamics.decode(np.reshape(rows, (len(rows), dynamics.OUTPUTS)))


class GroovePredictor(Trained):
    """When and how loud the sixteenths of a bar are struck."""

    network = NETWORKS["groove"]

    def predict(self, code: npt.ArrayLike) -> groove.Groove:
        """The groove of an emotion code (64,)."""
        return groove.decode(self._step(code))


class EmotionNodeClassifier(Trained):
    """Which of the 216 nodes a sound is an example of."""

    network = NETWORKS["nodes"]

    def predict(self, picture: npt.ArrayLike) -> dict[str, Floats]:
        """The probabilities of each head of `nodes.heads`, from 64 mel bands x 128 frames."""
        y = self._step(picture)
        return {head: y[place] for head, place in heads.SLOTS.items()}


T = TypeVar("T", bound=Trained)


def open_folder(kind: type[T], folder: Traversable) -> T:
    """A network from a folder that `kelly.training.export.networks` wrote.

    Raises: FileError, a file is missing, damaged or of another network.
    """
    return kind(*_opened(kind.network, folder))


def shipped(kind: type[T]) -> T | None:
    """The network of a kind that comes with Kelly, with a memory of its own; None, with a note, where there is none."""
    loaded = _loaded(cast("Hashable", kind))  # a class is, though mypy does not see it behind a variable
    return None if loaded is None else cast("T", loaded.fresh())


@cache
def _loaded(kind: type[Trained]) -> Trained | None:
    try:
        return open_folder(kind, resources.files("kelly.models").joinpath(kind.network.name))
    except FileError as error:
        _LOGGER.warning("kelly: no %s: %s; rules play instead", kind.network.title, error)
        return None


def _opened(network: Network, folder: Traversable) -> tuple[Runner, Mapping[str, Any]]:
    try:
        config = json.loads(folder.joinpath("config.json").read_text(encoding="utf-8"))
        data = folder.joinpath("model.onnx").read_bytes()
        name, wanted = config["network"], config["sha256"]["model.onnx"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileError(f"{folder.name} has no readable config.json and model.onnx") from error
    if name != network.name or hashlib.sha256(data).hexdigest() != wanted:
        raise FileError(f"{folder.name}/model.onnx is not the file that its config.json describes")
    return Runner(data, network), config
