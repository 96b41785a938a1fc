"""Augmenting: chance changes of sounds and of their spectrograms, so that a network learns what does not matter.

Conventions: waves are float32 (samples,) at a rate in frames a second, in about -1..1; every change gives a new wave of
the same length and kind (`crop`, `speed` and `stretched` change the length) and takes its chance from the generator it
is handed. A single change may leave -1..1; `augment` does not: it scales a wave that is louder down to a peak of 1, so
nothing is clipped. Spectrograms are torch tensors (batch, ..., frames, bands), changed in batches. With its defaults an
`Augmentation` changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.signal
import soxr
import torch
from numpy.random import Generator
from pydantic import ConfigDict
from torch import Tensor

from kelly.errors import UsageError
from kelly.sound.filtering import Wave

__all__ = [
    "Augmentation",
    "augment",
    "crop",
    "delay",
    "gain",
    "highpass",
    "lowpass",
    "mixup",
    "noise",
    "pitch",
    "polarity",
    "reverb",
    "spec_augment",
    "speed",
    "stretched",
]

Range = tuple[float, float]

ORDER = 2  # of the Butterworth filters: 12 dB an octave
HIGHEST = 0.45  # of the rate: no cutoff is set higher
_WINDOW, _HOPS = 0.064, 4  # of the phase vocoder: seconds, some periods of a low voice, and hops in them
_QUIETEST = 1e-2  # of the wave: echoes below that are left out
_LIMITS: Mapping[str, Range] = {
    "speed_factor": (0.5, 2.0),
    "pitch_semitones": (-12.0, 12.0),
    "reverb_seconds": (0.05, 5.0),
    "reverb_wet": (0.0, 1.0),
    "delay_seconds": (0.001, 2.0),
    "delay_gain": (0.0, 0.9),
    "noise_db": (-20.0, 100.0),
    "highpass_hertz": (1.0, 20_000.0),
    "lowpass_hertz": (100.0, 96_000.0),
    "gain_db": (-60.0, 60.0),
}


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How likely each change is, and how far it may go; what is drawn lies evenly in its range, cutoffs in octaves.

    Parameters
    ----------
    seconds : of a random crop; 0 leaves the length as it is.
    speed, speed_factor : chance of playing faster or slower, pitch and all, and by how much.
    pitch, pitch_semitones : chance of a shift of pitch that leaves the tempo, and how far.
    reverb, reverb_seconds, reverb_wet : chance of a room, seconds until it has fallen by 60 dB, share of its sound.
    delay, delay_seconds, delay_gain : chance of echoes, time between them, each to the one before.
    noise, noise_db, pink : chance of noise, its signal-to-noise ratio, and how often it is pink (else white).
    highpass, highpass_hertz, lowpass, lowpass_hertz : chance of each filter, and its cutoff.
    gain, gain_db : chance of another level, and how much louder.
    polarity : chance of the wave upside down.
    masks, mask_bands, mask_frames : masks of each kind in a spectrogram, and the most bands and frames of one.
    mixup : alpha of the Beta distribution from which shares are drawn; 0 mixes nothing.

    Raises
    ------
    UsageError : a chance does not lie in 0..1, or a range is none or goes too far.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    seconds: float = 0.0
    speed: float = 0.0
    speed_factor: Range = (0.9, 1.1)
    pitch: float = 0.0
    pitch_semitones: Range = (-2.0, 2.0)
    reverb: float = 0.0
    reverb_seconds: Range = (0.1, 0.8)
    reverb_wet: Range = (0.05, 0.4)
    delay: float = 0.0
    delay_seconds: Range = (0.05, 0.4)
    delay_gain: Range = (0.1, 0.4)
    noise: float = 0.0
    noise_db: Range = (10.0, 40.0)
    pink: float = 0.5
    highpass: float = 0.0
    highpass_hertz: Range = (30.0, 300.0)
    lowpass: float = 0.0
    lowpass_hertz: Range = (2_500.0, 7_000.0)
    gain: float = 0.0
    gain_db: Range = (-12.0, 6.0)
    polarity: float = 0.0
    masks: int = 0
    mask_bands: int = 12
    mask_frames: int = 24
    mixup: float = 0.0

    @property
    def changes_sounds(self) -> bool:
        """Whether chance changes any sound by itself; mixing, which needs two, is not meant."""
        return any(getattr(self, name) for name in ("seconds", "speed", "masks", *_CHAIN))

    def __post_init__(self) -> None:
        """Check what would only be found out later."""
        for name in ("pink", *_CHAIN, "speed"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} must be a chance in 0..1; got {getattr(self, name)}")
        for name, (low, high) in _LIMITS.items():
            least, most = getattr(self, name)
            if not low <= least <= most <= high:
                raise UsageError(f"{name} must be a range within {low:g}..{high:g}; got {least:g}..{most:g}")
        for name in ("seconds", "masks", "mask_bands", "mask_frames", "mixup"):
            if not 0 <= getattr(self, name) < math.inf:
                raise UsageError(f"{name} must be 0 or more; got {getattr(self, name)}")


def augment(wave: Wave, rate: int, settings: Augmentation, rng: Generator) -> Wave:
    """A wave with the changes that chance chooses: crop and speed, pitch, room, noise, filters, level, polarity.

    Parameters: wave (samples,) of finite numbers; rate; settings; rng.
    Returns: a new wave within -1..1, as long as `settings.seconds`; if that is 0, as the wave at its speed.
    """
    factor = rng.uniform(*settings.speed_factor) if settings.speed and rng.random() < settings.speed else 1.0
    samples = round(settings.seconds * rate)
    if samples:
        wave = crop(wave, math.ceil(samples * factor), rng)
    wave = _fitted(speed(wave, factor), samples) if samples else speed(wave, factor)
    for name, change in _CHAIN.items():
        chance = getattr(settings, name)
        if chance and rng.random() < chance:
            wave = change(wave, rate, settings, rng)
    peak = np.abs(wave).max(initial=1.0)
    return np.asarray(wave / peak, np.float32)


def crop(wave: Wave, samples: int, rng: Generator) -> Wave:
    """A stretch of a wave that begins anywhere; a shorter wave stands anywhere between zeros.

    Raises: UsageError, samples is not 1 or more.
    """
    if samples < 1:
        raise UsageError(f"a crop must have 1 sample or more; got {samples}")
    spare = len(wave) - samples
    start = int(rng.integers(abs(spare) + 1))
    if spare >= 0:
        return wave[start : start + samples].copy()
    return np.pad(wave, (start, -spare - start))


def polarity(wave: Wave) -> Wave:
    """The wave upside down, which nobody hears."""
    return -wave


def gain(wave: Wave, decibels: float) -> Wave:
    """The wave louder by some dB."""
    return wave * np.float32(10 ** (decibels / 20))


def noise(wave: Wave, decibels: float, rng: Generator, *, pink: bool = False) -> Wave:
    """The wave with Gaussian noise under it.

    Parameters: wave; decibels, power of the wave over that of the noise; rng; pink, the noise falls by 3 dB an octave,
    else it is white. A silent wave stays silent.
    """
    hiss = rng.standard_normal(len(wave), np.float32)
    if pink:
        hiss = _pink(hiss)
    return wave + hiss * np.float32(_rms(wave) / max(_rms(hiss), 1e-12) * 10 ** (-decibels / 20))


def highpass(wave: Wave, rate: int, hertz: float) -> Wave:
    """The wave through a Butterworth high-pass of `ORDER`; the cutoff is kept below `HIGHEST` of the rate."""
    return _filtered(wave, rate, hertz, "highpass")


def lowpass(wave: Wave, rate: int, hertz: float) -> Wave:
    """The wave through a Butterworth low-pass of `ORDER`; the cutoff is kept below `HIGHEST` of the rate."""
    return _filtered(wave, rate, hertz, "lowpass")


def delay(wave: Wave, rate: int, seconds: float, level: float) -> Wave:
    """The wave with echoes of itself, each `seconds` after the one before and `level` (0..1) times as loud."""
    out, step = wave.copy(), max(1, round(seconds * rate))
    for count in range(1, _echoes(level) + 1):
        if count * step < len(wave):
            out[count * step :] += wave[: -count * step] * np.float32(level**count)
    return out


def speed(wave: Wave, factor: float) -> Wave:
    """The wave played `factor` times as fast, its pitch with it: 1 / `factor` as long, rounded up."""
    return _fitted(_resampled(wave, factor), math.ceil(len(wave) / factor)) if factor != 1 else wave.copy()


def pitch(wave: Wave, rate: int, semitones: float) -> Wave:
    """The wave higher by some semitones, its tempo unchanged: stretched in time, then resampled."""
    factor = 2 ** (semitones / 12)
    return _fitted(_resampled(stretched(wave, rate, factor), factor), len(wave))


def stretched(wave: Wave, rate: int, factor: float) -> Wave:
    """The wave `factor` times as long, its pitch unchanged, by a phase vocoder.

    Frames are taken from the wave in steps of hop / factor and put together in steps of the hop; each spectral line
    turns on by what it turned over a hop in the wave (Flanagan and Golden, Bell System Technical Journal 45, 1966).
    """
    size = max(2 * _HOPS, 2 ** round(math.log2(_WINDOW * rate)))
    hop = size // _HOPS
    count = math.ceil(len(wave) * factor / hop) + 1
    starts = np.minimum((np.arange(count) * (hop / factor)).astype(np.intp), len(wave))
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(wave, (size // 2 + hop, size)), size)
    window = np.asarray(scipy.signal.get_window("hann", size), np.float32)
    spectra = scipy.fft.rfft(frames[starts + hop] * window)
    turns = spectra[1:] * np.conj(scipy.fft.rfft(frames[starts[1:]] * window))
    phases = np.angle(spectra[0]) + np.cumsum(np.angle(turns), axis=0, dtype=np.float64)
    phases %= 2 * np.pi  # what float32 holds well
    spectra[1:] = np.abs(spectra[1:]) * np.exp(1j * phases.astype(np.float32))
    return _overlapped(scipy.fft.irfft(spectra, size) * window, hop)[: round(len(wave) * factor)]


def reverb(wave: Wave, rate: int, seconds: float, wet: float, rng: Generator) -> Wave:
    """The wave in a room: convolved with noise that dies away.

    Parameters: wave; rate; seconds, until the room has fallen by 60 dB; wet, its share 0..1 of what comes out; rng.
    """
    size = max(1, round(seconds * rate))
    answer = rng.standard_normal(size, np.float32) * np.logspace(0, -3, size, dtype=np.float32)
    answer /= np.sqrt(np.square(answer).sum())
    room = scipy.signal.oaconvolve(wave, answer)[: len(wave)] if len(wave) else wave
    return np.asarray((1 - wet) * wave + wet * room, np.float32)


def spec_augment(spectra: Tensor, rng: Generator, *, masks: int = 2, bands: int = 12, frames: int = 24) -> Tensor:
    """Spectrograms with some of their bands and some of their frames hidden (Park et al., Interspeech 2019).

    Parameters: spectra (batch, ..., frames, bands); rng; masks of each kind, drawn for each item, all that stands
    between batch and frames (scales) sharing them; bands and frames, the most that a mask hides, 0 to it being equally
    likely. What is hidden gets the mean of its spectrogram.
    Returns: a new tensor of the same shape.
    """
    batch, *_, height, width = spectra.shape
    hidden = _hidden(batch, height, masks, frames, rng)[:, :, None] | _hidden(batch, width, masks, bands, rng)[:, None]
    shape = (batch, *(1 for _ in range(spectra.ndim - 3)), height, width)
    where = torch.from_numpy(hidden.reshape(shape)).to(spectra.device)
    return torch.where(where, spectra.mean((-2, -1), keepdim=True), spectra)


def mixup(tensors: Sequence[Tensor], alpha: float, rng: Generator, kinds: Tensor | None = None) -> list[Tensor]:
    """Every item mixed with another of its batch (Zhang et al., ICLR 2018).

    Parameters: tensors, each (batch, ...) of floats: waves or spectrograms, and with them probabilities of classes or
    numbers such as valence; alpha of the Beta distribution, 0 to mix nothing; rng; kinds (batch,), of items that are
    mixed with their like alone (None: with any).
    Returns: share * item + (1 - share) * other, of all tensors alike; the share is .5 or more, so that an item stays
    what it mostly is. What is NaN (not known) in one of both is NaN.
    Raises: UsageError, there are whole numbers, which cannot be mixed.
    """
    for tensor in tensors:
        if not tensor.is_floating_point():
            raise UsageError(f"only floats, such as probabilities, can be mixed; got {tensor.dtype}")
    if not alpha or not tensors:
        return list(tensors)
    count = len(tensors[0])
    drawn = rng.beta(alpha, alpha, count).astype(np.float32)
    shares = torch.from_numpy(np.maximum(drawn, 1 - drawn))
    others = np.arange(count)
    for rows in _alike(kinds, count):
        others[rows] = rng.permutation(rows)
    return [_mixed(tensor, shares, torch.from_numpy(others)) for tensor in tensors]


def _alike(kinds: Tensor | None, count: int) -> list[npt.NDArray[np.int64]]:
    """The rows of each kind."""
    if kinds is None:
        return [np.arange(count)]
    known = kinds.cpu().numpy()
    return [np.flatnonzero(known == kind) for kind in np.unique(known)]


def _mixed(values: Tensor, shares: Tensor, others: Tensor) -> Tensor:
    weights = shares.to(values).reshape(-1, *(1 for _ in range(values.ndim - 1)))
    return weights * values + (1 - weights) * values[others.to(values.device)]


def _hidden(batch: int, size: int, masks: int, most: int, rng: Generator) -> npt.NDArray[np.bool_]:
    """Which of `size` rows some masks hide, (batch, size)."""
    widths = rng.integers(min(most, size) + 1, size=(batch, masks, 1))
    starts = rng.integers(size - widths + 1)
    places = np.arange(size)
    return np.asarray(((places >= starts) & (places < starts + widths)).any(axis=1))


def _fitted(wave: Wave, samples: int) -> Wave:
    """The wave cut off, or followed by zeros, to a length."""
    return wave[:samples] if len(wave) >= samples else np.pad(wave, (0, samples - len(wave)))


def _resampled(wave: Wave, factor: float) -> Wave:
    return np.asarray(soxr.resample(wave, factor, 1.0, quality="MQ"), np.float32)


def _rms(wave: Wave) -> float:
    return math.sqrt(np.square(wave, dtype=np.float64).mean()) if len(wave) else 0.0


def _pink(white: Wave) -> Wave:
    """White noise made to fall by 3 dB an octave, nothing at 0 Hz."""
    size = scipy.fft.next_fast_len(max(2, len(white)), real=True)
    tilt = np.zeros(size // 2 + 1, np.float32)
    tilt[1:] = 1 / np.sqrt(np.arange(1, len(tilt), dtype=np.float32))
    return np.asarray(scipy.fft.irfft(scipy.fft.rfft(white, size) * tilt, size)[: len(white)], np.float32)


def _filtered(wave: Wave, rate: int, hertz: float, kind: str) -> Wave:
    sections = scipy.signal.butter(ORDER, min(hertz, HIGHEST * rate), kind, fs=rate, output="sos")
    return np.asarray(scipy.signal.sosfilt(sections, wave.astype(np.float64)), np.float32)


def _echoes(level: float) -> int:
    """How many echoes are loud enough to be made."""
    return math.floor(math.log(_QUIETEST) / math.log(level)) if level > _QUIETEST else 0


def _overlapped(frames: Wave, hop: int) -> Wave:
    """Frames (n, window), windowed twice, added hop by hop; what lies before the middle of the first is cut off."""
    blocks = np.zeros((len(frames) + _HOPS - 1, hop), np.float32)
    for place in range(_HOPS):
        blocks[place : place + len(frames)] += frames[:, place * hop : (place + 1) * hop]
    return blocks.reshape(-1)[_HOPS // 2 * hop :] / np.float32(1.5)  # what four squared Hann windows sum to


def _drawn(span: Range, rng: Generator) -> float:
    return float(rng.uniform(*span))


def _cutoff(span: Range, rng: Generator) -> float:
    return float(np.exp(rng.uniform(*np.log(span))))


_Change = Callable[[Wave, int, Augmentation, Generator], Wave]
# In the order in which a sound meets them: its source, the room, the microphone, the line, the recorder.
_CHAIN: Mapping[str, _Change] = {
    "pitch": lambda wave, rate, s, rng: pitch(wave, rate, _drawn(s.pitch_semitones, rng)),
    "reverb": lambda wave, rate, s, rng: reverb(
        wave, rate, _drawn(s.reverb_seconds, rng), _drawn(s.reverb_wet, rng), rng
    ),
    "delay": lambda wave, rate, s, rng: delay(wave, rate, _drawn(s.delay_seconds, rng), _drawn(s.delay_gain, rng)),
    "noise": lambda wave, _, s, rng: noise(wave, _drawn(s.noise_db, rng), rng, pink=rng.random() < s.pink),
    "highpass": lambda wave, rate, s, rng: highpass(wave, rate, _cutoff(s.highpass_hertz, rng)),
    "lowpass": lambda wave, rate, s, rng: lowpass(wave, rate, _cutoff(s.lowpass_hertz, rng)),
    "gain": lambda wave, _, s, rng: gain(wave, _drawn(s.gain_db, rng)),
    "polarity": lambda wave, *_: polarity(wave),
}
