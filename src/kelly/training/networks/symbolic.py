"""The symbolic recogniser's network: the traits of a stretch of music in, its heads out.

Conventions: traits are (batch, traits) as `kelly.listening.traits` counts them, heads (batch, 6) as laid out in
`kelly.models.symbolic.heads`. The traits are standardised by what was measured of them in training, and cut at `FAR`
standard deviations, so that a piece unlike all others is heard as the most unlike that was.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kelly.models.symbolic.heads import SIZE

__all__ = ["Ear", "Ears"]

FAR = 4.0


class Ear(nn.Module):
    """One network. Parameters: traits, how many; width; blind and dropout, shares of traits and units left out."""

    def __init__(self, traits: int, width: int = 128, blind: float = 0.4, dropout: float = 0.5) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(traits, affine=False, momentum=0.02)
        self.blind, self.dropout = nn.Dropout(blind), nn.Dropout(dropout)
        self.first, self.second, self.heads = nn.Linear(traits, width), nn.Linear(width, width), nn.Linear(width, SIZE)

    def standardised(self, traits: Tensor) -> Tensor:
        """Traits (batch, traits) in standard deviations."""
        return torch.clamp(self.norm(traits), -FAR, FAR)

    def forward(self, traits: Tensor) -> Tensor:
        """Heads (batch, 6) of traits (batch, traits)."""
        return self.heard(self.standardised(traits))

    def heard(self, standardised: Tensor) -> Tensor:
        """Heads (batch, 6) of standardised traits."""
        hidden = self.dropout(nn.functional.gelu(self.first(self.blind(standardised))))
        hidden = hidden + self.dropout(nn.functional.gelu(self.second(hidden)))
        heads: Tensor = self.heads(hidden)
        return heads


class Ears(nn.Module):
    """Several networks that hear together: the mean of what each says."""

    def __init__(self, ears: list[Ear]) -> None:
        super().__init__()
        self.ears = nn.ModuleList(ears)

    def forward(self, traits: Tensor) -> Tensor:
        """Heads (batch, 6) of traits (batch, traits)."""
        return torch.stack([ear(traits) for ear in self.ears]).mean(0)
