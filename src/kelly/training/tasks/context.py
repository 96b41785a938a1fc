"""Context: what a task may use besides corpora and settings, the same for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kelly.training.data.feelings import Feelings
from kelly.training.data.preparing import cache_folder

__all__ = ["Context"]


@dataclass(frozen=True, slots=True)
class Context:
    """What a task may use.

    Parameters: cache, the folder of prepared data; feelings, the codes of labelled songs; workers, processes that
    prepare data; engine, "local" or "ray"; note, takes a line about the progress.
    """

    cache: Path = field(default_factory=cache_folder)
    feelings: Feelings = field(default_factory=Feelings)
    workers: int = 1
    engine: str = "local"
    note: Callable[[str], None] = lambda _: None
