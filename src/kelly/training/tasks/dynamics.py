"""Training of the dynamics network: how loud, how early and how long pianists play a written note.

Conventions: inputs and outputs as in `kelly.models.dynamics.slots`; a sample for training is `BLOCK` notes of one take,
spread evenly over it, one for development is a note. Velocity, onset deviation and articulation lose their absolute
error, which a median makes least, in `UNITS`; their standard deviations the likelihood of that error under a Laplace
distribution, the error held fixed, so that a note that is hard to foretell counts no less. Pedal loses cross-entropy,
local tempo Huber's loss of its octaves. The target of the levels is the take's loudness around the note, shared between
the two markings it lies between. A note of a long work is drawn less often, by the root of the work's number of notes.
In training some notes are told no feeling, no energy and tension, no chord, or no role ("other"), as it may be at use.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from pydantic import ConfigDict
from torch import Tensor, nn
from torch.nn import functional

from kelly.emotion.code import UNKNOWN
from kelly.errors import UsageError
from kelly.models.dynamics.slots import LEVELS, ROLES
from kelly.training.data.takes import FEELING, Take, takes
from kelly.training.networks.build import build
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Data, Recipe
from kelly.training.tasks.samples import Batch, Samples

__all__ = [
    "BLOCK",
    "CORPORA",
    "UNITS",
    "DynamicsTask",
    "Settings",
    "cost",
    "data",
    "hidden",
    "outputs",
    "shares",
    "task",
]

CORPORA = ("asap",)

BLOCK = 32  # notes
# What errors are counted in: velocity and deviation at half their usual error, as they are what shall gain.
UNITS = {"velocity": 7.5, "deviation": 0.02, "articulation": 0.7}
_REACH = {"velocity": 32.0, "deviation": 1 / 8, "articulation": 1.0}  # of the standard deviation: what y = 1 says
_TARGETS = ("velocity", "deviation", "articulation", "pedal", "tempo")
_LIKELIHOOD, _ASIDE = 0.1, 0.1  # shares of the standard deviations, and of pedal, tempo and levels, in the loss
_LEAST = 1e-3  # of y: no standard deviation is taken to be smaller
_PLACE, _CHORD_TONE, _ROLE = slice(24, 26), 20, slice(26, 32)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a recipe for the dynamics network may say.

    Parameters: recipe; dropout; unknown, the share of notes that are told no feeling, and hidden, the shares that are
    told no energy and tension, no chord and no role; all 0..1.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    recipe: Recipe = field(default_factory=lambda: Recipe(epochs=4, batch=128, rate=5e-3, chance_after=2))
    dropout: float = 0.1
    unknown: float = 0.5
    hidden: float = 0.1

    def __post_init__(self) -> None:
        """Check the shares."""
        for name in ("dropout", "unknown", "hidden"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} must lie in 0..1; got {getattr(self, name)}")


def task(settings: Settings) -> DynamicsTask:
    """The task of the dynamics network."""
    return DynamicsTask(settings)


def data(root: Path, settings: Settings, context: Context) -> Data:
    """The takes of ASAP as samples.

    Parameters: root, the folder of corpora; settings; context, with the cache and the feelings.
    Raises: CorpusError, the corpus is missing or no take of a split can be learnt from.
    """
    del settings
    train, dev = _blocks(takes(root, "train", context)), _notes(takes(root, "dev", context))
    whole = dev.take(torch.arange(len(dev)))
    learned = {name: train.tensors[name].flatten() for name in UNITS}
    return Data(train, dev, float(cost(_constant(whole), whole)), targets=learned)


@dataclass(frozen=True, slots=True)
class DynamicsTask:
    """How the dynamics network is trained (`fitting.Task`)."""

    settings: Settings = field(default_factory=Settings)
    name: str = "dynamics"

    @property
    def recipe(self) -> Recipe:
        """How it is trained."""
        return self.settings.recipe

    def network(self) -> nn.Module:
        """The network with new weights."""
        return build(self.name, self.settings.dropout)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch, and what the network says of velocity, deviation and articulation."""
        inputs = batch["inputs"]
        if network.training:
            inputs = hidden(inputs, self.settings.unknown, self.settings.hidden)
        logits = network.logits(inputs)  # type: ignore[operator] # networks of `build` have logits
        return cost(logits.flatten(0, -2), {name: _flat(name, one) for name, one in batch.items()}), outputs(logits)


def cost(logits: Tensor, targets: Batch) -> Tensor:
    """The mean loss, as the conventions say.

    Parameters: logits (n, 16); targets, velocity, deviation, articulation, pedal, tempo (n,) and levels (n, 8).
    """
    y, told = torch.sigmoid(logits), outputs(logits)
    total = torch.zeros((), device=logits.device)
    for slot, name in ((1, "velocity"), (3, "deviation"), (5, "articulation")):
        error = (told[name] - targets[name]).abs()
        share = y[:, slot].clamp(min=_LEAST)
        # Without the logarithm of the least spread, a constant, the loss would not always be above 0.
        likelihood = torch.log(share / _LEAST) + math.sqrt(2) * error.detach() / (share * _REACH[name])
        total = total + (error / UNITS[name] + _LIKELIHOOD * likelihood).mean()
    pedal = functional.binary_cross_entropy_with_logits(logits[:, 6], targets["pedal"])
    tempo = functional.huber_loss(2 * y[:, 7] - 1, torch.log2(targets["tempo"]), delta=0.1) / 0.01
    markings = functional.logsigmoid(logits[:, 8:])
    levels = -(targets["levels"] * (markings - markings.logsumexp(-1, keepdim=True))).sum(-1).mean()
    return total + _ASIDE * (pedal + tempo + levels)


def outputs(logits: Tensor) -> dict[str, Tensor]:
    """Velocity, deviation in beats and articulation (...) of logits (..., 16), as `slots.decode` has them."""
    y = torch.sigmoid(logits)
    return {"velocity": 1 + 126 * y[..., 0], "deviation": (2 * y[..., 2] - 1) / 4, "articulation": 2 * y[..., 4]}


def hidden(inputs: Tensor, unknown: float, share: float) -> Tensor:
    """The inputs (..., 32) with some things left untold, by torch's generator.

    Parameters: inputs; unknown, the share of notes without a feeling; share, those without energy and tension, without
    chord, and without role.
    """
    told = inputs.clone()
    feeling, place, chord, role = (
        torch.rand(told.shape[:-1], device=told.device) < part for part in (unknown, share, share, share)
    )
    told[..., FEELING][feeling] = told.new_tensor(UNKNOWN[FEELING])
    told[..., _PLACE][place] = told.new_tensor([0.0, 0.5])
    told[..., _CHORD_TONE][chord] = 0.5
    told[..., _ROLE][role] = told.new_tensor(np.eye(len(ROLES))[ROLES.index("other")])
    return told


def shares(loudness: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """The target (..., 8) of the levels for a mean velocity (...): 1, shared between the two markings around it."""
    at = np.interp(np.asarray(loudness, np.float64), LEVELS, np.arange(len(LEVELS)))
    return np.asarray(np.maximum(0, 1 - np.abs(at[..., None] - np.arange(len(LEVELS)))), np.float32)


def _flat(name: str, tensor: Tensor) -> Tensor:
    """A tensor with blocks and notes in one axis."""
    return tensor.flatten(0, -2) if name in {"inputs", "levels"} else tensor.flatten()


def _arrays(take: Take) -> dict[str, npt.NDArray[np.float32]]:
    return {
        "inputs": take.inputs,
        **{name: getattr(take, name) for name in _TARGETS},
        "levels": shares(take.loudness),
    }


def _notes(found: Sequence[Take]) -> Samples:
    tensors = _joined([_arrays(take) for take in found])
    return Samples(tensors, [take.group for take in found for _ in take.note])


def _blocks(found: Sequence[Take]) -> Samples:
    """The notes in blocks, each spread evenly over its take; of the last places of a take some notes come twice."""
    sizes: dict[str, int] = {}
    for take in found:
        sizes[take.group] = sizes.get(take.group, 0) + len(take.note)
    rows = [_spread(len(take.note)) for take in found]
    tensors = _joined(
        [{name: one[row] for name, one in _arrays(take).items()} for take, row in zip(found, rows, strict=True)]
    )
    groups = [take.group for take, row in zip(found, rows, strict=True) for _ in row]
    return Samples(tensors, groups, torch.tensor([sizes[group] ** -0.5 for group in groups]))


def _spread(count: int) -> npt.NDArray[np.int64]:
    """Indices (blocks, `BLOCK`) of `count` notes."""
    blocks = math.ceil(count / BLOCK)
    return np.resize(np.arange(count), blocks * BLOCK).reshape(BLOCK, blocks).T


def _joined(parts: Sequence[dict[str, npt.NDArray[np.float32]]]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.concatenate([part[name] for part in parts])) for name in parts[0]}


def _constant(targets: Batch) -> Tensor:
    """The logits (n, 16) of the constant that loses least on targets (n, ...)."""
    y = torch.full((16,), 0.5)
    median = {name: float(targets[name].median()) for name in (*UNITS, "tempo")}
    y[0], y[2], y[4] = (median["velocity"] - 1) / 126, 2 * median["deviation"] + 0.5, median["articulation"] / 2
    for slot, name in ((1, "velocity"), (3, "deviation"), (5, "articulation")):
        y[slot] = math.sqrt(2) * (targets[name] - median[name]).abs().mean() / _REACH[name]
    y[6], y[7] = targets["pedal"].mean(), (math.log2(median["tempo"]) + 1) / 2
    y[8:] = targets["levels"].mean(0)
    return torch.logit(y, eps=_LEAST).expand(len(targets["velocity"]), -1)
