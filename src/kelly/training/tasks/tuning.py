"""Tuning: a search for better settings, each trial a short run of its own.

Conventions: Optuna's tree-structured Parzen estimator (Bergstra and others 2011) proposes rate, weight decay, batch and
dropout; what is sought is the lowest dev loss, so that figures on the dev split are not reported from a tuned run.
Trials lie in a local database beside their runs, and a search that was stopped goes on: what a trial proposes follows
from its number and from the trials before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import optuna
import yaml

from kelly.errors import TrainingError
from kelly.files import write_atomically
from kelly.training.tasks.fitting import Data, Recipe, Task, fit, made_from
from kelly.training.tasks.runs import Note, claim

__all__ = ["search"]

SHORT = 0.5  # of the epochs that a run may take


class _Settings(Protocol):
    recipe: Recipe


Asked = TypeVar("Asked", bound=_Settings)


def search(
    task: Callable[[Asked], Task], asked: Asked, data: Data, out: Path, trials: int, device: str, note: Note
) -> Mapping[str, Any]:
    """Look for the settings of the lowest dev loss.

    Parameters: task, makes a task of settings; asked, the settings to begin with; data; out, a folder for runs and
    database; trials, how many there shall be in all; device, as `fit`; note, takes a line about each.
    Returns: `best` settings by name, of those that were sought; their `value`, and how many `trials` there were. All
    settings of the best are written to `best.yaml`.
    Raises: TrainingError, no trial learned anything; FileError, `out` holds a search or run of other settings.
    """
    claim(out, made_from(task(asked), data))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(storage=f"sqlite:///{out / 'trials.db'}", study_name="search", load_if_exists=True)

    def trial(one: optuna.Trial) -> float:
        try:
            loss = fit(task(_shortened(_proposed(asked, one))), data, out / f"trial-{one.number}", 0, device)
        except TrainingError as error:
            note(f"trial {one.number}: {error}")
            return math.inf
        note(f"trial {one.number}: dev loss {loss:.4f}")
        return loss

    for _ in range(trials - len(_done(study))):
        study.sampler = optuna.samplers.TPESampler(seed=len(study.trials))
        study.optimize(trial, n_trials=1)
    done = len(_done(study))
    if not math.isfinite(study.best_value):
        raise TrainingError(f"none of {done} trials learned anything")
    best = _proposed(asked, optuna.trial.FixedTrial(study.best_params))
    write_atomically(out / "best.yaml", yaml.safe_dump(asdict(cast("Any", best)), sort_keys=True).encode())
    return {"best": dict(study.best_params), "value": study.best_value, "trials": done}


def _done(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """The trials that were not stopped."""
    return study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))


def _proposed(asked: Asked, trial: optuna.trial.BaseTrial) -> Asked:
    """The settings with what the search proposes."""
    recipe = asked.recipe
    proposed = replace(
        recipe,
        rate=trial.suggest_float("rate", recipe.rate / 8, recipe.rate * 8, log=True),
        weight_decay=trial.suggest_float("weight_decay", 1e-4, 0.3, log=True),
        batch=trial.suggest_categorical("batch", sorted({max(1, recipe.batch // 2), recipe.batch, recipe.batch * 2})),
    )
    changes: dict[str, Any] = {"recipe": proposed}
    if hasattr(asked, "dropout"):
        changes["dropout"] = trial.suggest_float("dropout", 0.0, 0.6)
    return cast("Asked", replace(cast("Any", asked), **changes))


def _shortened(asked: Asked) -> Asked:
    """The settings with half of the epochs, since a search compares."""
    recipe = asked.recipe
    epochs = max(recipe.chance_after, math.ceil(recipe.epochs * SHORT))
    return cast("Asked", replace(cast("Any", asked), recipe=replace(recipe, epochs=epochs)))
