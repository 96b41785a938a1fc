"""Loudness and peaks: how loud audio is heard, and how it is brought to a level without clipping.

Conventions: loudness in LUFS after ITU-R BS.1770-4 (left and right weigh 1), peaks in dB relative to full scale, true
peaks found at four times the rate. Functions return new arrays; the samples are float32 (channels, frames).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from kelly.errors import SoundError
from kelly.sound.audio import Audio
from kelly.sound.filtering import BLOCK, Wave, blocks, convolved, draw

__all__ = ["integrated", "limited", "normalise", "true_peak"]

TARGET, CEILING = -16.0, -1.0
OFFSET = -0.691
ABSOLUTE_GATE, RELATIVE_GATE = -70.0, -10.0
HOP_SECONDS, HOPS = 0.1, 4
KERNEL_SECONDS = 0.2
OVERSAMPLING = 4
# Between two frames a wave rises by less than this over the higher one, but for signals made to do it.
OVERSHOOT_DB = 6.0
CHUNK, MARGIN = 2**17, 256
LOOKAHEAD_BLOCKS = 12


def integrated(audio: Audio) -> float:
    """Integrated loudness in LUFS (gated, blocks of 0.4 s); -inf for silence or less than one block."""
    return _gated(_block_powers(audio))


def _gated(powers: npt.NDArray[np.float64]) -> float:
    """Loudness of blocks of such powers, those far softer than the rest left out."""
    loud = powers[powers > _power(ABSOLUTE_GATE)]
    if not len(loud):
        return -np.inf
    gate = loud.mean() * 10 ** (RELATIVE_GATE / 10)
    return float(OFFSET + 10 * np.log10(loud[loud > gate].mean()))


def true_peak(audio: Audio) -> float:
    """The highest level between and on the samples, in dB relative to full scale; -inf for silence."""
    highest = float(np.abs(audio.samples).max(initial=0.0))
    floor = highest * 10 ** (-OVERSHOOT_DB / 20)
    peak = max((float(rows.max()) for _, rows in _risen(audio, floor)), default=highest)
    return float(20 * np.log10(peak)) if peak > 0 else -np.inf


def normalise(audio: Audio, lufs: float = TARGET) -> Audio:
    """The audio at an integrated loudness of `lufs`; peaks may then exceed full scale, see `limited`.

    Too short to be measured, its peak is brought to -1 dB of full scale; silence stays silence.
    Raises: SoundError, a sample is not a finite number.
    """
    highest = float(np.abs(audio.samples).max(initial=0.0))
    if not np.isfinite(highest):
        raise SoundError("the audio holds samples that are not numbers")
    if highest == 0:
        return audio
    # Measured as if it peaked at full scale: what counts as silence must not depend on the level that is to change.
    loudness = _gated(_block_powers(audio) / highest**2)
    wanted = lufs - loudness if np.isfinite(loudness) else CEILING
    return Audio(audio.samples * np.float32(10 ** (wanted / 20) / highest), audio.rate)


def limited(audio: Audio, ceiling: float = CEILING) -> Audio:
    """The audio with its true peak held below `ceiling` (dB), also after rounding to 16 bits.

    A look-ahead limiter: the gain begins to fall before a peak arrives and recovers after it, moving in straight lines.
    """
    top = 10 ** ((ceiling - 0.1) / 20)  # the tenth of a dB pays for rounding and for the gain's own movement
    peaks = _block_peaks(audio, top)
    if peaks.max(initial=0.0) <= top:
        return audio
    needed = np.minimum(1, top / np.maximum(peaks, top))
    curve = draw(_smoothed(needed))[: audio.samples.shape[1]]
    held = Audio(audio.samples * curve, audio.rate)
    over = true_peak(held) - 20 * np.log10(top)
    return held if over <= 0 else Audio(held.samples * np.float32(10 ** (-over / 20)), audio.rate)


def _smoothed(needed: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A gain at block edges, never above what any block nearby needs."""
    reach = 2 * LOOKAHEAD_BLOCKS + 1
    padded = np.pad(needed, LOOKAHEAD_BLOCKS + 1, mode="edge")
    # One block more than the mean is wide on either side, because an edge speaks for the blocks on both its sides.
    lowest = np.lib.stride_tricks.sliding_window_view(np.pad(padded, LOOKAHEAD_BLOCKS, mode="edge"), reach + 1).min(
        axis=1
    )
    means = np.convolve(lowest, np.full(reach, 1 / reach), mode="valid")
    return np.asarray(means[: len(needed) + 1])


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - OFFSET) / 10))


def _block_powers(audio: Audio) -> npt.NDArray[np.float64]:
    """Mean square of the weighted audio over blocks of 0.4 s, one every 0.1 s, channels added."""
    hop = round(HOP_SECONDS * audio.rate)
    count = audio.samples.shape[1] // hop
    if count < HOPS:
        return np.zeros(0)
    hops = np.zeros(count)
    for channel in audio.samples:
        weighted = convolved(channel, _kernel(audio.rate))[: count * hop].reshape(count, hop)
        hops += np.einsum("ij,ij->i", weighted, weighted) / hop
    return np.asarray(np.lib.stride_tricks.sliding_window_view(hops, HOPS).mean(axis=1))


@lru_cache(maxsize=4)
def _kernel(rate: int) -> npt.NDArray[np.float64]:
    """The K-weighting filter's impulse response, long enough for its high-pass to die away.

    Both stages come from the analogue prototypes behind the standard's 48 kHz coefficients, by the bilinear transform.
    """
    frames = int(KERNEL_SECONDS * rate)
    size = 2 ** int(np.ceil(np.log2(4 * frames)))
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    response = np.ones_like(z)
    for numerator, denominator in (_shelf(rate), _highpass(rate)):
        response *= np.polyval(numerator[::-1], z) / np.polyval(denominator[::-1], z)
    return np.fft.irfft(response, size)[:frames]


def _shelf(rate: int) -> tuple[list[float], list[float]]:
    """Stage 1: a high shelf of 4 dB at 1682 Hz, the head's effect."""
    k = np.tan(np.pi * 1681.974450955533 / rate)
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    scale = 1 + k / q + k * k
    numerator = [
        (high + band * k / q + k * k) / scale,
        2 * (k * k - high) / scale,
        (high - band * k / q + k * k) / scale,
    ]
    return numerator, [1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale]


def _highpass(rate: int) -> tuple[list[float], list[float]]:
    """Stage 2: a high-pass at 38 Hz."""
    k = np.tan(np.pi * 38.13547087602444 / rate)
    q = 0.5003270373238773
    scale = 1 + k / q + k * k
    return [1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale]


def _block_peaks(audio: Audio, top: float) -> npt.NDArray[np.float64]:
    """The true peak of every block over both channels; blocks far below `top` keep their sample peak."""
    frames = audio.samples.shape[1]
    count = blocks(frames)
    peaks = np.zeros(count)
    for channel in audio.samples:
        padded = np.pad(np.abs(channel), (0, count * BLOCK - frames))
        np.maximum(peaks, padded.reshape(count, BLOCK).max(axis=1), out=peaks)
    for start, rows in _risen(audio, top * 10 ** (-OVERSHOOT_DB / 20)):
        stop = min(start + len(rows), count)
        peaks[start:stop] = np.maximum(peaks[start:stop], rows[: stop - start])
    return peaks


def _risen(audio: Audio, floor: float) -> Iterator[tuple[int, Wave]]:
    """Chunk by chunk where a sample exceeds `floor`: the first block's number and the true peaks of its blocks."""
    import soxr  # slow to import, and wanted only where audio is finished

    frames = audio.samples.shape[1]
    for start in range(0, frames, CHUNK):
        if np.abs(audio.samples[:, start : start + CHUNK]).max() <= floor:
            continue
        first, last = max(0, start - MARGIN), min(frames, start + CHUNK + MARGIN)
        piece = np.ascontiguousarray(audio.samples[:, first:last].T)
        fine = soxr.resample(piece, audio.rate, audio.rate * OVERSAMPLING, quality="HQ")
        fine = fine[(start - first) * OVERSAMPLING :][: CHUNK * OVERSAMPLING]
        rows = np.zeros((blocks(len(fine) / OVERSAMPLING) * BLOCK * OVERSAMPLING, fine.shape[1]), dtype=np.float32)
        np.abs(fine, out=rows[: len(fine)])
        yield start // BLOCK, rows.reshape(-1, BLOCK * OVERSAMPLING * fine.shape[1]).max(axis=1)
