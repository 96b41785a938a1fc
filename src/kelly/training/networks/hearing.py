"""Hearing: a trunk that hears sound, what is kept of the whole, and a head for each thing that some corpus tells.

Conventions: levels are a sequence of (batch, frames, bands), as many as there are `mels`; `real` (batch, frames) is
true where a frame is no padding. Of the states of a sound several weighted means are kept, each with weights of its own
over the tokens, and their spread; beside them the mean and the spread of each band. Of a voice it is kept too how long
it is and how loud it was before it was evened (in dB of full scale), for these tell much; of music, which is heard in
stretches of any length and as loud as it was mastered, they are not. Heads give logits of classes, or numbers, by their
names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from kelly.sound.features import Mel

__all__ = ["Hearing", "Trunk", "moments"]

_VIEWS = 4  # weighted means of the tokens
_LEAST = 1e-5  # of a variance
_NEVER = -1e4  # weight of padding, before its exponential


class Trunk(Protocol):
    """A module that hears: `MultiScaleEmotionNet` and `MusicEmotionTransformer`."""

    width: int

    def __call__(self, levels: Sequence[Tensor], real: Tensor) -> tuple[Tensor, Tensor]:
        """States (batch, tokens, width), and which are alive (batch, tokens)."""


class Hearing(nn.Module):
    """The whole network.

    Parameters: trunk, a module that is a `Trunk`; heads, how many numbers each gives, by name; mels, the definitions of
    what it hears, of one rate, hop and bands; voices, whether it hears how long and how loud sounds are; hidden, width
    of the layer that the heads share; dropout, around it.
    """

    def __init__(
        self,
        trunk: Trunk,
        heads: Mapping[str, int],
        mels: Sequence[Mel],
        *,
        voices: bool = True,
        hidden: int = 256,
        dropout: float = 0.4,
    ) -> None:
        super().__init__()
        self.trunk, self.mels, self.voices = trunk, tuple(mels), voices
        width, bands = trunk.width, mels[0].bands
        self.norm = nn.LayerNorm(width)
        self.views = nn.Linear(width, _VIEWS)
        kept = (_VIEWS + 1) * width + 2 * bands + 2 * voices
        self.whole, self.shared = nn.BatchNorm1d(kept), nn.Linear(kept, hidden)
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleDict({name: nn.Linear(hidden, size) for name, size in heads.items()})

    def forward(self, levels: Sequence[Tensor], real: Tensor, loudness: Tensor) -> dict[str, Tensor]:
        """What each head says, (batch, its size), of sounds of one frame or more, so loud (batch,) in dB."""
        hidden = functional.gelu(self.shared(self.dropout(self.whole(self.kept(levels, real, loudness)))))
        dropped = self.dropout(hidden)
        return {name: head(dropped) for name, head in self.heads.items()}

    def kept(self, levels: Sequence[Tensor], real: Tensor, loudness: Tensor) -> Tensor:
        """What is kept of each sound, (batch, kept)."""
        states, alive = self.trunk(levels, real)
        states = self.norm(states)
        weights = self.views(states).masked_fill(~alive[..., None], _NEVER).softmax(1)
        views = torch.einsum("btv,btw->bvw", weights, states).flatten(1)
        parts = [views, moments(states, alive)[1], *moments(levels[0], real)]
        if self.voices:
            seconds = real.sum(1, keepdim=True) / self.mels[0].frames_a_second
            parts += [seconds.log1p(), loudness[:, None]]
        return torch.cat([part.float() for part in parts], 1)


def moments(rows: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation (batch, width) of rows (batch, count, width) that are real (batch, count); 0 where none is."""
    weights = (real / real.sum(1, keepdim=True).clamp_min(1))[..., None]
    mean = (rows * weights).sum(1)
    variance = ((rows - mean[:, None]).square() * weights).sum(1)
    return mean, (variance + _LEAST).sqrt()
