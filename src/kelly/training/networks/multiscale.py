"""MultiScaleEmotionNet: four pictures of one sound, each through convolutions of its own, then heard together.

Conventions: levels are four of (batch, frames, bands), as `kelly.sound.features.levels` gives them for the windows of
512, 1024, 2048 and 4096; `real` (batch, frames) is true where a frame is no padding. The short window sees when things
happen, the long ones at which pitch. The shortest goes through tall kernels and long ones (Pons and Serra, ISMIR 2019:
timbre in kernels that span a third or more of the bands, rhythm in kernels of half a second to two), every `stride`
frames; the others through square ones that halve the picture again and again. Fused, the tokens attend to each other
once. What comes out is one state a token, (batch, tokens, width), with `alive` (batch, tokens).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from kelly.errors import UsageError
from kelly.sound.features import SCALES
from kelly.training.networks.transformer import Layer
from kelly.training.networks.transformer import Size as LayerSize

__all__ = ["SIZES", "STRIDE", "MultiScaleEmotionNet", "Size", "Tall"]

_TALL = ((7, 38), (7, 67))  # (frames, bands)
_LONG = (128, 64, 32)  # frames
_DEEP = (7, 7, 7)  # frames of the convolutions over what the kernels found
_EPSILON = 1e-3  # of TensorFlow's batch normalisation
STRIDE = 4  # frames to a token


@dataclass(frozen=True, slots=True)
class Size:
    """How large the network is.

    Parameters: tall and long, how many kernels of each shape; deep, channels of the layers over them; skipped, bands
    from one place of a kernel to the next; square, channels of the other scales' convolutions, each of which halves
    the bands (the first two the frames too); width, of a token; heads; dropout.
    """

    tall: int = 204
    long: int = 51
    deep: int = 64
    skipped: int = 2
    square: tuple[int, ...] = (16, 32, 64)
    width: int = 256
    heads: int = 4
    dropout: float = 0.1


SIZES: Mapping[str, Size] = MappingProxyType(
    {
        "tiny": Size(),
        "base": Size(tall=512, long=128, deep=256, skipped=1, square=(64, 128, 256, 512), width=768, heads=12),
    }
)


class Tall(nn.Module):
    """The shortest window's encoder. Parameters: size."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        kernels = [*((size.tall, kernel) for kernel in _TALL), *((size.long, (frames, 1)) for frames in _LONG)]
        self.input = nn.BatchNorm2d(1, eps=_EPSILON)
        self.kernels = nn.ModuleList(
            [nn.Conv2d(1, count, kernel, stride=(STRIDE, size.skipped)) for count, kernel in kernels]
        )
        self.norms = nn.ModuleList([nn.BatchNorm1d(count, eps=_EPSILON) for count, _ in kernels])
        widths = [sum(count for count, _ in kernels), *[size.deep] * len(_DEEP)]
        self.deep = nn.ModuleList(
            [nn.Conv1d(one, size.deep, frames) for one, frames in zip(widths, _DEEP, strict=False)]
        )
        self.deep_norms = nn.ModuleList([nn.BatchNorm1d(size.deep, eps=_EPSILON) for _ in _DEEP])
        self.width = sum(widths)

    def forward(self, levels: Tensor) -> Tensor:
        """What is found every `STRIDE` frames (batch, width, tokens) in levels (batch, frames, bands)."""
        picture = self.input(levels[:, None])
        found = [
            _found(picture, *each)
            for each in zip(self.kernels, self.norms, (*(t for t, _ in _TALL), *_LONG), strict=True)
        ]
        parts = [torch.cat(found, 1)]
        # The layers over them were made for every frame: between two places of a kernel lies a straight line.
        state = functional.interpolate(parts[0], size=levels.shape[1], mode="linear")
        for row, (layer, norm, frames) in enumerate(zip(self.deep, self.deep_norms, _DEEP, strict=True)):
            risen = norm(functional.relu(layer(functional.pad(state, _around(frames)))))
            state = risen + state if row else risen
            parts.append(functional.avg_pool1d(state, STRIDE, ceil_mode=True))
        return torch.cat(parts, 1)

    def begin_from(self, pretrained: Mapping[str, npt.NDArray[np.float32]]) -> None:
        """Take over musicnn's kernels and the layers over them, as `pretrained.music` names them.

        Raises: UsageError, the network has another number of them.
        """
        told = dict(_renamed(pretrained))
        state = self.state_dict()
        wrong = [name for name, tensor in told.items() if name not in state or state[name].shape != tensor.shape]
        if wrong:
            raise UsageError(f"the network has not the shape of the pretrained encoder: tall.{wrong[0]} differs")
        self.load_state_dict(told, strict=False)


class Square(nn.Module):
    """The encoder of another window. Parameters: channels of each convolution."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.BatchNorm2d(1)]
        for row, (before, after) in enumerate(zip((1, *channels), channels, strict=False)):
            layers += [nn.Conv2d(before, after, 3, stride=(2 if row < 2 else 1, 2), padding=1, bias=False)]
            layers += [nn.BatchNorm2d(after), nn.GELU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, levels: Tensor) -> Tensor:
        """Channels and bands (batch, width, tokens) of levels (batch, frames, bands)."""
        seen: Tensor = self.layers(levels[:, None])
        return seen.transpose(2, 3).flatten(1, 2)


class MultiScaleEmotionNet(nn.Module):
    """The network. Parameters: size; bands, of the levels; scales, how many there are."""

    causal = False

    def __init__(self, size: Size, bands: int = SCALES[0].bands, scales: int = len(SCALES)) -> None:
        super().__init__()
        self.width, self.scales = size.width, scales
        self.tall = Tall(size)
        self.square = nn.ModuleList([Square(size.square) for _ in range(scales - 1)])
        widths = [self.tall.width, *[size.square[-1] * _halved(bands, len(size.square))] * (scales - 1)]
        self.fusion = nn.ModuleList([nn.Conv1d(width, size.width, 1) for width in widths])
        self.weights = nn.Parameter(torch.zeros(scales))
        self.attention = Layer(LayerSize(size.width, size.heads, 1, 2 * size.width, dropout=size.dropout))

    def forward(self, levels: Sequence[Tensor], real: Tensor) -> tuple[Tensor, Tensor]:
        """States (batch, tokens, width), and which are alive (batch, tokens); a token has four frames.

        Parameters: levels, of each scale (batch, frames, bands); real (batch, frames).
        """
        alive = real[:, ::STRIDE]
        heard = [each * real[..., None] for each in levels]
        seen = [encoder(one) for encoder, one in zip((self.tall, *self.square), heard, strict=True)]
        shares = self.weights.softmax(0) * len(seen)
        states = sum(share * fuse(one) for share, fuse, one in zip(shares, self.fusion, seen, strict=True))
        assert isinstance(states, Tensor)  # noqa: S101 - there is one scale at the least
        return self.attention(states.transpose(1, 2), alive), alive

    def begin_from(self, pretrained: Mapping[str, npt.NDArray[np.float32]]) -> None:
        """Take over musicnn's kernels, as `Tall.begin_from` does. Raises: UsageError."""
        self.tall.begin_from(pretrained)


def _found(picture: Tensor, kernel: nn.Module, norm: nn.Module, frames: int) -> Tensor:
    """The loudest place (batch, kernels, tokens) of each kernel in a picture (batch, 1, frames, bands)."""
    risen = functional.relu(kernel(functional.pad(picture, (0, 0, *_around(frames)))))
    most: Tensor = norm(risen.flatten(2)).view(risen.shape).amax(3)
    return most


def _halved(bands: int, times: int) -> int:
    for _ in range(times):
        bands = (bands + 1) // 2
    return bands


def _around(frames: int) -> tuple[int, int]:
    """Padding before and after, so that there are as many places as frames; the odd one after, as TensorFlow has it."""
    return (frames - 1) // 2, frames // 2


def _renamed(pretrained: Mapping[str, npt.NDArray[np.float32]]) -> list[tuple[str, Tensor]]:
    """Musicnn's tensors by the names of `Tall`, in torch's layouts."""
    kernels, deep = len(_TALL) + len(_LONG), len(_DEEP)
    convolutions = [f"kernels.{row}" for row in range(kernels)] + [f"deep.{row}" for row in range(deep)]
    norms = ["input", *(f"norms.{row}" for row in range(kernels)), *(f"deep_norms.{row}" for row in range(deep))]
    told: list[tuple[str, Tensor]] = []
    for row, name in enumerate(convolutions):
        there = f"conv2d_{row}" if row else "conv2d"
        kernel = torch.tensor(pretrained[f"{there}/kernel"]).permute(3, 2, 0, 1)  # (outputs, 1, frames, bands)
        if name.startswith("deep"):
            kernel = kernel[:, 0].transpose(1, 2)  # what were bands are channels
        told += [(f"{name}.weight", kernel), (f"{name}.bias", torch.tensor(pretrained[f"{there}/bias"]))]
    parts = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
    for row, name in enumerate(norms):
        there = f"batch_normalization_{row}" if row else "batch_normalization"
        told += [(f"{name}.{ours}", torch.tensor(pretrained[f"{there}/{theirs}"])) for theirs, ours in parts.items()]
    return told
