"""Movement: how a sound's spectrum stands and moves, as numbers that no length changes, and heads over them.

Conventions: as `hearing`. Where recordings are few and labels noisy (28 moods by 25 clips each), what can be learned is
mostly which of some hundred plain statistics matter: the mean and the spread over time of each band and of each
cepstrum (discrete cosine transform of the bands), and how far each moves from frame to frame, over two frames, four and
so on (`LAGS`). A linear reading of these is better there than any network of ours with layers in between
(benchmarks/sound). Levels hide what is soft, which tells more of who sings than of who speaks: of singers cepstra of
decibels say more. With a finder it is the same of what pretrained kernels or layers find, or a network that hears
notes, in place of bands and cepstra: these are frozen, so that a few hundred labels have only the reading to teach.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from kelly.sound.features import EVEN, FLOOR, STEEPNESS, Mel
from kelly.training.networks.hearing import moments
from kelly.training.networks.multiscale import STRIDE, Tall
from kelly.training.networks.notes import NoteNet
from kelly.training.networks.transformer import MusicEmotionTransformer

__all__ = ["LAGS", "Kernels", "Layers", "Movement", "Notes"]

LAGS = (1, 2, 4, 8, 16)  # frames
_CEPSTRA = 40
_EVEN = 20 * math.log10(EVEN)  # dB
_LEAST = 1e-9  # of a power: levels tell what is softer only roughly


class Kernels(nn.Module):
    """What tall kernels and long ones find, as a trunk."""

    scales, lags = 1, (1,)

    def __init__(self, tall: Tall) -> None:
        super().__init__()
        self.tall, self.width = tall, int(tall.width)

    def forward(self, levels: Sequence[Tensor], real: Tensor) -> tuple[Tensor, Tensor]:
        """What is found (batch, tokens, width), and which tokens are alive."""
        found: Tensor = self.tall(levels[0] * real[..., None])
        return found.transpose(1, 2), real[:, ::STRIDE]


class Layers(nn.Module):
    """The states after every layer of a transformer side by side, as a trunk."""

    scales, lags = 1, (1,)

    def __init__(self, transformer: MusicEmotionTransformer) -> None:
        super().__init__()
        self.transformer, self.width = transformer, int(transformer.width) * len(transformer.layers)

    def forward(self, levels: Sequence[Tensor], real: Tensor) -> tuple[Tensor, Tensor]:
        """States (batch, tokens, width), and which are alive."""
        risen, alive = self.transformer.risen(levels, real)
        return torch.cat(risen[1:], 2), alive


class Notes(nn.Module):
    """The states of a network that hears notes, as a trunk: how these move tells how many notes there are."""

    lags = (*LAGS, 32)

    def __init__(self, network: NoteNet) -> None:
        super().__init__()
        self.network, self.width, self.scales = network, int(network.width), int(network.scales)

    def forward(self, levels: Sequence[Tensor], real: Tensor) -> tuple[Tensor, Tensor]:
        """States (batch, frames, width), and which are alive."""
        return self.network.states(levels, real), real


class Movement(nn.Module):
    """The network.

    Parameters: heads, how many numbers each gives, by name; mels, of what it hears, of which it takes one, or as
    many as its finder; voices,
    whether it hears how long and how loud sounds are; hidden, width of a layer that the heads share (0: none, they are
    linear); dropout, before each layer; finder, whose finds are looked at in place of bands and cepstra (frozen);
    decibels, whether cepstra alone are looked at, those of decibels.
    """

    def __init__(
        self,
        heads: Mapping[str, int],
        mels: Sequence[Mel],
        *,
        voices: bool = False,
        hidden: int = 0,
        dropout: float = 0.5,
        finder: Kernels | Layers | Notes | None = None,
        decibels: bool = False,
    ) -> None:
        super().__init__()
        self.voices = voices
        self.mels = tuple(mels[: finder.scales if finder else 1])
        bands = self.mels[0].bands
        self.cosines: Tensor
        self.register_buffer("cosines", _cosines(bands), persistent=False)
        self.finder, self.decibels = finder, decibels
        if finder is None:
            kept = (3 + len(LAGS)) * (_CEPSTRA if decibels else bands + _CEPSTRA) + 2 * voices
        else:
            kept = (3 + len(finder.lags)) * finder.width + 2 * bands + 2 * voices
            finder.requires_grad_(requires_grad=False)
        self.whole, self.dropout = nn.BatchNorm1d(kept, affine=False), nn.Dropout(dropout)
        self.shared = nn.Linear(kept, hidden) if hidden else None
        self.heads = nn.ModuleDict({name: _silent(hidden or kept, size) for name, size in heads.items()})

    def forward(self, levels: Sequence[Tensor], real: Tensor, loudness: Tensor) -> dict[str, Tensor]:
        """What each head says, (batch, its size), of sounds so loud (batch,) in dB."""
        return self.said(self.kept(levels, real, loudness))

    def said(self, kept: Tensor) -> dict[str, Tensor]:
        """What each head says, (batch, its size), of the statistics (batch, numbers)."""
        kept = self.dropout(self._standardised(kept))
        if self.shared is not None:
            kept = self.dropout(functional.gelu(self.shared(kept)))
        return {name: head(kept) for name, head in self.heads.items()}

    def _standardised(self, kept: Tensor) -> Tensor:
        """Each statistic in standard deviations from its mean over sounds."""
        mean, variance = self.whole.running_mean, self.whole.running_var
        if self.training or mean is None or variance is None:
            return torch.as_tensor(self.whole(kept))
        return (kept - mean) / (variance + self.whole.eps).sqrt()  # the exporter refuses the operator here

    def _rows(self, frames: Tensor, loudness: Tensor) -> Tensor:
        """Bands and cepstra of levels (batch, frames, bands), or the cepstra of decibels of full scale."""
        if not self.decibels:
            return torch.cat([frames, frames @ self.cosines.T], 2)
        # Decibels of the recording above what is heard; of music nobody knows how loud it was.
        raised = (loudness - _EVEN if self.voices else torch.zeros_like(loudness))[:, None, None]
        least = (FLOOR * torch.exp(-raised * math.log(10) / 10)).clamp_min(_LEAST)
        powers = (torch.exp(frames * math.log(10)) - 1) / STEEPNESS
        return (10 * torch.log10(torch.maximum(powers, least)) + raised) @ self.cosines.T

    def train(self, mode: bool = True) -> Movement:  # noqa: FBT001, FBT002 - as torch has it
        """Train the heads, or do not; what is frozen keeps its statistics too."""
        super().train(mode)
        if self.finder is not None:
            self.finder.eval()
        return self

    def kept(self, levels: Sequence[Tensor], real: Tensor, loudness: Tensor) -> Tensor:
        """The statistics (batch, numbers)."""
        frames, *others = (one * real[..., None] for one in levels[: len(self.mels)])
        if self.finder is None:
            told = _told(self._rows(frames, loudness), real, LAGS)
        else:
            found, alive = self.finder([frames, *others], real)
            told = [*_told(found, alive, self.finder.lags), *moments(frames, real)]
        if self.voices:
            seconds = real.sum(1, keepdim=True) / self.mels[0].frames_a_second
            told += [seconds.log1p(), loudness[:, None]]
        return torch.cat(told, 1)


def _silent(kept: int, size: int) -> nn.Linear:
    """A head that says nothing yet: of so many numbers, most tell nothing, and would drown the others for long."""
    head = nn.Linear(kept, size)
    nn.init.zeros_(head.weight)
    return head


def _told(rows: Tensor, real: Tensor, lags: Sequence[int]) -> list[Tensor]:
    """How rows stand and how they move: mean and spread of both, over longer times the mean alone."""
    steps = [_moved(rows, real, lag) for lag in lags]
    return [*moments(rows, real), *chain(steps[0], (mean for mean, _ in steps[1:]))]


def _moved(rows: Tensor, real: Tensor, lag: int) -> tuple[Tensor, Tensor]:
    """Mean and spread (batch, width) of how far rows move over some frames; 0 of what is shorter."""
    # What lies beyond the end is padding: a sound that is too short has no step at all.
    longer = functional.pad(rows, (0, 0, 0, lag))
    alive = functional.pad(real, (0, lag))
    return moments((longer[:, lag:] - longer[:, :-lag]).abs(), alive[:, lag:] & alive[:, :-lag])


def _cosines(bands: int) -> Tensor:
    """The orthonormal discrete cosine transform (cepstra, bands)."""
    place = np.pi * np.arange(_CEPSTRA)[:, None] * (np.arange(bands) + 0.5) / bands
    rows = np.cos(place) * np.sqrt(np.where(np.arange(_CEPSTRA)[:, None] == 0, 1, 2) / bands)
    return torch.from_numpy(rows.astype(np.float32))
