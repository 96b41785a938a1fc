"""EMOPIA: clips of pop piano covers, transcribed, each in a quadrant of the valence-arousal plane.

Conventions: official layout `emopia/` with `midis/Qn_<song>_<k>.mid` and `split/{train,val,test}.csv` (Hung and
others, ISMIR 2021). Quadrants are 1 V+A+, 2 V-A+, 3 V-A-, 4 V+A-; clips of one song are in one split. The
label stands in the file's name too: ids are given without it, so that nothing that reads names can read labels. Every
file claims 120 BPM: its beats are half seconds and say nothing of the music's, which `beats` tracks.
Licence: CC BY-NC-SA 4.0.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kelly.errors import CorpusError
from kelly.score import midi
from kelly.score.notes import Score
from kelly.training.data.beats import Tracked, track
from kelly.training.data.layout import SPLITS, Corpus, rows

__all__ = ["CORPUS", "Clip", "beats", "load", "read"]

CORPUS = Corpus(
    "emopia",
    "midis/Q*.mid",
    title="EMOPIA",
    source="github.com/annahung31/EMOPIA (zenodo.org/records/5090631)",
    licence="CC BY-NC-SA 4.0",
    commercial=False,
    group="song",
    counts={"train": 767, "dev": 198},
)
_FILES = dict(zip(("train", "val", "test"), SPLITS, strict=True))
_NAME = re.compile(r"Q([1-4])_(.+)_(\d+)")


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip: id (`<song>_<k>`), split, group (its song), path, quadrant 1..4."""

    id: str
    split: str
    group: str
    path: Path
    quadrant: int

    @property
    def valence(self) -> int:
        """The sign of its valence, -1 or 1."""
        return 1 if self.quadrant in {1, 4} else -1

    @property
    def arousal(self) -> int:
        """The sign of its arousal, -1 or 1."""
        return 1 if self.quadrant in {1, 2} else -1


def load(root: Path) -> Iterator[Clip]:
    """Read the splits that are there.

    Raises: CorpusError when the corpus is missing, has no split table, or a name or label is not as it should be.
    """
    place = CORPUS.folder(root)
    tables = {split: path for name, split in _FILES.items() if (path := place / "split" / f"{name}.csv").exists()}
    if not tables:
        raise CorpusError(f"{place / 'split'} must hold train.csv, val.csv or test.csv; it holds none of them")
    seen: Counter[str] = Counter()
    for split, path in tables.items():
        for row in rows(path, ("fname", "label")):
            clip = _clip(place, path, split, row["fname"], row["label"])
            seen[clip.id] += 1  # six clips differ from another by their label alone
            yield clip if seen[clip.id] == 1 else replace(clip, id=f"{clip.id}-{seen[clip.id]}")


def read(clip: Clip) -> Score:
    """The notes of a clip; a beat is half a second. Raises: FileError, the file is missing, damaged or no MIDI."""
    return midi.read(clip.path)


def beats(clip: Clip) -> Tracked:
    """The beats of a clip, tracked from its notes. Raises: as `read`, and UsageError, it is too long for that."""
    return track(read(clip))


def _clip(place: Path, table: Path, split: str, name: str, label: str) -> Clip:
    found = _NAME.fullmatch(name.removesuffix(".mid"))
    if found is None or label != f"Q{found[1]}":
        raise CorpusError(f"{table}: a row must be Qn_<song>_<number> and that Qn, n 1..4; got {name!r}, {label!r}")
    quadrant, song, number = found.groups()
    return Clip(f"{song}_{number}", split, song, place / "midis" / f"{found[0]}.mid", int(quadrant))
