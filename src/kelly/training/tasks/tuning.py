"""Tuning: a search for better settings, each trial a short run of its own.

Conventions: Optuna's tree-structured Parzen estimator (Bergstra and others 2011) proposes rate, weight decay, batch and
dropout; what is sought is the lowest dev loss, so that figures on the dev split are not reported from a tuned run.
Trials lie in a local database beside their runs, and a search that was stopped goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import optuna
import yaml

from kelly.errors import TrainingError
from kelly.files import write_atomically
from kelly.training.tasks.fitting import Data, Recipe, Task, fit
from kelly.training.tasks.runs import Note

__all__ = ["search"]

SHORT = 0.5  # of the epochs that a run may take


class _Settings(Protocol):
    recipe: Recipe


Asked = TypeVar("Asked", bound=_Settings)


def search(
    task: Callable[[Asked], Task], asked: Asked, data: Data, out: Path, trials: int, note: Note
) -> Mapping[str, Any]:
    """Look for the settings of the lowest dev loss.

    Parameters: task, makes a task of settings; asked, the settings to begin with; data; out, a folder for runs and
    database; trials, how many there shall be in all; note, takes a line about each.
    Returns: `best` settings by name, their `value`, and how many `trials` there were. They are written to `best.yaml`.
    Raises: TrainingError, no trial learned anything.
    """
    out.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=f"sqlite:///{out / 'trials.db'}",
        study_name="search",
        sampler=optuna.samplers.TPESampler(seed=0),
        load_if_exists=True,
    )

    def trial(one: optuna.Trial) -> float:
        try:
            loss = fit(task(_proposed(asked, one)), data, out / f"trial-{one.number}", 0, "auto")
        except TrainingError as error:
            note(f"trial {one.number}: {error}")
            return math.inf
        note(f"trial {one.number}: dev loss {loss:.4f}")
        return loss

    done = len([one for one in study.trials if one.state.is_finished()])
    study.optimize(trial, n_trials=max(0, trials - done))
    if not math.isfinite(study.best_value):
        raise TrainingError(f"none of {len(study.trials)} trials learned anything")
    best = dict(study.best_params)
    told = {"recipe": {key: value for key, value in best.items() if key != "dropout"}}
    told |= {key: value for key, value in best.items() if key == "dropout"}
    write_atomically(out / "best.yaml", yaml.safe_dump(told, sort_keys=True).encode())
    return {"best": best, "value": study.best_value, "trials": len(study.trials)}


def _proposed(asked: Asked, trial: optuna.Trial) -> Asked:
    """The settings with what the search proposes; half of the epochs, since a search compares."""
    recipe = asked.recipe
    proposed = replace(
        recipe,
        rate=trial.suggest_float("rate", recipe.rate / 8, recipe.rate * 8, log=True),
        weight_decay=trial.suggest_float("weight_decay", 1e-4, 0.3, log=True),
        batch=trial.suggest_categorical("batch", [recipe.batch // 2, recipe.batch, recipe.batch * 2]),
        epochs=max(recipe.chance_after, math.ceil(recipe.epochs * SHORT)),
    )
    changes: dict[str, Any] = {"recipe": proposed}
    if hasattr(asked, "dropout"):
        changes["dropout"] = trial.suggest_float("dropout", 0.0, 0.6)
    return cast("Asked", replace(cast("Any", asked), **changes))
