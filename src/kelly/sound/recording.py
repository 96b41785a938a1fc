"""Recordings: audio files of any usual kind, read as sound.

Conventions: WAV, FLAC, Ogg Vorbis, MP3 and whatever else libsndfile reads; what comes back is one channel, the mean of
all, at the file's own rate. Files beyond an hour are refused: nothing here listens to more at once.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from kelly.errors import FileError
from kelly.sound.audio import Audio
from kelly.sound.filtering import Wave

__all__ = ["LONGEST", "read"]

LONGEST = 3600.0  # seconds
_BLOCK = 2**18  # frames that are held with all their channels


def read(path: str | os.PathLike[str]) -> Audio:
    """Read a recording as one channel of float32 in about -1..1 (lossy formats overshoot a little).

    Raises: FileError, the file is missing, damaged, empty, longer than `LONGEST`, or no audio.
    """
    name = os.fspath(path)
    if not Path(path).is_file():
        raise FileError(f"cannot read {name!r}: there is no such file")
    samples, rate = _decoded(name)
    if not samples.size or not np.isfinite(samples).all():
        raise FileError(f"cannot read {name!r}: it holds no sound, or samples that are no numbers")
    return Audio(samples[np.newaxis], rate)


def _decoded(name: str) -> tuple[Wave, int]:
    """The mean of a file's channels, (frames,), and its rate."""
    import soundfile  # slow to import, and wanted only where audio is read

    try:
        with soundfile.SoundFile(name) as file:
            if file.frames > LONGEST * file.samplerate:
                raise FileError(f"cannot read {name!r}: at most {LONGEST:g} seconds are read")
            blocks = file.blocks(_BLOCK, dtype="float32", always_2d=True)
            means = [block.mean(axis=1, dtype=np.float32) for block in blocks]
            return np.concatenate([np.zeros(0, np.float32), *means]), int(file.samplerate)
    except soundfile.SoundFileError as error:
        raise FileError(f"cannot read {name!r}: {str(error).splitlines()[0]}") from error
