"""Rhythm: how dense, how regular and how long the notes are.

Conventions: waits are seconds from one strike to the next; logarithms are of base 2, of seconds at least .02. A period
is found in the autocorrelation of onset strength on a grid of .05 s.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kelly.listening.traits.counts import Traits, entropy, histogram, middle, share, spread
from kelly.listening.traits.sounded import Sounded

__all__ = ["measure"]

Floats = npt.NDArray[np.float64]
SHORTEST = 0.02
FRAME = 0.05  # seconds
LAGS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.6)
BEAT = (0.15, 2.0)  # seconds a pulse may last
WAIT_EDGES, LENGTH_EDGES, FINE_EDGES = np.arange(-4.5, 2.6, 0.7), np.arange(-4.5, 3.5, 0.8), np.arange(-5, 4, 0.5)


def measure(piece: Sounded) -> Traits:
    """The traits of rhythm."""
    waits, lengths = piece.waits, piece.durations
    log_waits, log_lengths = _log(waits), _log(lengths)
    rate = len(piece) / piece.length
    return {
        "notes a second": rate,
        "notes a second, log": float(np.log2(rate + 0.1)),
        "strikes a second": (len(waits) + 1) / piece.length,
        **middle("wait", waits),
        **spread("wait", waits),
        **middle("wait, log", log_waits),
        **spread("wait, log", log_waits),
        **histogram("wait", log_waits, WAIT_EDGES),
        **middle("length", lengths),
        **spread("length", lengths),
        **middle("length, log", log_lengths),
        **spread("length, log", log_lengths),
        **histogram("length", log_lengths, LENGTH_EDGES),
        "overlap": float(lengths.sum()) / piece.length,
        "wait under an eighth": share(waits < 0.12),
        "wait under a quarter": share(waits < 0.25),
        "wait above .6": share(waits > 0.6),
        "wait entropy": entropy(np.histogram(log_waits, FINE_EDGES)[0]),
        "unevenness": _unevenness(waits),
        **_periodicity(piece),
    }


def _log(seconds: Floats) -> Floats:
    return np.asarray(np.log2(np.maximum(seconds, SHORTEST)))


def _unevenness(waits: Floats) -> float:
    """The normalised pairwise variability index, 0..2 (Grabe and Low 2002)."""
    if len(waits) < 2:
        return 0.0
    return float(2 * np.mean(np.abs(np.diff(waits)) / (waits[1:] + waits[:-1])))


def _periodicity(piece: Sounded) -> Traits:
    strength = np.bincount((piece.onsets / FRAME).astype(int), weights=piece.velocities / 64)
    strength = strength - strength.mean()
    size = 2 * len(strength)
    power = np.abs(np.fft.rfft(strength, size)) ** 2
    told = np.fft.irfft(power, size)[: len(strength)]
    told = told / max(told[0], 1e-9)
    lags = np.arange(len(told)) * FRAME
    beat = (lags >= BEAT[0]) & (lags <= BEAT[1])
    if beat.sum() < 3:
        told, lags = np.zeros(3), np.array([0.2, 0.4, 0.8])
        beat = np.ones(3, bool)
    return {
        "pulse clarity": float(told[beat].max()),
        "pulse period, log": float(np.log2(lags[beat][told[beat].argmax()])),
        "pulse contrast": float(told[beat].std()),
        **{f"pulse at {lag}": float(np.interp(lag, lags, told)) for lag in LAGS},
    }
