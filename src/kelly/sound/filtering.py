"""Filters and curves over blocks: the arithmetic that instruments, controllers and mastering share.

Conventions: waves are float32 arrays (channels, frames) or (frames,); a curve is given at the edges of blocks of `BLOCK`
frames and drawn as straight lines between them, so nothing ever steps audibly.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

__all__ = ["BLOCK", "Wave", "blocks", "convolved", "draw", "scale", "swept_lowpass"]

Wave = npt.NDArray[np.float32]

BLOCK = 64
FRAME, HOP = 1024, 512
RAMP = (np.arange(BLOCK, dtype=np.float32) / BLOCK)[None]


def blocks(frames: float) -> int:
    """How many whole blocks hold so many frames."""
    return -int(-frames // BLOCK)


def draw(curve: npt.ArrayLike) -> Wave:
    """The curve (block edges, n + 1) drawn out to n * BLOCK frames."""
    edges = np.asarray(curve, dtype=np.float32)
    return np.asarray((edges[:-1, None] + np.diff(edges)[:, None] * RAMP).reshape(-1), dtype=np.float32)


def scale(wave: Wave, curve: npt.ArrayLike) -> None:
    """Multiply `wave` (frames,), in place, by a number or by a curve over its first blocks."""
    edges = np.asarray(curve, dtype=np.float32)
    wave *= edges if edges.ndim == 0 else draw(edges)[: len(wave)]


def swept_lowpass(wave: Wave, cutoff: Callable[[Wave], npt.ArrayLike], rate: int, *, resonance: float = 0.0) -> Wave:
    """A mono wave (frames,) through a two-pole low-pass whose cutoff moves.

    Parameters: cutoff, gives Hz for an array of times in frames; where it reaches 0.45 of `rate` the wave passes as it is;
    resonance, peak of the filter in dB (0 is flat, after Butterworth).
    Done on overlapping Hann frames without phase shift: a frame's change is added to the wave, so untouched frames cost nothing.
    """
    count = len(wave) // HOP + 2
    starts = np.arange(count, dtype=np.float32) * HOP
    hertz = np.broadcast_to(np.asarray(cutoff(starts), dtype=np.float32), starts.shape)
    touched = np.flatnonzero(hertz < 0.45 * rate)
    if not len(touched):
        return wave
    padded = np.zeros((count + 1) * HOP, dtype=np.float32)
    padded[HOP : HOP + len(wave)] = wave
    halves = padded.reshape(-1, HOP)
    window = _window()
    for some in np.array_split(touched, max(1, len(touched) // 1024)):
        spectra = np.fft.rfft(np.concatenate([halves[some], halves[some + 1]], axis=1) * window)
        spectra *= _response(hertz[some], rate, resonance) - np.float32(1)
        change = np.fft.irfft(spectra, FRAME).astype(np.float32) * window
        # Neighbouring frames overlap, but no two of one parity do.
        for parity in (0, 1):
            mine = some % 2 == parity
            places = some[mine]
            if len(places):
                _add_at(padded, places, change[mine])
    return padded[HOP : HOP + len(wave)]


def convolved(wave: Wave, kernel: npt.NDArray[np.floating], size: int = 65536) -> Wave:
    """The causal convolution of a mono wave with a kernel shorter than `size`, cut to the wave's length."""
    step = size - len(kernel) + 1
    response = np.fft.rfft(kernel.astype(np.float32), size)
    out = np.zeros(len(wave) + size, dtype=np.float32)
    for start in range(0, len(wave), step):
        piece = wave[start : start + step]
        out[start : start + size] += np.fft.irfft(np.fft.rfft(piece, size) * response, size)
    return out[: len(wave)]


def _add_at(padded: Wave, places: npt.NDArray[np.intp], change: Wave) -> None:
    halves = padded.reshape(-1, HOP)
    halves[places] += change[:, :HOP]
    halves[places + 1] += change[:, HOP:]


@lru_cache(maxsize=1)
def _window() -> Wave:
    """A sine window: its square sums to 1 at half overlap."""
    return np.sin(np.pi * (np.arange(FRAME) + 0.5) / FRAME).astype(np.float32)


def _response(hertz: Wave, rate: int, resonance: float) -> Wave:
    """Magnitude (frames, bins) of a two-pole low-pass at each cutoff; 3 dB of the resonance is the flat filter's own."""
    bins = np.arange(FRAME // 2 + 1, dtype=np.float32) * np.float32(rate / FRAME)
    ratio = np.square(bins / hertz[:, None])
    q = 10 ** ((resonance - 3.01) / 20)
    flat = hertz[:, None] >= 0.45 * rate
    bent = 1 / np.sqrt(np.square(1 - ratio) + ratio / np.float32(q * q))
    return np.asarray(np.where(flat, np.float32(1), bent / np.float32(10 ** (resonance / 40))), dtype=np.float32)
