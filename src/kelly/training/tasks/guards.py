"""Guards: what stops a training that learns nothing, before anyone takes its weights for a model.

Conventions: each raises a TrainingError of one line. Before the first step: no samples, a label that is always the
same, a group (song, performer) that is trained on and measured on. While training: a loss that is not finite or is
exactly 0, a loss no better than chance after the warm-up, outputs most of which do not depend on the input.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from kelly.errors import TrainingError
from kelly.training.tasks.samples import Samples

__all__ = ["check_chance", "check_loss", "check_outputs", "check_samples"]

BETTER = 0.995  # of the loss at chance: at or above this a network has learned nothing
FLAT = 1e-6  # standard deviation, in shares of the mean magnitude, up to which an output does not vary
SHOWN = 3


def check_samples(
    train: Samples,
    dev: Samples,
    labels: Tensor | None = None,
    targets: Mapping[str, Tensor] | None = None,
    *,
    apart: bool = True,
) -> None:
    """What must hold before the first step.

    Parameters: train and dev, the samples; labels (n,), classes of the training samples, where it is classes that the
    network learns; targets (n,) by name, numbers that it learns; apart, whether the splits share no group: they do
    where everything is learned from, and the last weights are kept.
    Raises: TrainingError.
    """
    for name, samples in (("train", train), ("dev", dev)):
        if not len(samples):
            raise TrainingError(f"there are no samples in the {name} split")
    shared = sorted(set(train.groups) & set(dev.groups))
    if shared and apart:
        names = ", ".join(shared[:SHOWN]) + (" ..." if len(shared) > SHOWN else "")
        raise TrainingError(f"the train and dev splits must share no group; they share {len(shared)} ({names})")
    for name, tensor in train.tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise TrainingError(f"the samples must be finite numbers; {name} has some that are not")
    if labels is not None and _is_one(labels):
        raise TrainingError(f"the labels must be of two classes or more; all {len(labels)} are of class {labels[0]:g}")
    for name, target in (targets or {}).items():
        if _is_one(target):
            raise TrainingError(
                f"what is to be learned must vary; {name} is {target[0]:g} in all {len(target)} samples"
            )


def _is_one(values: Tensor) -> bool:
    """Whether there are values (n,), and all of them are the same."""
    return bool(len(values)) and bool((values == values[0]).all())


def check_loss(loss: float, step: int, name: str = "loss") -> None:
    """A loss, by its name, must be a finite number other than 0. Raises: TrainingError."""
    if not math.isfinite(loss):
        raise TrainingError(f"the {name} is {loss} at step {step}; a smaller rate may help")
    if loss == 0:
        raise TrainingError(f"the {name} is exactly 0 at step {step}: there is nothing to learn in these labels")


def check_chance(loss: float, chance: float, epoch: int) -> None:
    """The dev loss must be below what it is without looking at the input. Raises: TrainingError."""
    if not loss < chance * BETTER:
        raise TrainingError(
            f"after {epoch} epochs the dev loss is {loss:.4f}, no better than {chance:.4f} without looking at the input"
        )


def check_outputs(outputs: Mapping[str, Tensor]) -> None:
    """Most of what a network says must depend on what it is given.

    How much a number varies is measured by its own size, since many are small and yet say something, as the
    probabilities of pitches that hardly any song has.
    Parameters: outputs, each (samples, ...); of one sample nothing is known.
    Raises: TrainingError, more than half of an output's numbers are the same for all samples.
    """
    for name, told in outputs.items():
        if len(told) < 2:
            continue
        rows = told.float().reshape(len(told), -1)
        spread, size = rows.std(0), rows.abs().mean(0)
        dead, count = int(((spread <= FLAT * size) | (spread.max() < FLAT)).sum()), rows.shape[1]
        if 2 * dead > count:
            raise TrainingError(
                f"the network gives the same {name} for each of {len(told)} inputs ({dead} of {count} numbers)"
            )
