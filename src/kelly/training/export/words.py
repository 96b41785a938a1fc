"""Exporting the word model: from a finished run to the int8 ONNX file that Kelly ships.

Conventions: weights of matrix products are int8 in blocks of 32 along the input, with activations quantised row by row
(onnxruntime's MatMulNBits at accuracy level 4): about as small and fast as dynamic quantisation of whole tensors, and a
text's numbers hardly depend on the other texts of its batch (up to 2.4e-4, so the reader runs them one by one). The
table of word pieces is int8 with a scale for each row.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from kelly.training.networks.words import WordsNet

__all__ = ["export"]

_BLOCK = 32


class _Heads(nn.Module):
    """The network as it ships: heads alone."""

    def __init__(self, network: WordsNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Heads (batch, 173) of token ids and mask (batch, tokens)."""
        heads: Tensor = self.network(ids, mask)[0]
        return heads


def export(network: WordsNet, path: Path) -> None:
    """Write a network as an int8 ONNX file with the inputs `ids` and `mask` and the output `heads`.

    Parameters: network; path of the file.
    """
    model = _onnx(_Heads(network.eval()).eval())
    _products(model.graph)
    _pieces(model.graph)
    onnx.save(_blocked(model), path)


def _onnx(heads: nn.Module) -> onnx.ModelProto:
    ids = torch.ones(2, 12, dtype=torch.long)
    mask = torch.tensor([[1] * 12, [1] * 9 + [0] * 3])  # padding in sight, or the mask would be traced away
    batch, tokens = torch.export.Dim("batch", min=1, max=4096), torch.export.Dim("tokens", min=2, max=512)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            heads,
            (ids, mask),
            dynamo=True,
            verbose=False,
            input_names=["ids", "mask"],
            output_names=["heads"],
            dynamic_shapes={name: {0: batch, 1: tokens} for name in ("ids", "mask")},
            opset_version=20,
        )
    assert program is not None  # noqa: S101 - only the old exporter gives nothing
    model = program.model_proto
    del model.graph.value_info[:], model.metadata_props[:]
    for node in model.graph.node:
        del node.metadata_props[:]  # paths of the machine that exported
        node.doc_string = ""
    return model


def _products(graph: onnx.GraphProto) -> None:
    """Gemm with a transposed weight becomes MatMul and Add, which the quantiser knows."""
    constants = {one.name: one for one in graph.initializer}
    nodes = []
    for node in graph.node:
        weight = constants.get(node.input[1]) if node.op_type == "Gemm" else None
        if weight is None:
            nodes.append(node)
            continue
        turned = any(a.name == "transB" and a.i for a in node.attribute)
        array = numpy_helper.to_array(weight)
        name = f"{weight.name}.turned"
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array.T if turned else array), name))
        biased = len(node.input) > 2
        product = f"{node.output[0]}.product" if biased else node.output[0]
        nodes.append(helper.make_node("MatMul", [node.input[0], name], [product], f"{node.name}.product"))
        if biased:
            nodes.append(helper.make_node("Add", [product, node.input[2]], list(node.output), f"{node.name}.sum"))
    _replace(graph, nodes)


def _pieces(graph: onnx.GraphProto) -> None:
    """The table of word pieces: int8 rows, each with its scale."""
    constants = {one.name: one for one in graph.initializer}
    nodes = []
    for node in graph.node:
        table = constants.get(node.input[0]) if node.op_type == "Gather" else None
        if table is None or table.dims[0] < 10_000:
            nodes.append(node)
            continue
        array = numpy_helper.to_array(table)
        scale = np.abs(array).max(1, keepdims=True) / 127
        rows = np.round(array / np.maximum(scale, 1e-12)).astype(np.int8)
        rounded, factor, scaled = (f"{table.name}.{part}" for part in ("rows", "scale", "cast"))
        graph.initializer.append(numpy_helper.from_array(rows, rounded))
        graph.initializer.append(numpy_helper.from_array(scale.astype(np.float32), factor))
        at = node.input[1]
        nodes += [
            helper.make_node("Gather", [rounded, at], [f"{rounded}.at"], f"{node.name}.rows", axis=0),
            helper.make_node("Cast", [f"{rounded}.at"], [scaled], f"{node.name}.cast", to=TensorProto.FLOAT),
            helper.make_node("Gather", [factor, at], [f"{factor}.at"], f"{node.name}.scale", axis=0),
            helper.make_node("Mul", [scaled, f"{factor}.at"], list(node.output), f"{node.name}.scaled"),
        ]
    _replace(graph, nodes)


def _replace(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    """Put other nodes into a graph, and drop the constants that none of them uses any more."""
    used = {name for node in nodes for name in node.input}
    kept = [one for one in graph.initializer if one.name in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(kept)


def _blocked(model: onnx.ModelProto) -> onnx.ModelProto:
    from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

    config = DefaultWeightOnlyQuantConfig(block_size=_BLOCK, is_symmetric=True, accuracy_level=4, bits=8)
    logging.getLogger("onnxruntime.quantization.matmul_nbits_quantizer").setLevel(logging.ERROR)
    quantiser = MatMulNBitsQuantizer(model, algo_config=config)
    quantiser.process()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        quantiser.model.save_model_to_file(str(path))
        return onnx.load(path)
