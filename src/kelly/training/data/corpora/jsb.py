"""JSB Chorales: chorales by Bach in four voices, on a grid of sixteenths.

Conventions: official layout `Jsb16thSeparated.json`, the keys `train`, `valid` and `test` each a list of chorales, each
a list of steps, each four MIDI pitches (soprano, alto, tenor, bass; -1 or NaN is silence). The split is that of
Boulanger-Lewandowski, Bengio, Vincent (ICML 2012). A held note and a repeated one look the same. No licence is stated;
the music is in the public domain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kelly.errors import CorpusError
from kelly.names import quoted
from kelly.training.data.layout import SPLITS, Corpus, document

__all__ = ["CORPUS", "SILENT", "STEPS_A_BEAT", "VOICES", "Chorale", "load"]

CORPUS = Corpus(
    "jsb",
    "Jsb16thSeparated.json",
    title="JSB Chorales",
    source="github.com/czhuang/JSB-Chorales-dataset",
    licence="none stated (the music is in the public domain)",
    commercial=None,
    group="chorale",
    counts={"train": 229, "dev": 76},
)
VOICES = ("soprano", "alto", "tenor", "bass")
SILENT = -1
STEPS_A_BEAT = 4
_SPLITS = dict(zip(("train", "valid", "test"), SPLITS, strict=True))
_HIGHEST_PITCH = 127


@dataclass(frozen=True, slots=True)
class Chorale:
    """A chorale: id ("train-17", from 0), split, voices (steps, 4) of MIDI pitches, `SILENT` where none sings."""

    id: str
    split: str
    voices: npt.NDArray[np.int16]

    @property
    def group(self) -> str:
        """Each chorale stands alone."""
        return self.id


def load(root: Path) -> Iterator[Chorale]:
    """Read the splits that are there.

    Raises: CorpusError when the corpus is missing, holds no split, or a chorale is not as it should be.
    """
    path = CORPUS.folder(root) / CORPUS.sign
    corpus = document(path)
    if not isinstance(corpus, dict) or not _SPLITS.keys() & corpus.keys():
        raise CorpusError(f"{path} must hold the keys train, valid or test; it holds none of them")
    for name, split in _SPLITS.items():
        for number, steps in enumerate(_chorales(path, name, corpus.get(name, []))):
            yield Chorale(f"{name}-{number}", split, _voices(path, f"{name}-{number}", steps))


def _chorales(path: Path, name: str, chorales: object) -> list[object]:
    if not isinstance(chorales, list):
        raise CorpusError(f"{path}: {name} must be a list of chorales; got {quoted(chorales)}")
    return chorales


def _voices(path: Path, name: str, steps: object) -> npt.NDArray[np.int16]:
    try:
        pitches = np.array(steps, np.float64)
    except (TypeError, ValueError):
        pitches = np.empty(0)
    if pitches.ndim != 2 or pitches.shape[1] != len(VOICES):
        raise CorpusError(f"{path}: {name} must be steps of four pitches; got {quoted(steps)}")
    pitches = np.nan_to_num(pitches, nan=SILENT)
    if not (np.isin(pitches, range(SILENT, _HIGHEST_PITCH + 1))).all():
        raise CorpusError(f"{path}: the pitches of {name} must be whole numbers in -1..127; got {pitches.max():g}")
    return pitches.astype(np.int16)
