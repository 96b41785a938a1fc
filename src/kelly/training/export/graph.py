"""Exporting a network as an ONNX graph, written layer by layer from the list in `kelly.models.layers`.

Conventions: the initialisers are the tensors of the network, with torch's names and shapes (an LSTM is written out as
products and gates: as fast as the operator LSTM, whose layout is another). Inputs are `x` (batch, *shape) and, for a
network with memory, the state `h`, `c` (batch, hidden); outputs are `y` (batch, outputs) and the state after the step,
`h_next`, `c_next`. The batch may be of any size. Matrices and kernels are kept in half precision or, of a network of
convolutions, in 8 bits, and widened where they are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from kelly.models.layers import LSTM, Convolution, Dense, Layer, Network, Pooling
from kelly.models.nodes.heads import ORDER, PARENTS, SIZES
from kelly.models.runner import STEP
from kelly.training.export.quantising import in_eight

__all__ = ["IR", "OPSET", "model"]

Floats = npt.NDArray[np.float32]

OPSET, IR = 20, 9  # of ONNX 1.15: read by every onnxruntime that Kelly allows
_OPERATORS = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid", "softmax": "Softmax"}


def model(network: Network, tensors: Mapping[str, Floats]) -> onnx.ModelProto:
    """The network as a model, validated by onnx's checker.

    Parameters: network; tensors, its weights by name in torch's layout, as `network.tensors` has them; those that are
    kept in fewer bits lose what these cannot hold.
    """
    graph = _Graph(network, tensors)
    made = helper.make_model(
        graph.proto(), opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="kelly"
    )
    facts = {"network": network.name, "title": network.title, "parameters": str(network.parameters)}
    helper.set_model_props(made, facts)
    onnx.checker.check_model(made, full_check=True)
    return made


class _Graph:
    """A graph in the making; `value` is the name of what the layers so far give."""

    def __init__(self, network: Network, tensors: Mapping[str, Floats]) -> None:
        self.network = network
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.names = {name: self.weight(name, tensors[name]) for name in network.tensors}
        self.value = "x"
        if len(network.shape) > 1:
            self.value = self.add("Unsqueeze", "x", self.constant("channel", [1]))  # one channel
        for index, layer in enumerate(network.layers):
            self.layer(f"layers.{index}", layer)

    def proto(self) -> onnx.GraphProto:
        """The graph with its inputs and outputs."""
        network = self.network
        self.nodes.append(helper.make_node("Identity", [self.value], ["y"]))
        states = [(name, network.state) for name in ("h", "c")] if network.state else []
        inputs = [_input("x", *network.shape), *(_input(name, size) for name, size in states)]
        outputs = [_input("y", network.outputs), *(_input(f"{name}_next", size) for name, size in states)]
        return helper.make_graph(self.nodes, network.name, inputs, outputs, self.constants)

    def add(self, operator: str, *inputs: str, name: str = "", **attributes: int | list[int]) -> str:
        """Add an operator with one output. Returns: the output's name."""
        output = name or f"{operator.lower()}.{len(self.nodes)}"
        node = helper.make_node(operator, list(inputs), [output])
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return output

    def weight(self, name: str, values: Floats) -> str:
        """Add a tensor of the network. Returns: the name of its float32."""
        if name not in self.network.compressed:
            return self.kept(name, values.astype(np.float32))
        wide = f"{name}.float32"
        if not self.network.convolves:
            return self.add("Cast", self.kept(name, values.astype(np.float16)), name=wide, to=TensorProto.FLOAT)
        whole, step = in_eight(values)
        return self.add("DequantizeLinear", self.kept(name, whole), self.kept(f"{name}{STEP}", step), name=wide, axis=0)

    def constant(self, name: str, values: object) -> str:
        """Add integers that are no weights."""
        return self.kept(name, np.asarray(values, np.int64))

    def kept(self, name: str, values: npt.NDArray[Any]) -> str:
        """Add an initialiser as it is."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def layer(self, name: str, layer: Layer) -> None:
        """Add a layer."""
        if isinstance(layer, Dense):
            self.value = self.product(self.value, f"{name}.weight", f"{name}.bias")
            self.value = self.add(_OPERATORS[layer.activation], self.value) if layer.activation else self.value
        elif isinstance(layer, LSTM):
            self.value = self.memory(name, layer)
        elif isinstance(layer, Convolution):
            self.value = self.stage(name)
        elif isinstance(layer, Pooling):
            self.value = self.add("Flatten", self.add("GlobalAveragePool", self.value))
        else:
            self.value = self.heads(self.product(self.value, f"{name}.weight", f"{name}.bias"))

    def product(self, value: str, weight: str, bias: str) -> str:
        """A dense layer's sum."""
        return self.add("Gemm", value, self.names[weight], self.names[bias], transB=1)

    def memory(self, name: str, layer: LSTM) -> str:
        """One step of an LSTM."""
        heard = self.product(self.value, f"{name}.weight_ih_l0", f"{name}.bias_ih_l0")
        remembered = self.product("h", f"{name}.weight_hh_l0", f"{name}.bias_hh_l0")
        gates = ["gate.i", "gate.f", "gate.g", "gate.o"]
        sizes = self.constant("gates", [layer.outputs] * 4)
        self.nodes.append(helper.make_node("Split", [self.add("Add", heard, remembered), sizes], gates, axis=1))
        i, f, o = (self.add("Sigmoid", gates[index]) for index in (0, 1, 3))
        kept, written = self.add("Mul", f, "c"), self.add("Mul", i, self.add("Tanh", gates[2]))
        return self.add("Mul", o, self.add("Tanh", self.add("Add", kept, written, name="c_next")), name="h_next")

    def stage(self, name: str) -> str:
        """A convolution, normalised; the maximum before relu, as in training."""
        value = self.add("Conv", self.value, self.names[f"{name}.convolution.weight"], pads=[1] * 4)
        norm = [self.names[f"{name}.norm.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
        value = self.add("BatchNormalization", value, *norm)
        return self.add("Relu", self.add("MaxPool", value, kernel_shape=[2, 2], strides=[2, 2]))

    def heads(self, value: str) -> str:
        """The five heads, parents first, joined as `kelly.models.nodes.heads` has them."""
        raw = {head: f"raw.{head}" for head in SIZES}
        sizes = self.constant("heads", list(SIZES.values()))
        self.nodes.append(helper.make_node("Split", [value, sizes], list(raw.values()), axis=1))
        known: dict[str, str] = {}
        for head in ORDER:
            total = raw[head]
            for parent in (parent for child, parent in PARENTS if child == head):
                index = self.constant(f"{head}.{parent}", PARENTS[head, parent])
                total = self.add("Add", total, self.add("Gather", known[parent], index, axis=1))
            known[head] = self.add("LogSoftmax", total, axis=1)
        return self.add("Exp", self.add("Concat", *(known[head] for head in SIZES), axis=1))


def _input(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
