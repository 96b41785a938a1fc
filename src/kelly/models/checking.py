"""Checking: whether a file of weights holds one of the six networks, whole and as the specification has it.

Conventions: the suffix says what a file is: .json is RTNeural's, .onnx and .safetensors are Kelly's own, their weights
named as in `kelly.models.layers`. Weights must be finite, no kernel constant; outputs over 64 fixed inputs must be
finite and vary. An ONNX graph must give what its weights give in plain numpy. Whatever is wrong is a FileError.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kelly.errors import FileError, KellyError, UsageError
from kelly.files import read_bytes
from kelly.models import rtneural, runner
from kelly.models.layers import LSTM, NETWORKS, Convolution, Dense, Heads, Layer, Network, Pooling
from kelly.models.plain import Plain, of_tensors
from kelly.models.probing import STEPS, check_outputs, check_weights, probes
from kelly.names import find, quoted

__all__ = ["KINDS", "Checked", "Inspected", "check", "inspect", "outputs"]

Floats = npt.NDArray[np.float32]

LARGEST = 12 * 2**20  # bytes; the largest of the six has 7.7 million
TOLERANCE = 1e-4  # between a graph and its weights in plain numpy
FEW = 4  # inputs for a network with convolutions, which takes its time
_UNUSED = ".num_batches_tracked"  # torch keeps it beside statistics of normalisation; nothing is worked out from it
_ACTIVATIONS = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid", "softmax": "Softmax"}
_OPERATORS: Mapping[type[Layer], tuple[str, ...]] = MappingProxyType(
    {
        Dense: ("Gemm",),  # and its activation
        LSTM: ("Gemm", "Gemm", "Add", "Split", *["Sigmoid"] * 3, *["Tanh"] * 2, *["Mul"] * 3, "Add"),
        Convolution: ("Conv", "BatchNormalization", "MaxPool", "Relu"),
        Pooling: ("GlobalAveragePool", "Flatten"),
        Heads: ("Gemm", "Split", *["Gather"] * 3, *["Add"] * 3, *["LogSoftmax"] * 5, "Concat", "Exp"),
    }
)


class Steps(Protocol):
    """What runs a network: `Plain` and `Runner`."""

    def reset(self) -> None:
        """Forget everything."""

    def step(self, x: npt.ArrayLike) -> Floats:
        """Outputs of one input."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a file of weights holds: the network, how many numbers, and how to run it (None where only torch can)."""

    network: Network
    numbers: int
    steps: Steps | None


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that is in order: path, what it is, name and title of the network, numbers (weights), size in bytes."""

    path: str
    kind: str
    network: str
    title: str
    numbers: int
    size: int


def check(path: Path, name: str | None = None) -> Checked:
    """Check a file of weights.

    Parameters: path; name, the network that it must be, any of the six when None.
    Raises: FileError, it cannot be read or is refused; UsageError, the suffix or the name is not known.
    """
    if path.suffix.lower() not in KINDS:
        raise UsageError(f"a file of weights ends in {', '.join(KINDS)}; got {str(path)!r}")
    wanted = None if name is None else find(name, NETWORKS, "network")
    data = read_bytes(path, limit=LARGEST)
    title = KINDS[path.suffix.lower()][0]
    try:
        found = inspect(data, path.suffix.lower(), wanted)
        if found.steps is not None:
            check_outputs(outputs(found.steps, found.network))
    except FileError as error:
        raise FileError(f"{str(path)!r} is refused as {title}: {error}") from error
    return Checked(str(path), title, found.network.name, found.network.title, found.numbers, len(data))


def inspect(data: bytes, suffix: str, name: str | None = None) -> Inspected:
    """What the bytes of a file hold.

    Parameters: data; suffix, one of `KINDS`; name, of the network that they must be (any when None).
    Raises: FileError, they are no such file, fit no network, or weights are missing, not finite or untrained.
    """
    return KINDS[suffix][1](data, name)


def outputs(steps: Steps, network: Network) -> Floats:
    """What a network gives for the probes, in order, from the start: (count, outputs)."""
    steps.reset()
    return np.stack([steps.step(x) for x in probes(network.shape, _count(network))])


def _count(network: Network) -> int:
    return FEW if network.convolves else STEPS


def _json(data: bytes, name: str | None) -> Inspected:
    model = rtneural.parse(data)
    wanted = [NETWORKS[name]] if name else list(NETWORKS.values())
    network = next((one for one in wanted if one.layers == model.layers), None)
    if network is None:
        titles = f"{wanted[0].title} ({_layout(wanted[0].layers)})" if name else "one of Kelly's networks"
        raise FileError(f"it must be {titles}; it is {_layout(model.layers)}")
    named = {f"layers[{i}].weights[{k}]": a for i, row in enumerate(model.weights) for k, a in enumerate(row)}
    check_weights(named)
    return Inspected(network, model.numbers, model)


def _onnx(data: bytes, name: str | None) -> Inspected:
    tensors = runner.tensors(data)
    network = _fitting(tensors, name)
    _check_operators(runner.operators(data), network)
    made = runner.Runner(data, network)
    plain = _plain(network, tensors)
    if plain is not None:
        with np.errstate(invalid="ignore"):  # infinity less infinity, of huge weights
            off = float(np.abs(outputs(made, network) - outputs(plain, network)).max())
        if not off <= TOLERANCE:
            raise FileError(f"its graph must give what its weights give; they are up to {off:.2g} apart")
    return Inspected(network, network.parameters, made)


def _check_operators(found: Counter[str], network: Network) -> None:
    """A graph has the operators of its layers and no others: a loop might never end, a sum of sums never fit."""
    wanted = Counter(operator for layer in network.layers for operator in _OPERATORS[type(layer)])
    wanted.update(_ACTIVATIONS[layer.activation] for layer in network.layers if isinstance(layer, Dense))
    wanted.update(["DequantizeLinear" if network.convolves else "Cast"] * len(network.compressed))
    wanted.update(["Identity", "Unsqueeze"] if len(network.shape) > 1 else ["Identity"])
    if found != wanted:
        more, less = (", ".join(sorted(map(quoted, one))[:3]) or "none" for one in (found - wanted, wanted - found))
        raise FileError(f"its operators must be those of {network.title}; there are too many {more}, too few {less}")


def _safetensors(data: bytes, name: str | None) -> Inspected:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load
    except ModuleNotFoundError as error:
        raise KellyError("a .safetensors file is read with the extra `train`: pip install safetensors") from error
    try:
        tensors = load(data)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise FileError(f"it cannot be read: {' '.join(str(error).split())}") from error
    tensors = {key: array for key, array in tensors.items() if not key.endswith(_UNUSED)}
    network = _fitting(tensors, name, halved=True)
    tensors = {key: array.astype(np.float32) for key, array in tensors.items()}
    return Inspected(network, network.parameters, _plain(network, tensors))


def _fitting(tensors: Mapping[str, npt.NDArray[Any]], name: str | None, *, halved: bool = False) -> Network:
    """The network whose weights these are, where `halved` with matrices in half precision or (of runs) in single.

    Raises: FileError that says what is amiss with the likeliest.
    """

    def kinds(network: Network, key: str) -> tuple[str, ...]:
        return ("float16", "float32") if halved and key in network.compressed else ("float32",)

    def fits(network: Network, key: str, shape: tuple[int, ...]) -> bool:
        kind, found = got.get(key, ("", ()))
        return kind in kinds(network, key) and found == shape

    def kind(array: npt.NDArray[Any]) -> str:
        return "int8 without a step a row," if array.dtype == np.int8 else array.dtype.name

    got = {key: (kind(array), tuple(array.shape)) for key, array in tensors.items()}
    among = [NETWORKS[name]] if name else list(NETWORKS.values())
    network = max(among, key=lambda one: sum(fits(one, key, shape) for key, shape in one.tensors.items()))
    if not name and not got.keys() & network.tensors.keys():
        raise FileError(f"none of the six networks has such weights; it holds {', '.join(map(quoted, list(got)[:3]))}")
    for key, shape in network.tensors.items():
        if not fits(network, key, shape):
            told = "it is {} of shape {}".format(*got[key]) if key in got else "it is missing"
            asked = " or ".join(kinds(network, key))
            raise FileError(f"{key} of {network.title} must be {asked} of shape {shape}; {told}")
    more = sorted(set(tensors) - set(network.tensors))
    if more:
        raise FileError(f"{network.title} has no weights named {', '.join(map(quoted, more[:3]))}")
    check_weights(tensors)
    return network


def _plain(network: Network, tensors: Mapping[str, npt.NDArray[np.floating]]) -> Plain | None:
    return None if network.convolves else of_tensors(network, tensors)


def _layout(layers: Sequence[object]) -> str:
    told = []
    for layer in layers[:8]:
        if isinstance(layer, Dense):
            told.append(f"dense {layer.inputs}-{layer.outputs} {layer.activation}".strip())
        elif isinstance(layer, LSTM):
            told.append(f"lstm {layer.inputs}-{layer.outputs}")
    return ", ".join(told) + (" ..." if len(layers) > len(told) else "")


KINDS: Mapping[str, tuple[str, Callable[[bytes, str | None], Inspected]]] = MappingProxyType(
    {".json": ("RTNeural JSON", _json), ".onnx": ("ONNX", _onnx), ".safetensors": ("safetensors", _safetensors)}
)
