"""MusicEmotionTransformer: frames of sound attend to each other, before or after which beat they stand.

Conventions: levels are one of (batch, frames, bands), as `kelly.sound.features.levels` gives them for the window of
512; `real` (batch, frames) is true where a frame is no padding. A stem of two convolutions halves the frames to tokens;
each token is given its place, and where they are known its place in the bar and in the beat. Layers are pre-norm (Xiong
and others, ICML 2020). What comes out is one state a token, (batch, tokens, width), with `alive` (batch, tokens), true
where a token is no padding. Where `causal`, a token attends to none that comes after it, so that a stream can be heard
as it comes.
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

__all__ = ["SIZES", "MusicEmotionTransformer", "Size"]

_CHANNELS = 80  # of the stem's input, which stand closer than bands do
_QUIET = 4.0  # levels are divided by this, which is what the pretrained encoder heard
_NOWHERE = 0  # place in a bar or beat that is not known
BARS, BEATS = 64, 48  # places that are told apart: sixteenths of four bars, twelfths of four beats


@dataclass(frozen=True, slots=True)
class Size:
    """How large the network is.

    Parameters: width, of a token; heads; layers; inner, width within a layer; tokens, the most there may be (half the
    frames); dropout; causal.
    Raises: UsageError, the heads do not share the width evenly.
    """

    width: int
    heads: int
    layers: int
    inner: int
    tokens: int = 400
    dropout: float = 0.1
    causal: bool = False

    def __post_init__(self) -> None:
        """Check what torch would only say in shapes."""
        if self.width % self.heads:
            raise UsageError(f"the width must be a multiple of the heads; got {self.width} and {self.heads}")


SIZES: Mapping[str, Size] = MappingProxyType(
    {
        "mini": Size(width=128, heads=4, layers=1, inner=256, dropout=0.2),
        "tiny": Size(width=384, heads=6, layers=1, inner=1536),
        "small": Size(width=384, heads=6, layers=2, inner=1536),
        "base": Size(width=768, heads=12, layers=12, inner=3072, tokens=2000),
    }
)


class Layer(nn.Module):
    """One layer. The keys have no bias: it would add the same to all that a token attends to."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        width = size.width
        self.heads, self.causal, self.dropout = size.heads, size.causal, nn.Dropout(size.dropout)
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.value, self.out = (nn.Linear(width, width) for _ in range(3))
        self.key = nn.Linear(width, width, bias=False)
        self.rise, self.fall = nn.Linear(width, size.inner), nn.Linear(size.inner, width)

    def forward(self, states: Tensor, alive: Tensor) -> Tensor:
        """States (batch, tokens, width) after this layer."""
        states = states + self.dropout(self.out(self._attended(self.before(states), alive)))
        risen: Tensor = self.dropout(self.fall(functional.gelu(self.rise(self.between(states)))))
        return states + risen

    def _attended(self, states: Tensor, alive: Tensor) -> Tensor:
        batch, tokens, width = states.shape
        query, key, value = (
            each(states).view(batch, tokens, self.heads, -1).transpose(1, 2)
            for each in (self.query, self.key, self.value)
        )
        seen = alive[:, None, None, :]
        if self.causal:
            seen = seen & torch.ones(tokens, tokens, dtype=torch.bool, device=states.device).tril()
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        return attended.transpose(1, 2).reshape(batch, tokens, width)


class MusicEmotionTransformer(nn.Module):
    """The network. Parameters: size; bands, of the levels."""

    scales = 1

    def __init__(self, size: Size, bands: int = SCALES[0].bands) -> None:
        super().__init__()
        self.width, self.causal = size.width, size.causal
        self.bands = nn.Linear(bands, _CHANNELS, bias=False)
        with torch.no_grad():
            self.bands.weight.copy_(torch.from_numpy(_closer(bands) / _QUIET))
        self.stem = nn.ModuleList([nn.Conv1d(_CHANNELS, size.width, 3), nn.Conv1d(size.width, size.width, 3, stride=2)])
        self.positions = nn.Parameter(0.02 * torch.randn(size.tokens, size.width))
        self.bar, self.beat = (nn.Embedding(1 + places, size.width, padding_idx=_NOWHERE) for places in (BARS, BEATS))
        for places in (self.bar, self.beat):
            nn.init.zeros_(places.weight)
        self.layers = nn.ModuleList([Layer(size) for _ in range(size.layers)])

    def forward(
        self, levels: Sequence[Tensor], real: Tensor, bar: Tensor | None = None, beat: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """States (batch, tokens, width), and which are alive (batch, tokens); a token has two frames.

        Parameters: levels, of one scale (batch, frames, bands); real (batch, frames), of so many tokens at the most;
        bar and beat (batch, tokens), the place in them from 1 on, 0 where it is not known (None: nowhere).
        """
        risen, alive = self.risen(levels, real, bar, beat)
        return risen[-1], alive

    def risen(
        self, levels: Sequence[Tensor], real: Tensor, bar: Tensor | None = None, beat: Tensor | None = None
    ) -> tuple[list[Tensor], Tensor]:
        """The states before the first layer and after each, and which are alive, as `forward` takes and gives them."""
        alive = real[:, ::2]
        x = self.bands(levels[0]).transpose(1, 2)
        for convolution in self.stem:
            x = x * real[:, None]  # beyond the end there is nothing, in a longer batch either
            # A stream knows nothing of what comes next, so there all of the padding stands before.
            x = functional.gelu(convolution(functional.pad(x, (2, 0) if self.causal else (1, 1))))
        states = x.transpose(1, 2) + self.positions[: x.shape[2]]
        for places, told in ((self.bar, bar), (self.beat, beat)):
            if told is not None:
                states = states + places(told)
        risen = [states]
        for layer in self.layers:
            risen.append(layer(risen[-1], alive))
        return risen, alive

    def begin_from(self, pretrained: Mapping[str, npt.NDArray[np.float32]]) -> None:
        """Take over the weights of a pretrained speech encoder, as `pretrained.speech` names them.

        Raises: UsageError, the network has another width, or fewer positions or more layers than the encoder has.
        """
        state = self.state_dict()
        told = {name: torch.tensor(array) for name, array in pretrained.items()}
        told["positions"] = told["positions"][: len(self.positions)]
        wrong = [name for name, tensor in told.items() if name not in state or state[name].shape != tensor.shape]
        known = {name for name in state if not name.startswith(("bands", "bar", "beat"))}
        if wrong or known - told.keys():
            first = (wrong or sorted(known - told.keys()))[0]
            raise UsageError(f"the network has not the shape of the pretrained encoder: {first} differs")
        self.load_state_dict(told, strict=False)


def _closer(bands: int) -> npt.NDArray[np.float32]:
    """Weights (channels, bands): what lies at the channels' centres on straight lines between the bands' centres.

    Both stand at even steps in mel from the lowest frequency to the highest, these not among them.
    """
    near, there = (np.arange(1, count + 1) / (count + 1) for count in (_CHANNELS, bands))
    return np.stack([np.interp(near, there, row) for row in np.eye(bands)], axis=1).astype(np.float32)
