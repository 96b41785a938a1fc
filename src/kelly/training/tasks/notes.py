"""Training the network that hears notes: which keys are struck and held in each frame of what Kelly plays.

Conventions: samples are the stretches of `data.rolls`; in every step a random part of each is heard, its sound a little
brighter or darker, so that no SoundFont's colour is learned. The loss is the mean of the binary cross-entropies of all
keys in all frames, in nats, struck keys weighed `struck` times where there is one, for there are few. No feeling is
learned here: what reads states for feelings is trained by `tasks.sound` with the trunk `notes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, cast

import numpy as np
import torch
from pydantic import ConfigDict
from torch import Tensor, nn
from torch.nn import functional

from kelly.errors import CorpusError, FileError, UsageError
from kelly.names import find
from kelly.sound import soundfont
from kelly.sound.features import SCALES
from kelly.training.data.rolls import CORPORA, FRAMES, KEYS, STEP, Roll, rolls
from kelly.training.networks.notes import SIZES, WINDOWS, NoteNet
from kelly.training.tasks import made
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Data, Recipe, weights
from kelly.training.tasks.runs import claimed
from kelly.training.tasks.samples import Batch, Samples, parts

__all__ = ["NotesTask", "Settings", "data", "heard", "made_by", "task", "trained"]

_AT_ONCE = 64  # stretches whose keys are counted


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be set.

    Parameters: recipe; corpora, of `rolls.CORPORA`; fonts, the SoundFonts that play (none: the one that Kelly plays
    with); stretches, of each score; size, one of `networks.notes.SIZES`; dropout, of states; frames of a stretch that
    are heard in a step; colour, the standard deviation of how much brighter and louder a sound is made, in levels (10
    dB); struck, the weight of a struck key beside one that is not.
    Raises: UsageError, one of them is out of range.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    recipe: Recipe = field(default_factory=lambda: Recipe(epochs=12, batch=16, rate=1.5e-3, warmup=0.1, keep="last"))
    corpora: tuple[str, ...] = tuple(CORPORA)
    fonts: tuple[str, ...] = ()
    stretches: int = 4
    size: str = "tiny"
    dropout: float = 0.1
    frames: int = 375
    colour: float = 0.15
    struck: float = 2.0

    def __post_init__(self) -> None:
        """Check what would only be found out after minutes."""
        for name in self.corpora:
            find(name, tuple(CORPORA), "corpus")
        find(self.size, tuple(SIZES), "size")
        if not self.corpora or len(set(self.corpora)) < len(self.corpora) or self.stretches < 1:
            told = f"{self.corpora}, {self.stretches}"
            raise UsageError(f"corpora must be one or more, each once, stretches one or more; got {told}")
        if not 1 <= self.frames <= FRAMES:
            raise UsageError(f"frames must lie in 1..{FRAMES}; got {self.frames}")
        if not 0 <= self.dropout < 1 or not 0 <= self.colour < np.inf or not 0 < self.struck < np.inf:
            told = f"{self.dropout}, {self.colour}, {self.struck}"
            raise UsageError(f"dropout must lie in 0..1, colour be 0 or more, struck above 0; got {told}")


@dataclass(frozen=True, slots=True)
class NotesTask:
    """What a step loses."""

    settings: Settings
    name: str = "notes"

    @property
    def recipe(self) -> Recipe:
        """How it is trained."""
        return self.settings.recipe

    def network(self) -> NoteNet:
        """The network with new weights."""
        return NoteNet(SIZES[self.settings.size], WINDOWS, SCALES[0].bands, self.settings.dropout)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch, and how likely each key is in the mean over frames (samples, 2, 88)."""
        levels, keys = batch["levels"], batch["keys"]
        if network.training:
            first = torch.randint(FRAMES - self.settings.frames + 1, (len(levels),)).tolist()
            heard_at = [slice(one, one + self.settings.frames) for one in first]
            levels = torch.stack([row[:, at] for row, at in zip(levels, heard_at, strict=True)])
            keys = torch.stack([row[at] for row, at in zip(keys, heard_at, strict=True)])
        wanted = _unpacked(keys)
        told = self._coloured(heard(levels)) if network.training else heard(levels)
        odds = cast("NoteNet", network)(told, torch.ones(told[0].shape[:2], dtype=torch.bool, device=levels.device))
        struck = torch.tensor([self.settings.struck, 1.0], device=odds.device)[:, None]
        loss = functional.binary_cross_entropy_with_logits(odds.float(), wanted, pos_weight=struck)
        return loss, {"keys": odds.detach().sigmoid().mean(1)}

    def _coloured(self, levels: Sequence[Tensor]) -> list[Tensor]:
        """Levels of sounds that are a little brighter or darker, louder or softer; silence stays silent."""
        first = levels[0]
        slope = torch.linspace(-1, 1, first.shape[2], device=first.device)
        drawn = self.settings.colour * torch.randn(2, len(first), 1, 1, device=first.device)
        change = drawn[0] * slope + drawn[1]
        return [(one + change * (one > 0)).clamp_min(0) for one in levels]


def task(settings: Settings) -> NotesTask:
    """The task of some settings."""
    return NotesTask(settings)


def trained(run: Path) -> tuple[Settings, NoteNet]:
    """The settings and the network of a finished run. Raises: FileError, it is not finished or not of notes."""
    settings = made_by(run)
    return settings, cast("NoteNet", weights(task(settings).network(), run))


def made_by(run: Path) -> Settings:
    """The settings of a run. Raises: FileError, it is none, or not of notes."""
    network = claimed(run).get("network", "nothing")
    if network != "notes":
        raise FileError(f"{run} must be a run of notes; it is one of {network}")
    return made.made_by(Settings, run)


def data(root: Path, settings: Settings, context: Context) -> Data:
    """The stretches of both splits. Raises: as `rolls`; CorpusError, there are none of a split."""
    fonts = [soundfont.find(font) for font in settings.fonts] or [soundfont.find()]
    found = rolls(root, context, settings.corpora, fonts, settings.stretches)
    train, dev = (samples([one for one in found if one.split == split]) for split in ("train", "dev"))
    for split, chosen in (("train", train), ("dev", dev)):
        if not len(chosen):
            raise CorpusError(f"{', '.join(settings.corpora)} in {root} must have scores of the {split} split")
    return Data(train, dev, _chance(train, dev, settings))


def samples(found: Sequence[Roll]) -> Samples:
    """Stretches side by side. Tensors: levels and keys, as `Roll` has them."""
    tensors = {
        name: torch.from_numpy(np.array([getattr(one, name) for one in found], np.uint8)) for name in ("levels", "keys")
    }
    return Samples(tensors, [f"{one.corpus}/{one.group}" for one in found])


def heard(levels: Tensor) -> list[Tensor]:
    """The levels (batch, frames, bands) that are heard of what `samples` keeps (batch, definitions, frames, bands)."""
    return list((levels[:, :WINDOWS].float() * STEP).unbind(1))


def _unpacked(keys: Tensor) -> Tensor:
    """Bits (..., 22) as numbers (..., 2, 88)."""
    places = torch.arange(7, -1, -1, device=keys.device)
    bits = (keys[..., None].to(torch.int32) >> places) & 1
    return torch.unflatten(bits.flatten(-2), -1, (2, KEYS)).float()


def _shares(known: Samples) -> Tensor:
    """How often each key is struck and held (2, 88)."""
    counts = torch.zeros(2, KEYS)
    for batch in parts(known, _AT_ONCE):
        counts += _unpacked(batch["keys"]).sum((0, 1))
    return counts / (len(known) * FRAMES)


def _chance(train: Samples, dev: Samples, settings: Settings) -> float:
    """The dev loss of how often each key is struck and held in training."""
    shares, told = (_shares(one) for one in (train, dev))
    weighed = torch.tensor([settings.struck, 1.0])[:, None]
    likely = (weighed * shares / (weighed * shares + 1 - shares)).clamp(1e-6, 1 - 1e-6)
    return float(-(weighed * told * likely.log() + (1 - told) * (1 - likely).log()).mean())
