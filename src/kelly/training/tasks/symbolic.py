"""The symbolic recogniser's task: to hear a score as listeners do, from EMOPIA's quadrants and VGMIDI's ratings.

Conventions: both corpora weigh alike. A step mixes each stretch with another (mixup, Zhang and others 2018), since
there are few songs; what the network says of its own error is learned beside, from what it is off by. Which songs are
trained on is a setting: a recogniser that judges what another labels must have learned from other songs (`PARTS`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from pydantic import ConfigDict
from torch import Tensor, nn
from torch.nn import functional

from kelly.errors import UsageError
from kelly.listening.traits.all import names
from kelly.models.symbolic.heads import SLOTS
from kelly.training.data.heard import Heard, heard
from kelly.training.data.splits import PARTS, share
from kelly.training.networks.symbolic import Ear
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Data, Recipe, weights
from kelly.training.tasks.made import made_by
from kelly.training.tasks.samples import Batch, Samples

__all__ = ["SONGS", "Settings", "SymbolicTask", "both", "data", "samples", "task", "trained"]

SONGS = ("train", "all", *PARTS)
MIXED = 0.3  # the parameter of the beta distribution by which stretches are mixed
LINK, STEEP = 0.1, 1.5  # how much a rating speaks for a sign, and how surely
_KEPT = 0.1  # of the songs of a part, on which its loss is watched


@dataclass(frozen=True, slots=True)
class Settings:
    """How the recogniser is trained.

    Parameters: recipe; songs, which it learns from: the train splits, all there are, or one of the three parts; width,
    blind and dropout, see `Ear`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    recipe: Recipe = field(
        default_factory=lambda: Recipe(epochs=20, batch=256, rate=2e-3, weight_decay=0.1, warmup=0.3, keep="last")
    )
    songs: str = "train"
    width: int = 128
    blind: float = 0.4
    dropout: float = 0.5

    def __post_init__(self) -> None:
        """Check what would only be found out later."""
        if self.songs not in SONGS:
            raise UsageError(f"songs must be one of {', '.join(SONGS)}; got {self.songs!r}")
        if self.width < 1:
            raise UsageError(f"width must be 1 or more; got {self.width}")
        for name in ("blind", "dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} must lie in 0..1; got {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class SymbolicTask:
    """What a step of the recogniser loses."""

    settings: Settings
    name: str = "symbolic"

    @property
    def recipe(self) -> Recipe:
        """How it is trained."""
        return self.settings.recipe

    def network(self) -> nn.Module:
        """The network with new weights."""
        return Ear(len(names()), self.settings.width, self.settings.blind, self.settings.dropout)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean loss of a batch and the heads (samples, 6)."""
        assert isinstance(network, Ear)  # noqa: S101 - it came from `network`
        traits = network.standardised(batch["traits"])
        signs, rated, ratings = batch["signs"], batch["rated"], batch["ratings"]
        if network.training:
            share = float(torch.distributions.Beta(MIXED, MIXED).sample())
            other = _partner(rated)
            mixed = (share * one + (1 - share) * one[other] for one in (traits, signs, ratings))
            traits, signs, ratings = mixed
        heads = network.heard(traits)
        return _loss(heads, signs, rated, ratings), {"signs": heads[:, SLOTS["signs"]]}


def task(settings: Settings) -> SymbolicTask:
    """The task of some settings."""
    return SymbolicTask(settings)


def trained(run: Path) -> Ear:
    """The network of a finished run, as wide as its own settings say, ready to predict.

    Raises: FileError, the run is not finished or damaged.
    """
    network = weights(SymbolicTask(made_by(Settings, run)).network(), run)
    assert isinstance(network, Ear)  # noqa: S101 - it came from `network`
    return network


def data(root: Path, settings: Settings, context: Context) -> Data:
    """The rated pieces that the settings ask for; the dev samples are the dev splits, or a tenth of a part's songs.

    Raises: as `heard`.
    """
    pieces = heard(root, context.cache, workers=context.workers, engine=context.engine, note=context.note)
    chosen = [piece for piece in pieces if piece.split != "test" and settings.songs in {"train", "all", piece.part}]
    kept = [piece for piece in chosen if _is_dev(piece, settings.songs)]
    rest = [piece for piece in chosen if not _is_dev(piece, settings.songs)]
    return both(rest, kept)


def both(train: Sequence[Heard], dev: Sequence[Heard]) -> Data:
    """Training and dev samples of pieces, with the dev loss of saying the same of every piece."""
    learned, kept = samples(train), samples(dev)
    return Data(learned, kept, _chance(learned, kept), *_learned(learned))


def samples(pieces: Sequence[Heard]) -> Samples:
    """All stretches of pieces, those of either corpus weighing as much together as those of the other."""
    if not pieces:
        return Samples({"traits": torch.zeros(0, len(names()))}, [])
    tensors = {
        name: torch.from_numpy(np.concatenate([getattr(piece, name) for piece in pieces]))
        for name in ("traits", "signs", "ratings")
    }
    rated = ~tensors["ratings"].isnan().any(1)
    tensors |= {"ratings": tensors["ratings"].nan_to_num(), "rated": rated}
    share = torch.where(rated, 1 / rated.sum().clamp_min(1), 1 / (~rated).sum().clamp_min(1))
    return Samples(tensors, [piece.group for piece in pieces for _ in piece.kinds], share)


def _learned(train: Samples) -> tuple[Tensor | None, dict[str, Tensor]]:
    """The quadrants (1-4) of EMOPIA's stretches, and VGMIDI's ratings of either axis, where there are any."""
    if not len(train):
        return None, {}
    rated = train.tensors["rated"]
    signs, ratings = train.tensors["signs"][~rated], train.tensors["ratings"][rated]
    valence, arousal = (signs > 0).long().T
    return torch.tensor([[3, 2], [4, 1]])[valence, arousal], {"valence": ratings[:, 0], "arousal": ratings[:, 1]}


def _loss(heads: Tensor, signs: Tensor, rated: Tensor, ratings: Tensor) -> Tensor:
    logits, means, errors = (heads[:, SLOTS[name]] for name in ("signs", "ratings", "errors"))
    known = (~rated)[:, None]
    of_signs = functional.binary_cross_entropy_with_logits(logits, (signs + 1) / 2, reduction="none")
    hinted = functional.binary_cross_entropy_with_logits(logits, torch.sigmoid(STEEP * ratings), reduction="none")
    off = (means - ratings).square()
    of_errors = errors + off.detach() / 2 * torch.exp(-2 * errors)
    return (torch.where(known, of_signs, 0.5 * off + LINK * hinted + 0.1 * of_errors)).mean()


def _partner(rated: Tensor) -> Tensor:
    """For each sample another of the same corpus, to be mixed with."""
    order = torch.arange(len(rated), device=rated.device)
    for mask in (rated, ~rated):
        rows = mask.nonzero()[:, 0]
        order[rows] = rows[torch.randperm(len(rows), device=rated.device)]
    return order


def _chance(train: Samples, dev: Samples) -> float:
    """The dev loss of the best constants of the training samples."""
    if not len(train) or not len(dev):
        return float("inf")
    rated = train.tensors["rated"]
    odds = ((train.tensors["signs"][~rated] + 1) / 2).mean(0).nan_to_num(0.5).clamp(0.01, 0.99)
    means = train.tensors["ratings"][rated].mean(0).nan_to_num()
    deviations = (train.tensors["ratings"][rated] - means).square().mean(0).sqrt().nan_to_num(1.0).clamp_min(0.1)
    heads = torch.cat([odds.logit(), means, deviations.log()])[None].expand(len(dev), -1)
    return float(_loss(heads, *(dev.tensors[name] for name in ("signs", "rated", "ratings"))))


def _is_dev(piece: Heard, songs: str) -> bool:
    return piece.split == "dev" if songs == "train" else share("kept", piece.group) < _KEPT
