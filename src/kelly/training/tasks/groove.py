"""The groove network's task: from a feeling to how early, late, loud or soft each sixteenth is struck.

Conventions: takes and their feelings as in `kelly.training.data.grooves`, asked for by the codes of
`kelly.models.groove.feeling`; targets as in `kelly.models.groove.slots`, the mean over a step's hits in each bar, steps
without a hit masked. The loss is the mean absolute error, since that is what is measured and since its best answer, the
median, is not led astray by the odd wild hit: over the bars of a take at each step, steps weighing as much as they have
hits, of timing in units of `TIMING` and of velocity in units of `LOUDNESS`, half of each. Every take weighs the same.

A take is learned from at 25 tempi and loudnesses around its own: few takes are few points in the space of feelings,
and between them the network should not swing. A further share of it is learned without any feeling (`UNKNOWN`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from statistics import NormalDist
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from pydantic import ConfigDict
from torch import Tensor, nn

from kelly.emotion.code import UNKNOWN
from kelly.errors import CorpusError, UsageError
from kelly.models.groove import slots
from kelly.models.groove.feeling import code
from kelly.models.groove.slots import SIZE, STEPS
from kelly.training.data.grooves import Played, load, profile
from kelly.training.networks.build import build
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Data, Recipe
from kelly.training.tasks.samples import Batch, Samples

__all__ = ["CORPORA", "LOUDNESS", "QUANTILES", "TIMING", "GrooveTask", "Settings", "data", "samples", "task"]

CORPORA = ("groove",)

Floats = npt.NDArray[np.float32]

TIMING, LOUDNESS = 25.0, 25.0  # ms and velocity steps: what is wrong when nothing is said
QUANTILES = 32  # of the bars of a take, which stand for all of them
_AROUND = tuple(NormalDist().inv_cdf(p) for p in (0.1, 0.3, 0.5, 0.7, 0.9))
_FURTHEST = slots.decode(np.ones(SIZE))  # what an output of 1 means, in beats and velocity steps


@dataclass(frozen=True, slots=True)
class Settings:
    """How the groove network is trained.

    Parameters: recipe; dropout on its hidden layers; faster and louder, the standard deviations of arousal and of
    dominance around a take's own at which it is learned from; unknown, how often it is, besides, without a feeling.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    recipe: Recipe = field(default_factory=lambda: Recipe(epochs=30, batch=64, rate=1e-3, chance_after=10))
    dropout: float = 0.0
    faster: float = 0.04
    louder: float = 0.08
    unknown: int = 3

    def __post_init__(self) -> None:
        """Check what would only be found out later."""
        if not 0 <= self.dropout < 1:
            raise UsageError(f"dropout must lie in 0..1; got {self.dropout}")
        for name in ("faster", "louder", "unknown"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise UsageError(f"{name} must be 0 or more; got {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class GrooveTask:
    """What a step of the groove network loses."""

    settings: Settings
    name: str = "groove"

    @property
    def recipe(self) -> Recipe:
        """How it is trained."""
        return self.settings.recipe

    def network(self) -> nn.Module:
        """The network with new weights."""
        return build(self.name, self.settings.dropout)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean absolute error of a batch and the outputs (samples, 32)."""
        told = network(batch["inputs"])
        return _error(told, batch["targets"], batch["weights"]), {"groove": told}


def task(settings: Settings) -> GrooveTask:
    """The task of some settings."""
    return GrooveTask(settings)


def data(root: Path, settings: Settings, context: Context) -> Data:
    """The takes of the train split, each at several feelings, and those of the dev split, each at its own.

    Chance is the dev loss of the train split's median groove.
    Raises: as `grooves.load`; CorpusError, a split has no beat in 4/4.
    """
    takes = load(root, context)
    train, dev = ([one for one in takes if one.take.split == split] for split in ("train", "dev"))
    if not train or not dev:
        raise CorpusError(f"{root} must hold beats in 4/4 of the train and of the dev split of Groove MIDI")
    asked = samples(dev)
    constant = torch.from_numpy(slots.encode(profile(train))).float()
    chance = _error(constant, asked.tensors["targets"], asked.tensors["weights"])
    learned = samples(train, settings)
    return Data(learned, asked, float(chance), targets={"grooves": learned.tensors["targets"].flatten()})


def samples(takes: Sequence[Played], settings: Settings | None = None) -> Samples:
    """Takes as samples: inputs (samples, 64), targets (samples, 32, QUANTILES), weights (samples, 32).

    Parameters: takes; settings, of how many feelings around its own each is learned from (None: its own alone).
    """
    rows: list[tuple[Floats, Floats, Floats]] = []
    for one in takes:
        targets, weights = _targets(one)
        rows += [(asked, targets, weights) for asked in _asked(one, settings)]
    names = ("inputs", "targets", "weights")
    tensors = {
        name: torch.from_numpy(np.array(column)) for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }
    return Samples(tensors, [one.take.group for one in takes for _ in range(len(rows) // len(takes))])


def _error(told: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """The mean over samples: outputs (..., 32), targets (samples, 32, QUANTILES), weights (samples, 32)."""
    return ((told[..., None] - targets).abs().mean(-1) * weights).sum(-1).mean()


def _asked(take: Played, settings: Settings | None) -> list[Floats]:
    """The codes (64,) by which a take is asked for."""
    if settings is None:
        return [code(take.emotion).astype(np.float32)]
    around = product(_AROUND, _AROUND)
    felt = [code(take.felt(a * settings.faster, d * settings.louder)) for a, d in around]
    return [one.astype(np.float32) for one in (*felt, *[UNKNOWN] * settings.unknown)]


def _targets(take: Played) -> tuple[Floats, Floats]:
    """What the network should give for a take: quantiles over its bars (32, QUANTILES); weights of the slots (32,)."""
    bars, struck = slots.targets(take.onsets, take.velocities, int(take.bars.max()) + 1)
    told = np.zeros((SIZE, QUANTILES), np.float32)
    middle = (np.arange(QUANTILES) + 0.5) / QUANTILES
    for slot in np.flatnonzero(struck.any(0)):
        told[slot] = np.quantile(bars[struck[:, slot], slot], middle, method="inverted_cdf")
    share = np.bincount(take.steps, minlength=STEPS) / len(take.steps)
    timing = _FURTHEST.offsets / slots.STEP * take.sixteenth / TIMING
    weights = np.concatenate([share * timing, share * _FURTHEST.accents / LOUDNESS]) / 2
    return told, weights.astype(np.float32)
