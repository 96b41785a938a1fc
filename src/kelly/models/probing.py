"""Probing: whether weights, and what a network makes of them, can be those of a trained one.

Conventions: probes are the same numbers everywhere, in -1..1, neighbours unlike each other. What fails is a FileError
of one line.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from kelly.errors import FileError

__all__ = ["STEPS", "check_outputs", "check_weights", "probes"]

STEPS = 64
_FLAT = 1e-4  # standard deviation below which an output counts as constant


def probes(shape: tuple[int, ...], count: int = STEPS) -> npt.NDArray[np.float32]:
    """Inputs (count, *shape) to try a network with."""
    size = int(np.prod(shape))
    phases = np.outer(np.arange(1, count + 1), np.arange(1, size + 1))
    return np.asarray(np.cos(phases), np.float32).reshape(count, *shape)


def check_weights(tensors: Mapping[str, npt.NDArray[np.floating]]) -> None:
    """Weights must be finite, and no kernel the same number everywhere. Raises: FileError."""
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise FileError(f"{name} must hold finite numbers; it has others")
        if array.ndim > 1 and array.max() == array.min():
            raise FileError(f"{name} must hold trained weights; it is {array.flat[0]:g} everywhere")


def check_outputs(outputs: npt.NDArray[np.floating]) -> None:
    """What a network gives for some inputs, (count, outputs), must be finite and vary with them. Raises: FileError."""
    if not np.isfinite(outputs).all():
        raise FileError("the network must give finite numbers; it gives others")
    spread = float(outputs.std(0).max())
    if spread < _FLAT:
        raise FileError(f"the outputs must depend on the inputs; over {len(outputs)} inputs they vary by {spread:.1g}")
