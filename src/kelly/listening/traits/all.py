"""All traits of a piece, as one row of numbers in a fixed order."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from kelly.listening.traits import form, harmony, key, loudness, melody, pitch, rhythm
from kelly.listening.traits.counts import Traits
from kelly.listening.traits.sounded import Sounded

__all__ = ["FEWEST", "names", "traits"]

FEWEST = 4  # notes of which traits can be counted
KINDS = (pitch, key, harmony, melody, rhythm, loudness, form)


def traits(piece: Sounded) -> npt.NDArray[np.float32]:
    """The traits of a piece of at least `FEWEST` notes, in the order of `names`."""
    return np.array(list(_told(piece).values()), np.float32)


@cache
def names() -> tuple[str, ...]:
    """What each trait is called."""
    scale = np.arange(8)
    return tuple(_told(Sounded(scale / 2, np.full(8, 0.5, np.float64), 60 + scale, scale.astype(np.float64) + 64)))


def _told(piece: Sounded) -> Traits:
    told: Traits = {}
    for kind in KINDS:
        told |= kind.measure(piece)
    return told
