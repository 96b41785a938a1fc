"""The node classifier: a convolutional network over 64 mel bands x 128 frames with five hierarchical heads.

Conventions: inputs are (batch, 64, 128); outputs (batch, 323) as laid out in `kelly.models.nodes.heads`. `logits` are
the heads' logarithms of probability, so that a loss may take them for logits as they are.
"""

from __future__ import annotations

import torch
from torch import Tensor

from kelly.models.layers import NETWORKS
from kelly.models.nodes.heads import ORDER, PARENTS, SIZES, SLOTS
from kelly.training.networks.layered import Feedforward

__all__ = ["NodeClassifier"]


class NodeClassifier(Feedforward):
    """The network. Parameters: dropout, before the fully connected layers (0..1)."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__(NETWORKS["nodes"], dropout)
        for (head, parent), index in PARENTS.items():
            self.register_buffer(f"{head}_{parent}", torch.from_numpy(index.copy()), persistent=False)

    def logits(self, x: Tensor) -> Tensor:
        """Logarithms of probability (batch, 323) of pictures (batch, 64, 128)."""
        raw = super().logits(x[:, None])
        known: dict[str, Tensor] = {}
        for head in ORDER:
            parents = [
                known[parent][:, self.get_buffer(f"{head}_{parent}")] for child, parent in PARENTS if child == head
            ]
            known[head] = torch.log_softmax(raw[:, SLOTS[head]] + sum(parents), -1)
        return torch.cat([known[head] for head in SIZES], 1)

    def activated(self, logits: Tensor) -> Tensor:
        """The probabilities: each head's sum to 1."""
        return logits.exp()
