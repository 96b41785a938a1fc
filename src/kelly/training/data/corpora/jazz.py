"""Jazz Chord Progressions Corpus: standards and jazz tunes as chord symbols in bars.

Conventions: official layout `SongDB/*/*.txt` (Bunks, Dixon, Weyde, Di Giorgi, ISMIR 2023): lines `Title =`,
`ComposedBy =`, `DBKeySig =`, `TimeSig =`, `Bars =`, then bars between `|`, whose chords share them evenly; NC is no
chord. `DBKeySig` is a signature: it names a major key where its relative minor may be meant, and it is C too where
nobody set it, so `training.data.keys` decides from the chords. Some tunes occur twice with other harmonies: they are
grouped by title. No licence is stated: research use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kelly.errors import CorpusError
from kelly.names import quoted
from kelly.score.notes import Meter
from kelly.training.data.layout import Corpus
from kelly.training.data.leadsheet import Change, Key, LeadSheet, bar_of, pitch_class, text_of
from kelly.training.data.splits import split_of

__all__ = ["CORPUS", "Tune", "load", "read"]

CORPUS = Corpus(
    "jazz",
    "SongDB/*/*.txt",
    title="Jazz Chord Progressions Corpus",
    source="github.com/carey-bunks/Jazz-Chord-Progressions-Corpus",
    licence="none stated",
    commercial=None,
    group="title",
    counts={"train": 2355, "dev": 259},
)
_HEAD = re.compile(r"\s*(\w[\w ]*?)\s*=\s*(.*?)\s*")
_METER = re.compile(r"([1-9]\d?) +(1|2|4|8|16)")
_ARTICLE = re.compile(r"^(the|a|an) ")
_UNSET = "C"  # what the corpus writes where no signature was set, too


@dataclass(frozen=True, slots=True)
class Tune:
    """A tune: id (path below SongDB, without its ending), split, group (title), path, title, composer."""

    id: str
    split: str
    group: str
    path: Path
    title: str
    composer: str


def load(root: Path) -> Iterator[Tune]:
    """List the tunes.

    Raises: CorpusError when the corpus is missing; FileError, a file cannot be read.
    """
    place = CORPUS.folder(root)
    for path in sorted(place.glob(CORPUS.sign)):
        name = path.relative_to(place / "SongDB").with_suffix("").as_posix()
        told, _ = _parted(text_of(path))
        title = told.get("Title", path.stem)
        yield Tune(name, split_of(CORPUS.name, name), _plain(title), path, title, told.get("ComposedBy", ""))


def read(tune: Tune) -> LeadSheet:
    """The chords of a tune, one change or more a bar.

    The key is the major one of the signature, its mode None; there is none where the signature may not have been set.
    Raises: FileError, the file cannot be read; CorpusError, it has no metre or no bars.
    """
    told, music = _parted(text_of(tune.path))
    meter = _METER.fullmatch(told.get("TimeSig", ""))
    if meter is None:
        raise CorpusError(f"{tune.path}: TimeSig must be like 4 4; got {quoted(told.get('TimeSig', ''))}")
    length = Meter(0.0, int(meter[1]), int(meter[2])).bar_length
    changes: list[Change] = []
    for number, bar in enumerate(bar for bar in music.split("|") if bar.strip()):
        changes += bar_of(bar.split(), number * length, length)
    if not changes:
        raise CorpusError(f"{tune.path} must hold bars of chords; it holds none")
    signature = told.get("DBKeySig", "")
    tonic = None if signature == _UNSET else pitch_class(signature)
    keys = () if tonic is None else (Key(0.0, tonic, None),)
    return LeadSheet(tuple(changes), keys, (Meter(0.0, int(meter[1]), int(meter[2])),))


def _parted(text: str) -> tuple[dict[str, str], str]:
    """What the head of a tune says, and its bars."""
    told: dict[str, str] = {}
    music: list[str] = []
    for line in text.splitlines():
        found = None if "|" in line else _HEAD.fullmatch(line)
        if found is None:
            music.append(line)
        else:
            told["Title" if found[1].endswith("Title") else found[1]] = found[2]
    return told, "|".join(music)


def _plain(title: str) -> str:
    return _ARTICLE.sub("", " ".join(re.findall(r"\w+", title.replace("'", "").casefold())))
