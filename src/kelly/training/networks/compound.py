"""CompoundTransformer: compound words after words, each field of a word after those before it.

Conventions: words, fields and what is told beside them are those of `kelly.models.transformer.layout`. `words` is
(batch, length, fields); conditions come in rows, one a bar, (batch, rows, ...), and `row` (batch, length) says which of
them holds where a word stands. A word is the sum of its fields' embeddings; layers are pre-norm (Xiong and others, ICML
2020), attention is causal over rotary places (Su and others, 2021), what is told enters every layer (as in
MuseMorphose, Wu and Yang, 2021). A head tells a field from the state and from the fields of the word that come before
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from kelly.emotion.code import SIZE as CODE
from kelly.errors import UsageError
from kelly.models.transformer.layout import CHORDS, FIELDS, LEFT, SIZES, SLOTS

__all__ = ["CHANGE", "WIDTHS", "CompoundTransformer", "Size", "rotary"]

CHANGE = 3  # how far the next bar's valence, arousal and dominance lie from this one's
_THETA = 10_000.0


@dataclass(frozen=True, slots=True)
class Size:
    """How large the network is.

    Parameters: width, of a state; heads; layers; inner, width of a field's head; chord, of a chord's embedding.
    Raises: UsageError, the heads do not share the width in multiples of 16.
    """

    width: int
    heads: int
    layers: int
    inner: int
    chord: int = 24

    def __post_init__(self) -> None:
        """Check what torch would only say in shapes."""
        if self.width % (16 * self.heads):
            raise UsageError(f"the width must be a multiple of 16 times the heads; got {self.width} and {self.heads}")


WIDTHS: Mapping[str, Size] = MappingProxyType(
    {
        "small": Size(width=192, heads=6, layers=6, inner=96),
        "base": Size(width=512, heads=8, layers=6, inner=256, chord=48),
    }
)


class CompoundTransformer(nn.Module):
    """The network. Parameters: size; dropout, of what layers add."""

    def __init__(self, size: Size, dropout: float = 0.0) -> None:
        super().__init__()
        self.size = size
        self.fields = nn.ModuleList(nn.Embedding(SIZES[name], size.width) for name in FIELDS)
        self.chords = nn.Embedding(CHORDS, size.chord)
        self.left = nn.Embedding(LEFT + 1, size.width)
        self.told = nn.Linear(CODE + CHANGE + 2 * SLOTS * size.chord, size.width)
        self.layers = nn.ModuleList(Layer(size, dropout) for _ in range(size.layers))
        self.norm = nn.LayerNorm(size.width, bias=False)
        self.heads = nn.ModuleList(Head(size, field) for field in range(len(FIELDS)))
        self.apply(_begin)

    @property
    def tables(self) -> list[nn.Embedding]:
        """The embeddings of the fields, in their order."""
        return [cast("nn.Embedding", one) for one in self.fields]

    @property
    def blocks(self) -> list[Layer]:
        """The layers, the first first."""
        return [cast("Layer", one) for one in self.layers]

    @property
    def tellers(self) -> list[Head]:
        """The heads of the fields, in their order."""
        return [cast("Head", one) for one in self.heads]

    def conditions(self, feelings: Tensor, changes: Tensor, chords: Tensor, left: Tensor) -> Tensor:
        """What is told (batch, rows, width).

        Parameters: feelings (batch, rows, 64), codes; changes (batch, rows, 3); chords (batch, rows, 8), of this bar
        and of the next; left (batch, rows).
        """
        of_chords = self.chords(chords).flatten(-2)
        told = self.told(torch.cat([feelings, changes, of_chords], -1)) + self.left(left)
        return functional.silu(told)

    def states(self, words: Tensor, told: Tensor, row: Tensor) -> Tensor:
        """The state after each word (batch, length, width). Parameters: words; told, as `conditions` gives; row."""
        x = torch.stack([table(words[..., field]) for field, table in enumerate(self.tables)]).sum(0)
        angles = rotary(words.shape[1], self.size.width // self.size.heads, words.device)
        at = row[..., None].expand(-1, -1, self.size.width)
        for layer in self.blocks:
            x = layer(x, layer.told(told).gather(1, at), angles)
        return cast("Tensor", self.norm(x))

    def logits(self, states: Tensor, following: Tensor) -> list[Tensor]:
        """What is expected of each field of the words that follow states, knowing the fields before it."""
        return [head(states, following) for head in self.heads]


class Layer(nn.Module):
    """Attention and a feed-forward, each added to what there is."""

    def __init__(self, size: Size, dropout: float) -> None:
        super().__init__()
        width = size.width
        self.heads = size.heads
        self.told = nn.Linear(width, width, bias=False)
        self.before = nn.LayerNorm(width, bias=False)
        self.attend = nn.Linear(width, 3 * width, bias=False)
        self.join = nn.Linear(width, width, bias=False)
        self.between = nn.LayerNorm(width, bias=False)
        self.widen = nn.Linear(width, 4 * width, bias=False)
        self.narrow = nn.Linear(4 * width, width, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, told: Tensor, angles: tuple[Tensor, Tensor]) -> Tensor:
        """Parameters: x (batch, length, width); told, the same; angles, as `rotary` gives them."""
        q, k, v = self.attend(self.before(x + told)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(_turned(q, angles), _turned(k, angles), v, is_causal=True)
        x = x + self.dropout(self.join(found.transpose(1, 2).flatten(2)))
        return x + cast("Tensor", self.dropout(self.narrow(functional.relu(self.widen(self.between(x))).square())))


class Head(nn.Module):
    """What is expected of a field: from the state, and from the fields of its word that come before it."""

    def __init__(self, size: Size, field: int) -> None:
        super().__init__()
        self.before = nn.ModuleList(nn.Embedding(SIZES[name], size.inner) for name in FIELDS[:field])
        self.state = nn.Linear(size.width, size.inner)
        self.tell = nn.Linear(size.inner, SIZES[FIELDS[field]])

    def forward(self, states: Tensor, following: Tensor) -> Tensor:
        """The logits (batch, length, values). Parameters: states; following, the words that are told."""
        inner = self.state(states)
        for field, table in enumerate(self.tables):
            inner = inner + table(following[..., field])
        return cast("Tensor", self.tell(functional.silu(inner)))

    @property
    def tables(self) -> list[nn.Embedding]:
        """The embeddings of the fields before its own, in their order."""
        return [cast("nn.Embedding", one) for one in self.before]


def rotary(length: int, width: int, device: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """Cosines and sines (length, width / 2) by which the halves of a head's width are turned at each place."""
    rates = _THETA ** -(torch.arange(0, width, 2, device=device) / width)
    angles = torch.arange(length, device=device)[:, None] * rates
    return angles.cos(), angles.sin()


def _turned(x: Tensor, angles: tuple[Tensor, Tensor]) -> Tensor:
    cos, sin = angles
    first, second = x.chunk(2, -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


def _begin(module: nn.Module) -> None:
    """Small weights, so that at first every word is about as likely as any."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(
            module.weight, std=0.02 if isinstance(module, nn.Embedding) else module.weight.shape[1] ** -0.5 / 2
        )
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
