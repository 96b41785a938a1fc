"""Distances: how far two histograms are apart, and how sure a difference of two distances is.

Conventions: a histogram is a row of counts or shares (bins,). The distance is the square root of the Jensen-Shannon
divergence to base 2 (Endres and Schindelin, "A new metric for probability distributions", IEEE Transactions on
Information Theory 49(7), 2003): 0 for equal histograms, 1 for such as share no bin, and a metric.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["SHARE", "apart", "distance", "even", "interval", "pull", "spread", "weighed", "weights"]

Floats = npt.NDArray[np.float64]

SHARE = 0.9  # of the resamples lie inside an interval
RESAMPLES = 1000


def distance(one: Floats, other: Floats) -> Floats:
    """The distance (...,) of histograms (..., bins)."""
    return np.asarray(np.sqrt(np.maximum(pull(one, other).sum(-1), 0)))


def pull(one: Floats, other: Floats) -> Floats:
    """What each bin adds to the divergence of two histograms, in bits: (..., bins), none below 0."""
    one, other = _shares(one), _shares(other)
    middle = (one + other) / 2
    return (_terms(one, middle) + _terms(other, middle)) / 2


def even(rows: Floats) -> Floats:
    """The histogram (bins,) in which each of some rows (rows, bins) weighs the same."""
    return np.asarray(_shares(rows).mean(0))


def spread(places: Floats, around: Floats) -> Floats:
    """The histogram (bins,) of what lies at places (bins,) on a circle, each moved by some bins, whatever the place.

    Parameters: around (2 n + 1,), how often by -n..n bins.
    """
    shares, reach = _shares(around), len(around) // 2
    return np.asarray(sum(share * np.roll(_shares(places), move) for move, share in enumerate(shares, -reach)))


def weighed(human: Floats, song: Floats) -> Floats:
    """A histogram whose halves are major and minor (bins,), with as much of either as others (..., bins) have."""
    halves = _shares(song.reshape(*song.shape[:-1], 2, -1).sum(-1))
    each = _shares(human.reshape(2, -1))
    return np.asarray(np.reshape(halves[..., None] * each, song.shape))


def apart(songs: Floats, human: Floats, *, by_mode: bool) -> Floats:
    """The distance (...,) of histograms (..., bins) from that of human music (bins,)."""
    return distance(songs, weighed(human, songs) if by_mode else human)


def weights(songs: int, rng: np.random.Generator) -> Floats:
    """How often each of some songs is in each resample of the bootstrap: (resamples, songs)."""
    return rng.multinomial(songs, np.full(songs, 1 / songs), size=RESAMPLES).astype(np.float64)


def interval(drawn: Floats, around: float) -> tuple[float, float]:
    """What `SHARE` of the resampled values lie in, once their mean is moved to `around`."""
    low, high = np.quantile(drawn - drawn.mean() + around, [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return float(low), float(high)


def _shares(counts: Floats) -> Floats:
    return np.asarray(counts / np.maximum(counts.sum(-1, keepdims=True), 1e-300))


def _terms(shares: Floats, middle: Floats) -> Floats:
    """Shares times the logarithm of what they are of the middle; 0 where there are none."""
    ratio = np.divide(shares, middle, out=np.ones_like(middle), where=shares > 0)
    return np.asarray(shares * np.log2(ratio))
