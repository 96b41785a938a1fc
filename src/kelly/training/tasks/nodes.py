"""The node classifier's task: from a picture of eight seconds of sound to the node that they were composed for.

Conventions: loops as in `kelly.training.data.loops`, pictures scaled as in `kelly.models.nodes.pictures`, heads as in
`kelly.models.nodes.heads`. The loss is a weighted sum of the cross-entropies of the five heads; while training, a share
of each label is spread over the nodes nearby, by a Gaussian of their distance in the space of feelings: to take a
feeling for its neighbour is less wrong than for its opposite. Trained on all loops of the train set (but for those in
tonics that are left out). The dev loss that the run's curve shows is that of a third of the dev set, and by default the
last weights are kept, so that it chooses nothing.

What is learned from is varied in what a feeling does not tell. Loops of one node are on one grid of beats, so a stretch
of frames, or all bands above one, may be taken from another loop of the node (as CutMix does, Yun and others 2019, but
within a class). Stretches of bands and of frames are hidden (SpecAugment, Park and others
2019), all is moved by a few bands, that is to another register and key, and made louder or softer by tenths of a
decibel, no more, since loudness tells dominance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from pydantic import ConfigDict
from torch import Tensor, nn

from kelly.emotion.thesaurus import CATEGORIES, TIERS, names, nodes
from kelly.errors import UsageError
from kelly.models.nodes.heads import PARENTS, SIZES, SLOTS
from kelly.models.nodes.pictures import MIDDLE, SILENCE, SPREAD
from kelly.training.data.loops import STEP, TONICS, Loops, load
from kelly.training.networks.build import build
from kelly.training.networks.nodes import NodeClassifier
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Data, Recipe
from kelly.training.tasks.samples import Batch, Samples

__all__ = [
    "LEFT_OUT",
    "Families",
    "NodeRecipe",
    "NodesTask",
    "Settings",
    "data",
    "families",
    "labels",
    "samples",
    "spliced",
    "task",
    "varied",
]

CORPORA = ()  # it learns from what Kelly composes and plays herself
LEFT_OUT = (1, 6, 8)  # the tonics that the second training never hears: Db, Gb, Ab
_EVERY = 3  # of the dev set's tonics, one of so many makes the curve
_EDGE = 4  # bands, at least, below and above the place where pictures are joined
_AT_ONCE = 128  # pictures that are judged at a time: the first stage makes 2 MB of each


@dataclass(frozen=True, slots=True)
class NodeRecipe(Recipe):
    """How it is trained; left_out, tonics (0..11) that are not heard: `run.json` tells so to whoever measures."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    epochs: int = 60
    batch: int = 16
    rate: float = 2e-3
    weight_decay: float = 0.05
    chance_after: int = 10
    keep: str = "last"
    left_out: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check what would only be found out after minutes."""
        super(NodeRecipe, self).__post_init__()
        if not set(self.left_out) < set(TONICS):
            raise UsageError(f"left_out must be some tonics of 0..11, not all; got {list(self.left_out)}")


@dataclass(frozen=True, slots=True)
class Settings:
    """How the node classifier is trained.

    Parameters: recipe; dropout before its dense layers; nearby, the share of a label that is spread over other nodes,
    most of it within `width`; masks, how many stretches of at most so many bands are hidden, and of at most so many
    frames; moved, by how many bands at most; gain, dB at most; spliced, the share of pictures that another loop of the
    node lends a part to; category and key, the weights of these heads' losses beside the node's; mixed, whether
    convolutions are worked out in bfloat16 on a processor (faster where it has such instructions).
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    recipe: NodeRecipe = field(default_factory=NodeRecipe)
    dropout: float = 0.2
    nearby: float = 0.3
    width: float = 0.03
    masks: int = 1
    bands: int = 6
    frames: int = 8
    moved: int = 1
    gain: float = 0.4
    spliced: float = 0.5
    category: float = 1.0
    key: float = 0.1
    mixed: bool = True

    def __post_init__(self) -> None:
        """Check what would only be found out later."""
        for name in ("dropout", "nearby"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} must lie in 0..1; got {getattr(self, name)}")
        if not self.width > 0:
            raise UsageError(f"width must be above 0; got {self.width}")
        for name, most in (
            ("masks", 8),
            ("bands", 64),
            ("frames", 128),
            ("moved", 16),
            ("gain", 0.5),
            ("spliced", 1),
            ("category", 10),
            ("key", 10),
        ):
            if not 0 <= getattr(self, name) <= most:
                raise UsageError(f"{name} must lie in 0..{most}; got {getattr(self, name)}")

    @property
    def shares(self) -> Mapping[str, float]:
        """The weight of each head's loss."""
        return {"node": 1.0, "category": self.category, "name": 1.0, "tier": 0.5, "key": self.key}


@dataclass(frozen=True, slots=True)
class Families(Samples):
    """Samples that come with all of their node; rows (samples, k), which these are."""

    rows: Tensor | None = None

    def take(self, rows: Tensor) -> Batch:
        """The samples of some rows, and their `kin` uint8 (rows, k, 64, 128)."""
        assert self.rows is not None  # noqa: S101 - as `families` makes them
        return Samples.take(self, rows) | {"kin": self.tensors["pictures"][self.rows[rows]]}


@dataclass(frozen=True, slots=True)
class NodesTask:
    """What a step of the node classifier loses."""

    settings: Settings
    name: str = "nodes"

    @property
    def recipe(self) -> NodeRecipe:
        """How it is trained."""
        return self.settings.recipe

    def network(self) -> NodeClassifier:
        """The network with new weights."""
        network = build(self.name, self.settings.dropout)
        assert isinstance(network, NodeClassifier)  # noqa: S101 - `build` makes several kinds
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return] # torch's stub

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted cross-entropy of a batch, and the logarithms of probability (samples, 323)."""
        if not network.training:
            pictures = _seen(batch["pictures"])
            told = torch.cat([network.logits(part) for part in torch.split(pictures, _AT_ONCE)])  # type: ignore[operator]
            return _crossed(told, batch["labels"], self.settings.shares), {"nodes": told}
        pictures = _seen(spliced(batch["pictures"], batch["kin"], self.settings.spliced))
        mixed = self.settings.mixed and pictures.device.type == "cpu"
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            told = network.logits(varied(pictures, self.settings))  # type: ignore[operator]
        spread = _spread(self.settings.nearby, self.settings.width).to(pictures.device)
        return _crossed(told.float(), batch["labels"], self.settings.shares, spread), {"nodes": told}


def task(settings: Settings) -> NodesTask:
    """The task of some settings."""
    return NodesTask(settings)


def data(root: Path, settings: Settings, context: Context) -> Data:
    """The loops of the train set, and a third of the dev set's, in the tonics that are not left out.

    Parameters: root, not looked at, since this network's corpus is what Kelly composes; settings; context.
    Raises: as `loops.load`.
    """
    del root
    tonics = [tonic for tonic in TONICS if tonic not in settings.recipe.left_out]
    train, dev = families(load("train", context, tonics)), samples(load("dev", context, tonics[::_EVERY]))
    return Data(train, dev, _chance(train, dev, settings.shares), train.tensors["labels"][:, 0])


def samples(loops: Loops) -> Samples:
    """Loops as samples: pictures uint8 (samples, 64, 128) and labels (samples, 5); the groups are the songs' seeds."""
    tensors = {"pictures": torch.from_numpy(loops.pictures), "labels": torch.from_numpy(labels(loops))}
    return Samples(tensors, [f"seed {seed}" for seed in loops.seeds])


def families(loops: Loops) -> Families:
    """Loops as samples, each with those of its node."""
    alone = samples(loops)
    mine = [np.flatnonzero(loops.nodes == node) for node in loops.nodes]
    most = max(map(len, mine))
    return Families(
        alone.tensors, alone.groups, None, torch.from_numpy(np.array([np.resize(row, most) for row in mine]))
    )


def labels(loops: Loops) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """What each head should say of each loop: (loops, 5), in the order of `heads.SIZES`."""
    named = [node.name for node in names()]
    rows = [(CATEGORIES.index(node.category), named.index(node.name), list(TIERS).index(node.tier)) for node in nodes()]
    of_node = np.array(rows, np.int64)[loops.nodes]
    return np.column_stack([loops.nodes, of_node, 2 * loops.tonics + loops.minor.astype(np.int64)])


def spliced(pictures: Tensor, kin: Tensor, share: float) -> Tensor:
    """Pictures (samples, 64, 128), a share of them with a stretch of frames or all bands above one of another's.

    Parameters: pictures; kin (samples, k, 64, 128), others of the same nodes; share, 0..1.
    """
    count, bands, frames = pictures.shape
    device = pictures.device
    lender = kin[torch.arange(count, device=device), torch.randint(kin.shape[1], (count,), device=device)]
    edge = torch.randint(_EDGE, bands - _EDGE, (count, 1), device=device)
    above = (torch.arange(bands, device=device) >= edge)[:, :, None]
    there = _stretch(count, frames, frames, device)[:, None]
    drawn = torch.rand(count, 1, 1, device=device)  # below half of the share bands are lent, above it frames
    lent = torch.where(drawn < share / 2, above, there) & (drawn < share)
    return torch.where(lent, lender, pictures)


def varied(pictures: Tensor, settings: Settings) -> Tensor:
    """Pictures (samples, 64, 128), each moved, of another gain, and with stretches hidden behind its mean."""
    count, bands, frames = pictures.shape
    moved = torch.randint(-settings.moved, settings.moved + 1, (count, 1), device=pictures.device)
    rows = (torch.arange(bands, device=pictures.device) + moved).clamp(0, bands - 1)
    out = pictures.gather(1, rows[:, :, None].expand(-1, -1, frames))
    mean = out.mean((1, 2), keepdim=True)
    out = out + settings.gain / SPREAD * (2 * torch.rand(count, 1, 1, device=pictures.device) - 1)
    for _ in range(settings.masks):
        hidden = _stretch(count, bands, settings.bands, pictures.device)[:, :, None]
        out = torch.where(hidden | _stretch(count, frames, settings.frames, pictures.device)[:, None], mean, out)
    return out


def _seen(pictures: Tensor) -> Tensor:
    """Pictures as they are kept, as the network takes them."""
    return (pictures.float() * STEP + SILENCE - MIDDLE) / SPREAD


def _stretch(count: int, size: int, most: int, device: torch.device) -> Tensor:
    """For each of some samples a stretch of 0..most of so many places: bool (count, size)."""
    length = torch.randint(0, most + 1, (count, 1), device=device)
    start = (torch.rand(count, 1, device=device) * (size - length + 1)).long()
    places = torch.arange(size, device=device)
    return (places >= start) & (places < start + length)


def _crossed(told: Tensor, wanted: Tensor, shares: Mapping[str, float], spread: Tensor | None = None) -> Tensor:
    """The weighted sum of the heads' mean cross-entropies.

    Parameters: told (samples, 323); wanted (samples, 5); spread (216, 323), what to want of each node (None: its own).
    """
    losses = []
    for column, head in enumerate(SIZES):
        near = None if spread is None or head == "key" else spread[wanted[:, 0], SLOTS[head]]
        target = wanted[:, column] if near is None else near
        losses.append(shares[head] * nn.functional.cross_entropy(told[:, SLOTS[head]], target))
    return torch.stack(losses).sum()


@cache
def _spread(nearby: float, width: float) -> Tensor:
    """For each node what the heads should give, a share of it spread over the nodes nearby: (216, 323), keys 0."""
    places = np.array([node.emotion.vad for node in nodes()]) * (0.5, 1, 1)
    apart = ((places[:, None] - places) ** 2).sum(2)
    near = torch.softmax(torch.from_numpy(-apart / (2 * width**2)).float(), 1)
    node = (1 - nearby) * torch.eye(len(near)) + nearby * near
    told = torch.zeros(len(near), sum(SIZES.values()))
    told[:, SLOTS["node"]] = node
    for (head, parent), index in reversed(tuple(PARENTS.items())):
        told[:, SLOTS[parent]].zero_().index_add_(1, torch.from_numpy(index.copy()), told[:, SLOTS[head]])
    return told


def _chance(train: Samples, dev: Samples, shares: Mapping[str, float]) -> float:
    """The dev loss of saying how often each class is in the train set."""
    told = torch.zeros(1, sum(SIZES.values()))
    for column, (head, size) in enumerate(SIZES.items()):
        counts = torch.bincount(train.tensors["labels"][:, column], minlength=size).float()
        told[:, SLOTS[head]] = (counts / counts.sum()).clamp_min(1e-9).log()
    return float(_crossed(told.expand(len(dev), -1), dev.tensors["labels"], shares))
