"""Sounds: what networks that hear are trained and measured on, each with what somebody told of it.

Conventions: a sound is a wave, int16 (samples,) at 16 kHz or another rate that is asked for, one channel, full scale
32,767, as loud as it was recorded; of the mood set, which comes as spectrograms only, it is uint8 (frames, 128) in the
steps of `clips.STEP` below its maximum, by the definition `FRAMES`. What was told is float32 (numbers,) by a task's
`names`: of classes the share of each, of ratings a value each. Tasks are:

- speech: RAVDESS spoken, the emotion that an actor was asked for; the silence around the words is left out.
- song: the same sung; nobody sings disgust or surprise.
- gems: Emotify, the share of a track's listeners whom it moved so, of the eight feelings on which listeners agree
  (amazement, whose means hardly repeat, is left out); weighed by how many listeners there were.
- vgmidi: valence and arousal in -1..1, the mean rating of the bars that sound, after the warm-up of the raters.
- emopia: the quadrant of a clip.
- deam, pmemo: valence and arousal in -1..1, the mean of the curve where it has moments in a stretch, else of the song
  as a whole; for those who have the sound.
- moods: the cluster of a clip of the mood set.
- kind: whether a voice speaks (RAVDESS spoken), sings by itself (RAVDESS sung) or there is music (Emotify, and the
  scores of EMOPIA and VGMIDI played); `_GLANCE` seconds of each record.

Scores (vgmidi, emopia) are played by Kelly with each of some SoundFonts. What is long is cut into stretches of about
`STRETCH` seconds, which carry the record's id.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from kelly.models.ears import LONGEST
from kelly.names import find
from kelly.score import midi
from kelly.sound import recording, soundfont
from kelly.sound.audio import Audio
from kelly.sound.features import FRAMES, SCALES, Mel, heard, scales, voiced
from kelly.sound.render import mix
from kelly.training.data.clips import STEP
from kelly.training.data.corpora import deam, emopia, emotify, mirex_mood, pmemo, ravdess, vgmidi
from kelly.training.data.layout import Record
from kelly.training.data.preparing import Function, Item
from kelly.training.data.rated import RatedSong
from kelly.training.data.sums import digest
from kelly.training.tasks.context import Context

__all__ = ["FULL", "RATE", "STRETCH", "TASKS", "Asked", "Heard", "Sound", "decoded", "performed", "sounds", "wave16"]

Wave16 = npt.NDArray[np.int16]
Heard = npt.NDArray[np.int16] | npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


class _Filed(Record, Protocol):
    """A record of a file."""

    @property
    def path(self) -> Path | None:
        """The file."""


R = TypeVar("R", bound=_Filed)

FULL = 32_767  # of int16
STRETCH = 10.0  # seconds of a track that are heard at once
RATE = SCALES[0].rate
_GLANCE = 4.0  # seconds that tell a voice from music
_LONGEST = {"emopia": 30.0, "vgmidi": 120.0}  # seconds of a piece that are played
_VERSION = 1
_UNSURE = "amazement"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a task asks of a sound.

    Parameters: corpus; names of what is told; classes, whether these are classes; voices, whether it is of voices
    alone; played, whether it is of scores;
    mels, the definitions of what is heard; unit, of ratings, about their standard deviation in the train split;
    beside, corpora that it learns from besides.
    """

    corpus: str
    names: tuple[str, ...]
    classes: bool
    voices: bool = False
    played: bool = False
    mels: tuple[Mel, ...] = SCALES
    unit: float = 1.0
    beside: tuple[str, ...] = ()

    def heard_at(self, rate: int) -> tuple[Mel, ...]:
        """The definitions of what is heard of waves at a rate; of spectrograms they are what they are."""
        return self.mels if self.mels == (FRAMES,) else scales(rate)


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A sound and what was told of it.

    Parameters: task; id, of the record it is or is cut from; split; group; wave, int16 (samples,), or of the mood set
    uint8 (frames, bands); told, float32 (numbers,); weight, how much it counts beside others of its task; font, the
    name of the SoundFont that plays it; start, the second of the record at which it begins; other, the corpus it comes
    from, where that is not its task's; rate, of the wave.
    """

    task: str
    id: str
    split: str
    group: str
    wave: Heard
    told: Floats
    weight: float = 1.0
    font: str = ""
    start: float = 0.0
    other: str = ""
    rate: int = RATE

    @property
    def corpus(self) -> str:
        """The corpus it comes from."""
        return self.other or TASKS[self.task].corpus

    @property
    def key(self) -> str:
        """Its group, by a name that no other corpus's group has."""
        return f"{self.corpus}/{self.group}"


TASKS: Mapping[str, Asked] = MappingProxyType(
    {
        "speech": Asked("ravdess", ravdess.EMOTIONS, classes=True, voices=True),
        "song": Asked("ravdess", ravdess.EMOTIONS[:6], classes=True, voices=True),
        "gems": Asked("emotify", tuple(name for name in emotify.FEELINGS if name != _UNSURE), classes=False, unit=0.2),
        "vgmidi": Asked("vgmidi", ("valence", "arousal"), classes=False, played=True, unit=0.3),
        "emopia": Asked("emopia", ("Q1", "Q2", "Q3", "Q4"), classes=True, played=True),
        "deam": Asked("deam", ("valence", "arousal"), classes=False, unit=0.3),
        "pmemo": Asked("pmemo", ("valence", "arousal"), classes=False, unit=0.3),
        "kind": Asked(
            "ravdess", ("speech", "singing", "music"), classes=True, voices=True, beside=("emotify", "emopia", "vgmidi")
        ),
        "moods": Asked("mirex_mood", tuple("12345"), classes=True, mels=(FRAMES,)),
    }
)


def sounds(
    root: Path, context: Context, tasks: Sequence[str], fonts: Sequence[Path] = (), rate: int = RATE
) -> list[Sound]:
    """The sounds of some tasks below a root, of all splits; files that cannot be read are left out and told.

    Parameters: root; context; tasks; fonts, SoundFonts, each of which plays every score (none: the one that
    `soundfont.find` finds); rate, of waves.
    Raises: UnknownNameError; MissingCorpusError, a corpus is not there; CorpusError, one is not as it should be;
    FileError, all files of one are damaged, or a font cannot be read; SoundError, a font is none.
    """
    chosen = [find(name, tuple(TASKS), "task") for name in tasks]
    scored = any(TASKS[name].played or name == "kind" for name in chosen)
    source = _Source(root, context, [soundfont.find(font) for font in fonts] if scored else (), rate)
    return [sound for name in chosen for sound in _READERS[name](source)]


@dataclass(frozen=True, slots=True)
class _Source:
    """Where sounds come from."""

    root: Path
    context: Context
    fonts: Sequence[Path]
    rate: int

    def waves(
        self, records: Sequence[R], function: Function, parameters: Mapping[str, Any]
    ) -> Iterator[tuple[R, Wave16]]:
        """Each record whose file can be read, with its wave."""
        asked = parameters if self.rate == RATE else {**parameters, "rate": self.rate}
        made = self.context.prepared([Item(record.path, asked) for record in records], function, _VERSION)
        for record, arrays in zip(records, made, strict=True):
            if arrays is not None:
                yield record, arrays["wave"]

    def played(self, records: Sequence[R], seconds: float) -> Iterator[tuple[R, Wave16, str]]:
        """Each record whose score can be read, played with each font, and the name of that."""
        for font in self.fonts or (soundfont.find(),):
            parameters = {"seconds": seconds, "soundfont": str(font), "sha256": digest(font)}
            for record, wave in self.waves(records, performed, parameters):
                yield record, wave, font.stem


def decoded(item: Item) -> dict[str, Wave16]:
    """The wave of a recording; with the parameter `voice`, without the silence around it. Raises: FileError."""
    assert item.path is not None  # noqa: S101 - a recording is a file
    samples = recording.read_at(item.path, item.parameters.get("rate", RATE)).samples[0]
    return {"wave": wave16(voiced(samples) if item.parameters.get("voice") else samples)}


def performed(item: Item) -> dict[str, Wave16]:
    """The wave of the first `seconds` of a score, played with a `soundfont`. Raises: FileError, SoundError."""
    assert item.path is not None  # noqa: S101 - a score is a file
    rate = item.parameters.get("rate", RATE)
    audio = mix(midi.read(item.path), rate=rate, soundfont=item.parameters["soundfont"])
    most = int(item.parameters["seconds"] * rate)
    return {"wave": wave16(heard(Audio(audio.samples[:, :most], rate), rate))}


def wave16(samples: npt.ArrayLike) -> Wave16:
    """A wave (samples,) in -1..1 as it is kept."""
    return np.asarray(np.rint(np.clip(samples, -1, 1) * FULL), np.int16)


def _taken(channel: str) -> Callable[[_Source], Iterator[Sound]]:
    def read(source: _Source) -> Iterator[Sound]:
        takes = [take for take in ravdess.load(source.root) if take.channel == channel]
        names = TASKS[channel].names
        for take, wave in source.waves(takes, decoded, {"voice": True}):
            told = np.array([name == take.emotion for name in names], np.float32)
            for start, part in _stretches(wave, source.rate):
                yield Sound(channel, take.id, take.split, take.group, part, told, start=start, rate=source.rate)

    return read


def _gems(source: _Source) -> Iterator[Sound]:
    columns = [emotify.FEELINGS.index(name) for name in TASKS["gems"].names]
    for track, wave in source.waves(list(emotify.load(source.root)), decoded, {"voice": False}):
        told = track.proportions[columns].astype(np.float32)
        for start, part in _stretches(wave, source.rate):
            weight = float(track.raters)
            yield Sound("gems", track.id, track.split, track.group, part, told, weight, "", start, "", source.rate)


def _vgmidi(source: _Source) -> Iterator[Sound]:
    for piece, wave, font in source.played(list(vgmidi.load(source.root)), _LONGEST["vgmidi"]):
        for start, part in _stretches(wave, source.rate):
            told = _rated(piece, start, start + len(part) / source.rate)
            if np.isfinite(told).all():
                yield Sound("vgmidi", piece.id, piece.split, piece.group, part, told, 1.0, font, start, "", source.rate)


def _emopia(source: _Source) -> Iterator[Sound]:
    for clip, wave, font in source.played(list(emopia.load(source.root)), _LONGEST["emopia"]):
        told = (np.arange(1, 5) == clip.quadrant).astype(np.float32)
        for start, part in _stretches(wave, source.rate):
            yield Sound("emopia", clip.id, clip.split, clip.group, part, told, 1.0, font, start, "", source.rate)


def _songs(name: str, load: Callable[[Path], Iterator[RatedSong]]) -> Callable[[_Source], Iterator[Sound]]:
    def read(source: _Source) -> Iterator[Sound]:
        found = list(load(source.root))
        sounding = [song for song in found if song.path is not None]
        if len(sounding) < len(found):
            source.context.note(f"{len(found) - len(sounding)} of {len(found)} songs of {name} have no sound here")
        for song, wave in source.waves(sounding, decoded, {"voice": False}):
            for start, part in _stretches(wave, source.rate):
                told = _felt(song, start, start + len(part) / source.rate)
                yield Sound(name, song.id, song.split, song.group, part, told, start=start, rate=source.rate)

    return read


def _moods(source: _Source) -> Iterator[Sound]:
    for clip in mirex_mood.load(source.root):
        decibels = mirex_mood.logmel(clip).decibels
        told = (np.arange(1, mirex_mood.CLUSTERS + 1) == clip.cluster).astype(np.float32)
        steps = np.rint((decibels + 255 * STEP) / STEP).astype(np.uint8)
        yield Sound("moods", clip.id, clip.split, clip.group, steps, told, rate=FRAMES.rate)


def _kind(source: _Source) -> Iterator[Sound]:
    for row, tasks in enumerate((("speech",), ("song",), ("gems", "emopia", "vgmidi"))):
        seen: set[tuple[str, str]] = set()
        told = np.eye(3, dtype=np.float32)[row]
        for one in (sound for task in tasks for sound in _READERS[task](source)):
            if (one.corpus, one.id) not in seen:
                seen.add((one.corpus, one.id))
                wave = one.wave[: round(_GLANCE * one.rate)].copy()  # what it is cut from is not kept
                yield Sound("kind", one.id, one.split, one.group, wave, told, other=one.corpus, rate=one.rate)


_READERS: Mapping[str, Callable[[_Source], Iterator[Sound]]] = MappingProxyType(
    {
        "speech": _taken("speech"),
        "song": _taken("song"),
        "gems": _gems,
        "vgmidi": _vgmidi,
        "emopia": _emopia,
        "deam": _songs("deam", deam.load),
        "pmemo": _songs("pmemo", pmemo.load),
        "kind": _kind,
        "moods": _moods,
    }
)


def _stretches(wave: Wave16, rate: int) -> list[tuple[float, Wave16]]:
    """A wave in stretches of one length, near to `STRETCH`, none beyond `LONGEST`, with the second each begins at."""
    seconds = len(wave) / rate
    count = max(1, round(seconds / STRETCH), math.ceil(seconds / LONGEST))
    parts = np.array_split(wave, count)
    starts = np.cumsum([0, *(len(part) for part in parts[:-1])]) / rate
    return list(zip(starts.tolist(), parts, strict=True))


def _felt(song: RatedSong, start: float, end: float) -> Floats:
    """Valence and arousal (2,) of a song between two times."""
    inside = (song.curve.seconds >= start) & (song.curve.seconds < end)
    if inside.any():
        return np.asarray(song.curve.values[inside].mean(0), np.float32)
    return np.array([song.valence, song.arousal], np.float32)


def _rated(piece: vgmidi.Piece, start: float, end: float) -> Floats:
    """Valence and arousal (2,) in the mean over the bars between two times, after the warm-up; NaN where none is."""
    first = vgmidi.WARM_UP if piece.bars > vgmidi.WARM_UP else 0
    edges = np.asarray(piece.edges)[first : piece.bars + 1]
    shares = np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], start), 0, None)
    if not shares.sum():
        return np.full(2, np.nan, np.float32)
    ratings = np.stack([piece.valence, piece.arousal])[:, first : piece.bars]
    return np.asarray(ratings @ shares / shares.sum(), np.float32)
