"""The word model at run time: texts in, heads out, by onnxruntime and tokenizers alone.

Conventions: a text is tidied (`tidy`) and cut to `LONGEST` tokens; of a longer one the first and the last half of that
remain, since a sentence that goes on and on says at its ends what it is about. A lone word is read in several frames.
Texts are run one by one, in one thread: in company or in several threads the last digit of a product may differ and tip
a rounding, so that a text's numbers would depend on what is asked for with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.models.words.frames import framed
from kelly.models.words.tidy import tidy

__all__ = ["LONGEST", "WordModel", "shipped"]

Floats = npt.NDArray[np.float32]

LONGEST = 128  # tokens, the two marks at the ends included


class WordModel:
    """The network with its tokenizer.

    Parameters: folder, with `model.onnx` and `tokenizer.json`; config, the numbers fitted with the weights, instead of
    those of the folder's `config.json`.
    """

    def __init__(self, folder: Traversable, config: Mapping[str, Any] | None = None) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        if config is None:
            config = json.loads(folder.joinpath("config.json").read_text(encoding="utf-8"))
        self.config: Mapping[str, Any] = config or {}
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
        return framed([tidy(text) for text in texts], self._read)

    def _read(self, forms: list[str]) -> Floats:
        read = {form: self._run(self._tokens(form)) for form in dict.fromkeys(forms)}  # a refrain is read once
        return np.concatenate([read[form] for form in forms])

    @cached_property
    def words(self) -> dict[str, int]:
        """The words that are one token, with their ranks: the tokenizer has the commonest first."""
        pieces = self._tokenizer.get_vocab()
        return {piece: rank for piece, rank in pieces.items() if piece.isalpha() and piece.isascii() and len(piece) > 2}

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text).ids
        half = LONGEST // 2
        return ids if len(ids) <= LONGEST else ids[:half] + ids[-half:]

    def _run(self, tokens: list[int]) -> Floats:
        ids = np.array([tokens], np.int64)
        heads: Floats = self._session.run(["heads"], {"ids": ids, "mask": np.ones_like(ids)})[0]
        return heads


@cache
def shipped() -> WordModel | None:
    """The word model that comes with Kelly, loaded once; None where the package was built without it."""
    folder = resources.files("kelly.models.words")
    return WordModel(folder) if folder.joinpath("model.onnx").is_file() else None
