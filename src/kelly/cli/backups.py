"""The commands `kelly backup` and `kelly restore`: the store of a service and its models, in one file, and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kelly.cli import options
from kelly.cli.output import as_json, note, progress, say, size

if TYPE_CHECKING:
    from kelly.serving.backup import Manifest

__all__ = ["backup", "register", "restore"]

Folder = Annotated[
    Path | None, typer.Option("--folder", metavar="DIR", help="The folder of the service, as `kelly serve` takes it.")
]
Url = Annotated[
    str | None,
    typer.Option("--store", metavar="URL", help="sqlite:///FILE or postgresql://USER@HOST/NAME; else in DIR."),
]
_PARTS = 7  # of a backup: its tables, notes, models
_SHOWN = ("songs", "jobs", "preferences")


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command(short_help="Put songs, jobs, preferences and models of a service into one file.")(backup)
    app.command(short_help="Put back what a backup holds.")(restore)


def backup(
    out: Annotated[Path, typer.Argument(metavar="OUT.zip", help="The file; one that is there is replaced.")],
    folder: Folder = None,
    store: Url = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Put songs, jobs, preferences and models of a service into one file, while it runs or not.

    Trainings are not in it: copy the folder runs in DIR, which holds plain files.
    """
    from kelly.serving.backup import backed_up

    options.checked_suffix("kelly backup", out, ".zip")
    url, place = _places(folder, store)
    with progress(_PARTS, quiet=quiet) as step:
        made = backed_up(url, place, out, step)
    if json:
        as_json({"backup": str(out), "bytes": out.stat().st_size, **_told(made)})
    else:
        say([f"{out}: {_counts(made.rows)} ({size(out.stat().st_size)})"], quiet=quiet)


def restore(
    source: Annotated[Path, typer.Argument(metavar="IN.zip", help="The backup.")],
    folder: Folder = None,
    store: Url = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace what is in the store; else it must be empty.")
    ] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Put back what a backup holds: all of it, or nothing when anything is amiss."""
    from kelly.serving.backup import weights
    from kelly.serving.restore import restored

    url, place = _places(folder, store)
    with progress(_PARTS, quiet=quiet) as step:
        found = restored(source, url, place, replace=replace, told=step)
    other = sorted({name.split("/")[0] for name, _ in set(found.weights.items()) ^ set(weights().items())})
    if json:
        as_json({"restored": str(source), **_told(found), "other_weights": other})
    else:
        say([f"{source}: {_counts(found.rows)} restored"], quiet=quiet)
    if other:
        note(f"other weights than when it was made: {', '.join(other)}; new songs may differ from before", quiet=quiet)


def _places(folder: Path | None, store: str | None) -> tuple[str, Path]:
    """The URL of the store and the folder of the service, as `kelly serve` would have them."""
    from kelly.serving.settings import Settings, home

    place = (folder or home()).absolute()
    return Settings(folder=place, store=store or "").url, place


def _told(made: Manifest) -> dict[str, object]:
    return {"kelly": made.kelly, "shape": made.shape, "rows": dict(made.rows), "models": sorted(made.models)}


def _counts(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{rows.get(name, 0):,} {name}" for name in _SHOWN)
