"""The room: a synthetic hall that parts are sent to.

Conventions: a room size lies in 0..1, a small chamber to a cathedral; waves are float32 at the given rate. The impulse
response is made from noise of a fixed seed, so one size sounds the same everywhere.
"""

from __future__ import annotations

import numpy as np

from kelly.sound.filtering import Wave, add_convolved

__all__ = ["add_reverberation", "impulse", "tail"]

SEED = 1207
PREDELAY = 0.012
# Higher bands die away sooner, as air and walls take them: (upper edge in Hz, share of the whole decay time).
BANDS = ((300.0, 1.0), (1200.0, 0.9), (4000.0, 0.65), (20000.0, 0.38))


def tail(size: float) -> float:
    """Seconds until the reverberation has fallen by 60 dB, for a room size in 0..1."""
    return 0.5 + 2.0 * size


def impulse(size: float, rate: int) -> Wave:
    """The room's answer to a click: float32 (2, frames), each channel of unit energy."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    frames = int((PREDELAY + tail(size)) * rate)
    seconds = np.arange(frames) / rate - PREDELAY
    # Uniform noise: after filtering it sounds as Gaussian does, and its stream is the same in every numpy.
    spectra = np.fft.rfft(rng.random((2, frames)) - 0.5)
    hertz = np.fft.rfftfreq(frames, 1 / rate)
    sides = np.zeros((2, frames))
    low = 20.0
    for high, share in BANDS:
        band = np.fft.irfft(spectra * ((hertz >= low) & (hertz < high)), frames)
        sides += band * 10 ** (-3 * np.maximum(seconds, 0) / (tail(size) * share))
        low = high
    sides *= np.clip(seconds / 0.004, 0, 1)
    return np.asarray(sides / np.sqrt(np.sum(sides**2, axis=1, keepdims=True)), dtype=np.float32)


def add_reverberation(sides: Wave, send: Wave, size: float, rate: int) -> None:
    """Add to `sides` (2, frames), in place, what the room gives back for the mono wave `send`."""
    add_convolved(sides, send, impulse(size, rate))
