"""Exporting a network as the JSON that RTNeural's parser reads (`kelly.models.rtneural` says how it is laid out).

Conventions: numbers have nine significant digits, which is what a float32 needs to come back as it was, or as many
fewer as are asked for, which makes the file shorter. torch keeps a
kernel with a row for each output, the file with a row for each input; torch's gates have the file's order already. An
LSTM's two biases are written as their sum, since RTNeural keeps one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.models.layers import LSTM, Dense, Network

__all__ = ["FULL", "document"]

Floats = npt.NDArray[np.float32]
_Written = Callable[[float], str]

FULL = 9


def document(network: Network, tensors: Mapping[str, Floats], digits: int = FULL) -> bytes:
    """The file of a network.

    Parameters: network; tensors, its weights by name in torch's layout, as `network.shapes` has them; digits, of each
    number.
    Raises: UsageError, the network has layers that RTNeural does not run.
    """
    layers = ",\n".join(_layers(network, tensors, f"{{:.{digits}g}}".format))
    return f'{{"in_shape":[null,null,{network.shape[0]}],"layers":[\n{layers}\n]}}\n'.encode()


def _layers(network: Network, tensors: Mapping[str, Floats], written: _Written) -> Iterator[str]:
    for index, layer in enumerate(network.layers):
        named = {name: tensors[f"layers.{index}.{name}"] for name in layer.shapes}
        if isinstance(layer, Dense):
            yield _layer(written, "dense", layer.outputs, layer.activation, named["weight"].T, named["bias"])
        elif isinstance(layer, LSTM):
            bias = named["bias_ih_l0"] + named["bias_hh_l0"]
            yield _layer(written, "lstm", layer.outputs, "", named["weight_ih_l0"].T, named["weight_hh_l0"].T, bias)
        else:
            raise UsageError(f"only dense layers and LSTMs go into an RTNeural file; {network.name} has others")


def _layer(written: _Written, kind: str, outputs: int, activation: str, *arrays: Floats) -> str:
    weights = ",\n".join(_numbers(array, written) for array in arrays)
    return f'{{"type":"{kind}","shape":[null,null,{outputs}],"activation":"{activation}","weights":[\n{weights}\n]}}'


def _numbers(array: Floats, written: _Written) -> str:
    if array.ndim > 1:
        return f"[{','.join(_numbers(row, written) for row in array)}]"
    return f"[{','.join(map(written, array.tolist()))}]"
