"""Notes: which keys of a piano are struck and held in every frame of a sound.

Conventions: levels are those of `SCALES`, each (batch, frames, bands), side by side as the channels of a picture; keys
are those of `data.rolls`. Two convolutions look at some frames and bands at once, each halving the bands; what stands
in all bands of a frame becomes its state, which two convolutions over time complete with what is around it (a fifth of
a second on each side), each beside a way past it. Trained on scores that Kelly plays, its states tell of music what
takes notes to tell: how many are struck, how high, how regularly, in which key. Two networks in the field that
transcribe (Hawthorne and others, "Onsets and Frames", ISMIR 2018; Bittner and others, "A Lightweight
Instrument-Agnostic Model", ICASSP 2022) part struck from held in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["SIZES", "WINDOWS", "NoteNet", "Size"]

WINDOWS = 3  # of `SCALES`, the shortest first, that it hears
_KEYS = 88
_AROUND = 5  # frames of a convolution over time
_REACH = (1, 4)  # frames from one to the next that it looks at
_RARE = -4.0  # log odds of a key before anything is learned
_STEPS = (5, 3)  # bands of the convolutions over the picture


@dataclass(frozen=True, slots=True)
class Size:
    """How large the network is: channels of the convolutions over the picture; width of a state."""

    channels: tuple[int, int] = (24, 48)
    width: int = 160


SIZES: Mapping[str, Size] = MappingProxyType({"tiny": Size(), "base": Size((64, 128), 512)})


class NoteNet(nn.Module):
    """The network. Parameters: size; scales, definitions of what it hears; bands, of each; dropout, of states."""

    def __init__(self, size: Size, scales: int, bands: int, dropout: float = 0.0) -> None:
        super().__init__()
        channels = (scales, *size.channels)
        self.scales, self.width = scales, size.width
        self.input = nn.BatchNorm2d(scales)
        self.picture = nn.ModuleList(
            nn.Conv2d(before, after, (3, step), stride=(1, 2), padding=(1, step // 2), bias=False)
            for before, after, step in zip(channels, channels[1:], _STEPS, strict=False)
        )
        self.picture_norms = nn.ModuleList(nn.BatchNorm2d(after) for after in size.channels)
        for _ in size.channels:
            bands = (bands + 1) // 2
        self.frame = nn.Linear(size.channels[-1] * bands, size.width)
        self.time = nn.ModuleList(
            nn.Conv1d(size.width, size.width, _AROUND, padding=reach * (_AROUND // 2), dilation=reach)
            for reach in _REACH
        )
        self.time_norms = nn.ModuleList(nn.BatchNorm1d(size.width) for _ in _REACH)
        self.dropout = nn.Dropout(dropout)
        self.keys = nn.Linear(size.width, 2 * _KEYS)
        nn.init.constant_(self.keys.bias, _RARE)

    def states(self, levels: Sequence[Tensor], real: Tensor) -> Tensor:
        """The state of each frame (batch, frames, width), of which some are real (batch, frames), the others padding.

        What is beyond the end of a sound is the same to every layer, whether it is padded or not: nothing.
        """
        alive = real[:, None].to(levels[0].dtype)
        picture = self.input(torch.stack(list(levels), 1)) * alive[..., None]
        for layer, norm in zip(self.picture, self.picture_norms, strict=True):
            picture = functional.relu(norm(layer(picture))) * alive[..., None]
        state = functional.relu(self.frame(picture.transpose(1, 2).flatten(2))).transpose(1, 2) * alive
        for layer, norm in zip(self.time, self.time_norms, strict=True):
            state = (state + functional.relu(norm(layer(self.dropout(state))))) * alive
        return state.transpose(1, 2)

    def forward(self, levels: Sequence[Tensor], real: Tensor) -> Tensor:
        """The log odds (batch, frames, 2, 88) that each key is struck, and that it is held."""
        return torch.unflatten(self.keys(self.dropout(self.states(levels, real))), 2, (2, _KEYS))
