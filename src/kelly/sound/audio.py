"""Audio: samples with their rate, and the WAV file.

Conventions: samples are float32, shape (channels, frames), full scale is -1..1; a file holds 16-bit PCM.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kelly.errors import SoundError, UsageError
from kelly.files import write_atomically
from kelly.names import quoted
from kelly.sound.filtering import Wave

__all__ = ["Audio"]

CHUNK = 2**18


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """Sound: float32 samples (channels, frames) in -1..1 and frames a second.

    Raises: SoundError, the samples have another shape or kind, or the rate is not positive.
    """

    samples: Wave
    rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32 or not len(self.samples):
            raise SoundError(
                f"samples must be float32 (channels, frames); got {self.samples.dtype} {self.samples.shape}"
            )
        if self.rate <= 0:
            raise SoundError(f"the rate must be a positive number of frames a second; got {self.rate}")

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return float(self.samples.shape[1] / self.rate)

    @property
    def mono(self) -> Audio:
        """The mean of the channels, as one channel."""
        return Audio(self.samples.mean(axis=0, keepdims=True, dtype=np.float32), self.rate)

    @property
    def stereo(self) -> Audio:
        """Two channels: the same twice when there is one, the first two when there are more."""
        return Audio(self.samples[:2] if len(self.samples) > 1 else np.repeat(self.samples, 2, axis=0), self.rate)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a 16-bit WAV file, whole or not at all; samples beyond full scale are clipped.

        Raises: UsageError, the file's name does not end in .wav; FileError, as `write_atomically`.
        """
        if Path(path).suffix.lower() != ".wav":
            raise UsageError(f"audio is written as .wav; got {quoted(os.fspath(path))}")
        import soundfile  # slow to import, and wanted only where audio is written

        packed = io.BytesIO()
        with soundfile.SoundFile(packed, "w", self.rate, len(self.samples), "PCM_16", format="WAV") as file:
            for start in range(0, self.samples.shape[1], CHUNK):
                file.write(_rounded(self.samples[:, start : start + CHUNK]))
        write_atomically(path, packed.getbuffer())


def _rounded(samples: Wave) -> npt.NDArray[np.int16]:
    """Samples as 16-bit numbers, frames first. Rounded here: libsndfile's own conversion may wrap at full scale."""
    return np.asarray(np.clip(np.rint(samples.T * np.float32(32767)), -32768, 32767), dtype=np.int16)
