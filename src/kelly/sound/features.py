"""Features: log-mel spectrograms, what networks hear of a sound.

Conventions: waves are one channel (samples,) in -1..1; spectrograms are (frames, bands), frame k centred on sample
`hop` * k of the wave, which is padded with zeros at both ends. Power of a periodic Hann window's spectrum, summed by
Slaney's triangles (Auditory Toolbox, 1998: steps of 200/3 Hz up to 1000 Hz, from there 27 to a factor of 6.4; each of
area 1), in decibels: 10 log10(max(1e-10, power)). The same numbers as torch.stft and librosa's filters give, to 1e-5
dB. Which rate, window, hop and bands is said by a `Mel`: `FRAMES` for networks that listen frame by frame (22,050 Hz,
128 bands, as the mood set's own spectrograms were made), `LOOPS` for those that see eight seconds at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.sound.audio import Audio

__all__ = ["FLOOR", "FRAMES", "LOOPS", "Mel", "below_maximum", "decibels", "filters", "heard", "spectrogram"]

Floats = npt.NDArray[np.float32]

FLOOR = 1e-10  # the least power there is: -100 dB
_LINEAR_STEP, _BEND_HERTZ = 200 / 3, 1000.0
_BEND = _BEND_HERTZ / _LINEAR_STEP  # in mel
_LOG_STEP = np.log(6.4) / 27
_AT_ONCE = 1024  # frames whose spectra are held at a time


@dataclass(frozen=True, slots=True)
class Mel:
    """A definition of log-mel spectrograms.

    Parameters: rate, samples a second; window, samples of a frame (even); hop, samples from one frame to the next;
    bands, from 0 Hz to half the rate.
    Raises: UsageError, a number is below 1 or the window is odd.
    """

    rate: int
    window: int
    hop: int
    bands: int

    def __post_init__(self) -> None:
        """Check what would give empty frames."""
        if min(self.rate, self.window, self.hop, self.bands) < 1 or self.window % 2:
            raise UsageError(f"rate, window (even), hop and bands must be 1 or more; got {self}")

    @property
    def frames_a_second(self) -> float:
        """How many frames a second has."""
        return self.rate / self.hop

    def frames(self, samples: int) -> int:
        """How many frames a wave of so many samples gives."""
        return 1 + samples // self.hop


FRAMES = Mel(rate=22_050, window=2048, hop=2048, bands=128)  # 10.77 frames a second
LOOPS = Mel(rate=16_000, window=2048, hop=1000, bands=64)  # 128 frames in eight seconds, and one at their end


def decibels(wave: npt.ArrayLike, mel: Mel) -> Floats:
    """The log-mel spectrogram of a wave at the definition's own rate.

    Parameters: wave (samples,), one or more, in -1..1.
    Returns: (frames, bands) in dB, -100 at the least.
    Raises: UsageError, the wave has another shape, no samples, or some that are no finite numbers.
    """
    samples = np.asarray(wave, np.float64)
    if samples.ndim != 1 or not len(samples) or not np.isfinite(samples).all():
        raise UsageError(f"a wave must be (samples,) of finite numbers, one at least; got shape {samples.shape}")
    padded = np.pad(samples, mel.window // 2)
    slices = np.lib.stride_tricks.sliding_window_view(padded, mel.window)[:: mel.hop][: mel.frames(len(samples))]
    parts = [_powers(slices[start : start + _AT_ONCE], mel) for start in range(0, len(slices), _AT_ONCE)]
    return np.asarray(10 * np.log10(np.maximum(FLOOR, np.concatenate(parts))), np.float32)


def spectrogram(audio: Audio, mel: Mel) -> Floats:
    """The log-mel spectrogram (frames, bands) of a sound of any rate: `decibels` of what is `heard` of it."""
    return decibels(heard(audio, mel.rate), mel)


def heard(audio: Audio, rate: int) -> npt.NDArray[np.float64]:
    """The mean of a sound's channels (samples,) at another rate, resampled by soxr at its highest quality."""
    mean = audio.samples.mean(axis=0, dtype=np.float64)
    if audio.rate == rate:
        return np.asarray(mean)
    import soxr  # slow to import, and wanted only where rates differ

    return np.asarray(soxr.resample(mean, audio.rate, rate, quality="VHQ"), np.float64)


def below_maximum(spectrum: npt.ArrayLike, span: float = 80.0) -> tuple[Floats, float]:
    """A spectrogram relative to its own maximum.

    Parameters: spectrum (frames, bands), in dB; span, dB below which all is alike.
    Returns: decibels in -span..0, and the maximum itself in dB.
    """
    values = np.asarray(spectrum, np.float32)
    level = values.max()
    return np.maximum(values - level, np.float32(-span)), float(level)


@lru_cache(maxsize=8)
def filters(mel: Mel) -> npt.NDArray[np.float64]:
    """The weights (bands, window / 2 + 1) of each spectral line in each band; not to be written to."""
    lines = np.arange(mel.window // 2 + 1) * mel.rate / mel.window
    edges = _hertz(np.linspace(0.0, _mels(mel.rate / 2), mel.bands + 2))
    below, middle, above = (edges[i : i + mel.bands, None] for i in range(3))
    triangles = np.minimum((lines - below) / (middle - below), (above - lines) / (above - middle))
    weights: npt.NDArray[np.float64] = np.maximum(0.0, triangles) * 2 / (above - below)
    weights.flags.writeable = False
    return weights


def _powers(slices: npt.NDArray[np.float64], mel: Mel) -> npt.NDArray[np.float64]:
    """Power (frames, bands) of frames (frames, window)."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(mel.window) / mel.window)
    spectra = np.fft.rfft(slices * hann)
    return np.asarray((spectra.real**2 + spectra.imag**2) @ filters(mel).T)


def _mels(hertz: float) -> float:
    if hertz < _BEND_HERTZ:
        return hertz / _LINEAR_STEP
    return float(_BEND + np.log(hertz / _BEND_HERTZ) / _LOG_STEP)


def _hertz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    bent = _BEND_HERTZ * np.exp(_LOG_STEP * (mels - _BEND))
    return np.asarray(np.where(mels < _BEND, mels * _LINEAR_STEP, bent))
