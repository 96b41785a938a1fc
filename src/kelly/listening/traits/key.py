"""Key: how strongly a major or a minor key is felt, and how it moves.

Conventions: keys are found by correlating duration-weighted pitch classes with the probe-tone profiles of Krumhansl and
Kessler (1982); strengths are correlations, -1..1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kelly.listening.traits.counts import Traits, share
from kelly.listening.traits.sounded import Sounded

__all__ = ["Key", "key_of", "measure"]

Floats = npt.NDArray[np.float64]
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
WIDTH, HOP, FEWEST = 8.0, 4.0, 4  # seconds of a window and between windows; notes that make a key


def _standardised(rows: npt.ArrayLike) -> Floats:
    told = np.asarray(rows, np.float64)
    return np.asarray((told - told.mean(-1, keepdims=True)) / told.std(-1, keepdims=True))


_PROFILES = _standardised([np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)])


@dataclass(frozen=True, slots=True)
class Key:
    """How well each key fits: major and minor strengths (12,) each, by tonic."""

    major: Floats
    minor: Floats

    @property
    def tonic(self) -> int:
        """The tonic of the best key, as a pitch class."""
        return int(np.concatenate([self.major, self.minor]).argmax()) % 12

    @property
    def minor_tonic(self) -> int:
        """The tonic of the best minor key."""
        return int(self.minor.argmax())

    @property
    def strength(self) -> float:
        """How well the best key fits."""
        return float(max(self.major.max(), self.minor.max()))

    @property
    def majorness(self) -> float:
        """How much better the best major key fits than the best minor key."""
        return float(self.major.max() - self.minor.max())


def key_of(classes: npt.ArrayLike) -> Key:
    """The key of pitch-class weights (12,); all strengths are 0 where every class weighs alike."""
    if np.ptp(np.asarray(classes)) == 0:
        return Key(np.zeros(12), np.zeros(12))
    fits = _PROFILES @ _standardised(classes) / 12
    return Key(fits[:12], fits[12:])


def measure(piece: Sounded) -> Traits:
    """The traits of key, over the whole and from window to window."""
    whole = key_of(piece.classes)
    keys = [_in_window(piece, chosen) for chosen in piece.windows(WIDTH, HOP) if chosen.sum() >= FEWEST] or [whole]
    strengths, majorness = np.array([key.strength for key in keys]), np.array([key.majorness for key in keys])
    return {
        "key strength": whole.strength,
        "major strength": float(whole.major.max()),
        "minor strength": float(whole.minor.max()),
        "majorness": whole.majorness,
        "minor": float(whole.majorness < 0),
        "window key strength mean": float(strengths.mean()),
        "window key strength sd": float(strengths.std()),
        "window majorness mean": float(majorness.mean()),
        "window majorness sd": float(majorness.std()),
        "windows in minor": share(majorness < 0),
        "tonic changes": share(np.diff([key.tonic for key in keys]) != 0),
    }


def _in_window(piece: Sounded, chosen: npt.NDArray[np.bool_]) -> Key:
    weights = np.minimum(piece.durations[chosen], WIDTH / 2)
    return key_of(np.bincount(piece.pitches[chosen] % 12, weights=weights, minlength=12))
