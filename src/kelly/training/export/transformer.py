"""Exporting the transformer: two ONNX graphs that write word after word, and its weights.

Conventions: `step.onnx` takes words that come, (batch, words, 8), beside each what is told of its bar, and the keys and
values of all words before, and gives what the heads of all fields take from the state after each word, (batch, words,
8, inner). Keys and values lie in tensors of a fixed length, which onnxruntime's GroupQueryAttention writes in place
where the same buffer is bound as input and output, so that a step costs what it reads and no more. `heads.onnx` takes
that of one word, the fields that it already has, and which comes next, and gives the logits of that field, padded to
the largest. Matrices are kept in 8 bits, a scale for each output (of a table for each row), and widened when loaded.
`model.safetensors` holds the weights as they were learned, for whoever goes on from them; Kelly ships without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save

from kelly.emotion.code import SIZE as CODE
from kelly.errors import FileError
from kelly.files import write_atomically
from kelly.models.transformer.layout import FIELDS, SIZES, SLOTS
from kelly.models.transformer.network import Network, Told
from kelly.training.data import own
from kelly.training.data.registry import reader
from kelly.training.export.put import put
from kelly.training.networks.compound import CHANGE, CompoundTransformer, rotary
from kelly.training.tasks import transformer
from kelly.training.tasks.runs import claimed

__all__ = ["TOLERANCE", "graphs", "heads", "step", "write"]

TOLERANCE = 0.15  # nats: how far 8 bits may move the logarithm of a probability, in the mean over what is likely
RATED = ("emopia", "vgmidi")  # what the labeller learned from
_OPSET, _IR, _FUSED = 20, 9, "com.microsoft"
_WHOLE = 32  # bits of what is kept as it is
_NEVER = -1e9  # the logit of what is no value of a field
_LIKELY = -6.0  # logarithm of a probability: what is less likely may be off

Shape = Sequence[int | str]


def write(run: Path, out: Path) -> list[Path]:
    """Write a finished run as Kelly ships it. Raises: FileError, it is not finished, or its export is not its equal."""
    settings, network = transformer.trained(run)
    files = graphs(network, settings.window)
    off = _off(network, files)
    if not off <= TOLERANCE:
        raise FileError(f"the graphs must say what torch says within {TOLERANCE} nats; they are {off:.2g} off")
    corpora = [reader(one).CORPUS for one in sorted({*settings.corpora, *RATED} - {own.NAME})]
    mine = own.NAME in settings.corpora
    config: dict[str, Any] = {
        "format": 1,
        "licence": "; ".join([*sorted({corpus.licence for corpus in corpora}), *["that of your files"] * mine]),
        "corpora": [*(corpus.title for corpus in corpora), *["own files"] * mine],
        "run": {key: value for key, value in claimed(run).items() if key in {"seed", "data"}},
        "size": settings.size,
    }
    written = put(files, config, out)
    beside = out / "model.safetensors"
    write_atomically(beside, save(dict(network.state_dict())))
    return [*written, beside]


def graphs(network: CompoundTransformer, places: int, bits: int = 8) -> dict[str, bytes]:
    """Both graphs by their files' names. Parameters: as `step`."""
    network.eval()
    return {
        "step.onnx": step(network, places, bits).SerializeToString(),
        "heads.onnx": heads(network, bits).SerializeToString(),
    }


def step(network: CompoundTransformer, places: int, bits: int = 8) -> onnx.ModelProto:
    """The graph of a step. Parameters: network; places, how many words it remembers at most; bits, 8 or 32."""
    size, graph = network.size, _Graph(bits)
    tables = [
        graph.table(f"fields.{at}", table, graph.add("Gather", "words", graph.constant(at), axis=-1))
        for at, table in enumerate(network.tables)
    ]
    x = graph.add("Sum", *tables)
    told = _told(network, graph)
    cos, sin = (graph.floats(one.numpy()) for one in rotary(places, size.width // size.heads))
    for at, layer in enumerate(network.blocks):
        name = f"layers.{at}"
        beside = graph.add("Add", x, graph.dense(f"{name}.told", layer.told, told))
        packed = graph.dense(f"{name}.attend", layer.attend, graph.norm(beside, layer.before))
        found = graph.attend(packed, at, size.heads, cos, sin)
        x = graph.add("Add", x, graph.dense(f"{name}.join", layer.join, found))
        wide = graph.add("Relu", graph.dense(f"{name}.widen", layer.widen, graph.norm(x, layer.between)))
        x = graph.add("Add", x, graph.dense(f"{name}.narrow", layer.narrow, graph.add("Mul", wide, wide)))
    x = graph.norm(x, network.norm)
    joined = torch.nn.Linear(size.width, len(FIELDS) * size.inner)
    with torch.no_grad():
        joined.weight.copy_(torch.cat([head.state.weight for head in network.tellers]))
        joined.bias.copy_(torch.cat([head.state.bias for head in network.tellers]))
    inner = graph.dense("heads.state", joined, x)
    graph.add("Reshape", inner, graph.constant([0, 0, len(FIELDS), size.inner]), out="inner")
    cache: Shape = ("batch", size.heads, places, size.width // size.heads)
    kept = [f"{kind}_{at}" for at in range(size.layers) for kind in ("keys", "values")]
    some: Shape = ("batch", "words")
    return graph.model(
        "step",
        {
            "words": (TensorProto.INT64, (*some, len(FIELDS))),
            "feelings": (TensorProto.FLOAT, (*some, CODE)),
            "changes": (TensorProto.FLOAT, (*some, CHANGE)),
            "chords": (TensorProto.INT64, (*some, 2 * SLOTS)),
            "left": (TensorProto.INT64, some),
            "last": (TensorProto.INT32, ("batch",)),
            "total": (TensorProto.INT32, ()),
            **dict.fromkeys(kept, (TensorProto.FLOAT, cache)),
        },
        {
            "inner": (TensorProto.FLOAT, (*some, len(FIELDS), size.inner)),
            **{f"{name}_out": (TensorProto.FLOAT, cache) for name in kept},
        },
    )


def _told(network: CompoundTransformer, graph: _Graph) -> str:
    """What is told, as it enters the layers."""
    of_chords = graph.table("chords", network.chords, "chords")
    flat = graph.add("Reshape", of_chords, graph.constant([0, 0, 2 * SLOTS * network.size.chord]))
    told = graph.dense("told", network.told, graph.add("Concat", "feelings", "changes", flat, axis=-1))
    return graph.silu(graph.add("Add", told, graph.table("left", network.left, "left")))


def heads(network: CompoundTransformer, bits: int = 8) -> onnx.ModelProto:
    """The graph of all fields' heads: inner (batch, 8, inner), words (batch, 8) and field () to logits (batch, n)."""
    graph, inner, widest = _Graph(bits), network.size.inner, max(SIZES.values())
    # The rows that a head knows of the fields before its own, one after another, after one of zeros for all others.
    rows, first, counts = [torch.zeros(1, inner)], np.zeros((8, 8), np.int64), np.zeros((8, 8), np.int64)
    tell, bias = torch.zeros(len(FIELDS), inner, widest), torch.full((len(FIELDS), widest), _NEVER)
    for at, head in enumerate(network.tellers):
        for before, table in enumerate(head.tables):
            first[at, before], counts[at, before] = sum(map(len, rows)), 1
            rows.append(table.weight.detach())
        tell[at, :, : head.tell.out_features] = head.tell.weight.detach().T
        bias[at, : head.tell.out_features] = head.tell.bias.detach()
    counted = graph.add("Mul", "words", graph.add("Gather", graph.constant(counts), "field"))
    places = graph.add("Add", counted, graph.add("Gather", graph.constant(first), "field"))
    known = graph.add("Gather", graph.matrix("before", torch.cat(rows), of_rows=True), places)
    known = graph.add("ReduceSum", known, graph.constant([1]), keepdims=0)
    state = graph.silu(graph.add("Add", known, graph.add("Gather", "inner", "field", axis=1)))
    flat = graph.matrix("tell", tell.reshape(-1, widest), of_rows=True)
    each = graph.add("Reshape", flat, graph.constant(tell.shape))
    told = graph.add("MatMul", state, graph.add("Gather", each, "field"))
    graph.add("Add", told, graph.add("Gather", graph.floats(bias.numpy()), "field"), out="logits")
    return graph.model(
        "heads",
        {
            "inner": (TensorProto.FLOAT, ("batch", len(FIELDS), inner)),
            "words": (TensorProto.INT64, ("batch", len(FIELDS))),
            "field": (TensorProto.INT64, ()),
        },
        {"logits": (TensorProto.FLOAT, ("batch", widest))},
    )


class _Graph:
    """A graph in the making. Parameters: bits, in which matrices are kept."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: str, out: str = "", **attributes: Any) -> str:  # noqa: ANN401 - onnx's own
        """One operator more; the name of what it gives."""
        name = out or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, values: npt.ArrayLike) -> str:
        """Whole numbers."""
        return self.floats(np.asarray(values, np.int64))

    def floats(self, values: npt.NDArray[Any]) -> str:
        """Numbers as they are."""
        return self._kept(f"c{len(self.constants)}", values)

    def matrix(self, name: str, weight: torch.Tensor, *, of_rows: bool = False) -> str:
        """A matrix (rows, columns), kept in 8 bits with a scale for each column, or for each row."""
        values, axis = weight.detach().float().numpy(), 0 if of_rows else 1
        if self.bits == _WHOLE:
            return self._kept(f"{name}.weight", values)
        scale = np.maximum(np.abs(values).max(1 - axis), 1e-12) / 127
        small = np.rint(values / np.expand_dims(scale, 1 - axis)).astype(np.int8)
        given = self._kept(f"{name}.int8", small), self._kept(f"{name}.scale", scale.astype(np.float32))
        return self.add("DequantizeLinear", *given, axis=axis, out=f"{name}.weight")

    def table(self, name: str, table: torch.nn.Embedding, rows: str) -> str:
        """Some rows of a table."""
        return self.add("Gather", self.matrix(name, table.weight, of_rows=True), rows)

    def dense(self, name: str, layer: torch.nn.Linear, x: str) -> str:
        """A linear layer."""
        told = self.add("MatMul", x, self.matrix(name, layer.weight.T))
        return told if layer.bias is None else self.add("Add", told, self.floats(layer.bias.detach().numpy()))

    def norm(self, x: str, layer: torch.nn.LayerNorm) -> str:
        """A layer norm."""
        scale = self.floats(layer.weight.detach().numpy())
        return self.add("LayerNormalization", x, scale, axis=-1, epsilon=layer.eps)

    def silu(self, x: str) -> str:
        """The sigmoid-weighted x."""
        return self.add("Mul", x, self.add("Sigmoid", x))

    def attend(self, packed: str, at: int, heads_: int, cos: str, sin: str) -> str:
        """Causal attention of a layer, over what is kept and what comes."""
        given = [packed, "", "", f"keys_{at}", f"values_{at}", "last", "total", cos, sin]
        found = [f"found_{at}", f"keys_{at}_out", f"values_{at}_out"]
        counts: dict[str, Any] = {"num_heads": heads_, "kv_num_heads": heads_, "do_rotary": 1}
        self.nodes.append(helper.make_node("GroupQueryAttention", given, found, domain=_FUSED, **counts))
        return found[0]

    def model(
        self, name: str, inputs: Mapping[str, tuple[int, Shape]], outputs: Mapping[str, tuple[int, Shape]]
    ) -> onnx.ModelProto:
        """The graph as a model."""
        given, found = (
            [helper.make_tensor_value_info(one, kind, list(shape)) for one, (kind, shape) in part.items()]
            for part in (inputs, outputs)
        )
        sets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_FUSED, 1)]
        graph = helper.make_graph(self.nodes, name, given, found, self.constants)
        made = helper.make_model(graph, opset_imports=sets, ir_version=_IR, producer_name="kelly")
        onnx.checker.check_model(made)
        return made

    def _kept(self, name: str, values: npt.NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name


def _off(network: CompoundTransformer, files: Mapping[str, bytes], words: int = 48) -> float:
    """By how much the graphs differ from the network: nats of what is likely, in the mean over chance words' fields."""
    rng = np.random.default_rng(0)
    given = np.stack([rng.integers(0, SIZES[name], words) for name in FIELDS], 1)
    told = Told(
        rng.uniform(-1, 1, (words, CODE)).astype(np.float32),
        rng.uniform(-1, 1, (words, CHANGE)).astype(np.float32),
        rng.integers(0, 61, (words, 2 * SLOTS)),
        rng.integers(0, 33, words),
    )
    memory = Network(files["step.onnx"], files["heads.onnx"], {}).memory()
    memory.read(given[:-1], Told(told.feelings[1:], told.changes[1:], told.chords[1:], told.left[1:]))
    with torch.no_grad():
        rows = [torch.from_numpy(one[None, 1:]) for one in (told.feelings, told.changes, told.chords, told.left)]
        states = network.states(
            torch.from_numpy(given[None, :-1]), network.conditions(*rows), torch.arange(words - 1)[None]
        )
        wanted = network.logits(states, torch.from_numpy(given[None, 1:]))
    apart = []
    for field, logits in enumerate(wanted):
        known = logits[0, -1].log_softmax(-1).numpy()
        apart.append(np.abs(memory.expect(given[-1], field) - known)[known > _LIKELY].mean())
    return float(np.mean(apart))
