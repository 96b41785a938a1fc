"""Recordings: audio files of any usual kind, read as sound, whole or a stretch of them.

Conventions: WAV (8 to 64 bit, integers and floats, A-law, extensible), AIFF, FLAC, Ogg (Vorbis, Opus), MP3 and whatever
else libsndfile reads; what comes back is one channel, the mean of all, in about -1..1 (lossy formats overshoot a
little), at the file's own rate or at one that is asked for. A file that was cut off gives what is left of it where its
kind allows that. Refused are more than an hour at once, more than `CHANNELS` channels (the most a studio's formats
have), rates outside of `RATES` (above lie only the one-bit streams of DSD, which are not samples of a wave), and
samples that are no numbers or beyond `LOUDEST` (integers that were stored as floats). Only a block is held with all
channels.
"""

from __future__ import annotations

import io
import math
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from kelly.errors import FileError, UsageError
from kelly.sound import mpeg
from kelly.sound.audio import Audio
from kelly.sound.filtering import Wave

__all__ = ["CHANNELS", "LONGEST", "LOUDEST", "RATES", "duration", "read", "read_at"]

LONGEST = 3600.0  # seconds
CHANNELS = 128
RATES = (1_000, 384_000)  # frames a second
LOUDEST = 100.0  # full scale is 1
_BLOCK = 2**20  # samples of all channels that are held at a time
_UNKNOWN = 2**62  # frames; what libsndfile says of a stream without length is more
_MENDED = 2**28  # bytes; a longer MP3 is read as it is
_HEAD = 12  # bytes that tell what a file is

Name = str | os.PathLike[str]


def read(path: Name, *, start: float = 0.0, length: float | None = None) -> Audio:
    """Read a recording, or a stretch of it, as one channel of float32 at its own rate.

    Parameters: path; start and length of the stretch in seconds, length None to the end; it is shorter where the sound
    ends sooner.
    Raises: FileError, the file is missing, damaged, no audio, or beyond what the module allows, or there is no sound in
    the stretch; UsageError, start or length is no length of time.
    """
    with _opened(path) as file:
        frames = _stretch(path, file, start, length)
        return _audio(path, _blocks(path, file, frames), frames, file.samplerate)


def read_at(path: Name, rate: int, *, start: float = 0.0, length: float | None = None) -> Audio:
    """Read a recording, or a stretch of it, as one channel of float32 at another rate.

    The sound is resampled by soxr at its highest quality as it is decoded, so that an hour of any rate needs no more
    memory than what comes back: the same samples, to rounding, as `read` and resampling give.

    Parameters: as `read`; rate in frames a second, within `RATES`.
    Raises: as `read`; UsageError, the rate is not allowed.
    """
    if not RATES[0] <= rate <= RATES[1]:
        raise UsageError(f"a rate must lie in {RATES[0]}..{RATES[1]} frames a second; got {rate}")
    with _opened(path) as file:
        frames = _stretch(path, file, start, length)
        blocks = _resampled(_blocks(path, file, frames), file.samplerate, rate)
        return _audio(path, blocks, math.ceil(frames * rate / file.samplerate), rate)


def duration(path: Name) -> float:
    """How long a recording is by what its head states, in seconds; nothing is decoded.

    Raises: FileError, as `read`, but for what only decoding shows.
    """
    with _opened(path) as file:
        return float(file.frames / file.samplerate)


@contextmanager
def _opened(path: Name) -> Iterator[Any]:
    """A file for `soundfile` to read from, its head checked; what libsndfile says against it becomes a FileError."""
    head = _head(path)
    import soundfile  # slow to import, and wanted only where audio is read

    with _hushed():
        try:
            file = soundfile.SoundFile(_source(path, head))
        except soundfile.SoundFileError as error:
            # What libsndfile says here misleads as often as it helps.
            kinds = "WAV, AIFF, FLAC, Ogg (Vorbis, Opus) or MP3"
            raise _refusal(path, f"it must be {kinds}, and undamaged; it begins with {head!r}") from error
        with file:
            _check(path, file)
            try:
                yield file
            except soundfile.SoundFileError as error:
                raise _refusal(path, f"it is damaged or cut off ({_said(error)})") from error


def _head(path: Name) -> bytes:
    """The first bytes of a regular file that can be opened."""
    place = Path(path)
    try:
        mode = place.stat().st_mode
        head = _first_bytes(place) if stat.S_ISREG(mode) else b""  # a pipe would keep us waiting
    except FileNotFoundError as error:
        raise _refusal(path, "there is no such file") from error
    except (OSError, ValueError) as error:
        raise _refusal(path, getattr(error, "strerror", None) or str(error)) from error
    if not stat.S_ISREG(mode):
        raise _refusal(path, "it is a folder" if stat.S_ISDIR(mode) else "it is not a regular file")
    if not head:
        raise _refusal(path, "it is empty (0 bytes)")
    if place.suffix.lower() == ".raw":
        raise _refusal(path, "headerless .raw does not tell its rate and kind; save it as WAV")
    return head


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _source(path: Name, head: bytes) -> bytes | io.BytesIO:
    """What libsndfile is to open: a file by its name, which need not be UTF-8, or an MP3 that had to be mended."""
    place = Path(path)
    if head.startswith(b"ID3") or place.suffix.lower() == ".mp3":
        with place.open("rb") as file:
            if not mpeg.is_telling(file) and place.stat().st_size <= _MENDED:
                file.seek(0)
                data = mpeg.mended(file.read())
                return os.fsencode(path) if data is None else io.BytesIO(data)
    return os.fsencode(path)


def _check(path: Name, file: Any) -> None:  # noqa: ANN401 - soundfile ships no types
    if not RATES[0] <= file.samplerate <= RATES[1]:
        raise _refusal(path, f"its rate must lie in {RATES[0]}..{RATES[1]} frames a second; it is {file.samplerate}")
    if file.channels > CHANNELS:
        raise _refusal(path, f"at most {CHANNELS} channels are read; it has {file.channels}")
    if file.frames >= _UNKNOWN:
        raise _refusal(path, "its header must tell its length; it is an unfinished stream")
    if not file.frames:
        raise _refusal(path, "it holds no sound (0 samples)")


def _stretch(path: Name, file: Any, start: float, length: float | None) -> int:  # noqa: ANN401 - as above
    """Go to where a stretch starts, and give how many frames it has at most."""
    if not 0 <= start < math.inf or not (length is None or 0 < length < math.inf):
        raise UsageError(f"a stretch must start at 0 s or later and last longer than 0 s; got {start} and {length}")
    rate: int = file.samplerate
    first = round(start * rate)
    frames: int = file.frames - first
    if frames <= 0:
        raise _refusal(path, f"it lasts {file.frames / rate:g} s; no sound is at {start:g} s")
    if length is not None:
        frames = min(frames, max(1, round(length * rate)))
    if frames > LONGEST * rate:
        raise _refusal(path, f"at most {LONGEST:g} seconds are read; it has {frames / rate:.0f}")
    if first:
        file.seek(first)
    return frames


def _blocks(path: Name, file: Any, frames: int) -> Iterator[Wave]:  # noqa: ANN401 - as above
    """The mean of the channels of the next frames, or of as many as there are, block by block."""
    size = _BLOCK // file.channels
    while frames > 0 and len(block := file.read(min(size, frames), dtype="float32", always_2d=True)):
        with np.errstate(over="ignore", invalid="ignore"):  # told below
            mean = block.mean(axis=1, dtype=np.float32) if file.channels > 1 else block[:, 0]
        peak = np.abs(mean).max()
        if not peak <= LOUDEST:
            raise _refusal(path, f"samples must be numbers in about -1..1, {LOUDEST:g} at the most; got {peak:g}")
        frames -= len(block)
        yield mean


def _resampled(blocks: Iterable[Wave], rate: int, wanted: int) -> Iterator[Wave]:
    if rate == wanted:
        yield from blocks
        return
    import soxr  # slow to import, and wanted only where rates differ

    stream = soxr.ResampleStream(rate, wanted, 1, dtype="float32", quality="VHQ")
    for block in blocks:
        yield stream.resample_chunk(np.ascontiguousarray(block))
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def _audio(path: Name, blocks: Iterable[Wave], frames: int, rate: int) -> Audio:
    """Blocks of one wave as audio; frames, how many there are at most.

    The wave grows as it comes: a header may promise far more than there is.
    """
    wave, filled = np.empty(min(frames, _BLOCK), np.float32), 0
    for block in blocks:
        if filled + len(block) > len(wave):
            wave.resize(max(filled + len(block), min(frames, 2 * len(wave))), refcheck=False)
        wave[filled : filled + len(block)] = block
        filled += len(block)
    if not filled:
        raise _refusal(path, "it holds no sound there (0 samples)")
    wave.resize(filled, refcheck=False)
    return Audio(wave[np.newaxis], int(rate))


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep the decoder of MP3 from writing to standard error, which it does without being asked.

    Descriptors belong to the whole process: they are left alone where other threads may have something to say.
    """
    if threading.active_count() > 1:
        yield
        return
    kept = -1
    with suppress(OSError):  # there may be no standard error
        kept = os.dup(2)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os.close(null)
    try:
        yield
    finally:
        if kept >= 0:
            os.dup2(kept, 2)
            os.close(kept)


def _said(error: Exception) -> str:
    """What libsndfile says, without the name of the file."""
    return str(error).splitlines()[0].split(": ")[-1].rstrip(".")


def _refusal(path: Name, reason: str) -> FileError:
    return FileError(f"cannot read {os.fspath(path)!r}: {reason}")
