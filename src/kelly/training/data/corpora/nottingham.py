"""Nottingham Music Database: British and American folk tunes with chords.

Conventions: layout of the cleaned edition by Jukedeck: `MIDI/<book><n>.mid` with the melody in the first track and the
chords as notes in the second (13 tunes have none), tempo 120 and no dynamics, repeats written out. Keys and meters are
the file's: its key signatures say the mode too, and agree with the ABC's `K:` in all but two tunes.
`ABC_cleaned/<book>.abc` holds the same tunes as `X: <n>` with title `T:`; where it is missing a tune has no title and
is its own group. No official split. Licence: GPL-3.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kelly.errors import CorpusError
from kelly.score import midi
from kelly.score.notes import Note, Part
from kelly.training.data.layout import Corpus
from kelly.training.data.leadsheet import Change, LeadSheet, key_of, text_of
from kelly.training.data.splits import split_of

__all__ = ["CORPUS", "Content", "Tune", "load", "read"]

CORPUS = Corpus(
    "nottingham",
    "MIDI/*.mid",
    title="Nottingham Music Database (cleaned)",
    source="github.com/jukedeck/nottingham-dataset",
    licence="GPL-3.0",
    commercial=None,
    group="title",
    counts={"train": 935, "dev": 99},
)
_NAME = re.compile(r"(.*?)(\d+)")
_NUMBER, _TITLE = re.compile(r"X:\s*(\d+)\s*"), re.compile(r"T:\s*(.*\S)\s*")
_VARIANT = re.compile(r"\(.*?\)|\b(no|v|version)? *\d+\b|\bv \d+\b")
_ARTICLE = re.compile(r"^(the|a|an) | (the|a|an)$")


@dataclass(frozen=True, slots=True)
class Tune:
    """A tune: id ("jigs107"), split, group (title without what tells variants apart), path, title ("" if unknown)."""

    id: str
    split: str
    group: str
    path: Path
    title: str


@dataclass(frozen=True, slots=True)
class Content:
    """A tune's melody, and its chords (as pitches; none in 13 tunes), keys and meters."""

    melody: tuple[Note, ...]
    sheet: LeadSheet


def load(root: Path) -> Iterator[Tune]:
    """List the tunes.

    Raises: CorpusError when the corpus is missing; FileError, a book cannot be read.
    """
    place = CORPUS.folder(root)
    titles = {name: title for book in sorted(place.glob("ABC_cleaned/*.abc")) for name, title in _titles(book)}
    for path in sorted(place.glob(CORPUS.sign)):
        title = titles.get(path.stem, "")
        yield Tune(path.stem, split_of(CORPUS.name, path.stem), _plain(title) or path.stem, path, title)


def read(tune: Tune) -> Content:
    """The melody and the chords of a tune.

    Raises: FileError, the file is missing, damaged or no MIDI; CorpusError, it has no notes or more than two tracks.
    """
    score = midi.read(tune.path)
    if not 1 <= len(score.parts) <= 2:
        raise CorpusError(
            f"{tune.path} must have a track of melody and one of chords at most; it has {len(score.parts)}"
        )
    changes = tuple(_changes(score.parts[1])) if len(score.parts) == 2 else ()
    return Content(score.parts[0].notes, LeadSheet(changes, tuple(key_of(key) for key in score.keys), score.meters))


def _titles(book: Path) -> Iterator[tuple[str, str]]:
    """The id of each tune of a book and its first title."""
    number = ""
    for line in text_of(book).splitlines():
        if found := _NUMBER.fullmatch(line):
            number = found[1]
        elif number and (found := _TITLE.fullmatch(line)):
            yield f"{book.stem}{number}", found[1]
            number = ""


def _plain(title: str) -> str:
    words = " ".join(re.findall(r"[\w()]+", title.replace("'", "").casefold()))
    return _ARTICLE.sub("", " ".join(_VARIANT.sub(" ", words).split()))


def _changes(chords: Part) -> Iterator[Change]:
    """The chords of a track: notes that begin together are one."""
    together: dict[float, list[Note]] = {}
    for note in chords.notes:
        together.setdefault(note.onset, []).append(note)
    for onset, notes in sorted(together.items()):
        pitches = " ".join(str(pitch) for pitch in sorted({note.pitch for note in notes}))
        yield Change(onset, max(note.duration for note in notes), pitches)
