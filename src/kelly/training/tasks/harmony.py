"""Training the harmony network: the next chord from an emotion code and the trace of the chords so far.

Conventions: a sample is a step of a song (`training.data.progressions`): code (64,), trace (64,) of all chords up to
it, `BEGIN` included, and the class that comes next. Losses are cross-entropies in nats. The dev split is that of
POP909-CL and Billboard, whatever else is learned from. The trace tells what is long past by ever smaller numbers: while
it is trained, the network sees it multiplied by `Settings.scale`, and the product is folded into the weights wherever
they are saved, so that they take the plain trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import torch
from pydantic import ConfigDict
from torch import Tensor, nn
from torch.nn import functional

from kelly.emotion.code import SIZE, UNKNOWN
from kelly.errors import CorpusError, UsageError
from kelly.models.harmony.classes import CLASSES, traces
from kelly.models.layers import NETWORKS
from kelly.training.data.progressions import CORPORA, Progression, progressions
from kelly.training.networks.layered import Feedforward
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Data, Recipe
from kelly.training.tasks.samples import Batch, Samples

__all__ = ["CORPORA", "MEASURED", "HarmonyTask", "Settings", "data", "task"]

MEASURED = ("pop909", "billboard")


@dataclass(frozen=True, slots=True)
class Settings:
    """How the harmony network is trained.

    Parameters: recipe; shares, how often a step of each corpus is drawn beside one of POP909-CL (0: never); scale, what
    the trace is multiplied by in training, a power of two, so that nothing is lost when it is folded into the weights;
    dropout; noise, standard deviation of the factors that blur the trace's numbers; unknown, share of the steps of
    labelled songs that are trained without their label.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")  # a misspelt setting is no setting

    recipe: Recipe = field(default_factory=lambda: Recipe(epochs=14, batch=512, rate=2e-3, patience=6, chance_after=2))
    shares: Mapping[str, float] = field(
        default_factory=lambda: {"pop909": 1.0, "billboard": 1.0, "jazz": 0.3, "nottingham": 0.3}
    )
    scale: float = 32.0
    dropout: float = 0.05
    noise: float = 0.1
    unknown: float = 0.2

    def __post_init__(self) -> None:
        """Check what would only be found out later."""
        if set(self.shares) - set(CORPORA) or not all(share >= 0 for share in self.shares.values()):
            raise UsageError(f"shares must be numbers of 0 or more for {', '.join(CORPORA)}; got {dict(self.shares)}")
        if not self.scale > 0 or np.frexp(self.scale)[0] != 0.5:
            raise UsageError(f"scale must be a power of two; got {self.scale}")
        for name in ("dropout", "unknown"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} must lie in 0..1; got {getattr(self, name)}")


@dataclass(frozen=True)
class HarmonyTask:
    """What the harmony network is and what a step loses."""

    settings: Settings
    name: str = "harmony"

    @property
    def recipe(self) -> Recipe:
        """How it is trained."""
        return self.settings.recipe

    def network(self) -> Feedforward:
        """The network with new weights, whose first layer sees the trace scaled."""
        network = Feedforward(NETWORKS["harmony"], self.settings.dropout)
        scale = torch.ones(SIZE + CLASSES)
        scale[SIZE:] = self.settings.scale
        network.layers[0] = Scaled(cast("nn.Linear", network.layers[0]), scale)
        return network

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean cross-entropy of a batch, and the probability of each class (samples, 64)."""
        code, trace = batch["code"], batch["trace"]
        if network.training:
            hidden = torch.rand(len(code), 1, device=code.device) < self.settings.unknown
            code = torch.where(hidden, torch.tensor(UNKNOWN).to(code), code)
            trace = trace * (1 + self.settings.noise * torch.randn_like(trace))
        logits = cast("Feedforward", network).logits(torch.cat([code, trace], 1))
        return functional.cross_entropy(logits, batch["next"]), {"next": logits.softmax(-1)}


class Scaled(nn.Linear):
    """A dense layer that multiplies its inputs, and saves and loads weights that take them as they are.

    Parameters: plain, the layer it starts from; scale (inputs,), powers of two, so that saving is exact.
    """

    scale: Tensor

    def __init__(self, plain: nn.Linear, scale: Tensor) -> None:
        super().__init__(plain.in_features, plain.out_features)
        self.weight, self.bias = plain.weight, plain.bias
        self.register_buffer("scale", scale, persistent=False)
        self.register_state_dict_post_hook(_fold)  # type: ignore[no-untyped-call] # torch's own lack
        self.register_load_state_dict_pre_hook(_unfold)  # type: ignore[no-untyped-call] # likewise

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (batch, outputs) of inputs (batch, inputs)."""
        return super().forward(x * self.scale)


def _fold(layer: nn.Module, state: dict[str, Any], prefix: str, _: object) -> None:
    """What is saved takes inputs as they are."""
    state[f"{prefix}weight"] = state[f"{prefix}weight"] * cast("Tensor", layer.scale)


def _unfold(layer: nn.Module, state: dict[str, Any], prefix: str, *_: object) -> None:
    """What is loaded takes inputs as they are."""
    if f"{prefix}weight" in state:
        state[f"{prefix}weight"] = state[f"{prefix}weight"] / cast("Tensor", layer.scale)


def task(settings: Settings) -> HarmonyTask:
    """The task of `kelly train harmony`."""
    return HarmonyTask(settings)


def data(root: Path, settings: Settings, context: Context) -> Data:
    """The steps of all songs that the settings ask for.

    Parameters: root, folder of corpora; settings; context, whose feelings label the songs.
    Returns: samples of train and dev; chance, the dev loss of the train songs' distribution of classes.
    Raises: CorpusError, a corpus is missing, or a split of it is. A song that cannot be read is left out and told.
    """
    asked = [corpus for corpus in CORPORA if settings.shares.get(corpus, 0) > 0]
    songs = list(progressions(root, asked, note=context.note))
    train = [song for song in songs if song.split == "train"]
    dev = [song for song in songs if song.split == "dev" and song.corpus in MEASURED]
    for split, found in (("train", train), ("dev", dev)):
        if not found:
            raise CorpusError(f"no {split} songs of {', '.join(asked)} below {root}")
    known = sum(context.feelings.knows(song.corpus, song.id) for song in train)
    context.note(f"{len(train)} songs to learn from, {known} of them with a feeling; {len(dev)} to measure")
    learned, measured = _samples(train, settings, context), _samples(dev, settings, context)
    labels = learned.tensors["next"]
    return Data(learned, measured, _chance(labels, measured.tensors["next"]), labels)


def _samples(songs: Sequence[Progression], settings: Settings, context: Context) -> Samples:
    lengths = [len(song.classes) - 1 for song in songs]
    codes = np.stack([context.feelings.of(song.corpus, song.id) for song in songs])
    tensors = {
        "code": torch.from_numpy(np.repeat(codes, lengths, 0)),
        "trace": torch.from_numpy(np.concatenate([traces(song.classes[:-1].tolist()) for song in songs])),
        "next": torch.from_numpy(np.concatenate([song.classes[1:] for song in songs])),
    }
    groups = [f"{song.corpus}/{song.group}" for song, length in zip(songs, lengths, strict=True) for _ in range(length)]
    shares = torch.tensor([settings.shares[song.corpus] for song in songs], dtype=torch.float32)
    weights = torch.repeat_interleave(shares, torch.tensor(lengths))
    return Samples(tensors, groups, None if bool((weights == weights[0]).all()) else weights)


def _chance(labels: Tensor, told: Tensor) -> float:
    """The cross-entropy of labels told by how frequent each class is among the others, one more than counted."""
    counts = torch.bincount(labels, minlength=CLASSES) + 1
    return float(functional.cross_entropy(counts.log().expand(len(told), -1), told))
