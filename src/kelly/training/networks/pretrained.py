"""Pretrained encoders: weights that others trained on far more sound than the corpora here have, to begin from.

Conventions: they come inside packages of the package index, whose wheels are read as archives and never installed
(`pip download --no-deps musicnn==0.1.0 pipecat-ai==1.14.0 -d FOLDER`). `pretrained.csv` names the wheel, the members
that are read and the SHA-256 of each, and the licence. What comes back are arrays by the names of the networks here:

- `music`: musicnn (Pons and Serra, ISMIR 2019, "musicnn: pre-trained convolutional neural networks for music audio
  tagging"), trained on the tags of MagnaTagATune; ISC licence. Its input are the levels of the window of 512.
- `speech`: the first layers of Whisper tiny's encoder (Radford and others 2022, MIT) as Smart Turn v3 has fine-tuned
  them to hear whether a speaker has finished (BSD 2-clause); kept there in 8 bits. Its input were 80 bands, 100 frames
  a second, four times smaller than levels are.

Nothing is unpickled: one is a checkpoint of TensorFlow's, read here as the table and rows of numbers that it is, the
other an ONNX graph.
"""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from kelly.errors import FileError, UsageError
from kelly.training.networks.tensorflow import checkpoint

__all__ = ["LAYERS", "music", "speech"]

Floats = npt.NDArray[np.float32]
Tensors = dict[str, Floats]

LAYERS = 4  # of the speech encoder
_MATRICES = ("key", "query", "value", "out", "rise", "fall")  # of a layer, in the order of its graph
_VECTORS = {
    "self_attn_layer_norm.weight": "before.weight",
    "self_attn_layer_norm.bias": "before.bias",
    "self_attn.q_proj.bias": "query.bias",
    "self_attn.v_proj.bias": "value.bias",
    "self_attn.out_proj.bias": "out.bias",
    "final_layer_norm.weight": "between.weight",
    "final_layer_norm.bias": "between.bias",
    "fc1.bias": "rise.bias",
    "fc2.bias": "fall.bias",
}


def music(folder: Path) -> Tensors:
    """The weights of musicnn, by TensorFlow's names and in its layouts (a kernel is (time, bands, inputs, outputs)).

    Parameters: folder, where the wheel lies. Raises: FileError, it does not, or a member is not what it should be.
    """
    index, data = (_member(folder, "musicnn", end) for end in (".index", ".data-00000-of-00001"))
    return {name: array for name, array in checkpoint(index, data) if "Adam" not in name}


def speech(folder: Path, layers: int) -> Tensors:
    """The weights of the stem and the first layers of the speech encoder, in torch's layouts.

    Names: `stem.0.weight` (384, 80, 3) and `stem.1.weight` (384, 384, 3) with their biases, `positions` (400, 384), and
    of each layer `layers.I.{before,between}` (norms), `{query,key,value,out}` (384, 384), `rise` (1536, 384) and `fall`
    (384, 1536).
    Parameters: folder, where the wheel lies; layers, 1..`LAYERS`.
    Raises: as `music`; UsageError, the encoder has not so many layers.
    """
    if not 1 <= layers <= LAYERS:
        raise UsageError(f"the pretrained encoder has layers for 1..{LAYERS} of a network; got {layers}")
    graph = onnx.load_from_string(_member(folder, "pipecat-ai", ".onnx")).graph
    known = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    known |= dict(_widened(graph, known))
    held = [known[node.input[1]] for node in graph.node if node.op_type == "MatMul" and node.input[1] in known]
    stem = [node for node in graph.node if node.op_type == "Conv"]
    told = {"positions": known["inner.encoder.embed_positions.weight"]}
    for row, node in enumerate(stem):
        told |= {f"stem.{row}.weight": known[node.input[1]], f"stem.{row}.bias": known[node.input[2]].reshape(-1)}
    for layer in range(layers):
        there, here = f"inner.encoder.layers.{layer}.", f"layers.{layer}."
        told |= {here + ours: known[there + theirs] for theirs, ours in _VECTORS.items()}
        matrices = held[layer * len(_MATRICES) :]
        told |= {f"{here}{name}.weight": each.T for name, each in zip(_MATRICES, matrices, strict=False)}
    return {name: np.asarray(array, np.float32) for name, array in told.items()}


def _widened(graph: onnx.GraphProto, known: Mapping[str, npt.NDArray[np.generic]]) -> Iterator[tuple[str, Floats]]:
    """Weights that a graph keeps in 8 bits, as the numbers that they stand for."""
    for node in graph.node:
        if node.op_type != "DequantizeLinear" or node.input[0] not in known:
            continue
        whole, step, *zero = (known[name].astype(np.float32) for name in node.input)
        axis = next((one.i for one in node.attribute if one.name == "axis"), 1)
        shape = [-1 if place == axis else 1 for place in range(whole.ndim)]
        step, off = (
            one.reshape(shape) if one.size > 1 else one for one in (step, *(zero or [np.zeros(1, np.float32)]))
        )
        yield node.output[0], np.asarray((whole - off) * step, np.float32)


@cache
def _table() -> tuple[dict[str, str], ...]:
    text = resources.files("kelly.training.networks").joinpath("pretrained.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _member(folder: Path, package: str, end: str) -> bytes:
    """The bytes of a member of a package's wheel, whose sum is right."""
    row = next(row for row in _table() if row["package"] == package and row["member"].endswith(end))
    wheel = folder / row["wheel"]
    if not wheel.is_file():
        asked = f"{package}=={row['version']}"
        raise FileError(f"{folder} must hold {row['wheel']}: pip download --no-deps {asked} -d {folder}")
    try:
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read(row["member"])
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise FileError(f"{wheel} is damaged: {error}") from error
    if hashlib.sha256(data).hexdigest() != row["sha256"]:
        raise FileError(f"{row['member']} in {wheel} is not the file that these networks begin from")
    return data
