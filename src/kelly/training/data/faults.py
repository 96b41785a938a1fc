"""Faults of sounds: what is wrong with recordings that can be read, and with what a corpus says of them.

Conventions: a sound is one channel at its own rate, as `kelly.sound.recording` reads it; levels are in dB of full
scale, those of frames over 20 ms. What is found is a warning: such files stop no training, but somebody should listen.

- silent: nothing reaches `SILENT` dB.
- mostly silence: more than `MOSTLY` of the frames are `QUIET` dB or more below the loudest. In RAVDESS, where a
  sentence stands between silences, .63 are at the most.
- clipped: more than `CLIPPED` of the samples lie at full scale in runs of three or more, which is what meters count as
  an "over": about one such run a second. Decoders of lossy formats blur such runs, so that only hard clipping is found.
- cut off: the head promises more than there is, or the last page of an Ogg is missing.
- stopping dead: the last 10 ms are louder than `LOUD` dB and at most `NEAR` dB below the loudest frame. Excerpts of
  music do so; recordings of somebody who speaks do not (two of RAVDESS's 2,036).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from kelly.errors import FileError
from kelly.sound import recording
from kelly.sound.audio import Audio
from kelly.sound.filtering import Wave
from kelly.training.data.layout import Record

__all__ = ["KINDS", "Heard", "heard", "is_cut_off", "kinds", "warnings"]

SILENT, QUIET, MOSTLY = -60.0, 40.0, 0.8
FULL, RUN, CLIPPED = 0.999, 3, 1e-4
LOUD, NEAR = -40.0, 20.0
SLACK = 0.1  # seconds that what MP3 promises is off: two of its frames at the lowest rate
NAMED = 3  # of many files or sounds
_FRAME, _END = 0.02, 0.01  # seconds
_FLOOR = 1e-10  # the least amplitude: -200 dB
_CHUNKS = 1000  # parts of a WAV or AIFF that are looked at
_LAST_PAGE = 2**16 + 2**9  # bytes; a page of Ogg has fewer
_NO_LABELS = {"id", "split", "group", "path"}

KINDS: Mapping[str, str] = {
    "silent": f"silent, nothing reaches {SILENT:g} dB",
    "mostly silence": f"mostly silence, {QUIET:g} dB below its loudest in more than {MOSTLY:.0%} of it",
    "clipped": f"clipped, more than {CLIPPED:.2%} of it at full scale",
    "cut off": "cut off, its head promises more than there is",
    "stopping dead": "stopping dead, cut out of something longer or cut off",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """A sound that was looked at: its faults, some of `KINDS`; and a digest of its samples, "" for a silent one."""

    faults: tuple[str, ...]
    digest: str


def heard(path: Path, audio: Audio) -> Heard:
    """Look at a recording.

    Parameters: path; audio, the whole of what was read from it, one channel.
    Raises: FileError, the file cannot be read.
    """
    found = set(kinds(audio)) | ({"cut off"} if is_cut_off(path, audio.duration) else set())
    digest = "" if "silent" in found else _digest(audio)
    return Heard(tuple(kind for kind in KINDS if kind in found), digest)


def kinds(audio: Audio) -> list[str]:
    """The faults that can be heard in a sound of one channel: some of `KINDS`."""
    wave = audio.samples[0]
    if _decibels(np.abs(wave).max(initial=0.0)) < SILENT:
        return ["silent"]
    return [kind for kind, is_so in _TESTS.items() if is_so(wave, audio.rate)]


def is_cut_off(path: Path, there: float) -> bool:
    """Whether a file promises more than there is.

    Parameters: path; there, the seconds that could be decoded.
    Raises: FileError, the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            sign = file.read(4)
            if sign in _ENDIAN:
                return _lacks_samples(file, _ENDIAN[sign], path.stat().st_size)
            if sign == b"OggS":
                return _lacks_page(file, path.stat().st_size)
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}") from error
    return recording.duration(path) > there + SLACK


def warnings(sounds: Mapping[Path, Heard], records: Iterable[Record]) -> Iterator[str]:
    """What to tell of the sounds of a corpus, a line for each fault.

    Parameters: sounds, what was heard, by path; records, of which those with such a `path` are looked at for sounds
    that stand under several labels or in several splits.
    """
    named = [(record, path) for record in records if (path := _path(record)) in sounds]
    ids = {path: record.id for record, path in named}
    for kind, text in KINDS.items():
        if names := [ids.get(path, path.name) for path, one in sounds.items() if kind in one.faults]:
            yield f"{_some(names, 'file')}: {text}"
    alike: defaultdict[str, list[Record]] = defaultdict(list)
    for record, path in named:
        if sounds[path].digest:
            alike[sounds[path].digest].append(record)
    yield from _told(alike.values(), _label, "the same sound under different labels")
    yield from _told(alike.values(), lambda record: record.split, "the same sound in more than one split")


def _path(record: Record) -> Path:
    """The file that a record is read from; a folder for one without."""
    path: Path | None = getattr(record, "path", None)
    return path or Path()


def _told(alike: Iterable[Sequence[Record]], of: Callable[[Record], Hashable], text: str) -> Iterator[str]:
    """The sounds whose records differ in something, in one line."""
    names = [" = ".join(one.id for one in some[:NAMED]) for some in alike if len({of(one) for one in some}) > 1]
    if names:
        yield f"{_some(names, 'sound')}: {text}"


def _some(names: Sequence[str], what: str) -> str:
    more = ", ..." if len(names) > NAMED else ""
    return f"{len(names)} {what}{'' if len(names) == 1 else 's'} ({', '.join(names[:NAMED])}{more})"


def _label(record: Any) -> tuple[Hashable, ...]:  # noqa: ANN401 - a record of any corpus
    """All that a corpus says of a record, but for what it is called and where it belongs."""
    named = (field.name for field in fields(record) if field.name not in _NO_LABELS)
    return tuple(_hashable(getattr(record, name)) for name in named)


def _hashable(value: object) -> Hashable:
    return value.tobytes() if isinstance(value, np.ndarray) else repr(value)


def _digest(audio: Audio) -> str:
    """The SHA-256 of the samples in 16 bits and their rate: the same in every lossless format."""
    rounded = np.rint(np.clip(audio.samples, -1, 1) * np.float32(32767)).astype("<i2")
    return hashlib.sha256(f"{audio.rate} ".encode() + rounded.tobytes()).hexdigest()


def _decibels(amplitude: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.asarray(20 * np.log10(np.maximum(np.asarray(amplitude, np.float64), _FLOOR)))


def _levels(wave: Wave, rate: int) -> npt.NDArray[np.float64]:
    """The level of each whole frame of 20 ms, or of the wave where it is shorter, in dB."""
    size = min(len(wave), max(1, round(_FRAME * rate)))
    frames = wave[: len(wave) // size * size].reshape(-1, size)
    return _decibels(np.sqrt(np.square(frames).mean(axis=1)))


def _is_mostly_silence(wave: Wave, rate: int) -> bool:
    levels = _levels(wave, rate)
    return bool((levels < levels.max() - QUIET).mean() > MOSTLY)


def _is_clipped(wave: Wave, _: int) -> bool:
    at_full_scale = np.concatenate([[0], (np.abs(wave) >= FULL).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(at_full_scale))
    runs = edges[1::2] - edges[::2]
    return bool(runs[runs >= RUN].sum() > CLIPPED * len(wave))


def _stops_dead(wave: Wave, rate: int) -> bool:
    end = _decibels(np.sqrt(np.square(wave[-max(1, round(_END * rate)) :]).mean()))
    return bool(end > max(LOUD, _levels(wave, rate).max() - NEAR))


_TESTS: Mapping[str, Callable[[Wave, int], bool]] = {
    "mostly silence": _is_mostly_silence,
    "clipped": _is_clipped,
    "stopping dead": _stops_dead,
}
_ENDIAN: Mapping[bytes, Literal["little", "big"]] = {b"RIFF": "little", b"RIFX": "big", b"FORM": "big"}


def _lacks_samples(file: BinaryIO, endian: Literal["little", "big"], size: int) -> bool:
    """Whether the part of a WAV or AIFF that holds the samples is said to reach beyond the file's end."""
    place = 12
    for _ in range(_CHUNKS):
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            break
        place += 8 + int.from_bytes(head[4:], endian)
        if head[:4] in {b"data", b"SSND"}:
            return place > size
        place += place % 2
    return False


def _lacks_page(file: BinaryIO, size: int) -> bool:
    """Whether the last page of an Ogg is not marked as the last."""
    file.seek(max(0, size - _LAST_PAGE))
    page = file.read()
    flags = page.rfind(b"OggS") + 5
    return not page[flags : flags + 1] or not page[flags] & 4
