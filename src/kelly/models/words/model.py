"""The word model at run time: texts in, heads out, by onnxruntime and tokenizers alone.

Conventions: a text is tidied (`tidy`) and cut to `LONGEST` tokens; of a longer one the first and the last half of that
remain, since a sentence that goes on and on says at its ends what it is about. A lone word is read in several frames.
The numbers of a text do not depend on what it is batched with: weights are int8 in blocks, activations are quantised
row by row, and only texts of one length go together, since padding would move the last digit and a rounding with it.
One thread, so that the same text gives the same numbers on every run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import accumulate, groupby, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.models.words.frames import frames
from kelly.models.words.heads import SIZE
from kelly.models.words.tidy import tidy

__all__ = ["LONGEST", "WordModel", "shipped"]

Floats = npt.NDArray[np.float32]

LONGEST = 128  # tokens, the two marks at the ends included
_REACH = 4000  # characters a side: in any script more than half of LONGEST tokens, unless it is one endless word
_BATCH = 32


class WordModel:
    """The network with its tokenizer.

    Parameters: folder, with `model.onnx`, `tokenizer.json` and `config.json`.
    """

    def __init__(self, folder: Traversable) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self.config: dict[str, Any] = json.loads(folder.joinpath("config.json").read_text(encoding="utf-8"))
        self._tokenizer = Tokenizer.from_str(folder.joinpath("tokenizer.json").read_text(encoding="utf-8"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        weights = folder.joinpath("model.onnx").read_bytes()
        self._session = onnxruntime.InferenceSession(weights, options, ["CPUExecutionProvider"])

    def predict(self, texts: Sequence[str]) -> Floats:
        """Read texts.

        Returns: heads (texts, 173) as laid out in `kelly.models.words.heads`; a text's row is the same whatever else
        is asked for with it.
        """
        framed = [frames(tidy(text)) for text in texts]
        rows = [self._tokens(form) for forms in framed for form in forms]
        heads = np.empty((len(rows), SIZE), np.float32)
        for batch in _batches(rows):
            heads[batch] = self._run([rows[i] for i in batch])
        ends = accumulate((len(forms) for forms in framed), initial=0)
        return np.stack([heads[start:end].mean(0) for start, end in pairwise(ends)])

    def _tokens(self, text: str) -> list[int]:
        if len(text) > 2 * _REACH:
            text = f"{text[:_REACH]} {text[-_REACH:]}"
        ids: list[int] = self._tokenizer.encode(text).ids
        half = LONGEST // 2
        return ids if len(ids) <= LONGEST else ids[:half] + ids[-half:]

    def _run(self, rows: list[list[int]]) -> Floats:
        ids = np.array(rows, np.int64)
        heads: Floats = self._session.run(["heads"], {"ids": ids, "mask": np.ones_like(ids)})[0]
        return heads


def _batches(rows: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """The indices of rows of one length, up to a batch of them at a time."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    for _, same in groupby(order, key=lambda i: len(rows[i])):
        alike = list(same)
        yield from (alike[at : at + _BATCH] for at in range(0, len(alike), _BATCH))


@cache
def shipped() -> WordModel | None:
    """The word model that comes with Kelly, loaded once; None where the package was built without it."""
    folder = resources.files("kelly.models.words")
    return WordModel(folder) if folder.joinpath("model.onnx").is_file() else None
