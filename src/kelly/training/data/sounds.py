"""Sounds: recordings at one rate, each with what somebody told of it, for networks that hear sound at several scales.

Conventions: waves are int16 (samples,) at the rate of `kelly.sound.features.SCALES`, one channel, full scale 32,767,
as loud as they were recorded: within a corpus loudness tells much. What was told is float32 (numbers,) by a task's
`names`: of classes the share of each, of ratings a value each. Tasks are:

- speech: RAVDESS spoken, the emotion that an actor was asked for; the silence around the words is left out.
- song: the same sung; nobody sings disgust or surprise.
- gems: Emotify, the share of a track's listeners whom it moved so, of the eight feelings on which listeners agree
  (amazement, whose means hardly repeat, is left out); weighed by how many listeners there were. A track is cut into
  stretches of `STRETCH` seconds, which share what was told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from kelly.names import find
from kelly.sound import recording
from kelly.sound.features import SCALES
from kelly.training.data.corpora import emotify, ravdess
from kelly.training.data.preparing import Item
from kelly.training.tasks.context import Context

__all__ = ["FULL", "STRETCH", "TASKS", "Asked", "Sound", "decoded", "sounds", "voiced"]

Wave16 = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]
R = TypeVar("R", ravdess.Take, emotify.Track)

FULL = 32_767  # of int16
STRETCH = 10.0  # seconds of a track that are heard at once
_QUIET = 35.0  # dB below the loudest frame, from which on there is silence
_FRAME, _HOP = 2048, 512  # samples, in which silence is looked for
_VERSION = 1
_UNSURE = "amazement"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a task asks of a sound: of which corpus, by which names, and whether these are classes."""

    corpus: str
    names: tuple[str, ...]
    classes: bool


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A sound and what was told of it.

    Parameters: task; id, of the record it is or is cut from; split; group; wave, int16 (samples,); told, float32
    (numbers,); weight, how much it counts beside others of its task.
    """

    task: str
    id: str
    split: str
    group: str
    wave: Wave16
    told: Floats
    weight: float = 1.0


TASKS: Mapping[str, Asked] = MappingProxyType(
    {
        "speech": Asked("ravdess", ravdess.EMOTIONS, classes=True),
        "song": Asked("ravdess", ravdess.EMOTIONS[:6], classes=True),
        "gems": Asked("emotify", tuple(name for name in emotify.FEELINGS if name != _UNSURE), classes=False),
    }
)


def sounds(root: Path, context: Context, tasks: Sequence[str]) -> list[Sound]:
    """The sounds of some tasks below a root, of all splits; files that cannot be read are left out and told.

    Raises: UnknownNameError; MissingCorpusError, a corpus is not there; CorpusError, one is not as it should be;
    FileError, all files of one are damaged.
    """
    chosen = [find(name, tuple(TASKS), "task") for name in tasks]
    return [sound for name in chosen for sound in _READERS[name](root, context)]


def decoded(item: Item) -> dict[str, Wave16]:
    """The wave of a recording; with the parameter `voice`, without the silence around it. Raises: FileError."""
    assert item.path is not None  # noqa: S101 - a recording is a file
    samples = recording.read_at(item.path, SCALES[0].rate).samples[0]
    heard = voiced(samples) if item.parameters.get("voice") else samples
    return {"wave": np.rint(np.clip(heard, -1, 1) * FULL).astype(np.int16)}


def voiced(wave: Floats) -> Floats:
    """A wave (samples,) from the first to the last frame that is less than 35 dB below the loudest; all of silence."""
    count = 1 + max(0, len(wave) - _FRAME) // _HOP
    rows = np.lib.stride_tricks.sliding_window_view(np.pad(wave, (0, max(0, _FRAME - len(wave)))), _FRAME)[::_HOP]
    power = np.square(rows[:count], dtype=np.float64).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (-_QUIET / 10))
    return wave[loud[0] * _HOP : loud[-1] * _HOP + _FRAME] if len(loud) else wave


def _taken(channel: str) -> Callable[[Path, Context], Iterator[Sound]]:
    def read(root: Path, context: Context) -> Iterator[Sound]:
        takes = [take for take in ravdess.load(root) if take.channel == channel]
        names = TASKS[channel].names
        for take, wave in _waves(takes, context, voice=True):
            told = np.array([name == take.emotion for name in names], np.float32)
            yield Sound(channel, take.id, take.split, take.group, wave, told)

    return read


def _gems(root: Path, context: Context) -> Iterator[Sound]:
    tracks = list(emotify.load(root))
    columns = [emotify.FEELINGS.index(name) for name in TASKS["gems"].names]
    for track, wave in _waves(tracks, context, voice=False):
        told = track.proportions[columns].astype(np.float32)
        for part in _stretches(wave):
            yield Sound("gems", track.id, track.split, track.group, part, told, float(track.raters))


_READERS: Mapping[str, Callable[[Path, Context], Iterator[Sound]]] = MappingProxyType(
    {"speech": _taken("speech"), "song": _taken("song"), "gems": _gems}
)


def _waves(records: Sequence[R], context: Context, *, voice: bool) -> Iterator[tuple[R, Wave16]]:
    """Each record whose file can be read, with its wave."""
    items = [Item(record.path, {"voice": voice}) for record in records]
    made = context.prepared(items, decoded, _VERSION)
    for record, arrays in zip(records, made, strict=True):
        if arrays is not None:
            yield record, arrays["wave"]


def _stretches(wave: Wave16) -> list[Wave16]:
    """A wave in stretches of one length, as near to `STRETCH` as can be."""
    count = max(1, round(len(wave) / (STRETCH * SCALES[0].rate)))
    return np.array_split(wave, count)
