"""Quantising: learned matrices in 8 bits, so that files of weights are a quarter as large.

Conventions: each row of a matrix (each kernel of a convolution) is kept as whole numbers -127..127 and a step, by which
they are multiplied where they are used (`kelly.models.sessions`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from kelly.models.runner import widened

__all__ = ["coarse", "in_eight", "is_large", "packed", "round_matrices"]

_LEAST = 4096  # numbers of a large matrix
_LEVELS = 127


def round_matrices(network: nn.Module) -> None:
    """Round every large matrix of a network to what 8 bits can hold."""
    with torch.no_grad():
        for parameter in network.parameters():
            if is_large(parameter):
                parameter.copy_(coarse(parameter))


def coarse(matrix: Tensor) -> Tensor:
    """A matrix as it is once it was kept in 8 bits."""
    return torch.from_numpy(widened(*in_eight(matrix.detach().cpu().numpy())))


def packed(model: onnx.ModelProto, parameters: Mapping[str, nn.Parameter]) -> bytes:
    """A model whose large matrices are kept in 8 bits.

    Parameters: model, of torch's exporter; parameters, the rounded network's by the names they have in it. A product's
    matrix stands there transposed and under another name: it is known by its numbers.
    """
    graph = model.graph
    held = {name: one.detach().numpy() for name, one in parameters.items() if is_large(one)}
    sums = {_sum(array): array for array in held.values()}
    kept = list(graph.initializer)
    del graph.initializer[:]
    widening = []
    for one in kept:
        array = numpy_helper.to_array(one)
        turned = array.ndim == 2 and array.dtype == np.float32 and _sum(array.T) in sums
        if array.dtype != np.float32 or not (turned or _sum(array) in sums):
            graph.initializer.append(one)
            continue
        whole, step = in_eight(array.T if turned else array)
        axis = 1 if turned else 0
        parts = (whole.T if turned else whole, step, np.zeros(len(step), np.int8))
        names = [f"{one.name}.{part}" for part in ("whole", "step", "zero")]
        graph.initializer.extend(
            numpy_helper.from_array(np.ascontiguousarray(part), name) for part, name in zip(parts, names, strict=True)
        )
        widening.append(helper.make_node("DequantizeLinear", names, [one.name], axis=axis))
    nodes = [*widening, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    model.producer_name, model.producer_version = "kelly", ""
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def is_large(parameter: Tensor) -> bool:
    """Whether it is a matrix whose size counts, not a bias or a small head."""
    return parameter.ndim >= 2 and parameter.numel() >= _LEAST


def in_eight(array: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Whole numbers in -127..127 and the step of each row."""
    rows = np.abs(array).reshape(len(array), -1).max(1)
    step = (np.maximum(rows, np.finfo(np.float32).tiny * _LEVELS) / _LEVELS).astype(np.float32)
    whole = np.rint(array / step.reshape(-1, *[1] * (array.ndim - 1)))
    return np.clip(whole, -_LEVELS, _LEVELS).astype(np.int8), step


def _sum(array: npt.NDArray[np.float32]) -> bytes:
    return hashlib.sha256(f"{array.shape}".encode() + np.ascontiguousarray(array).tobytes()).digest()
