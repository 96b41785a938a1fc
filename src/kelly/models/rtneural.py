"""RTNeural's JSON: read, checked and run, as the C++ library would run it.

Conventions: the layout is that of RTNeural's `json_parser` (github.com/jatinchowdhury18/RTNeural, `model_loader.h`).
`in_shape` and each layer's `shape` are lists whose last entry counts numbers ([null, null, 64]). A layer has `type`,
`shape`, `weights` and, if it is no LSTM, an `activation` ("" or left out for none). Weights of `dense` are [kernel,
bias], the kernel row by row for each input; of `lstm` [W, U, b] with 4 H columns, gates in the order input, forget,
cell, output; of `activation` []. RTNeural itself skips types that it does not know, crashes on unknown activations and
reads beyond a bias that is too short; here all of that is refused, and so is what is no plain JSON: doubled keys, NaN.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import FileError
from kelly.files import read_bytes
from kelly.models.layers import ACTIVATIONS, LSTM, Dense
from kelly.models.plain import Plain
from kelly.names import quoted

__all__ = ["LARGEST", "parse", "read"]

LARGEST = 12 * 2**20  # bytes; the largest of the five networks has 640,640 numbers of some 14 characters each
TYPES = ("dense", "time-distributed-dense", "lstm", "activation")
LSTM_ACTIVATIONS = ("", "tanh")  # RTNeural does not read it; another would claim what is not done

Floats = npt.NDArray[np.float32]


def read(path: str | os.PathLike[str]) -> Plain:
    """The network in a file.

    Raises: FileError, the file cannot be read, is larger than `LARGEST`, or holds no network that could be run.
    """
    data = read_bytes(path, limit=LARGEST)
    try:
        return parse(data)
    except FileError as error:
        raise FileError(f"{os.fspath(path)!r} is no RTNeural network: {error}") from error


def parse(data: bytes) -> Plain:
    """The network in the bytes of a file. Raises: FileError when it is none; the text says what is wrong where."""
    document = _document(data)
    if not isinstance(document, dict) or not isinstance(document.get("layers"), list) or not document["layers"]:
        raise FileError("it must be an object with in_shape and a list of layers")
    width = _width("in_shape", document.get("in_shape"))
    layers: list[Dense | LSTM] = []
    weights: list[tuple[Floats, ...]] = []
    for index, entry in enumerate(document["layers"]):
        place = f"layers[{index}]"
        kind = _one_of(f"{place}.type", _field(place, entry, "type"), TYPES)
        outputs = _width(f"{place}.shape", _field(place, entry, "shape"))
        rows = _field(f"{place}", entry, "weights")
        if kind == "activation":
            layers[-1:] = [_activated(place, entry, layers[-1:], rows, outputs)]
            continue
        inputs = layers[-1].outputs if layers else width
        activation = _activation(place, entry, LSTM_ACTIVATIONS if kind == "lstm" else ACTIVATIONS)
        layer = LSTM(inputs, outputs) if kind == "lstm" else Dense(inputs, outputs, activation)
        weights.append(tuple(_arrays(f"{place}.weights", rows, layer)))
        layers.append(layer)
    return Plain(layers, weights)


def _document(data: bytes) -> Any:  # noqa: ANN401 - whatever the file holds
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError as error:
        raise FileError("it is nested too deeply") from error
    except ValueError as error:  # no UTF-8, no JSON, a number of thousands of digits
        raise FileError(f"it is no JSON: {str(error).splitlines()[0]}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        double = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise FileError(f"the key {quoted(double)} stands twice in one object")
    return found


def _constant(name: str) -> float:
    raise FileError(f"weights must be finite numbers; got {name}")


def _field(place: str, entry: object, name: str) -> Any:  # noqa: ANN401 - whatever the file holds
    if not isinstance(entry, dict) or name not in entry:
        raise FileError(f"{place} must be an object with type, shape and weights; it has no {name}")
    return entry[name]


def _one_of(place: str, value: object, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise FileError(f"{place} must be one of {', '.join(filter(None, allowed))}; got {quoted(value)}")
    return value


def _width(place: str, shape: object) -> int:
    """The last entry of a shape of up to three."""
    if not isinstance(shape, list) or not 1 <= len(shape) <= 3 or type(shape[-1]) is not int or shape[-1] < 1:
        raise FileError(f"{place} must be a list like [null, null, 64]; got {quoted(shape)}")
    return shape[-1]


def _activation(place: str, entry: dict[str, Any], allowed: tuple[str, ...] = ACTIVATIONS) -> str:
    return _one_of(f"{place}.activation", entry.get("activation", ""), allowed)


def _activated(place: str, entry: dict[str, Any], before: list[Dense | LSTM], rows: object, outputs: int) -> Dense:
    """The dense layer before, with the activation that a layer of its own gives it."""
    last = before[0] if before else None
    if not isinstance(last, Dense) or last.activation or last.outputs != outputs or rows != []:
        raise FileError(f"{place}: an activation follows a dense layer of its size that has none, and has no weights")
    return Dense(last.inputs, last.outputs, _activation(place, entry))


def _arrays(place: str, rows: object, layer: Dense | LSTM) -> Iterator[Floats]:
    columns = layer.outputs if isinstance(layer, Dense) else 4 * layer.outputs
    heights = [layer.inputs] if isinstance(layer, Dense) else [layer.inputs, layer.outputs]
    if not isinstance(rows, list) or len(rows) != len(heights) + 1:
        raise FileError(f"{place} must be a list of {len(heights) + 1} arrays; got {_told(rows)}")
    for index, height in enumerate(heights):
        yield _matrix(f"{place}[{index}]", rows[index], height, columns)
    yield _numbers(f"{place}[{len(heights)}]", rows[-1], columns)


def _matrix(place: str, rows: object, height: int, columns: int) -> Floats:
    if not isinstance(rows, list) or len(rows) != height:
        raise FileError(f"{place} must be a list of {height} rows; got {_told(rows)}")
    return np.stack([_numbers(f"{place}[{index}]", row, columns) for index, row in enumerate(rows)])


def _numbers(place: str, row: object, count: int) -> Floats:
    if not isinstance(row, list) or len(row) != count or not set(map(type, row)) <= {int, float}:
        raise FileError(f"{place} must be a list of {count} numbers; got {_told(row)}")
    try:
        numbers = np.array(row, np.float64)
    except OverflowError:
        numbers = np.array([np.inf])
    if not (np.abs(numbers) <= np.finfo(np.float32).max).all():
        raise FileError(f"{place} must hold finite numbers of 32 bits; it has others")
    return numbers.astype(np.float32)


def _told(value: object) -> str:
    if not isinstance(value, list):
        return quoted(value)
    odd = next((entry for entry in value if type(entry) not in {int, float, list}), None)
    return f"a list of {len(value)}" + ("" if odd is None else f" with {quoted(odd)} in it")
