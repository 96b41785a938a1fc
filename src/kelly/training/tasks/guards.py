"""Guards: what stops a training that learns nothing, before anyone takes its weights for a model.

Conventions: each raises a TrainingError of one line. Before the first step: no samples, a label that is always the
same, a group (song, performer) that is trained on and measured on. While training: a loss that is not finite or is
exactly 0, a loss no better than chance after the warm-up, outputs that do not depend on the input.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from kelly.errors import TrainingError
from kelly.training.tasks.samples import Samples

__all__ = ["check_chance", "check_loss", "check_outputs", "check_samples"]

BETTER = 0.995  # of the loss at chance: at or above this a network has learned nothing
FLAT = 1e-6  # standard deviation below which an output does not vary
SHOWN = 3


def check_samples(train: Samples, dev: Samples, labels: Tensor | None) -> None:
    """What must hold before the first step.

    Parameters: train and dev, the samples; labels (n,), the class of each training sample, where it is classes that the
    network learns.
    Raises: TrainingError.
    """
    for name, samples in (("train", train), ("dev", dev)):
        if not len(samples):
            raise TrainingError(f"there are no samples in the {name} split")
    shared = sorted(set(train.groups) & set(dev.groups))
    if shared:
        names = ", ".join(shared[:SHOWN]) + (" ..." if len(shared) > SHOWN else "")
        raise TrainingError(f"the train and dev splits must share no group; they share {len(shared)} ({names})")
    if labels is not None and bool((labels == labels[0]).all()):
        raise TrainingError(f"the labels must be of two classes or more; all {len(labels)} are of class {labels[0]:g}")
    for name, tensor in train.tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise TrainingError(f"the samples must be finite numbers; {name} has some that are not")


def check_loss(loss: float, step: int) -> None:
    """A step's loss must be a finite number other than 0. Raises: TrainingError."""
    if not math.isfinite(loss):
        raise TrainingError(f"the loss is {loss} at step {step}; a smaller rate may help")
    if loss == 0:
        raise TrainingError(f"the loss is exactly 0 at step {step}: there is nothing to learn in these labels")


def check_chance(loss: float, chance: float, epoch: int) -> None:
    """The dev loss must be below what it is without looking at the input. Raises: TrainingError."""
    if not loss < chance * BETTER:
        raise TrainingError(
            f"after {epoch} epochs the dev loss is {loss:.4f}, no better than {chance:.4f} without looking at the input"
        )


def check_outputs(outputs: Mapping[str, Tensor]) -> None:
    """What a network says must depend on what it is given.

    Parameters: outputs, each (samples, ...).
    Raises: TrainingError.
    """
    for name, told in outputs.items():
        spread = told.float().reshape(len(told), -1).std(0)
        if len(told) > 1 and float(torch.nan_to_num(spread).max()) < FLAT:
            raise TrainingError(f"the network gives the same {name} for each of {len(told)} inputs")
