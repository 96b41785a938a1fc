"""Fronts: four ways to a level inside a network's graph, as sessions of onnxruntime in one thread.

Conventions: each way is a torch module from waves (batch, samples) to levels (batch, frames, bands) of one definition,
exported by the same exporter at opset 20: the products of Cooley and Tukey, as Kelly ships them; ONNX's operator STFT;
a convolution whose kernels are the windowed lines; and frames times the whole transform's matrix.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from kelly.sound.features import STEEPNESS, Mel, filters
from kelly.training.networks.front import Front, Scale

__all__ = ["WAYS", "session"]


class Plain(nn.Module):
    """What the ways that are not Kelly's share: waves between zeros, and levels of their lines."""

    def __init__(self, mel: Mel) -> None:
        super().__init__()
        self.mel = mel
        self.register_buffer("bands", torch.from_numpy(filters(mel).T.astype(np.float32)))
        self.register_buffer("hann", torch.hann_window(mel.window))
        lines = torch.arange(mel.fft // 2 + 1) * torch.arange(mel.window)[:, None] % mel.fft
        angles = 2 * torch.pi * lines.double() / mel.fft
        turns = torch.cat([torch.cos(angles), torch.sin(angles)], 1)
        self.register_buffer("turns", (torch.hann_window(mel.window, dtype=torch.float64)[:, None] * turns).float())

    def padded(self, waves: Tensor) -> Tensor:
        """Waves (batch, samples + window) between zeros."""
        return nn.functional.pad(waves, (self.mel.window // 2, self.mel.window // 2))

    def levels(self, parts: Tensor) -> Tensor:
        """Levels of the real and imaginary parts (batch, frames, 2 lines) of spectra."""
        real, imaginary = torch.chunk(parts * parts, 2, 2)
        return torch.log10(1 + STEEPNESS * ((real + imaginary) @ self.bands))


class Operator(Plain):
    """ONNX's STFT."""

    def forward(self, waves: Tensor) -> Tensor:
        """Levels of waves."""
        mel = self.mel
        spectra = torch.stft(
            self.padded(waves), mel.fft, mel.hop, mel.window, self.hann, center=False, return_complex=True
        )
        parts = torch.view_as_real(spectra).permute(0, 2, 3, 1)
        return self.levels(parts.flatten(2))


class Convolution(Plain):
    """A convolution over the wave."""

    def forward(self, waves: Tensor) -> Tensor:
        """Levels of waves."""
        parts = nn.functional.conv1d(self.padded(waves)[:, None], self.turns.T[:, None], stride=self.mel.hop)
        return self.levels(parts.transpose(1, 2))


class Product(Plain):
    """Frames, put together from blocks of a hop, times one matrix."""

    def forward(self, waves: Tensor) -> Tensor:
        """Levels of waves."""
        hop, many = self.mel.hop, self.mel.window // self.mel.hop
        padded = self.padded(waves)
        blocks = padded[:, : padded.shape[1] // hop * hop].reshape(waves.shape[0], -1, hop)
        frames = torch.cat([blocks[:, start : start - many + 1 or None] for start in range(many)], 2)
        return self.levels(frames @ self.turns)


WAYS: dict[str, Callable[[Mel], nn.Module]] = {
    "two products": Scale,
    "operator STFT": Operator,
    "convolution": Convolution,
    "one product": Product,
}


def session(front: Front | nn.Module) -> onnxruntime.InferenceSession:
    """A module's graph, ready to be run in one thread: input `waves`, of any batch and length."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    batch, samples = torch.export.Dim("batch", min=1, max=4096), torch.export.Dim("samples", min=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            front.eval(),
            (torch.zeros(2, 30_000),),
            dynamo=True,
            verbose=False,
            input_names=["waves"],
            dynamic_shapes=({0: batch, 1: samples},),
            opset_version=20,
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    data = program.model_proto.SerializeToString()
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
