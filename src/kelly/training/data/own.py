"""Anyone's MIDI files, with the feeling that their names, a table beside them or a recogniser tells.

Conventions: all `.mid` and `.midi` files below a folder are pieces. The first that knows a file tells its feeling: a
row of `labels.csv` in the folder (columns `path`, relative to it, and `valence`, `arousal`, `dominance`; others are
left alone); its name, where that begins with a feeling ("grief_001.mid"); the name of its folder ("grief/"); else it
is heard, by the recogniser that ships, as it goes on. Files of a folder that is called after no feeling are one group,
others stand alone; a tenth of the groups, and one at least, is the dev split.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kelly.emotion import thesaurus
from kelly.emotion.space import Emotion
from kelly.errors import CorpusError, MissingCorpusError, UsageError
from kelly.listening.score import follow
from kelly.score import midi
from kelly.training.data.layout import number, rows
from kelly.training.data.splits import share

__all__ = ["NAME", "File", "curve", "load"]

NAME = "own"
TABLE = "labels.csv"
_DEV = 0.1
_ENDINGS = {".mid", ".midi"}
_AXES = {"valence": -1.0, "arousal": 0.0, "dominance": 0.0}  # and where each begins; all end at 1
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class File:
    """A file: id (its path below the folder), split, group, path; feeling, None where it has to be heard."""

    id: str
    split: str
    group: str
    path: Path
    feeling: Emotion | None


def load(root: Path) -> Iterator[File]:
    """List the files below a folder.

    Raises: MissingCorpusError, there is none; CorpusError, a row of the table is not as it should be.
    """
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in _ENDINGS and path.is_file())
    if not paths:
        raise MissingCorpusError(f"there is no MIDI file in {root}")
    told, files = _table(root), list[File]()
    for path in paths:
        name = path.relative_to(root).as_posix()
        by_folder = _named(path.parent.name) if path.parent != root else None
        feeling = told.get(name) or _named(path.stem) or by_folder
        group = name if by_folder or path.parent == root else path.parent.relative_to(root).as_posix()
        files.append(File(name, "train", group, path, feeling))
    shares = {file.group: share(NAME, file.group) for file in files}
    least = max(_DEV, *sorted(shares.values())[:1])  # one group at least is to choose by
    for file in files:
        yield replace(file, split="dev" if shares[file.group] <= least else "train")


def curve(file: File) -> npt.NDArray[np.float64]:
    """How a file is heard as it goes on: (passages, 6), as `kelly.training.data.feelings` has curves.

    Raises: FileError, the file cannot be read.
    """
    heard = follow(midi.read(file.path))
    told = [(one.start, one.end, *one.reading.emotion.vad[:2], *(one.reading.spreads or ())[:2]) for one in heard]
    return np.array(told, np.float64).reshape(-1, 6)


def _table(root: Path) -> dict[str, Emotion]:
    table = root / TABLE
    if not table.exists():
        return {}
    found = {}
    for row in rows(table, ("path", *_AXES)):
        name = row["path"].strip()
        if not (root / name).is_file():
            raise CorpusError(f"{table}: path must be a file below that folder; got {name!r}")
        axes = (number(table, f"the {axis} of {name}", row[axis], low, 1) for axis, low in _AXES.items())
        found[name] = Emotion(*axes)
    return found


def _named(name: str) -> Emotion | None:
    """The feeling that a name begins with; None where it begins with none."""
    words = _WORD.findall(name.casefold())
    for count in range(len(words), 0, -1):  # "joy of living" may be a feeling, "joy" is one
        with suppress(UsageError):
            return thesaurus.lookup(" ".join(words[:count])).emotion
    return None
