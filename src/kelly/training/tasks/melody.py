"""The melody network's task: from a beat's chords, place and past to the pitches that sound in it.

Conventions: melodies, inputs and targets as in `kelly.training.data.melodies`. The loss is in bits: that of 128
Bernoulli variables a beat, summed, over the number of pitches that sound; the dev loss is over whole songs, the state
carried from beat to beat. A training sample is a stretch of twice the window; each time it is seen the network begins
anew somewhere in it, and hears one window. The emotion code of a share of them is hidden (`UNKNOWN`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from pydantic import ConfigDict
from torch import Tensor, nn
from torch.nn import functional

from kelly.emotion.code import UNKNOWN
from kelly.errors import CorpusError, UsageError
from kelly.models.melody.slots import PITCHES, SIZE
from kelly.training.data.melodies import FEELING, Melody, melodies
from kelly.training.networks.build import build
from kelly.training.networks.layered import Recurrent
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Data, Recipe
from kelly.training.tasks.samples import Batch, Samples

__all__ = ["CORPORA", "LEAST", "MelodyTask", "Settings", "bits", "data", "profile", "stretches", "task", "whole"]

Floats = npt.NDArray[np.float64]

CORPORA = ("pop909",)
LEAST = 1e-6  # no probability is taken for less than this, nor for more than 1 minus it
_HEIGHT, _STEEP = 60, 6.0  # the slot of the pitch one beat ago, and the steepest weight that it begins with
_RARE = -4.5  # log odds: some 1.3 of 128 pitches sound in a beat


@dataclass(frozen=True, slots=True)
class Settings:
    """How the melody network is trained.

    Parameters: recipe; window, beats that it hears from its beginning; dropout on its hidden layers; unknown, share of
    the training windows without their song's emotion code.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    recipe: Recipe = field(default_factory=lambda: Recipe(epochs=12, batch=16, rate=3e-3, weight_decay=0.02))
    window: int = 64
    dropout: float = 0.2
    unknown: float = 0.2

    def __post_init__(self) -> None:
        """Check what would only be found out later."""
        if self.window < 1:
            raise UsageError(f"window must be 1 beat or more; got {self.window}")
        for name in ("dropout", "unknown"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} must lie in 0..1; got {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class MelodyTask:
    """What a step of the melody network loses."""

    settings: Settings
    name: str = "melody"

    @property
    def recipe(self) -> Recipe:
        """How it is trained."""
        return self.settings.recipe

    def network(self) -> nn.Module:
        """The network with new weights; at first every pitch is as rare as pitches are."""
        network = build(self.name, self.settings.dropout)
        nn.init.constant_(network.get_parameter(f"layers.{len(network.layers) - 1}.bias"), _RARE)
        with torch.no_grad():
            _spread(network.get_parameter("layers.0.weight"), network.get_parameter("layers.0.bias"))
        return network

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The bits of each pitch that sounds, over a batch, and the probabilities (samples, beats, 128)."""
        assert isinstance(network, Recurrent)  # noqa: S101 - it came from `network`
        x, y, real = batch["inputs"], batch["targets"], batch["real"]
        if network.training:
            begin, length = self._cut(x.shape[1])
            x, y, real = (one.narrow(1, begin, length) for one in (x, y, real))
            x = _hidden(x, self.settings.unknown)
        logits, _ = network.logits(x)
        entropy = functional.binary_cross_entropy_with_logits(logits, y.float(), reduction="none").sum(-1)
        active = (y.sum(-1) * real).sum().clamp_min(1)
        return (entropy * real).sum() / active / math.log(2), {"pitches": network.activated(logits)}

    def _cut(self, beats: int) -> tuple[int, int]:
        """Where a window begins in a stretch, and its length."""
        length = min(self.settings.window, beats)
        return int(torch.randint(beats - length + 1, ())), length


def task(settings: Settings) -> MelodyTask:
    """The task of some settings."""
    return MelodyTask(settings)


def data(root: Path, settings: Settings, context: Context) -> Data:
    """Stretches of the melodies of the train split, and POP909's melodies of the dev split.

    Chance is the dev loss of a static profile. Raises: as `melodies`; CorpusError, a split is empty.
    """
    found = list(melodies(root, context))
    train = [one for one in found if one.split == "train"]
    dev = [one for one in found if one.split == "dev"]
    if not train or not dev:
        raise CorpusError(f"{root} must hold POP909 songs of the train and of the dev split; it lacks one of them")
    learned = stretches(train, 2 * settings.window)
    chance = bits(dev, [profile(train)] * len(dev))
    return Data(learned, whole(dev), chance, targets={"pitches": learned.tensors["targets"].flatten()})


def stretches(found: Sequence[Melody], length: int) -> Samples:
    """Melodies in stretches of `length` beats, each of which shares half of them with the next; short ones padded."""
    return _samples([cut for one in found for cut in _stretches(one, length)], length)


def whole(found: Sequence[Melody]) -> Samples:
    """Melodies from beginning to end, padded to the longest."""
    return _samples(found, max(len(one.inputs) for one in found))


def profile(found: Sequence[Melody]) -> Floats:
    """The static profile (128,): in how many beats each pitch sounds, half a beat added for and one against."""
    beats = np.concatenate([one.targets for one in found])
    return np.asarray((beats.sum(0) + 0.5) / (len(beats) + 1.5))


def bits(found: Sequence[Melody], told: Sequence[Floats]) -> float:
    """Bernoulli bits of all beats and pitches of melodies over the number of (beat, pitch) that sound.

    Parameters: found; told, for each the probabilities (beats, 128) or (128,) of each beat.
    """
    total, active = 0.0, 0
    for one, p in zip(found, told, strict=True):
        sure = np.clip(np.broadcast_to(p, one.targets.shape), LEAST, 1 - LEAST)
        total -= float(np.log2(np.where(one.targets, sure, 1 - sure)).sum())
        active += int(one.targets.sum())
    return total / max(active, 1)


def _stretches(melody: Melody, length: int) -> Iterator[Melody]:
    for start in range(0, max(len(melody.inputs) - length // 2, 1), max(length // 2, 1)):
        part = slice(start, start + length)
        yield replace(melody, inputs=melody.inputs[part], targets=melody.targets[part])


def _samples(found: Sequence[Melody], length: int) -> Samples:
    inputs = torch.zeros(len(found), length, SIZE)
    targets = torch.zeros(len(found), length, PITCHES, dtype=torch.bool)
    real = torch.zeros(len(found), length, dtype=torch.bool)
    for row, one in enumerate(found):
        inputs[row, : len(one.inputs)] = torch.from_numpy(one.inputs)
        targets[row, : len(one.targets)] = torch.from_numpy(one.targets)
        real[row, : len(one.inputs)] = True
    tensors = {"inputs": inputs, "targets": targets, "real": real}
    return Samples(tensors, [one.group for one in found])


def _spread(weight: Tensor, bias: Tensor) -> None:
    """Let the first layer's units bend at all heights, so that it can tell one pitch from the next."""
    steep = torch.empty(len(weight)).uniform_(-_STEEP, _STEEP)
    weight[:, _HEIGHT] += steep
    bias -= steep * torch.empty(len(weight)).uniform_(-0.5, 1.0)


def _hidden(x: Tensor, share: float) -> Tensor:
    """Inputs (samples, beats, 64), some samples without their emotion code."""
    unknown = torch.tensor(UNKNOWN[FEELING], dtype=x.dtype, device=x.device)
    chosen = (torch.rand(len(x), 1, 1) < share).to(x.device)
    return torch.cat([torch.where(chosen, unknown, x[..., FEELING]), x[..., FEELING.stop :]], -1)
