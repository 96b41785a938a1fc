"""The command `kelly doctor`: what this machine can do, and what each job lacks.

Conventions: nothing here fails: what cannot be found out is told as such. A job is ready when its libraries are
installed and what else it needs is there and whole; the base jobs (feel, compose, render) need no extra. Libraries are
looked for, not imported, but for torch, which is asked for graphics cards.
"""

from __future__ import annotations

import csv
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from importlib import resources
from importlib.util import find_spec
from typing import Any, TypeVar

import typer

from kelly._version import __version__
from kelly.cli import options
from kelly.cli.extras import INSTALL
from kelly.cli.output import as_json, say, size

__all__ = ["doctor", "examined", "register"]

Found = TypeVar("Found")
Data = dict[str, Any]

PROGRAMS = ("git", "dvc", "node", "nvidia-smi")
# What is told of models when one of them cannot even be looked at.
UNREADABLE: Data = {"name": "unknown", "licence": "", "corpora": (), "size": None, "damaged": ("config.json",)}
REMEDIES = {
    "kelly": "pip install --force-reinstall kelly-music",
    "train": INSTALL,
    "dvc": "pip install dvc",
    "git": "install git",
    "words": "pip install --force-reinstall kelly-music",
    "soundfont": "pip install pretty_midi, or set KELLY_SOUNDFONT to a .sf2 file",
}


def register(app: typer.Typer) -> None:
    """Add the command of this module to the application."""
    app.command(short_help="Say what this machine can do, and what is missing.")(doctor)


def doctor(json: options.Json = False) -> None:
    """Say what this machine can do: its parts, libraries, models and SoundFont, and what each job lacks.

    The exit code is 1 when feel, compose or render would not work.
    """
    told = examined()
    if json:
        as_json(told)
    else:
        say(_lines(told))
    if any(job["base"] and job["missing"] for job in told["jobs"]):
        raise typer.Exit(1)


def examined() -> Data:
    """What is told with --json: machine, libraries, models, SoundFont, programs, and jobs with what each lacks."""
    told: Data = {"kelly": __version__, "python": platform.python_version(), "system": platform.platform()}
    told |= _probed(_machine, {"cores": None, "memory": None, "cards": [], "links": []})
    told["libraries"] = [_library(row) for row in _table("libraries.csv")]
    told["models"] = _probed(_models, [UNREADABLE])
    told["soundfont"] = _probed(_soundfont, {"path": None, "size": None, "problem": "it cannot be looked for"})
    told["programs"] = {name: shutil.which(name) is not None for name in PROGRAMS}
    told["jobs"] = [_job(row, told) for row in _table("jobs.csv")]
    return told


def _probed(probe: Callable[[], Found], otherwise: Found) -> Found:
    try:
        return probe()
    except Exception:  # noqa: BLE001 - a sick machine may fail in any way, and is to be told of all the same
        return otherwise


def _table(name: str) -> Iterator[dict[str, str]]:
    with resources.files("kelly.cli").joinpath(name).open(encoding="utf-8") as rows:
        yield from csv.DictReader(rows)


def _machine() -> Data:
    from kelly.training import machine
    from kelly.training.data.parallel import cores

    cards = machine.cards()
    return {
        "cores": cores(),
        "memory": machine.memory(),
        "cards": [asdict(card) for card in cards],
        "links": [asdict(link) for link in machine.links(len(cards))],
    }


def _library(row: Mapping[str, str]) -> Data:
    version = _version(row["library"]) if _is_there(row["module"]) else None
    return {"name": row["library"], "version": version, "brought_by": row["brought_by"]}


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _version(library: str) -> str:
    from importlib import metadata  # takes longer than the rest of this module

    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "of unknown version"


def _models() -> list[Data]:
    from kelly.models import shelf

    return [asdict(model) for model in shelf.models()]


def _soundfont() -> Data:
    from kelly.errors import KellyError
    from kelly.sound import soundfont

    try:
        path = soundfont.find()
        return {"path": str(path), "size": path.stat().st_size, "problem": ""}
    except KellyError as error:
        return {"path": None, "size": None, "problem": str(error)}


def _job(row: Mapping[str, str], told: Data) -> Data:
    """A job with what it lacks and what brings that."""
    libraries = {one["name"]: one for one in told["libraries"]}
    lacking = {
        name: libraries[name]["brought_by"] for name in row["libraries"].split() if not libraries[name]["version"]
    }
    lacking |= {name: name for name in row["others"].split() if not _has(name, told)}
    remedies = dict.fromkeys(REMEDIES.get(by, f"pip install {name}") for name, by in lacking.items())
    return {
        "job": row["job"],
        "base": row["base"] == "yes",
        "missing": list(lacking),
        "remedy": "; ".join(remedies),
    }


def _has(name: str, told: Data) -> bool:
    if name == "words":  # without that model Kelly reads by its lexicon; a damaged one is in the way
        return not any(model["damaged"] for model in told["models"] if model["name"] in {"words", "unknown"})
    return bool(told["soundfont"]["path"]) if name == "soundfont" else bool(told["programs"][name])


def _lines(told: Data) -> Iterator[str]:
    yield f"Kelly {told['kelly']}, Python {told['python']}, {told['system']}"
    yield f"{told['cores'] or 'unknown'} cores, {size(told['memory'])} memory"
    yield from _card_lines(told)
    yield ""
    yield "Libraries"
    for by, title in (("kelly", "Kelly"), ("train", "extra train"), ("itself", "optional")):
        rows = [one for one in told["libraries"] if one["brought_by"] == by]
        yield f"  {title:<12}" + ", ".join(f"{one['name']} {one['version'] or '(missing)'}" for one in rows)
    yield ""
    yield "Models"
    for model in told["models"]:
        state = f"damaged: {', '.join(model['damaged'])}" if model["damaged"] else f"whole; {model['licence']}"
        yield f"  {model['name']:<12}{size(model['size'])}  {state}"
    if not told["models"]:
        yield "  none"
    yield ""
    font = told["soundfont"]
    yield f"SoundFont  {font['path'] or font['problem']}" + (f"  {size(font['size'])}" if font["path"] else "")
    yield "Programs   " + ", ".join(f"{name} {'yes' if there else 'no'}" for name, there in told["programs"].items())
    yield ""
    yield "Jobs"
    for job in told["jobs"]:
        yield f"  {job['job']:<33}" + (_lack(job) if job["missing"] else "ready")


def _card_lines(told: Data) -> Iterator[str]:
    if not told["cards"]:
        yield "no graphics card found"
    for number, card in enumerate(told["cards"]):
        capability = f", compute capability {card['capability']}" if card["capability"] else ""
        unseen = "" if card["usable"] else "; torch does not see it"
        memory = size(card["memory"]) if card["memory"] else "shared"
        yield f"card {number}: {card['name']}, {memory} memory{capability}{unseen}"
    if told["links"]:
        yield "links: " + ", ".join(f"{link['first']}-{link['second']} {link['kind']}" for link in told["links"])


def _lack(job: Data) -> str:
    return f"lacks {', '.join(job['missing'])}: {job['remedy']}"
