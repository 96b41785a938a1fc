"""Samples: what a network is trained on, in memory, and which of them come together in a batch.

Conventions: tensors have the samples along their first axis. Batches are a function of seed, epoch and rank alone, so
that a run can go on exactly where it was stopped, and so that processes that train side by side share each batch out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

__all__ = ["Batch", "Batches", "Samples", "parts"]

Batch = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of one split.

    Parameters: tensors, name -> (samples, ...); groups, the song or performer of each sample; weights, how often a
    sample is drawn beside the others (None: all alike).
    """

    tensors: Mapping[str, Tensor]
    groups: Sequence[str]
    weights: Tensor | None = None

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.groups)

    def take(self, rows: Tensor) -> Batch:
        """The samples of some rows."""
        return {name: tensor[rows] for name, tensor in self.tensors.items()}


class Batches(IterableDataset[Batch]):
    """Batches of training samples, shuffled anew in each epoch.

    Parameters: samples; size of a batch over all processes; seed; rank and world, which process this is, of how many.
    Each process gets an equal share of each batch; the last batch of an epoch is filled up from its beginning.
    """

    def __init__(self, samples: Samples, size: int, seed: int, rank: int = 0, world: int = 1) -> None:
        super().__init__()
        self.samples, self.seed, self.rank, self.world = samples, seed, rank, world
        self.size = max(1, min(size, len(samples)) // world)
        self.epoch = 0

    def __len__(self) -> int:
        """The batches of an epoch."""
        return math.ceil(len(self.samples) / (self.size * self.world))

    def __iter__(self) -> Iterator[Batch]:
        """The batches of the epoch that `epoch` says."""
        order, whole = self._order(), self.size * self.world
        for start in range(0, len(order), whole):
            yield self.samples.take(order[start : start + whole][self.rank :: self.world])

    def _order(self) -> Tensor:
        rng = np.random.default_rng([self.seed, self.epoch])
        count = len(self.samples)
        if self.samples.weights is None:
            order = rng.permutation(count)
        else:
            shares = self.samples.weights.double().numpy()
            order = rng.choice(count, count, p=shares / shares.sum())
        return torch.from_numpy(np.resize(order, len(self) * self.size * self.world))


def parts(samples: Samples, size: int) -> Iterator[Batch]:
    """All samples in order, `size` at a time."""
    for start in range(0, len(samples), size):
        yield samples.take(torch.arange(start, min(start + size, len(samples))))
