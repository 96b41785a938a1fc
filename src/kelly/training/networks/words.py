"""WordsNet: a sentence encoder (MiniLM) with one small head for each corpus it learns from.

Conventions: token ids and masks are (batch, tokens); the pooled vector is the mean over the tokens that the mask lets
through. Outputs: `heads` (batch, 173) as laid out in `kelly.models.words.heads`, and `meaning` (batch, 384), which
stays near the untouched encoder's sentence vector, so that what the network knew of language before is not lost. Names
and wounds are told by the likeness of the sentence to their definitions, so that one with few examples is still known.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import BertModel

from kelly.models.words.heads import LAYOUT

__all__ = ["WIDTH", "WordsNet", "pooled"]

WIDTH = 384


class WordsNet(nn.Module):
    """The network.

    Parameters: base, the folder of the pretrained encoder; names (80, 384) and wounds (16, 384), what the untouched
    encoder makes of their definitions (zeros when weights are loaded afterwards); hidden, width of each head's hidden
    layer; dropout, before the heads.
    """

    def __init__(
        self,
        base: Path,
        names: Tensor | None = None,
        wounds: Tensor | None = None,
        hidden: int = 256,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.encoder = BertModel.from_pretrained(base, attn_implementation="sdpa", add_pooling_layer=False)
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleDict({name: _head(hidden, size) for name, size in LAYOUT.items()})
        for name, meant in (("names", names), ("wounds", wounds)):
            self.heads[name] = Likeness(torch.zeros(LAYOUT[name], WIDTH) if meant is None else meant)
        self.meaning = nn.Linear(WIDTH, WIDTH)
        nn.init.eye_(self.meaning.weight)
        nn.init.zeros_(self.meaning.bias)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Read a batch. Returns: heads (batch, 173), meaning (batch, 384; not normalised)."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        sentence = pooled(states, mask)
        dropped = self.dropout(sentence)
        return torch.cat([head(dropped) for head in self.heads.values()], dim=1).float(), self.meaning(sentence).float()


class Likeness(nn.Module):
    """How like a sentence is to each of some definitions: the cosine after a projection each, on a learned scale."""

    meant: Tensor

    def __init__(self, meant: Tensor, width: int = 128) -> None:
        super().__init__()
        self.register_buffer("meant", meant)
        self.sentence, self.definition = nn.Linear(WIDTH, width), nn.Linear(WIDTH, width)
        self.scale = nn.Parameter(torch.tensor(10.0))

    def forward(self, sentence: Tensor) -> Tensor:
        """Logits (batch, definitions) of pooled vectors (batch, 384)."""
        return self.scale * unit(self.sentence(sentence)) @ unit(self.definition(self.meant)).T


def unit(vectors: Tensor) -> Tensor:
    """Vectors (rows, width) at length 1."""
    return vectors / vectors.square().sum(1, keepdim=True).clamp_min(1e-12).sqrt()


def pooled(states: Tensor, mask: Tensor) -> Tensor:
    """The mean of token states (batch, tokens, width) where the mask (batch, tokens) is 1."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def _head(hidden: int, size: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(WIDTH, hidden), nn.GELU(), nn.Linear(hidden, size))
