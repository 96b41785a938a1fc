"""The workbench: every model that can be trained, measured and exported, by its name.

Conventions: `words` has a room of its own; the symbolic recogniser and the six networks have one shape: a module in
`tasks` with `Settings`, `data` and `task`, and one in `evaluation` with `measure`. A network may also be called by its
title ("HarmonyPredictor").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kelly.errors import UsageError
from kelly.models.layers import NETWORKS
from kelly.training.data.registry import reader
from kelly.training.evaluation.results import Report
from kelly.training.evaluation.table import Measure, told
from kelly.training.tasks import fitting
from kelly.training.tasks.context import Context
from kelly.training.tasks.runs import claimed, settings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["asked", "evaluate", "evaluate_sound", "export", "train", "tune"]

# Networks that learn from labels carry the licence of what the labeller learned from, too.
LABELLED, RATED = ("harmony", "melody", "dynamics"), ("emopia", "vgmidi")


def asked(name: str, config: Path | None, fold: tuple[int, int] | None = None) -> DataclassInstance:
    """The settings of a network: those of a file, or the usual ones.

    Parameters: name; config, the file or None; fold, of sound: which part of how many is left out (None: the dev
    split).
    Raises: as `settings`.
    """
    chosen: DataclassInstance = settings(_module("tasks", name).Settings, config)
    return chosen if fold is None else replace(chosen, fold=fold[0], folds=fold[1])


def train(
    name: str,
    root: Path,
    out: Path,
    seed: int,
    chosen: DataclassInstance,
    context: Context,
    device: str,
    tracking: str,
) -> float:
    """Train a network, or go on with a run that was stopped.

    Parameters: name; root, folder of the corpora; out, the run's folder; seed; chosen, settings, as `asked` gives them;
    context; device and tracking, as `fitting.fit`.
    Returns: the dev loss of the weights that are kept.
    Raises: CorpusError, a corpus is missing or not as it should be; as `fit`.
    """
    fitting.check_device(device)  # preparing data takes long
    module = _module("tasks", name)
    if name == "transformer":
        chosen = module.settled(chosen, root)
    data = module.data(root, chosen, context)
    context.note(f"{len(data.train)} samples to train on, {len(data.dev)} to choose by, {data.chance:.4f} at chance")
    return fitting.fit(module.task(chosen), data, out, seed, device, tracking=tracking, note=context.note)


def evaluate(
    name: str, root: Path, split: str, runs: Sequence[Path], context: Context, train: Path | None = None
) -> dict[str, Any]:
    """Measure the shipped network, or runs, on a split, beside its baselines.

    Parameters: name; root, folder of the corpora; split; runs; context; train, the folder of the corpora on whose train
    splits baselines are fitted (None: root).

    Returns: plain data, as `evaluation.table.told` gives it.
    Raises: CorpusError, no corpus has the split, or one is not as it should be; FileError, there is no such model.
    """
    measures: list[Measure] = _module("evaluation", name).measure(root, split, runs, context, train)
    return told(name, split, [run.name for run in runs], measures)


def evaluate_sound(
    root: Path,
    split: str,
    runs: Sequence[Path],
    context: Context,
    tasks: Sequence[str] = (),
    train: Path | None = None,
    fonts: Sequence[Path] = (),
) -> Report:
    """Measure what hears sound: parameters and errors as `evaluation.sound.measure`."""
    from kelly.training.evaluation import sound

    return sound.measure(root, split, runs, context, tasks, train, fonts)


def export(name: str, runs: Sequence[Path], root: Path, out: Path, context: Context) -> list[Path]:
    """Write finished runs as Kelly ships them: several of the symbolic recogniser are heard together, those of
    sound too, and of these the ones that left out folds are not written but say how sure the others may be.

    Raises: UsageError, several runs of another network; FileError, a run is not finished, or its export is not its
    equal.
    """
    if name == "symbolic":
        from kelly.training.export import symbolic

        return symbolic.write(runs, root, out, context)
    if name == "sound":
        from kelly.training.export import sound

        return sound.write(runs, root, out, context)
    if name == "transformer":
        from kelly.training.export import transformer

        if len(runs) != 1:
            raise UsageError(f"of the transformer one run is exported; got {len(runs)}")
        return transformer.write(runs[0], out)
    if name == "notes":
        raise UsageError("notes are exported within an ear: train sound with the trunk notes from the run, export that")
    if len(runs) != 1:
        raise UsageError(f"of {NETWORKS[name].title} one run is exported; got {len(runs)}")
    from kelly.training.export import networks
    from kelly.training.networks.build import build

    module = build(name)
    fitting.weights(module, runs[0])
    learned = [*_module("tasks", name).CORPORA, *(RATED if name in LABELLED else ())]
    corpora = [reader(one).CORPUS for one in learned]
    licences = sorted({corpus.licence for corpus in corpora}) or ["Apache-2.0"]
    titles = [corpus.title for corpus in corpora]
    files, facts = _beside(name, root, context)
    return networks.write(module, out, "; ".join(licences), titles, {"run": _made_from(runs[0]), **facts}, files)


def tune(
    name: str, root: Path, out: Path, trials: int, config: Path | None, context: Context, device: str
) -> Mapping[str, Any]:
    """Look for better settings, a run a trial; parameters as `train`.

    Returns: plain data: `best`, the settings of the lowest dev loss; `value`, that loss; `trials`.
    """
    from kelly.training.tasks.tuning import search

    fitting.check_device(device)  # preparing data takes long
    module = _module("tasks", name)
    usual = settings(module.Settings, config)
    if name == "transformer":
        usual = module.settled(usual, root)
    if name == "sound" and getattr(usual, "whole", False):  # others call something else so
        raise UsageError("settings are chosen by what was not learned from: tune without whole")
    return search(module.task, usual, module.data(root, usual, context), out, trials, device, context.note)


def _module(room: str, name: str) -> ModuleType:
    return import_module(f"kelly.training.{room}.{name}")


def _beside(name: str, root: Path, context: Context) -> tuple[dict[str, bytes], dict[str, Any]]:
    """What is shipped beside a network: files by name, and more for its `config.json`."""
    if name != "harmony":
        return {}, {}
    from kelly.training.export import harmony

    files, facts = harmony.beside(root, context.note)
    return files, dict(facts)


def _made_from(run: Path) -> dict[str, Any]:
    return {key: value for key, value in claimed(run).items() if key in {"seed", "data"}}
