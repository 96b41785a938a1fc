"""Progressions: songs of four corpora as sequences of the 64 chord classes, one step a change of chord.

Conventions: classes are `models.harmony.classes`, relative to the key that holds where the chord begins; a sequence
opens with `BEGIN` and closes with `END`. Chords of one class and key that follow each other are one; silence before the
first and after the last is left out, and a gap of `GAP` beats or more between two is no chord. Keys: POP909 and
Nottingham state theirs; Billboard states tonics, whose mode the chords tell; of Jazz a signature is known at best
(`training.data.keys`). Times are in beats from the start of the piece.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import CorpusError, FileError
from kelly.models.harmony.classes import BEGIN, END, NO_CHORD
from kelly.names import find
from kelly.training.data import chords, keys
from kelly.training.data.corpora import billboard, jazz, nottingham, pop909
from kelly.training.data.layout import SPLITS, Record
from kelly.training.data.leadsheet import Key, LeadSheet, key_at

__all__ = ["CORPORA", "GAP", "Progression", "progression", "progressions", "sheets"]

GAP = 1.0


@dataclass(frozen=True, slots=True)
class Progression:
    """The chords of a song.

    Parameters: corpus, id, split and group of its record; and for each of n steps: classes (n,) 0..63; onsets (n,) and
    beats (n,), when it begins and how long it lasts (`BEGIN` and `END` last 0); tonics (n,) 0..11 and minor (n,), the
    key that it is relative to.
    """

    corpus: str
    id: str
    split: str
    group: str
    classes: npt.NDArray[np.int64]
    onsets: npt.NDArray[np.float64]
    beats: npt.NDArray[np.float64]
    tonics: npt.NDArray[np.int64]
    minor: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Step:
    index: int
    onset: float
    end: float
    tonic: int
    minor: bool


Note = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class _Source:
    """A corpus: its records below a root, and of one its lead sheet, keys settled, with its notation."""

    load: Callable[[Path], Iterator[Record]]
    sheet: Callable[[Any], tuple[LeadSheet, str]]


def progressions(
    root: Path, corpora: Iterable[str] | None = None, *, splits: Collection[str] = SPLITS, note: Note | None = None
) -> Iterator[Progression]:
    """The songs of some corpora below a root, or of all `CORPORA`; songs without any chord are left out.

    Parameters: root; corpora; splits, whose songs are asked for; note, told of each song that cannot be read, which is
    left out then (None: that raises).
    Raises: UnknownNameError, a corpus is not of them; MissingCorpusError, one is not there; CorpusError or FileError,
    the list of its songs, or a song, is not as it should be.
    """
    for name in CORPORA if corpora is None else corpora:
        for record, sheet, notation in sheets(root, name, splits=splits, note=note):
            if (song := progression(name, record, sheet, notation)) is not None:
                yield song


def sheets(
    root: Path, corpus: str, *, splits: Collection[str] = SPLITS, note: Note | None = None
) -> Iterator[tuple[Record, LeadSheet, str]]:
    """The songs of a corpus below a root: record, lead sheet with keys whose modes are settled, and its notation.

    Parameters and Raises: as `progressions`.
    """
    name = find(corpus, _SOURCES, "corpus")
    source = _SOURCES[name]
    for record in source.load(root):
        if record.split in splits:
            try:
                sheet, notation = source.sheet(record)
            except (CorpusError, FileError) as error:
                if note is None:
                    raise
                note(f"{name} {record.id} is left out: {error}")
            else:
                yield record, sheet, notation


def progression(corpus: str, record: Record, sheet: LeadSheet, notation: str) -> Progression | None:
    """A song's lead sheet as a sequence of classes; None when it has no chord.

    Parameters: corpus and record, the song's; sheet, with or without keys (then C major); notation, of its symbols.
    """
    steps = _merged(_trimmed(list(_steps(sheet, notation))))
    if not steps:
        return None
    first, last = steps[0], steps[-1]
    steps = [replace(first, index=BEGIN, end=first.onset), *steps, replace(last, index=END, onset=last.end)]
    return Progression(
        corpus,
        record.id,
        record.split,
        record.group,
        classes=np.array([step.index for step in steps]),
        onsets=np.array([step.onset for step in steps]),
        beats=np.array([step.end - step.onset for step in steps]),
        tonics=np.array([step.tonic for step in steps]),
        minor=np.array([step.minor for step in steps]),
    )


def _steps(sheet: LeadSheet, notation: str) -> Iterator[_Step]:
    """Each chord in its key, and no chord in the gaps between them."""
    end = sheet.changes[0].onset if sheet.changes else 0.0
    for change in sheet.changes:
        key = key_at(sheet.keys, change.onset) or Key(0.0, 0, minor=False)
        tonic, minor = key.tonic, bool(key.minor)
        if change.onset - end >= GAP:
            yield _Step(NO_CHORD, end, change.onset, tonic, minor)
        meant = chords.chord(change.symbol, notation)
        yield _Step(chords.relative(meant, tonic), change.onset, change.end, tonic, minor)
        end = change.end


def _trimmed(steps: Sequence[_Step]) -> Sequence[_Step]:
    sounding = [place for place, step in enumerate(steps) if step.index != NO_CHORD]
    return steps[sounding[0] : sounding[-1] + 1] if sounding else []


def _merged(steps: Sequence[_Step]) -> list[_Step]:
    merged: list[_Step] = []
    for step in steps:
        if merged and _what(merged[-1]) == _what(step):
            merged[-1] = replace(merged[-1], end=step.end)
        else:
            merged.append(step)
    return merged


def _what(step: _Step) -> tuple[int, int, bool]:
    return step.index, step.tonic, step.minor


def _billboard(song: billboard.Song) -> tuple[LeadSheet, str]:
    sheet = billboard.read(song)
    return replace(sheet, keys=keys.settled(sheet, "harte")), "harte"


def _jazz(tune: jazz.Tune) -> tuple[LeadSheet, str]:
    sheet = jazz.read(tune)
    return replace(sheet, keys=keys.signed(sheet, "jazz")), "jazz"


def _nottingham(tune: nottingham.Tune) -> tuple[LeadSheet, str]:
    return nottingham.read(tune).sheet, "pitches"


_SOURCES = {
    "pop909": _Source(pop909.load, pop909.chart),
    "billboard": _Source(billboard.load, _billboard),
    "jazz": _Source(jazz.load, _jazz),
    "nottingham": _Source(nottingham.load, _nottingham),
}
CORPORA = tuple(_SOURCES)
