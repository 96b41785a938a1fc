"""Exporting what stands beside the harmony network: its table of n-grams, and how both are mixed.

Conventions: `ngrams.npz` is that of `kelly.models.harmony.ngrams`, and goes into the folder of the network; the numbers
of the mixture are a part of `config.json`, under "mixture".
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from kelly.errors import CorpusError
from kelly.models.harmony.following import Mixture
from kelly.models.harmony.ngrams import Ngrams
from kelly.training.evaluation.harmony import longest, table
from kelly.training.tasks.runs import Note

__all__ = ["beside"]


def beside(root: Path, note: Note) -> tuple[dict[str, bytes], dict[str, dict[str, float | int]]]:
    """The table of n-grams of the train songs below a root.

    Parameters: root, folder of corpora; note, told of songs that cannot be read.
    Returns: files by name; more for the network's `config.json`.
    Raises: CorpusError, there are no train songs of POP909-CL or Billboard.
    """
    model = longest(root, note)
    if model is None:
        raise CorpusError(f"no train songs of pop909 or billboard below {root} to make n-grams of")
    data = table(model).write()
    Ngrams.read(data)  # as its user will, before anything is written
    return {"ngrams.npz": data}, {"mixture": asdict(Mixture())}
