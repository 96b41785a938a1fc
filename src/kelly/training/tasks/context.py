"""Context: what a task may use besides corpora and settings, the same for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kelly.training.data import preparing
from kelly.training.data.feelings import Feelings
from kelly.training.data.preparing import Arrays, Function, Item, cache_folder

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

    def prepared(self, items: Iterable[Item], function: Function, version: int) -> Iterator[Arrays | None]:
        """Prepare items where and how this context says: as `preparing.prepared`."""
        return preparing.prepared(
            items,
            function,
            self.cache,
            version=version,
            workers=self.workers,
            engine=self.engine,
            note=self.note,
        )
