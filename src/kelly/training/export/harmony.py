"""Exporting what stands beside the harmony network: its table of n-grams, and how both are mixed.

Conventions: `ngrams.npz` is that of `kelly.models.harmony.ngrams`, and goes into the folder of the network; the numbers
of the mixture are a part of `config.json`, under "mixture".
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from kelly.errors import CorpusError
from kelly.files import write_atomically
from kelly.models.harmony.following import Mixture
from kelly.models.harmony.ngrams import Ngrams
from kelly.training.evaluation.harmony import longest, table

__all__ = ["write"]


def write(root: Path, out: Path) -> dict[str, dict[str, float | int]]:
    """Write the table of n-grams of the train songs below a root.

    Parameters: root, folder of corpora; out, the network's folder, which is there already.
    Returns: more for its `config.json`.
    Raises: CorpusError, there are no train songs of POP909-CL or Billboard; FileError, `out` cannot be written.
    """
    model = longest(root)
    if model is None:
        raise CorpusError(f"no train songs of pop909 or billboard below {root} to make n-grams of")
    data = table(model).write()
    Ngrams.read(data)  # as its user will, before anything is written
    write_atomically(out / "ngrams.npz", data)
    return {"mixture": asdict(Mixture())}
