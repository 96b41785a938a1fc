"""The commands of the workbench: `kelly models`, `kelly train`, `kelly evaluate` and `kelly export`.

The last three need the extra `train`, and are the only ones that do; so they import it when they run.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from kelly.cli import options
from kelly.cli.output import as_json, note, say
from kelly.errors import FileError, KellyError, UsageError
from kelly.names import find

__all__ = ["check", "evaluate", "export", "models", "register", "train"]

MODELS = ("words",)
SPLITS = ("dev", "test")
DEVICES = ("auto", "cpu", "cuda", "mps")

Name = Annotated[str, typer.Argument(metavar="NAME", help=f"Which model: {', '.join(MODELS)}.")]
Data = Annotated[
    Path, typer.Option("--data", metavar="ROOT", help="The folder of the corpora, in their official layout.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    shelf = typer.Typer(rich_markup_mode=None)
    shelf.callback(invoke_without_command=True)(models)
    shelf.command(short_help="Check files of weights.")(check)
    app.add_typer(shelf, name="models", short_help="List the trained models with their licences, or check files.")
    app.command(short_help="Train a model on corpora.")(train)
    app.command(short_help="Measure a model on a corpus's split.")(evaluate)
    app.command(short_help="Write a trained model as Kelly ships it.")(export)


def models(context: typer.Context, json: options.Json = False) -> None:
    """List the trained models that came with this Kelly, with the licence of their weights, and check their files."""
    if context.invoked_subcommand is not None:
        return
    from dataclasses import asdict

    from kelly.models import shelf

    found = shelf.models()
    if json:
        as_json({"models": [asdict(model) for model in found]})
    else:
        say(f"{one.name}  {one.size / 1e6:.0f} MB  {one.licence} ({', '.join(one.corpora)})" for one in found)
    damaged = [f"{one.name}/{name}" for one in found for name in one.damaged]
    if damaged:
        raise FileError(f"damaged or missing: {', '.join(damaged)}; install Kelly again")


def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Files of weights: .json (RTNeural), .onnx, .safetensors.")
    ],
    network: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which network they must be; any of the six when left out.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Check that files of weights hold one of Kelly's networks, whole and as specified; say which, and how large."""
    from dataclasses import asdict

    from kelly.models import checking

    found = []
    for path in files:
        found.append(one := checking.check(path, network))
        say([f"{one.path}: {one.title} ({one.network}) as {one.kind}, {one.numbers:,} numbers"], quiet=json)
    if json:
        as_json({"files": [asdict(one) for one in found]})


def train(
    name: Name,
    data: Data,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="RUN", help="The run's folder; a stopped run goes on.")],
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of order, dropout and new weights.")] = 0,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="Settings other than the usual ones.")
    ] = None,
    teacher: Annotated[
        list[Path] | None, typer.Option(metavar="RUN", help="A finished run to learn from; again for more.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Train a model, or go on with a run that was stopped."""
    _known(name)
    if device not in DEVICES:
        raise UsageError(f"--device must be one of {', '.join(DEVICES)}; got {device!r}")
    with _extra():
        from kelly.training.tasks import words

        words.train(data, out, seed, words.recipe(config), teacher or (), device, note)
    say([str(out)])


def evaluate(
    name: Name,
    data: Data,
    split: Annotated[str, typer.Option(help="dev, or test for those who have it.")] = "dev",
    run: Annotated[
        list[Path] | None,
        typer.Option(metavar="RUN", help="Runs to measure (their mean over seeds) instead of the shipped model."),
    ] = None,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Fit the linear baselines too (a minute or two; needs the train split).")
    ] = False,
    json: options.Json = False,
) -> None:
    """Measure a model on a split of each corpus that has it, beside baselines and bars."""
    _known(name)
    if split not in SPLITS:
        raise UsageError(f"--split must be one of {', '.join(SPLITS)}; got {split!r}")
    with _extra():
        from kelly.training.evaluation.report import evaluate as measure
        from kelly.training.evaluation.report import lines

        told = measure(data, split, run or (), baselines=baselines, note=note)
    if json:
        as_json(told)
    else:
        say(lines(told))


def export(
    name: Name,
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run.")],
    data: Data,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the weights go.")],
) -> None:
    """Write a finished run as int8 ONNX with its scale, thresholds and vocabulary."""
    _known(name)
    with _extra():
        from kelly.training.export import package

        say(str(path) for path in package.write(run, data, out))


def _known(name: str) -> None:
    find(name, MODELS, "model")


@contextmanager
def _extra() -> Iterator[None]:
    """One line instead of a stack trace where the extra is not installed; and its libraries keep to themselves."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    warnings.filterwarnings("ignore", module=r"lightning\.")
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "kelly":
            raise
        raise KellyError(
            f"this command needs the extra `train` ({error.name} is missing): "
            "pip install torch==2.13.0, then pip install 'kelly-music[train]'"
        ) from error
