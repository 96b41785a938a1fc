"""Effects on the whole mix: what the production rule-breaks do to it.

Conventions: audio is float32 (channels, frames); levels in dB relative to full scale. With its defaults an `Effects`
changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kelly.errors import UsageError
from kelly.sound.audio import Audio
from kelly.sound.filtering import Wave, convolved

__all__ = ["Effects", "coloured", "driven", "with_room_noise"]

RANGES = {"noise_floor_db": (-90.0, -20.0), "drive": (0.0, 1.0), "width": (0.0, 1.0), "mud_db": (0.0, 18.0)}
MUD_HERTZ = 250.0
MUD_TAPS_SECONDS = 0.04
DRIVE_DB = 25.0
OVERSAMPLING, CHUNK, MARGIN = 2, 2**18, 256
SEED = 4111
NOISE_SECONDS = 8
NOISE_SHARED = 0.6
NOISE_LOWEST = 60.0


@dataclass(frozen=True, slots=True)
class Effects:
    """What is done to the mix on purpose.

    Parameters
    ----------
    noise_floor_db : level of steady room noise, -90..-20 dBFS; None is none.
    drive : harmonic distortion, 0 (clean) .. 1 (25 dB into the saturation).
    width : stereo width, 0 (both channels equal) .. 1 (as mixed).
    mud_db : boost below 250 Hz, 0..18 dB.

    Raises
    ------
    UsageError : a value is not a number in its range.
    """

    noise_floor_db: float | None = None
    drive: float = 0.0
    width: float = 1.0
    mud_db: float = 0.0

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is None and name == "noise_floor_db":
                continue
            if not isinstance(value, (int, float)) or not low <= value <= high:
                raise UsageError(f"{name} must be a number in {low:g}..{high:g}; got {value!r}")


def coloured(audio: Audio, effects: Effects) -> Audio:
    """Mud and width. Both are linear: parts treated so one by one add up to the mix treated so."""
    samples = audio.samples
    if effects.mud_db:
        samples = np.stack([_boosted(side, effects.mud_db, audio.rate) for side in samples])
    return Audio(_narrowed(samples, effects.width), audio.rate)


def driven(audio: Audio, effects: Effects) -> Audio:
    """Harmonic distortion of audio at its final loudness, which it raises somewhat; both channels alike."""
    if not effects.drive:
        return audio
    return Audio(np.concatenate(list(_saturated(audio.samples, effects.drive, audio.rate)), axis=1), audio.rate)


def with_room_noise(audio: Audio, effects: Effects) -> Audio:
    """The audio with the room's steady noise under it, at its stated level and as wide as the mix."""
    if effects.noise_floor_db is None:
        return audio
    noise = _narrowed(_noise(len(audio.samples), audio.rate), effects.width)
    noise *= np.float32(10 ** (effects.noise_floor_db / 20)) / np.sqrt(np.mean(np.square(noise), axis=1, keepdims=True))
    frames = audio.samples.shape[1]
    samples = audio.samples.copy()
    for start in range(0, frames, noise.shape[1]):
        piece = samples[:, start : start + noise.shape[1]]
        piece += noise[:, : piece.shape[1]]
    return Audio(samples, audio.rate)


def _boosted(side: Wave, decibels: float, rate: int) -> Wave:
    """One channel with its lows raised: the low-passed signal, in phase, is added to it."""
    half = int(MUD_TAPS_SECONDS * rate / 2)
    taps = np.sinc(2 * MUD_HERTZ / rate * np.arange(-half, half + 1)) * np.hanning(2 * half + 1)
    lows = convolved(np.pad(side, (0, half)), taps / taps.sum())[half:]
    return side + lows * np.float32(10 ** (decibels / 20) - 1)


def _saturated(samples: Wave, drive: float, rate: int) -> Iterator[Wave]:
    """Saturated chunks of the samples, bent at twice the rate so that few harmonics fold back."""
    import soxr  # slow to import, and wanted only for this effect

    gain = np.float32(10 ** (drive * DRIVE_DB / 20))
    frames = samples.shape[1]
    for start in range(0, frames, CHUNK):
        first, last = max(0, start - MARGIN), min(frames, start + CHUNK + MARGIN)
        wave = np.ascontiguousarray(samples[:, first:last].T)
        fine = np.tanh(soxr.resample(wave, rate, OVERSAMPLING * rate, quality="HQ") * gain) / np.sqrt(gain)
        back = soxr.resample(fine, OVERSAMPLING * rate, rate, quality="HQ").T
        yield back[:, start - first : start - first + min(CHUNK, frames - start)]


def _narrowed(samples: Wave, width: float) -> Wave:
    """The channels brought towards their mean; at width 0 they are equal to the bit."""
    if width == 1 or len(samples) < 2:
        return samples
    middle = samples.mean(axis=0, keepdims=True, dtype=np.float32)
    return np.asarray(middle + (samples - middle) * np.float32(width), dtype=np.float32)


def _noise(channels: int, rate: int) -> Wave:
    """Some seconds of a quiet room, falling by 3.6 dB an octave; made of whole periods, so no seam."""
    frames = NOISE_SECONDS * rate
    rng = np.random.Generator(np.random.PCG64(SEED))
    white = rng.random((channels + 1, frames)) - 0.5
    mixed = white[:1] * np.sqrt(NOISE_SHARED) + white[1:] * np.sqrt(1 - NOISE_SHARED)
    hertz = np.fft.rfftfreq(frames, 1 / rate)
    tilt = np.where(hertz < NOISE_LOWEST, 0, np.maximum(hertz, NOISE_LOWEST) ** -0.6)
    return np.fft.irfft(np.fft.rfft(mixed) * tilt, frames).astype(np.float32)
