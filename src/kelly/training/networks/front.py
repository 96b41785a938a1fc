"""Front: from waves to the levels that networks hear, inside the network, so that its export takes waves.

Conventions: waves are (batch, samples) in -1..1 at the rate of the definitions; levels are (batch, frames, bands), the
numbers of `kelly.sound.features.levels` to 1e-4, in float32 whatever precision the network around it has. Nothing here
is learned: all follows from the definitions. Four scales at 16 kHz take about 3 MB for each second heard at once, so
long sounds come in parts; on a GPU, products rounded to TF32 would blur what is soft.

The Fourier transform is that of Cooley and Tukey (1965) in two matrix products. With N = N1 N2 samples, n = N2 n1 + n2
and k = k1 + N1 k2,

    Y[n2, k1] = sum over n1 of hann[n] x[n] w(N, n k1)        one small matrix (n1 to k1) for each n2
    X[k1, k2] = sum over n2 of Y[n2, k1] w(N2, n2 k2)         the same for every k1

where w(N, m) = exp(-2 pi i m / N). A real wave's k1 above N1 / 2 mirror those below. Every product stands with time as
its last axis, so that nothing is transposed but the wave. The small matrices of all n2 are put together in the graph,
by the sum formulas of cosine and sine, from a table for n1 and one for n2: they would be most of an export, and
onnxruntime does it once, when it loads one. Lines come out with k2 in the order in which they rise, and
each group of bands is summed over its own stretch of them. In onnxruntime this is several times as fast as the
operator STFT, as a convolution with the frame's kernels and as one product with the whole transform's matrix
(benchmarks/features).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from kelly.errors import UsageError
from kelly.sound.features import SCALES, STEEPNESS, Mel, filters

__all__ = ["Front", "Scale"]

_GROUP = 16  # bands that are summed at a time

_Floats = npt.NDArray[np.float64]


class Front(nn.Module):
    """Waves to the levels of several definitions.

    Parameters: mels, definitions of one rate.
    Raises: UsageError, their rates differ, or as `Scale`.
    """

    def __init__(self, mels: Sequence[Mel] = SCALES) -> None:
        super().__init__()
        if len({mel.rate for mel in mels}) != 1:
            raise UsageError(f"a front hears waves of one rate; got definitions {mels}")
        self.scales = nn.ModuleList(map(Scale, mels))

    def forward(self, waves: Tensor) -> tuple[Tensor, ...]:
        """Levels of each definition, (batch, frames, bands), of waves (batch, samples)."""
        with torch.autocast(waves.device.type, enabled=False):
            return tuple(scale(waves) for scale in self.scales)


class Scale(nn.Module):
    """Waves to the levels of one definition.

    Parameters: mel, whose hop divides the window, and is a multiple of N2 (of 16 for a window of 512, of 64 for 4096).
    Raises: UsageError, it is not.
    """

    def __init__(self, mel: Mel) -> None:
        super().__init__()
        self.mel = mel
        inner, self.outer = _factors(mel.fft)
        if mel.window % mel.hop or mel.hop % self.outer:
            raise UsageError(f"the hop must divide the window and be a multiple of {self.outer}; got {mel}")
        self.lines = self.outer * (inner // 2 + 1)
        self.inner: Tensor
        self.between: Tensor
        self.hann: Tensor
        self.second: Tensor
        for name, values in zip(("inner", "between", "hann"), _first(mel), strict=True):
            self.register_buffer(name, torch.from_numpy(values))  # doubles: what is soft is told apart
        self._keep("second", _second(self.outer))
        self.spans = []
        for group, (begin, end, weights) in enumerate(_groups(mel)):
            self.spans.append((begin, end))
            self._keep(f"bands{group}", weights)

    def forward(self, waves: Tensor) -> Tensor:
        """Levels (batch, frames, bands) of waves (batch, samples)."""
        inner = self.first() @ self._frames(waves)  # (batch, N2, real and imaginary parts of k1, frames)
        spectra = self.second @ inner.reshape(waves.shape[0], 2 * self.outer, -1)
        real, imaginary = torch.chunk(spectra * spectra, 2, 1)
        lines = (real + imaginary).reshape(waves.shape[0], self.lines, -1)
        weights = (self.get_buffer(f"bands{group}") for group in range(len(self.spans)))
        sums = [each @ lines[:, begin:end] for each, (begin, end) in zip(weights, self.spans, strict=True)]
        return torch.log10(1 + STEEPNESS * torch.cat(sums, 1)).transpose(1, 2)

    def first(self) -> Tensor:
        """The matrices (N2, real and imaginary parts of k1, n1), with Hann's window."""
        cosine, sine, cosines, sines = (
            self.inner[0],
            self.inner[1],
            self.between[0, ..., None],
            self.between[1, ..., None],
        )
        parts = [cosine * cosines - sine * sines, -(sine * cosines + cosine * sines)]
        return (torch.cat(parts, 1) * self.hann).float()

    def _frames(self, waves: Tensor) -> Tensor:
        """Frames (batch, N2, n1, frames) of waves, put together from blocks of a hop."""
        hop, many = self.mel.hop, self.mel.window // self.mel.hop
        padded = nn.functional.pad(waves.float(), (self.mel.window // 2, self.mel.window // 2))
        whole = padded[:, : padded.shape[1] // hop * hop]
        blocks = whole.reshape(waves.shape[0], -1, hop // self.outer, self.outer)
        blocks = blocks.permute(0, 3, 2, 1)
        return torch.cat([blocks[..., start : start - many + 1 or None] for start in range(many)], 2)

    def _keep(self, name: str, values: _Floats) -> None:
        self.register_buffer(name, torch.from_numpy(values.astype(np.float32)))


def _factors(length: int) -> tuple[int, int]:
    """N1 and N2 of a power of two: alike, or N1 twice N2 (measured: the fastest)."""
    inner = 1 << length.bit_length() // 2
    return inner, length // inner


def _turns(length: int, products: npt.NDArray[np.int64]) -> tuple[_Floats, _Floats]:
    """Real and imaginary part of exp(-2 pi i product / length); the products' whole turns are taken off first."""
    angles = 2 * np.pi * (products % length) / length
    return np.cos(angles), -np.sin(angles)


def _first(mel: Mel) -> tuple[_Floats, _Floats, _Floats]:
    """What the first matrices are made of, each the cosine and the sine of turns.

    Returns: of k1 n1 / N1, (2, k1, n1); of k1 n2 / N, (2, N2, k1); and Hann's window, (N2, 1, n1).
    """
    inner, outer = _factors(mel.fft)
    lines, first, second = np.arange(inner // 2 + 1), np.arange(mel.window // outer), np.arange(outer)
    told = [(inner, lines[:, None] * first), (mel.fft, second[:, None] * lines)]
    turns = [np.stack([real, -imaginary]) for real, imaginary in (_turns(*one) for one in told)]
    samples = first * outer + second[:, None]
    return turns[0], turns[1], (0.5 - 0.5 * np.cos(2 * np.pi * samples / mel.window))[:, None]


def _order(outer: int) -> npt.NDArray[np.int64]:
    """Every k2, so that lines rise: 0, the last (whose lines mirror those up to N1), 1, the last but one, and so on."""
    half = np.arange(outer // 2)
    return np.stack([half, outer - 1 - half], axis=1).ravel()


def _second(outer: int) -> _Floats:
    """The matrix (real, then imaginary parts of k2; n2 with real and imaginary parts)."""
    real, imaginary = _turns(outer, _order(outer)[:, None] * np.arange(outer))
    rows = np.stack([np.stack([real, -imaginary], -1), np.stack([imaginary, real], -1)])
    return rows.reshape(2 * outer, 2 * outer)


def _groups(mel: Mel) -> list[tuple[int, int, _Floats]]:
    """Of neighbouring bands: the stretch of lines they hear, and the weights (bands, lines) of these."""
    inner, outer = _factors(mel.fft)
    lines = (_order(outer)[:, None] * inner + np.arange(inner // 2 + 1)).ravel()
    lines = np.minimum(lines, mel.fft - lines)
    known = np.unique(lines, return_index=True)[1]  # k1 = 0 and N1 / 2 come with their own mirror images
    weights = np.zeros((mel.bands, len(lines)))
    weights[:, known] = filters(mel)
    found = []
    for group in range(0, mel.bands, _GROUP):
        bands = weights[group : group + _GROUP]
        begin, end = np.flatnonzero(bands.any(0))[[0, -1]] + [0, 1]
        found.append((int(begin), int(end), bands[:, begin:end]))
    return found
