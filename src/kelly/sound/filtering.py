"""Filters and curves over blocks: the arithmetic that instruments, controllers and mastering share.

Conventions: waves are float32 arrays (channels, frames) or (frames,); a curve is given at the edges of blocks of
`BLOCK` frames and drawn as straight lines between them, so nothing ever steps audibly.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["BLOCK", "Wave", "add_convolved", "add_scaled", "blocks", "convolved", "draw", "swept_lowpass", "warped"]

Wave = npt.NDArray[np.float32]

BLOCK = 64
CHUNK_BLOCKS = 512  # what is worked on at once stays in the processor's cache
FRAME, HOP = 1024, 512
RAMP = (np.arange(BLOCK, dtype=np.float32) / BLOCK)[None]


def blocks(frames: float) -> int:
    """How many whole blocks hold so many frames."""
    return -int(-frames // BLOCK)


def draw(curve: npt.ArrayLike) -> Wave:
    """The curve (block edges, n + 1) drawn out to n * BLOCK frames."""
    edges = np.asarray(curve, dtype=np.float32)
    return np.asarray((edges[:-1, None] + np.diff(edges)[:, None] * RAMP).reshape(-1), dtype=np.float32)


def add_scaled(target: Wave, wave: Wave, curve: npt.ArrayLike) -> None:
    """Add to `target`, in place, `wave` times a number or a curve; all of whole blocks, mono (frames,)."""
    edges = np.asarray(curve, dtype=np.float32)
    for start in range(0, len(wave), CHUNK_BLOCKS * BLOCK):
        stop = start + CHUNK_BLOCKS * BLOCK
        first = start // BLOCK
        gain = edges if edges.ndim == 0 else draw(edges[first : first + CHUNK_BLOCKS + 1])
        target[start:stop] += wave[start:stop] * gain


def swept_lowpass(
    wave: Wave, cutoff: Callable[[npt.NDArray[np.float64]], npt.ArrayLike], rate: int, *, resonance: float = 0.0
) -> Wave:
    """A mono wave (frames,) through a two-pole low-pass whose cutoff moves.

    Parameters: cutoff, gives Hz for an array of times in frames; where it reaches 0.45 of `rate` the wave passes as
    it is; resonance, peak of the filter in dB (0 is flat, after Butterworth). Done on overlapping Hann frames without
    phase shift: a frame's change is added to the wave, so untouched frames cost nothing.
    """
    count = len(wave) // HOP + 2
    starts = np.arange(count, dtype=np.float64) * HOP
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


def convolved(wave: Wave, kernel: npt.NDArray[np.floating[Any]]) -> Wave:
    """The causal convolution of a mono wave with a kernel, cut to the wave's length."""
    out = np.zeros((1, len(wave)), dtype=np.float32)
    add_convolved(out, wave, np.asarray(kernel, dtype=np.float32)[None])
    return np.asarray(out[0])


def add_convolved(target: Wave, wave: Wave, kernels: Wave) -> None:
    """Add to each channel of `target` (channels, frames), in place, the mono wave convolved with its kernel."""
    reach = kernels.shape[1]
    size = 2 ** max(min(16, (len(wave) + reach).bit_length()), (2 * reach - 1).bit_length())
    step = size - reach + 1
    responses = [np.fft.rfft(kernel, size) for kernel in kernels]
    for start in range(0, len(wave), step):
        spectrum = np.fft.rfft(wave[start : start + step], size)
        stop = min(start + size, target.shape[1])
        for channel, response in zip(target, responses, strict=True):
            channel[start:stop] += np.fft.irfft(spectrum * response, size)[: stop - start].astype(np.float32)


def warped(wave: Wave, places: npt.NDArray[np.float64]) -> Wave:
    """The wave read at moving places: frame t of the result is the wave's frame places(t).

    Parameters: wave, mono (frames,); places, a rising curve at block edges, in frames of the wave.
    """
    out = np.zeros((len(places) - 1) * BLOCK, dtype=np.float32)
    for first in range(0, len(places) - 1, CHUNK_BLOCKS):
        edges = places[first : first + CHUNK_BLOCKS + 1]
        start, stop = int(edges[0]), int(edges[-1]) + 1
        reach = wave[max(0, start - 1) : stop + 3]
        reach = (
            np.pad(reach, (int(start == 0), max(0, stop + 3 - len(wave))))
            if start == 0 or stop + 3 > len(wave)
            else reach
        )
        at = draw(edges - start)  # small numbers, which float32 holds to a few thousandths of a frame
        whole = at.astype(np.int32)
        out[first * BLOCK : first * BLOCK + len(at)] = _cubic(reach, whole, at - whole.astype(np.float32))
    return out


def _cubic(wave: Wave, whole: npt.NDArray[np.int32], part: Wave) -> Wave:
    """Values `part` of the way from frame whole + 1 to the next, by cubic Hermite interpolation (Catmull-Rom)."""
    before, here, after, later = (wave[shift : len(wave) - 3 + shift].take(whole) for shift in range(4))
    bend = 2 * before - 5 * here + 4 * after - later
    twist = later - before + 3 * (here - after)
    slope = after - before
    return np.asarray(here + np.float32(0.5) * part * (slope + part * (bend + part * twist)))


def _add_at(padded: Wave, places: npt.NDArray[np.intp], change: Wave) -> None:
    halves = padded.reshape(-1, HOP)
    halves[places] += change[:, :HOP]
    halves[places + 1] += change[:, HOP:]


@lru_cache(maxsize=1)
def _window() -> Wave:
    """A sine window: its square sums to 1 at half overlap."""
    return np.sin(np.pi * (np.arange(FRAME) + 0.5) / FRAME).astype(np.float32)


def _response(hertz: Wave, rate: int, resonance: float) -> Wave:
    """Magnitude (frames, bins) of a two-pole low-pass at each cutoff; 3 dB of resonance is the flat filter's own."""
    bins = np.arange(FRAME // 2 + 1, dtype=np.float32) * np.float32(rate / FRAME)
    ratio = np.square(bins / hertz[:, None])
    q = 10 ** ((resonance - 3.01) / 20)
    flat = hertz[:, None] >= 0.45 * rate
    bent = 1 / np.sqrt(np.square(1 - ratio) + ratio / np.float32(q * q))
    return np.asarray(np.where(flat, np.float32(1), bent / np.float32(10 ** (resonance / 40))), dtype=np.float32)
