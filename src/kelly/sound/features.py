"""Features: log-mel spectrograms, what networks hear of a sound.

Conventions: waves are one channel (samples,) in -1..1; spectrograms are (frames, bands), frame k centred on sample
`hop` * k of the wave, which is padded with zeros at both ends. Power of a periodic Hann window's spectrum, summed by
Slaney's triangles (Auditory Toolbox, 1998: steps of 200/3 Hz up to 1000 Hz, from there 27 to a factor of 6.4; each of
area 1). The same numbers as torch.stft and librosa's filters give, in one of two units: decibels, 10 log10(max(1e-10,
power)), to 1e-5 dB; or levels, log10(1 + 10,000 power), to 1e-4 (Pons and Serra 2019, musicnn: 0 in silence, and where
decibels are far above -40 a tenth of them and 4). Which rate, window, hop and bands is said by a `Mel`: `FRAMES` for
networks that listen frame by frame (22,050 Hz, 128 bands, as the mood set's own spectrograms were made), `LOOPS` for
those that see eight seconds at once, and for those that listen to sound at several scales the four of `SCALES`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import UsageError
from kelly.sound.audio import Audio

__all__ = [
    "EVEN",
    "FLOOR",
    "FRAMES",
    "LOOPS",
    "SCALES",
    "SOFTEST",
    "STEEPNESS",
    "Mel",
    "below_maximum",
    "decibels",
    "descriptors",
    "evened",
    "filters",
    "heard",
    "levels",
    "scales",
    "spectrogram",
    "voiced",
]

Floats = npt.NDArray[np.float32]
_Real = npt.NDArray[np.floating[Any]]

FLOOR = 1e-10  # the least power there is: -100 dB
EVEN = 0.1  # RMS of an evened wave: -20 dB below full scale
SOFTEST = 1e-4  # RMS below which a wave is not made louder any more: what is left is noise
STEEPNESS = 10_000.0  # of a level: power is told from silence from about a ten-thousandth on
_LINEAR_STEP, _BEND_HERTZ = 200 / 3, 1000.0
_BEND = _BEND_HERTZ / _LINEAR_STEP  # in mel
_LOG_STEP = np.log(6.4) / 27
_AT_ONCE = 2**17  # samples of all frames whose spectra are held at a time: they stay near the core
_BLOCK = 16  # bands that are summed at a time, over none but the lines that they hear
_SILENT = 35.0  # dB below the loudest frame, from which on there is silence
_WIDE, _STEP = 2048, 512  # samples, in which silence is looked for
_CROSSED = 1e-10  # what lies nearer to zero is zero, as librosa has it


@dataclass(frozen=True, slots=True)
class Mel:
    """A definition of log-mel spectrograms.

    Parameters: rate, samples a second; window, samples of a frame (even); hop, samples from one frame to the next;
    bands, from 0 Hz to half the rate. A band that would fall between two spectral lines is given some: the transform
    (`fft`) is then longer than the window, which stands amid zeros.
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

    @property
    def fft(self) -> int:
        """Samples of the Fourier transform: the least power of two, not below the window, that leaves no band empty."""
        return _transform(self.rate, self.window, self.bands)

    def frames(self, samples: int) -> int:
        """How many frames a wave of so many samples gives."""
        return 1 + samples // self.hop


def scales(rate: int) -> tuple[Mel, ...]:
    """The four definitions of networks that listen at several scales: windows of 512 to 4096, hop 256, 96 bands.

    Parameters: rate, samples a second.
    Returns: definitions, the shortest window first; their frames are as many and stand at the same times.
    """
    return tuple(Mel(rate=rate, window=window, hop=256, bands=96) for window in (512, 1024, 2048, 4096))


FRAMES = Mel(rate=22_050, window=2048, hop=2048, bands=128)  # 10.77 frames a second
LOOPS = Mel(rate=16_000, window=2048, hop=1000, bands=64)  # 128 frames in eight seconds, and one at their end
SCALES = scales(16_000)  # 62.5 frames a second


def decibels(wave: npt.ArrayLike, mel: Mel) -> Floats:
    """The log-mel spectrogram of a wave at the definition's own rate.

    Parameters: wave (samples,), one or more, in -1..1.
    Returns: (frames, bands) in dB, -100 at the least.
    Raises: UsageError, the wave has another shape, no samples, or some that are no finite numbers.
    """
    powers = _powers(_checked(wave, np.float64), mel)
    return np.asarray(10 * np.log10(np.maximum(FLOOR, powers)), np.float32)


def levels(wave: npt.ArrayLike, mel: Mel) -> Floats:
    """The compressed mel spectrogram of a wave at the definition's own rate: log10(1 + 10,000 power).

    Computed in float32, for speed: beside `decibels` of the same wave it is off by 1e-4 at most.
    Parameters: wave (samples,), one or more, in -1..1.
    Returns: (frames, bands), 0 in silence; a tone at full scale reaches about 6.7 (window 512) to 8.7 (4096).
    Raises: UsageError, as `decibels`.
    """
    powers = _powers(_checked(wave, np.float32), mel)
    powers *= np.float32(STEEPNESS)
    powers += np.float32(1)  # log1p is no better here, and slower
    return np.asarray(np.log10(powers, out=powers), np.float32)


def evened(wave: npt.ArrayLike) -> tuple[Floats, float]:
    """A wave as loud as all others, and how loud it was.

    Voices are recorded at any level; levels of what is soft would drown in the constant of their logarithm.
    Parameters: wave (samples,), one or more, in -1..1.
    Returns: the wave at an RMS of 0.1 (below -80 dB, 60 dB louder and no more), and its own RMS in dB of full scale,
    -80 at the least.
    Raises: UsageError, as `decibels`.
    """
    samples = _checked(wave, np.float32)
    rms = max(SOFTEST, float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))))
    return np.asarray(samples * np.float32(EVEN / rms), np.float32), float(20 * np.log10(rms))


def voiced(wave: Floats) -> Floats:
    """A wave (samples,) from the first to the last frame that is less than 35 dB below the loudest; all of silence."""
    count = 1 + max(0, len(wave) - _WIDE) // _STEP
    rows = np.lib.stride_tricks.sliding_window_view(np.pad(wave, (0, max(0, _WIDE - len(wave)))), _WIDE)[::_STEP]
    power = np.square(rows[:count], dtype=np.float64).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (-_SILENT / 10))
    return wave[loud[0] * _STEP : loud[-1] * _STEP + _WIDE] if len(loud) else wave


def descriptors(wave: npt.ArrayLike, mel: Mel) -> Floats:
    """Three numbers about each frame of a wave, as librosa defines them.

    Zero-crossing rate, crossings / window: neighbouring samples of a frame with different signs, where what is nearer
    to zero than 1e-10 is positive. RMS, sqrt(sum of squares / window), without Hann's window. Spectral centroid, sum(f
    |X(f)|) / sum |X(f)| over the lines f of the window's spectrum X.

    Parameters: wave (samples,), one or more, in -1..1.
    Returns: (frames, 3): rate in 0..1, RMS in 0..1, centroid in Hz, 0 in silence.
    Raises: UsageError, as `decibels`.
    """
    samples = _checked(wave, np.float32)
    columns = (_crossings(samples, mel) / mel.window, _rms(samples, mel), _centroid(samples, mel))
    return np.stack(columns, axis=1).astype(np.float32)


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


@lru_cache(maxsize=16)
def filters(mel: Mel) -> npt.NDArray[np.float64]:
    """The weights (bands, fft / 2 + 1) of each spectral line in each band; not to be written to."""
    lines = np.arange(mel.fft // 2 + 1) * mel.rate / mel.fft
    edges = _edges(mel.rate, mel.bands)
    below, middle, above = (edges[i : i + mel.bands, None] for i in range(3))
    triangles = np.minimum((lines - below) / (middle - below), (above - lines) / (above - middle))
    weights: npt.NDArray[np.float64] = np.maximum(0.0, triangles) * 2 / (above - below)
    weights.flags.writeable = False
    return weights


@lru_cache(maxsize=16)
def _transform(rate: int, window: int, bands: int) -> int:
    """The length of the Fourier transform, as `Mel.fft` says."""
    edges, fft = _edges(rate, bands), 1 << (window - 1).bit_length()
    below, above = edges[:-2], edges[2:]
    while (np.floor(below * fft / rate + 1) * rate / fft >= above).any():  # the first line in a band is beyond it
        fft *= 2
    return fft


@lru_cache(maxsize=16)
def _blocks(mel: Mel, kind: np.dtype[Any]) -> tuple[tuple[slice, _Real], ...]:
    """The filters of neighbouring bands: which lines they hear, and the weights (lines, bands) of these."""
    found = []
    for first in range(0, mel.bands, _BLOCK):
        weights = filters(mel)[first : first + _BLOCK]
        begin, end = np.flatnonzero(weights.any(0))[[0, -1]] + [0, 1]
        found.append((slice(begin, end), np.ascontiguousarray(weights[:, begin:end].T, kind)))
    return tuple(found)


def _checked(wave: npt.ArrayLike, kind: type[np.floating[Any]]) -> _Real:
    """A wave as numbers of a kind. Raises: UsageError, as `decibels`."""
    samples = np.asarray(wave, kind)
    if samples.ndim != 1 or not len(samples) or not np.isfinite(samples).all():
        raise UsageError(f"a wave must be (samples,) of finite numbers, one at least; got shape {samples.shape}")
    return samples


def _frames(samples: _Real, mel: Mel) -> Iterator[_Real]:
    """The frames (n, window) of a wave, some at a time; a view, not to be written to."""
    padded = np.pad(samples, mel.window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, mel.window)[:: mel.hop][: mel.frames(len(samples))]
    step = max(1, _AT_ONCE // mel.fft)
    return (frames[start : start + step] for start in range(0, len(frames), step))


def _lines(samples: _Real, mel: Mel) -> Iterator[_Real]:
    """Power (n, fft / 2 + 1) of the spectral lines of frames, some at a time."""
    hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(mel.window) / mel.window)).astype(samples.dtype)
    for frames in _frames(samples, mel):
        spectra = np.fft.rfft(frames * hann, mel.fft)  # the zeros may all stand behind: only phases tell the difference
        yield spectra.real**2 + spectra.imag**2


def _powers(samples: _Real, mel: Mel) -> _Real:
    """Power (frames, bands) of a wave, in its own precision."""
    blocks = _blocks(mel, samples.dtype)
    parts = [
        np.concatenate([some[:, heard] @ weights for heard, weights in blocks], 1) for some in _lines(samples, mel)
    ]
    return np.concatenate(parts)


def _crossings(samples: _Real, mel: Mel) -> npt.NDArray[np.int64]:
    """How often each frame (frames,) crosses zero. What stands around the wave goes on as it began and ends."""
    below = samples < -_CROSSED
    until = np.cumsum(np.concatenate([[False], below[1:] != below[:-1]]))  # crossings up to a sample
    begins = np.arange(mel.frames(len(samples))) * mel.hop - mel.window // 2
    first, last = (np.clip(begins + offset, 0, len(samples) - 1) for offset in (0, mel.window - 1))
    return np.asarray(until[last] - until[first], np.int64)


def _rms(samples: _Real, mel: Mel) -> _Real:
    """Root mean square (frames,) of a wave."""
    sums = [np.einsum("fs,fs->f", frames, frames) for frames in _frames(samples, mel)]
    return np.asarray(np.sqrt(np.concatenate(sums) / mel.window))


def _centroid(samples: _Real, mel: Mel) -> _Real:
    """Spectral centroid (frames,) in Hz of a wave."""
    hertz = (np.arange(mel.fft // 2 + 1) * mel.rate / mel.fft).astype(samples.dtype)
    both = np.stack([hertz, np.ones_like(hertz)], axis=1)
    moment, total = np.concatenate([np.sqrt(power) @ both for power in _lines(samples, mel)]).T
    return np.asarray(np.divide(moment, total, out=np.zeros_like(moment), where=total > 0))


def _edges(rate: int, bands: int) -> npt.NDArray[np.float64]:
    """The frequencies (bands + 2,) in Hz at which triangles begin, peak and end."""
    return _hertz(np.linspace(0.0, _mels(rate / 2), bands + 2))


def _mels(hertz: float) -> float:
    if hertz < _BEND_HERTZ:
        return hertz / _LINEAR_STEP
    return float(_BEND + np.log(hertz / _BEND_HERTZ) / _LOG_STEP)


def _hertz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    bent = _BEND_HERTZ * np.exp(_LOG_STEP * (mels - _BEND))
    return np.asarray(np.where(mels < _BEND, mels * _LINEAR_STEP, bent))
