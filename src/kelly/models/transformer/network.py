"""The transformer at run time: it reads words, remembers them, and says what may come, by onnxruntime alone.

Conventions: words and what is told beside them are those of `layout`; a memory holds what was read, up to `places`
words, in buffers that are made once. Asked with guidance g (Ho and Salimans, "Classifier-Free Diffusion Guidance",
2021), it reads everything twice, with the feeling and without, and answers u + g (f - u) in log odds, so that g above 1
says the feeling more strongly. Answers are rounded to 1/1024 and sessions run in one thread, so that the same words
give the same answer.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.emotion.code import UNKNOWN
from kelly.errors import FileError, UsageError
from kelly.models.sessions import opened
from kelly.models.transformer.layout import FIELDS, SIZES

__all__ = ["Memory", "Network", "Told", "open_folder", "shipped"]

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.int64]
STRONGEST = 10
_GRID = 1024
_LOGGER = logging.getLogger("kelly.models")
_NOTHING = UNKNOWN.astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What the network is told beside words: feelings (n, 64), changes (n, 3), chords (n, 8), left (n,)."""

    feelings: npt.NDArray[np.float32]
    changes: npt.NDArray[np.float32]
    chords: Words
    left: Words

    def __len__(self) -> int:
        """Beside how many words."""
        return len(self.left)


class Network:
    """The network. Parameters: step and heads, the bytes of its two graphs; config, the numbers that ship with them.

    Raises: FileError, onnxruntime cannot load them.
    """

    def __init__(self, step: bytes, heads: bytes, config: Mapping[str, Any]) -> None:
        self.config = config
        self.step, self.heads = _session(step), _session(heads)
        shapes = {one.name: one.shape for one in self.step.get_inputs()}
        if "keys_0" not in shapes:
            raise FileError(f"step.onnx must be the graph of a transformer's step; its inputs are {', '.join(shapes)}")
        self.cache = tuple(int(one) for one in shapes["keys_0"][1:])
        self.places = self.cache[1]
        self.layers = sum(name.startswith("keys_") for name in shapes)

    def memory(self, guidance: float = 1.0) -> Memory:
        """A memory of nothing. Raises: UsageError, the guidance is out of range."""
        return Memory(self, guidance)


class Memory:
    """What the network has read. Parameters: network; guidance, 0 (the feeling counts for nothing) to 10."""

    def __init__(self, network: Network, guidance: float = 1.0) -> None:
        if not 0 <= guidance <= STRONGEST:
            raise UsageError(f"guidance must lie in 0..{STRONGEST}; got {guidance}")
        self.network, self.guidance = network, guidance
        self._batch = 1 if guidance == 1 else 2
        names = [f"{kind}_{at}" for at in range(network.layers) for kind in ("keys", "values")]
        kept = {name: np.zeros((self._batch, *network.cache), np.float32) for name in names}
        # Several words at a time are read by one row of the batch after the other (GroupQueryAttention takes no other).
        rows = [slice(0, self._batch), *(slice(row, row + 1) for row in range(self._batch))]
        self._bindings = [(row, self._bound({name: one[row] for name, one in kept.items()})) for row in rows]
        self._inner = np.zeros((self._batch, 0, 0), np.float32)
        self.length = 0

    def _bound(self, kept: Mapping[str, npt.NDArray[np.float32]]) -> Any:  # noqa: ANN401 - onnxruntime has no types
        import onnxruntime

        binding = self.network.step.io_binding()
        for name, one in kept.items():
            value = onnxruntime.OrtValue.ortvalue_from_numpy(one)  # no copy: both are the same memory
            binding.bind_ortvalue_input(name, value)
            binding.bind_ortvalue_output(f"{name}_out", value)
        return binding

    @property
    def room(self) -> int:
        """How many words more it can hold."""
        return self.network.places - self.length

    def forget(self, length: int = 0) -> None:
        """Forget all but the first words."""
        self.length = min(self.length, max(0, length))

    def read(self, words: npt.ArrayLike, told: Told) -> None:
        """Read words (n, 8), one or more, with what is told beside them. Raises: UsageError, there is no room."""
        rows = np.asarray(words, np.int64)
        if len(rows) != len(told) or not 0 < len(rows) <= self.room:
            raise UsageError(f"one to {self.room} words may be read; got {len(rows)} and {len(told)} told")
        after = self.length + len(rows)
        given: dict[str, npt.NDArray[Any]] = {
            "words": np.stack([rows] * self._batch),
            "feelings": self._twice(told.feelings, np.broadcast_to(_NOTHING, told.feelings.shape)),
            "changes": self._twice(told.changes, np.zeros_like(told.changes)),
            "chords": np.stack([told.chords] * self._batch),
            "left": np.stack([told.left] * self._batch),
            "last": np.full(self._batch, after - 1, np.int32),
            "total": np.array(after, np.int32),
        }
        first, *each = self._bindings
        read = [self._run(binding, row, given) for row, binding in ([first] if len(rows) == 1 else each)]
        self._inner = np.concatenate(read)
        self.length = after

    def _run(self, binding: Any, row: slice, given: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:  # noqa: ANN401
        for name, value in given.items():
            binding.bind_cpu_input(name, np.ascontiguousarray(value[row]) if value.ndim else value)
        binding.bind_output("inner")
        self.network.step.run_with_iobinding(binding)
        return np.array(binding.get_outputs()[-1].numpy()[:, -1])

    def expect(self, word: npt.ArrayLike, field: int) -> Floats:
        """The log odds of each value of a field of the word that comes, (values,), by the fields before it.

        Parameters: word (8,), of which the fields before `field` count.
        """
        rows = np.broadcast_to(np.asarray(word, np.int64), (self._batch, len(FIELDS)))
        fed = {"inner": self._inner, "words": np.ascontiguousarray(rows), "field": np.array(field, np.int64)}
        told = self.network.heads.run(["logits"], fed)[0][:, : SIZES[FIELDS[field]]].astype(np.float64)
        mixed = told[0] if self._batch == 1 else told[1] + self.guidance * (_normal(told[0]) - _normal(told[1]))
        return np.asarray(np.rint(_normal(mixed) * _GRID) / _GRID)

    def _twice(self, felt: npt.NDArray[np.float32], unfelt: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.stack([felt, unfelt][: self._batch]).astype(np.float32)


def open_folder(folder: Traversable) -> Network:
    """The network of a folder: `step.onnx`, `heads.onnx` and `config.json`, which names their SHA-256.

    Raises: FileError, a file is missing or damaged.
    """
    try:
        config = json.loads(folder.joinpath("config.json").read_text(encoding="utf-8"))
        files = {name: folder.joinpath(name).read_bytes() for name in ("step.onnx", "heads.onnx")}
        wrong = [name for name, data in files.items() if hashlib.sha256(data).hexdigest() != config["sha256"][name]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileError(f"{folder} holds no transformer: {error}") from error
    if wrong:
        raise FileError(f"{folder}/{wrong[0]} is damaged: it is not the file that config.json names")
    return Network(files["step.onnx"], files["heads.onnx"], config)


@cache
def shipped() -> Network | None:
    """The network that comes with Kelly, loaded once; None where it is missing, or, said by `logging`, damaged."""
    folder = resources.files("kelly.models.transformer")
    if not folder.joinpath("config.json").is_file():
        return None
    try:
        return open_folder(folder)
    except FileError as error:
        _LOGGER.warning("the rules write alone: %s", error)
        return None


def needed() -> Network:
    """The network that comes with Kelly, for what needs it. Raises: FileError, it is missing or damaged."""
    found = shipped()
    if found is not None:
        return found
    folder = resources.files("kelly.models.transformer")
    if folder.joinpath("config.json").is_file():
        return open_folder(folder)  # what is wrong with it is raised
    raise FileError("Kelly was built without the transformer")


def _normal(logits: Floats) -> Floats:
    """Logits as logarithms of probabilities."""
    top = logits.max()
    return np.asarray(logits - top - np.log(np.exp(logits - top).sum()))


def _session(data: bytes) -> Any:  # noqa: ANN401 - onnxruntime has no types
    try:
        return opened(data)
    except Exception as error:  # onnxruntime's errors have no root of their own
        raise FileError(f"onnxruntime cannot load the transformer: {' '.join(str(error).split())[:200]}") from error
