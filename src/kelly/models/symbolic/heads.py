"""Heads of the symbolic recogniser: what its numbers mean, and how a feeling is read from them.

Conventions: of each stretch of music the network gives `SIZE` numbers: logits that listeners would call valence and
arousal high (EMOPIA), the mean ratings of valence and arousal that they would give (VGMIDI, in units of the ratings'
own spread), and the logarithm of the error of these. The whole and its windows of `WIDTH` seconds, one every `HOP`,
are read alike; what is said of a piece is the mean of the whole and of the mean over windows.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

__all__ = ["AXES", "HOP", "LEAST", "SIZE", "SLOTS", "WIDTH", "spans", "summed"]

AXES = ("valence", "arousal")
SLOTS: Mapping[str, slice] = MappingProxyType({"signs": slice(0, 2), "ratings": slice(2, 4), "errors": slice(4, 6)})
SIZE = 6
WIDTH, HOP = 20.0, 10.0  # seconds
LEAST = 8  # notes of a window that is read


def spans(length: float) -> npt.NDArray[np.float64]:
    """The windows of a piece of so many seconds: (windows, 2) starts and ends, the last one up to its end."""
    last = max(0.0, length - WIDTH)
    starts = np.minimum(np.arange(int(np.ceil(last / HOP)) + 1) * HOP, last)
    return np.stack([starts, starts + WIDTH], 1)


def summed(whole: npt.NDArray[np.floating], windows: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """The heads of a piece (6,) from those of the whole (6,) and of its windows (windows, 6), of which none may do."""
    if not len(windows):
        return np.asarray(whole, np.float64)
    return np.asarray((whole + windows.mean(0)) / 2, np.float64)
