"""Tracking: where the curves of a run go besides its own table.

Conventions: MLflow keeps them in a local database beside the run (`mlflow.db` in the folder above it), unless
MLFLOW_TRACKING_URI names another place; TensorBoard writes into the run's folder; Weights & Biases, the only one that
talks over the network, must be asked for by name and installed apart. MLflow's reports about its own use are off.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger, MLFlowLogger, TensorBoardLogger

from kelly.errors import KellyError
from kelly.names import find

__all__ = ["TRACKERS", "check_tracker", "tracker"]

TRACKERS = ("mlflow", "tensorboard", "wandb", "none")


def tracker(name: str, run: Path, experiment: str, settings: Mapping[str, Any]) -> Logger | None:
    """A tracker for one run.

    Parameters: name, one of `TRACKERS`; run, its folder; experiment, the name of the network; settings, what is noted
    beside the curves.
    Raises: as `check_tracker`.
    """
    chosen = check_tracker(name)
    made = _MAKERS[chosen](run, experiment) if chosen != "none" else None
    if made is not None:
        made.log_hyperparams(dict(settings))
    return made


def check_tracker(name: str) -> str:
    """The tracker of a name, which can be used here. Raises: UnknownNameError; KellyError, wandb is not installed."""
    chosen = find(name, TRACKERS, "tracker")
    if chosen == "wandb" and find_spec("wandb") is None:
        raise KellyError("Weights & Biases is not installed: pip install wandb")
    return chosen


def _mlflow(run: Path, experiment: str) -> Logger:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    for loud in ("mlflow", "alembic"):
        logging.getLogger(loud).setLevel(logging.ERROR)
    place = os.environ.get("MLFLOW_TRACKING_URI", f"sqlite:///{run.resolve().parent / 'mlflow.db'}")
    known = run / "mlflow.txt"  # a resumed run goes on with its own curve
    run_id = known.read_text(encoding="utf-8") if known.exists() else None
    made = MLFlowLogger(experiment, run_name=run.name, tracking_uri=place, run_id=run_id)
    known.write_text(str(made.run_id), encoding="utf-8")
    return made


def _tensorboard(run: Path, experiment: str) -> Logger:
    return TensorBoardLogger(run, name="tensorboard", version=experiment)


def _wandb(run: Path, experiment: str) -> Logger:
    from lightning.pytorch.loggers import WandbLogger

    return WandbLogger(name=run.name, save_dir=run, project=f"kelly-{experiment}")


_MAKERS = {"mlflow": _mlflow, "tensorboard": _tensorboard, "wandb": _wandb}
