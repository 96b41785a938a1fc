"""The commands of the workbench: `kelly models`, `kelly train`, `kelly tune`, `kelly evaluate` and `kelly export`.

All but the first need the extra `train`; so they import it when they run.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kelly.cli import options
from kelly.cli.extras import extra
from kelly.cli.output import as_json, note, say, size
from kelly.cli.writing import folder
from kelly.errors import FileError, UsageError
from kelly.models.layers import NETWORKS
from kelly.models.trainable import DEVICES, MODELS
from kelly.names import find, key

if TYPE_CHECKING:
    from kelly.training.tasks.context import Context

__all__ = ["check", "evaluate", "export", "label", "models", "register", "train", "tune"]

TITLES = {key(network.title): name for name, network in NETWORKS.items()}
SPLITS = ("dev", "test")

Name = Annotated[str, typer.Argument(metavar="NAME", help=f"Which model: {', '.join(MODELS)}.")]
Data = Annotated[
    Path, typer.Option("--data", metavar="ROOT", help="The folder of the corpora, in their official layout.")
]
Config = Annotated[Path | None, typer.Option(metavar="FILE.yaml", help="Settings other than the usual ones.")]
Labels = Annotated[
    Path | None, typer.Option(metavar="FILE.npz", help="The feelings of songs, from `kelly label`; unknown without.")
]
Cache = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Where prepared data are kept; else the user's cache folder.")
]
Workers = Annotated[int, typer.Option(min=0, help="Processes that prepare data; 0 is one for each core.")]
Device = Annotated[str, typer.Option(help=f"{', '.join(DEVICES[:-1])} or {DEVICES[-1]}.")]
Engine = Annotated[str, typer.Option(help="Where data are prepared: local, or ray for a cluster.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    shelf = typer.Typer(rich_markup_mode=None)
    shelf.callback(invoke_without_command=True)(models)
    shelf.command(short_help="Check files of weights.")(check)
    app.add_typer(shelf, name="models", short_help="List the trained models with their licences, or check files.")
    app.command(short_help="Train a model on corpora.")(train)
    app.command(short_help="Look for better settings, a run a trial.")(tune)
    app.command(short_help="Label songs with the feeling that a recogniser hears.")(label)
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
        say(f"{one.name}  {size(one.size)}  {one.licence} ({', '.join(one.corpora) or 'no corpus'})" for one in found)
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

    found, refused = [], list[FileError]()
    for path in files:
        try:
            found.append(one := checking.check(path, network))
        except FileError as error:
            # One bad file does not keep the others from being checked.
            refused.append(error)
        else:
            say([f"{one.path}: {one.title} ({one.network}) as {one.kind}, {one.numbers:,} numbers"], quiet=json)
    if json:
        as_json({"files": [asdict(one) for one in found]})
    for earlier in refused[:-1]:
        note(str(earlier))
    if refused:
        raise refused[-1]


def train(
    name: Name,
    data: Data,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="RUN", help="The run's folder; a stopped run goes on. Else runs/NAME-SEED."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of order, dropout and new weights.")] = 0,
    config: Config = None,
    labels: Labels = None,
    teacher: Annotated[
        list[Path] | None,
        typer.Option(metavar="RUN", help="A finished run to learn from; again for more. Of words only."),
    ] = None,
    fold: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Of sound: leave out part I (0..N-1) of N, cut by actors or pieces."),
    ] = None,
    device: Device = "auto",
    tracking: Annotated[
        str, typer.Option(help="Where curves go besides metrics.csv: mlflow, tensorboard, wandb or none.")
    ] = "mlflow",
    cache: Cache = None,
    workers: Workers = 1,
    engine: Engine = "local",
) -> None:
    """Train a model, or go on with a run that was stopped."""
    chosen = _known(name)
    _check_device(device)
    if fold and chosen != "sound":
        raise UsageError(f"only sound is trained by folds; got --fold for {chosen}")
    left_out = _fold(fold) if fold else None
    if teacher and chosen != "words":
        raise UsageError(f"only words learns from teachers; got --teacher for {chosen}")
    run = out or Path("runs") / f"{chosen}-{seed}"
    with extra():
        from kelly.training.tasks.tracking import check_tracker

        context = _context(labels, cache, workers, engine)
        check_tracker(tracking)  # preparing data takes long
        if chosen == "words":
            from kelly.training.tasks import words

            words.train(data, run, seed, words.recipe(config), teacher or (), device, note)
        else:
            from kelly.training import workbench

            chosen_settings = workbench.asked(chosen, config, left_out)
            workbench.train(chosen, data, run, seed, chosen_settings, context, device, tracking)
    say([str(run)])


def tune(
    name: Name,
    data: Data,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the trials lie; a search goes on.")],
    trials: Annotated[int, typer.Option(min=1, help="How many there shall be in all.")] = 20,
    config: Config = None,
    labels: Labels = None,
    cache: Cache = None,
    device: Device = "auto",
    workers: Workers = 1,
    engine: Engine = "local",
    json: options.Json = False,
) -> None:
    """Look for the settings with the lowest dev loss, and write them to best.yaml, which --config takes."""
    chosen = _known(name)
    _check_device(device)
    if chosen == "words":
        raise UsageError("words has no search for settings; its recipes lie in recipes/")
    with extra():
        from kelly.training import workbench

        context = _context(labels, cache, workers, engine)
        told = workbench.tune(chosen, data, out, trials, config, context, device)
    if json:
        as_json(dict(told))
    else:
        say([f"{key}: {value:.6g}" for key, value in told["best"].items()] + [f"dev loss {told['value']:.4f}"])


def evaluate(
    name: Name,
    data: Data,
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN", help="The same as --run.", show_default=False)
    ] = None,
    split: Annotated[str, typer.Option(help="dev (or validation), or test for those who have it.")] = "dev",
    run: Annotated[
        list[Path] | None,
        typer.Option(metavar="RUN", help="Runs to measure (their mean over seeds) instead of the shipped model."),
    ] = None,
    task: Annotated[
        list[str] | None, typer.Option(metavar="TASK", help="Of sound: which task, again for more; else all there are.")
    ] = None,
    soundfont: Annotated[
        list[Path] | None, typer.Option(metavar="FILE.sf2", help="Of sound: what plays scores, again for more.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FOLDER", help="Of sound: where a report with plots goes.")
    ] = None,
    baselines: Annotated[
        bool,
        typer.Option("--baselines", help="Of words: fit the linear baselines too (a minute or two; needs train)."),
    ] = False,
    fitted: Annotated[
        Path | None,
        typer.Option("--train", metavar="ROOT", help="Where baselines find a train split, if not below --data."),
    ] = None,
    labels: Labels = None,
    cache: Cache = None,
    workers: Workers = 1,
    engine: Engine = "local",
    json: options.Json = False,
) -> None:
    """Measure a model on a split of each corpus that has it, beside baselines and bars."""
    chosen, part = _known(name), "dev" if split == "validation" else split
    if part not in SPLITS:
        raise UsageError(f"--split must be one of {', '.join(SPLITS)}; got {split!r}")
    if chosen != "sound" and (task or soundfont or out):
        raise UsageError(f"--task, --soundfont and --out are of sound; got {chosen}")
    asked = [*(runs or ()), *(run or ())]
    with extra():
        if chosen == "words":
            from kelly.training.evaluation import report

            told = report.evaluate(data, part, asked, baselines=baselines, note=note)
            lines = report.lines(told)
        elif chosen == "sound":
            from kelly.training import workbench
            from kelly.training.evaluation import page, results

            context = _context(labels, cache, workers, engine)
            with folder(out):  # what cannot be written is told before the work
                found = workbench.evaluate_sound(data, part, asked, context, task or (), fitted, soundfont or ())
                if out is not None:
                    page.write(found, out)
            told, lines = found.as_dict(), results.lines(found)
        else:
            from kelly.training import workbench
            from kelly.training.evaluation import table

            told = workbench.evaluate(chosen, data, part, asked, _context(labels, cache, workers, engine), fitted)
            lines = table.lines(told)
    if json:
        as_json(told)
    else:
        say(lines)


def export(
    name: Name,
    run: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...", help="A finished run; of symbolic several, heard together; of sound those of folds too."
        ),
    ],
    data: Data,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the weights go.")],
    cache: Cache = None,
) -> None:
    """Write a finished run as Kelly ships it: ONNX with what belongs to it, safetensors, and JSON for RTNeural."""
    chosen = _known(name)
    with extra():
        if chosen == "words":
            from kelly.training.export import package

            if len(run) != 1:
                raise UsageError(f"of words one run is exported; got {len(run)}")
            say(str(path) for path in package.write(run[0], data, out))
        else:
            from kelly.training import workbench

            say(str(path) for path in workbench.export(chosen, run, data, out, _context(None, cache, 1, "local")))


def label(
    data: Data,
    run: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Finished runs of symbolic on the labeller's songs.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.npz", help="Where the labels go.")],
    cache: Cache = None,
    workers: Workers = 1,
    engine: Engine = "local",
) -> None:
    """Label the songs of ASAP, the mood set's MIDI, Nottingham and POP909 with the feeling that a recogniser hears."""
    with extra():
        from kelly.training.data.feelings import save
        from kelly.training.tasks.labelling import labelled

        save(labelled(data, run, _context(None, cache, workers, engine)), out)
    say([str(out)])


def _known(name: str) -> str:
    """The model that a user means by its name or by its title."""
    return TITLES.get(key(name)) or find(name, MODELS, "model")


def _fold(text: str) -> tuple[int, int]:
    """Which fold of how many. Raises: UsageError, it is not I/N with I in 0..N-1, N 2 or more."""
    found = re.fullmatch(r"(\d{1,3})/(\d{1,3})", text)
    fold, folds = (int(found[1]), int(found[2])) if found else (0, 0)
    if not fold < folds or folds < 2:
        raise UsageError(f"--fold must be I/N, I from 0 to N - 1, N 2 or more; got {text!r}")
    return fold, folds


def _check_device(device: str) -> None:
    if device not in DEVICES:
        raise UsageError(f"--device must be one of {', '.join(DEVICES)}; got {device!r}")


def _context(labels: Path | None, cache: Path | None, workers: int, engine: str) -> Context:
    from kelly.training.data import feelings
    from kelly.training.data.parallel import ENGINES
    from kelly.training.data.preparing import cache_folder
    from kelly.training.tasks.context import Context

    return Context(cache or cache_folder(), feelings.load(labels), workers, find(engine, ENGINES, "engine"), note)
