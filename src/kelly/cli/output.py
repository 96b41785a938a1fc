"""What commands print: results on standard output, progress and notes on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import typer

__all__ = ["as_json", "note", "progress", "say", "size"]


def as_json(content: dict[str, Any]) -> None:
    """Print one JSON object on standard output; other alphabets are escaped, so that any terminal can take it."""
    typer.echo(json.dumps(content, indent=2))


def say(lines: Iterable[str], *, quiet: bool = False) -> None:
    """Print lines on standard output."""
    if not quiet:
        typer.echo("\n".join(lines))


def note(text: str, *, quiet: bool = False) -> None:
    """Print a line on standard error that is no error."""
    if not quiet:
        typer.echo(f"kelly: {text}", err=True)


def size(count: int | None) -> str:
    """A number of bytes as people read it: kB and MB of a file, GiB of memory; None is unknown."""
    if count is None:
        return "unknown"
    if count >= 2**30:
        return f"{count / 2**30:.1f} GiB"
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"


@contextmanager
def progress(total: int, *, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Show how far a long job of `total` steps has come, on standard error and only on a terminal.

    Yields a function that is called with what comes next at the start of every step.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        steps = iter(range(total))
        yield lambda text: bar.update(task, description=text, completed=next(steps, total))
