"""ONNX files: their weights, read from the bytes, and the network itself, run by onnxruntime.

Conventions: a file is a `ModelProto` (onnx.ai, IR 9) whose inputs, outputs and initialisers are named as
`kelly.training.export.graph` says: one in 8 bits called NAME has beside it NAME.step, float32 (rows,), by which each of
its rows is multiplied. Weights are read straight from protobuf's wire format, of which that takes little, so that
checking a file needs no library that using it does not.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import FileError, UsageError
from kelly.models.layers import Network
from kelly.models.sessions import opened
from kelly.names import quoted

__all__ = ["STEP", "Runner", "operators", "tensors", "widened"]

Floats = npt.NDArray[np.float32]

_Fields = dict[int, list[int | memoryview]]

STEP = ".step"
_MODEL = {1, 2, 3, 4, 5, 6, 7, 8, 14}  # fields of ModelProto, but for functions and training
_GRAPH = 7
_PARTS = {1, 2, 5, 10, 11, 12, 13}  # fields of GraphProto, but for sparse weights and notes on them
_NODE, _INITIALISER = 1, 5  # fields of GraphProto
_OPERATOR, _DOMAIN = 4, 7  # fields of NodeProto
_DIMS, _TYPE, _FLOATS, _NAME, _RAW, _PLACE = 1, 2, 4, 8, 9, 14  # fields of TensorProto
_KINDS = {1: "<f4", 3: "|i1", 10: "<f2"}  # data types of TensorProto whose numbers are read
_MOST_DIMS = 4
_LONGEST = 200  # characters of what onnxruntime says
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types


class Runner:
    """A network that is run one step at a time and remembers what it has heard.

    Parameters: data, the bytes of the ONNX file; network, whose inputs and outputs it must have.
    Raises: FileError, onnxruntime cannot load it, or it has other inputs or outputs.
    """

    def __init__(self, data: bytes, network: Network) -> None:
        self.network = network
        self._session = _session(data)
        names = ("h", "c") if network.state else ()
        state: dict[str, tuple[int, ...]] = dict.fromkeys(names, (network.state,))
        _check("inputs", self._session.get_inputs, {"x": network.shape} | state)
        after = {f"{name}_next": shape for name, shape in state.items()}
        _check("outputs", self._session.get_outputs, {"y": (network.outputs,)} | after)
        self._names, self._after = names, list(after)
        self.reset()

    def fresh(self) -> Runner:
        """The same network with a memory of its own."""
        other = copy(self)
        other.reset()
        return other

    def reset(self) -> None:
        """Forget everything: states are zeros again."""
        self._state = [np.zeros((1, self.network.state), np.float32) for _ in self._names]

    def step(self, x: npt.ArrayLike) -> Floats:
        """Outputs (outputs,) of one input (*shape). Raises: UsageError when it has another shape."""
        row = np.asarray(x, np.float32)
        if row.shape != self.network.shape:
            raise UsageError(f"{self.network.title} takes numbers of shape {self.network.shape}; got {row.shape}")
        given = dict(zip(("x", *self._names), (row[None], *self._state), strict=True))
        try:
            y, *self._state = self._session.run(["y", *self._after], given)
        except Exception as error:  # onnxruntime's errors have no root of their own
            raise FileError(f"onnxruntime cannot run it: {_told(error)}") from error
        return np.asarray(y[0], np.float32)


def tensors(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """The weights of an ONNX file by name, as float32; as int8 are told those that have not a step for each row.

    Raises: FileError, the file is damaged, keeps weights elsewhere, or has a name twice.
    """
    named = [_tensor(_grouped(_message(one))) for one in _graph(data).get(_INITIALISER, [])]
    if len(dict(named)) != len(named):
        raise FileError("no two initialisers may have one name")
    found = {name: array for name, array in named if array is not None}
    whole = {name: array for name, array in found.items() if array.dtype == np.int8}
    floats = {name: array.astype(np.float32) for name, array in found.items() if name not in whole}
    wide = {}
    for name, array in whole.items():
        step = floats.get(f"{name}{STEP}")
        if step is not None and step.shape == array.shape[:1]:
            wide[name] = widened(array, floats.pop(f"{name}{STEP}"))
    return floats | whole | wide


def widened(whole: npt.NDArray[np.int8], step: Floats) -> Floats:
    """What whole numbers (rows, ...) stand for, by the step (rows,) of each row."""
    with np.errstate(over="ignore", invalid="ignore"):  # a step of another's file may be anything; whoever asks sees
        return np.asarray(whole * step.reshape(-1, *[1] * (whole.ndim - 1)), np.float32)


def operators(data: bytes) -> Counter[str]:
    """How often each operator stands in an ONNX file's graph. Raises: FileError, the file is damaged."""
    nodes = (_grouped(_message(node)) for node in _graph(data).get(_NODE, []))
    return Counter(_text(node, _DOMAIN) + _text(node, _OPERATOR) for node in nodes)


def _graph(data: bytes) -> _Fields:
    fields = _grouped(memoryview(data))
    if not set(fields) <= _MODEL or len(fields.get(_GRAPH, [])) != 1:
        raise FileError("it must be an ONNX model of one graph, without functions")
    graph = _grouped(_message(fields[_GRAPH][0]))
    if not set(graph) <= _PARTS:
        raise FileError("its graph must be of nodes, weights, inputs and outputs alone")
    return graph


def _session(data: bytes) -> Any:  # noqa: ANN401 - onnxruntime ships no types
    try:
        return opened(data)
    except Exception as error:
        raise FileError(f"onnxruntime cannot load it: {_told(error)}") from error


def _told(error: Exception) -> str:
    """What onnxruntime says, on one line."""
    return " ".join(str(error).split())[:_LONGEST]


def _check(what: str, found: Callable[[], list[Any]], wanted: dict[str, tuple[int, ...]]) -> None:
    try:
        got = {one.name: tuple(one.shape[1:]) for one in found() if one.type == "tensor(float)"}
    except UnicodeDecodeError as error:
        raise FileError(f"its {what} must have names in UTF-8") from error
    if got != wanted or len(found()) != len(wanted):
        raise FileError(f"its {what} must be {wanted} for each of a batch; they are {quoted(got)}")


def _tensor(fields: _Fields) -> tuple[str, npt.NDArray[Any] | None]:
    """An initialiser: its name and, if it can be one of weights, its numbers."""
    name = _text(fields, _NAME)
    if _PLACE in fields:
        raise FileError("its weights must be in the file itself; it names another")
    kind = fields.get(_TYPE, [0])[-1]
    if not isinstance(kind, int) or kind not in _KINDS:
        return name, None
    number = np.dtype(_KINDS[kind])
    dims = [size for value in fields.get(_DIMS, []) for size in ([value] if isinstance(value, int) else _packed(value))]
    raw = b"".join(_message(part) for part in fields.get(_RAW, fields.get(_FLOATS, [])))
    size = number.itemsize
    if len(raw) != size * math.prod(dims) or not 1 <= len(dims) <= _MOST_DIMS or not raw:
        raise FileError(f"{quoted(name)} must have {math.prod(dims)} numbers of {size} bytes; it has {len(raw)} bytes")
    return name, np.frombuffer(raw, number).reshape(dims)


def _grouped(data: memoryview) -> _Fields:
    """The fields of a message by number."""
    fields: _Fields = {}
    for number, value in _wire(data):
        fields.setdefault(number, []).append(value)
    return fields


def _text(fields: _Fields, number: int) -> str:
    return b"".join(_message(part) for part in fields.get(number, [])[-1:]).decode("utf-8", "replace")


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise FileError("it is no ONNX file: a number stands where a message should")
    return value


def _wire(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message: (number, value), the value an integer or bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        size = {_FIXED64: 8, _FIXED32: 4}.get(kind)
        if kind == _BYTES:
            size, at = _varint(data, at)
        if size is None or at + size > len(data):
            raise FileError("it is no ONNX file, or is cut short")
        yield key >> 3, data[at : at + size]
        at += size


def _packed(data: memoryview) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    raise FileError("it is no ONNX file, or is cut short")
