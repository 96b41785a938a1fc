"""How well the ears for scores hear songs that they do not know: of labeller, judge and examiner, each of three runs.

python benchmarks/examiner/ears.py ROOT RUNS [--cache FOLDER]      # RUNS holds labeller-0 .. examiner-2
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from kelly.training.data.heard import heard
from kelly.training.data.splits import PARTS
from kelly.training.evaluation.symbolic import MEASURES, hear, scores
from kelly.training.export.symbolic import ears
from kelly.training.tasks.context import Context


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--cache", type=Path, default=None)
    options = parser.parse_args()
    context = Context(**({"cache": options.cache} if options.cache else {}))
    songs = [one for one in heard(options.root, context.cache, note=context.note) if one.split != "test"]
    for part in PARTS:
        network = ears([options.runs / f"{part}-{seed}" for seed in range(3)])
        unknown = [one for one in songs if one.part != part]
        told = scores(unknown, hear(unknown, lambda rows, network=network: _run(network, rows)))
        print(part, len(songs) - len(unknown), "known", {name: round(told[name], 3) for name in MEASURES})


def _run(network: torch.nn.Module, rows: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return np.asarray(network(torch.from_numpy(rows)).numpy(), np.float64)


if __name__ == "__main__":
    main()
