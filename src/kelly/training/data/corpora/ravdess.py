"""RAVDESS: two sentences, spoken and sung by actors in eight emotions.

Conventions: official layout, folders `Actor_NN/` with files `MM-CC-EE-II-SS-RR-AA.wav` (modality, channel, emotion,
intensity, statement, repetition, actor), straight below the corpus or below `Audio_Speech_Actors_01-24/` and the like
(Livingstone and Russo, PLoS ONE 13(5), 2018); speech and song may lie together or as `ravdess_speech/` and
`ravdess_song/`. Other endings of audio (.ogg, .flac, .mp3) are read too; of several files of one take, the first. Takes
with pictures (modality 01) and pictures alone (02) are left out. Actors of odd numbers are men. A text of two sentences
tells nothing, but voices are soon known: the splits keep actors whole. Licence: CC BY-NC-SA 4.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kelly.errors import CorpusError
from kelly.sound import recording
from kelly.sound.audio import Audio
from kelly.training.data.layout import Corpus
from kelly.training.data.splits import split_of

__all__ = ["CHANNELS", "CORPUS", "EMOTIONS", "Take", "load", "read", "sex"]

CORPUS = Corpus(
    "ravdess",
    "**/Actor_[0-9][0-9]",
    title="RAVDESS",
    source="zenodo.org/records/1188976",
    licence="CC BY-NC-SA 4.0",
    commercial=False,
    group="performer",
    counts={"train": 1932, "dev": 104},
)
CHANNELS = ("speech", "song")
EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
_SUNG = 6  # the last two emotions are only spoken
_ENDINGS = {".wav", ".ogg", ".flac", ".mp3"}
_NAME = re.compile(r"03-0([12])-0([1-8])-0([12])-0([12])-0([12])-(0[1-9]|1\d|2[0-4])")


@dataclass(frozen=True, slots=True)
class Take:
    """A take: id (its file's name), split, group (`Actor_NN`), path, channel, emotion, and three numbers 1 or 2.

    Intensity is 1 normal, 2 strong; statement 1 "Kids are talking by the door", 2 "Dogs are sitting by the door".
    """

    id: str
    split: str
    group: str
    path: Path
    channel: str
    emotion: str
    intensity: int
    statement: int
    repetition: int


def load(root: Path) -> Iterator[Take]:
    """Read the names of all takes: the labels stand in them.

    Raises: CorpusError when the corpus is missing, or an audio file in an actor's folder is not named so.
    """
    seen: set[str] = set()
    for folder in sorted(CORPUS.folder(root).glob(CORPUS.sign)):
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() not in _ENDINGS or path.stem.startswith(("01-", "02-")) or path.stem in seen:
                continue
            seen.add(path.stem)
            yield _take(path)


def read(take: Take) -> Audio:
    """The sound of a take, one channel. Raises: FileError, the file is missing, damaged or no audio."""
    return recording.read(take.path)


def sex(group: str) -> str:
    """The sex of an actor (`Actor_NN`): "male" or "female"."""
    return "male" if int(group.rpartition("_")[2]) % 2 else "female"


def _take(path: Path) -> Take:
    found = _NAME.fullmatch(path.stem)
    if found is None or (found[1] == "2" and int(found[2]) > _SUNG) or f"Actor_{found[6]}" != path.parent.name:
        raise CorpusError(
            f"{path}: a take must be 03-CC-EE-II-SS-RR-AA: channel 01..02, emotion 01..08 (song 01..06), intensity, "
            "statement and repetition 01..02, and its folder's actor"
        )
    channel, emotion, intensity, statement, repetition = (int(found[i]) for i in range(1, 6))
    group = path.parent.name
    names = CHANNELS[channel - 1], EMOTIONS[emotion - 1]
    return Take(path.stem, split_of("ravdess", group), group, path, *names, intensity, statement, repetition)
