"""Networks in plain numpy: slow to no purpose but to check others by, and short enough to be read.

Conventions: numbers are float32. A dense layer has a kernel (inputs, outputs) and a bias; an LSTM a kernel W (inputs,
4 H), a recurrent kernel U (H, 4 H) and one bias (4 H), its gates in the order input, forget, cell, output. That is
Keras's layout and RTNeural's; `of_tensors` turns torch's into it. Convolutions are not run here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.models.layers import LSTM, Dense, Network

__all__ = ["Plain", "of_tensors"]

Floats = npt.NDArray[np.float32]


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x), np.float32)


def _softmax(x: Floats) -> Floats:
    weights = np.exp(x - x.max())
    return np.asarray(weights / weights.sum(), np.float32)


_ACTIVATIONS: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {
        "": lambda x: x,
        "tanh": np.tanh,
        "relu": lambda x: np.maximum(x, np.float32(0)),
        "sigmoid": _sigmoid,
        "softmax": _softmax,
    }
)


class Plain:
    """A network of dense layers and LSTMs that is run one step at a time and remembers what it has heard.

    Parameters: layers; weights, for each layer its arrays as the module's conventions have them.
    """

    def __init__(self, layers: Sequence[Dense | LSTM], weights: Sequence[tuple[Floats, ...]]) -> None:
        self.layers = tuple(layers)
        self.weights = tuple(weights)
        self.reset()

    @property
    def numbers(self) -> int:
        """How many weights there are, the bias of an LSTM counted once."""
        return sum(array.size for arrays in self.weights for array in arrays)

    def reset(self) -> None:
        """Forget everything: states are zeros again."""
        self._states = [np.zeros((2, layer.outputs), np.float32) for layer in self.layers]

    def step(self, x: npt.ArrayLike) -> Floats:
        """Outputs (outputs,) of one step's inputs (inputs,). Raises: UsageError when there are not that many."""
        y = np.asarray(x, np.float32)
        if y.shape != (self.layers[0].inputs,):
            raise UsageError(f"the network takes {self.layers[0].inputs} numbers; got shape {y.shape}")
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # huge weights give what is not finite; whoever asks will see
            for layer, arrays, state in zip(self.layers, self.weights, self._states, strict=True):
                y = _dense(layer, arrays, y) if isinstance(layer, Dense) else _lstm(arrays, state, y)
        return y


def of_tensors(network: Network, tensors: Mapping[str, npt.NDArray[np.floating]]) -> Plain:
    """A network from weights that are named and laid out as `network.shapes` says.

    Raises: UsageError when the network has convolutions.
    """
    layers = [layer for layer in network.layers if isinstance(layer, Dense | LSTM)]
    if len(layers) != len(network.layers):
        raise UsageError(f"{network.name} has convolutions, which are not run in plain numpy")
    named = ([tensors[f"layers.{i}.{name}"] for name in layer.shapes] for i, layer in enumerate(layers))
    return Plain(layers, [_turned(list(arrays)) for arrays in named])


def _turned(arrays: list[npt.NDArray[np.floating]]) -> tuple[Floats, ...]:
    """Kernels with inputs first; the biases, of which torch's LSTM has two, as their sum."""
    kernels = [np.ascontiguousarray(array.T, np.float32) for array in arrays if array.ndim > 1]
    bias = np.sum([array for array in arrays if array.ndim == 1], axis=0, dtype=np.float32)
    return *kernels, np.asarray(bias)


def _dense(layer: Dense, arrays: tuple[Floats, ...], x: Floats) -> Floats:
    kernel, bias = arrays
    return _ACTIVATIONS[layer.activation](x @ kernel + bias)


def _lstm(arrays: tuple[Floats, ...], state: Floats, x: Floats) -> Floats:
    kernel, recurrent, bias = arrays
    i, f, g, o = np.split(x @ kernel + state[0] @ recurrent + bias, 4)
    state[1] = _sigmoid(f) * state[1] + _sigmoid(i) * np.tanh(g)
    state[0] = _sigmoid(o) * np.tanh(state[1])
    return np.array(state[0])
