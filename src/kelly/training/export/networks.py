"""Exporting a trained network: the folder that `kelly.models.networks` loads.

Conventions: `model.safetensors` and `model.onnx` hold the weights under torch's names, all matrices and kernels in half
precision; `rtneural.json`, of the same rounded numbers, is what RTNeural's parser reads. Of the node classifier, which
is larger than all others together, there is `model.onnx` alone, in 8 bits. In full precision weights are in the run's
`weights.safetensors`. `config.json` names licence, corpora and the SHA-256 of the others. Before anything is written,
each file is read back from its bytes as any reader would, its weights are looked for and must be finite, its outputs
must vary over inputs, and over 64 steps be torch's: ONNX within 1e-5, RTNeural, whose numbers have no more digits than
that takes, 1e-4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import save

from kelly.errors import FileError
from kelly.models.checking import inspect, outputs
from kelly.models.probing import check_outputs, probes
from kelly.training.export import graph, rtneural
from kelly.training.export.put import put
from kelly.training.export.quantising import coarse
from kelly.training.networks.layered import Feedforward, Recurrent

__all__ = ["encoded", "rounded", "write"]

Floats = npt.NDArray[np.float32]
Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]

FEWEST = 5  # digits of a number in RTNeural's file
TOLERANCES = {"model.onnx": 1e-5, "rtneural.json": 1e-4}


def write(
    module: Feedforward | Recurrent,
    out: Path,
    licence: str,
    corpora: Sequence[str],
    facts: Mapping[str, Json],
    beside: Mapping[str, bytes] = MappingProxyType({}),
) -> list[Path]:
    """Write a trained network as Kelly ships it.

    Parameters: module; out, the folder, made where it is missing; licence of the weights; corpora, the titles of those
    it was trained on; facts, more for `config.json` (run, metrics, calibration); beside, more files by name.
    Returns: the files written.
    Raises: FileError, an export is not what it should be (nothing is written then), or `out` cannot be written.
    """
    files = encoded(module) | dict(beside)
    network = module.network
    config = {
        "format": 1,
        "network": network.name,
        "title": network.title,
        "parameters": network.parameters,
        "licence": licence,
        "corpora": list(corpora),
        **facts,
    }
    return put(files, config, out)


def encoded(module: Feedforward | Recurrent) -> dict[str, bytes]:
    """The files of weights of a network by name, each read back and compared with torch.

    Raises: FileError, one of them is not what it should be.
    """
    module = rounded(module)
    network, tensors = module.network, _tensors(module)
    files = {"model.onnx": graph.model(network, tensors).SerializeToString(deterministic=True)}
    if not network.convolves:
        small = {key: tensors[key].astype(np.float16) for key in network.compressed}
        files["model.safetensors"] = save(tensors | small, {"network": network.name})
        files["rtneural.json"] = _short(module, tensors)
    for name, data in files.items():
        try:
            _check(module, name, data)
        except FileError as error:
            raise FileError(f"the {network.name} network cannot be exported as {name}: {error}") from error
    return files


def _short(module: Feedforward | Recurrent, tensors: Mapping[str, Floats]) -> bytes:
    """RTNeural's file with as few digits as give what torch gives; with all of them where none do."""
    for digits in range(FEWEST, rtneural.FULL):
        data = rtneural.document(module.network, tensors, digits)
        try:
            _check(module, "rtneural.json", data)
        except FileError:
            continue
        return data
    return rtneural.document(module.network, tensors)


def rounded(module: Feedforward | Recurrent) -> Feedforward | Recurrent:
    """The network with what is kept in fewer bits rounded to them, so that all files hold the same."""
    twin, network = deepcopy(module), module.network
    state = {name: tensor for name, tensor in twin.state_dict().items() if name in network.compressed}
    small = {name: coarse(one) if network.convolves else one.half().float() for name, one in state.items()}
    twin.load_state_dict(small, strict=False)
    return twin


def _tensors(module: Feedforward | Recurrent) -> dict[str, Floats]:
    state = module.state_dict()
    return {name: np.ascontiguousarray(state[name].detach().cpu().float().numpy()) for name in module.network.tensors}


def _check(module: Feedforward | Recurrent, name: str, data: bytes) -> None:
    network = module.network
    found = inspect(data, Path(name).suffix, network.name)
    if found.steps is None:
        return
    given = outputs(found.steps, network)
    check_outputs(given)
    off = float(np.abs(given - _outputs(module, len(given))).max())
    tolerance = TOLERANCES.get(name, 1e-4)
    if not off <= tolerance:
        raise FileError(f"its outputs must be torch's within {tolerance:g}; they are up to {off:.2g} apart")


def _outputs(module: Feedforward | Recurrent, count: int) -> Floats:
    """What torch gives on the processor for the probes, in order, from the start."""
    twin = deepcopy(module).cpu().float().eval()
    x = torch.from_numpy(probes(module.network.shape, count))
    with torch.no_grad():
        y = twin(x[None])[0][0] if isinstance(twin, Recurrent) else twin(x)
    return np.asarray(y.numpy(), np.float32)
