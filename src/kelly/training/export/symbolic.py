"""Exporting the symbolic recogniser: several runs as one ONNX file that gives their mean, with the scale of readings.

Conventions: the folder gets `model.onnx`, `model.safetensors` and `config.json` (licence, corpora, names of the traits,
`scale`, SHA-256 of the files). Large matrices are kept in 8 bits (`kelly.training.export.quantising`), and in
`model.safetensors` as the same numbers in half precision. The scale is measured on all the songs that the runs could
know: `signs` and `ratings`, the root mean square of what is said of either kind, by axis; `reach`, how far from the
middle a piece at that distance is heard, so that the songs span about as much as the thesaurus's names; `errors`, by
which the network's own error is multiplied.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from safetensors.torch import save

from kelly.errors import CorpusError, FileError
from kelly.listening.traits.all import names
from kelly.models.sessions import opened
from kelly.models.symbolic.heads import SLOTS
from kelly.training.data.corpora import emopia, vgmidi
from kelly.training.data.heard import Heard, heard
from kelly.training.data.splits import PARTS
from kelly.training.evaluation.symbolic import hear
from kelly.training.export.put import put
from kelly.training.export.quantising import is_large, packed, round_matrices
from kelly.training.networks.symbolic import Ears
from kelly.training.tasks.context import Context
from kelly.training.tasks.runs import claimed
from kelly.training.tasks.symbolic import trained

__all__ = ["REACH", "ears", "encoded", "scale", "write"]

REACH = (0.5, 0.22)  # valence and arousal
ERRORS = (1.38, 1.26)  # so that 80 % intervals held 80 % of the pieces in cross-validation
TOLERANCE = 1e-5


def ears(runs: Sequence[Path]) -> Ears:
    """The networks of finished runs, to be heard together. Raises: FileError, a run is not finished."""
    return Ears([trained(run) for run in runs]).eval()


def scale(pieces: Sequence[Heard], network: Ears) -> dict[str, list[float]]:
    """The scale of a recogniser's readings, from pieces it could know."""
    told = hear(pieces, lambda rows: _run(network, rows))
    clips = np.array([piece.corpus == "emopia" for piece in pieces])
    return {
        "signs": np.sqrt((told[clips, SLOTS["signs"]] ** 2).mean(0)).tolist(),
        "ratings": np.sqrt((told[~clips, SLOTS["ratings"]] ** 2).mean(0)).tolist(),
        "reach": list(REACH),
        "errors": list(ERRORS),
    }


def write(runs: Sequence[Path], root: Path, out: Path, context: Context) -> list[Path]:
    """Write finished runs as Kelly ships them.

    Raises: FileError, a run is not finished or its export is not its equal; CorpusError, as `heard`, or one is missing.
    """
    network = ears(runs)
    pieces = heard(root, context.cache, workers=context.workers, engine=context.engine, note=context.note)
    parts = {claimed(run).get("songs") for run in runs} & set(PARTS)
    known = [piece for piece in pieces if piece.split != "test" and (not parts or piece.part in parts)]
    if {piece.corpus for piece in known} != {"emopia", "vgmidi"}:
        raise CorpusError(f"the scale is measured on EMOPIA and VGMIDI; {root} lacks one of them")
    files = encoded(network, known[0].traits)
    config: dict[str, Any] = {
        "format": 1,
        "licence": emopia.CORPUS.licence,
        "corpora": [emopia.CORPUS.title, vgmidi.CORPUS.title],
        "runs": [run.name for run in runs],
        "scale": scale(known, network),
        "traits": list(names()),
    }
    return put(files, config, out)


def encoded(network: Ears, traits: npt.NDArray[np.float32]) -> dict[str, bytes]:
    """The files of weights of networks that are heard together, by name; the networks are rounded to them.

    Parameters: network; traits (rows, traits), of which the graph must say what torch says.
    Raises: FileError, it does not.
    """
    round_matrices(network)
    small = {name: one.half() if is_large(one) else one for name, one in network.state_dict().items()}
    data = packed(onnx.load_from_string(_onnx(network)), dict(network.named_parameters()))
    _compare(network, data, traits)
    return {"model.onnx": data, "model.safetensors": save(small)}


def _run(network: Ears, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    with torch.no_grad():
        return np.asarray(network(torch.from_numpy(rows)).numpy(), np.float64)


def _onnx(network: Ears) -> bytes:
    written = io.BytesIO()
    example = torch.zeros(2, len(names()))
    torch.onnx.export(
        network,
        (example,),
        written,  # type: ignore[arg-type] # it takes buffers too
        input_names=["traits"],
        output_names=["heads"],
        dynamic_axes={"traits": {0: "batch"}, "heads": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
    return written.getvalue()


def _compare(network: Ears, data: bytes, traits: npt.NDArray[np.float32]) -> None:
    told = opened(data).run(["heads"], {"traits": traits})[0]
    off = float(np.abs(told - _run(network, traits)).max())
    if not off <= TOLERANCE:
        raise FileError(
            f"the recogniser's ONNX file must say what torch says within {TOLERANCE:g}; it is {off:.2g} off"
        )
