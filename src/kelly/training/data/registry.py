"""Which corpora the workbench knows, by the name of their module in `corpora`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from kelly.names import find, key
from kelly.training.data.layout import Corpus, Record

__all__ = ["NAMES", "Reader", "reader"]

NAMES = (
    *("asap", "billboard", "deam", "emobank", "emopia", "emotify", "goemotions", "groove", "jazz", "jsb", "lakh"),
    *("maestro", "mirex_mood", "nottingham", "pmemo", "pop909", "ravdess", "semeval", "vgmidi", "warriner"),
)


class Reader(Protocol):
    """What every module in `corpora` has; those with files of their own for each record have `read(record)` too."""

    CORPUS: Corpus

    def load(self, root: Path) -> Iterator[Record]:
        """The records of a corpus below a root."""


def reader(name: str) -> Reader:
    """The module of a corpus. Raises: UnknownNameError when there is none of that name."""
    module = find(name, (key(known) for known in NAMES), "corpus").replace("-", "_")
    return cast("Reader", import_module(f"kelly.training.data.corpora.{module}"))
