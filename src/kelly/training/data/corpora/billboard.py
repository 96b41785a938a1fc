"""McGill Billboard: chords and form of songs of the US charts of 1958 to 1991, by experts.

Conventions: official layout `billboard-2.0-salami_chords/NNNN/salami_chords.txt` (Burgoyne, Wild, Fujinaga, ISMIR
2011): lines `# title:`, `# artist:`, `# metre:` and `# tonic:` (the last two again where they change), then one line a
phrase: seconds, tab, `A, verse, | C:maj | F:maj . . G:7 | x2, (voice`. The chords of a bar share it evenly, `.` goes on
with the chord before; `(2/4)` before a bar is its own metre, `*` stands for music that has no chord name, `&pause` for
time out of metre, `x2` for a phrase played twice; `->` (the next phrase begins early) moves no bar line. Silence and
phrases of noise (`Z`) take no beats. Tonics come without a mode. Ids are places in the charts: one song may hold
several, so songs are grouped by title and artist. Licence: CC0 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kelly.errors import CorpusError
from kelly.names import quoted
from kelly.score.notes import Meter
from kelly.training.data.layout import Corpus
from kelly.training.data.leadsheet import Change, Key, LeadSheet, Section, bar_of, pitch_class, text_of
from kelly.training.data.splits import split_of

__all__ = ["CORPUS", "Song", "load", "read"]

CORPUS = Corpus(
    "billboard",
    "**/salami_chords.txt",
    title="McGill Billboard",
    source="ddmal.ca/research/The_McGill_Billboard_Project_(Chord_Analysis_Dataset)",
    licence="CC0 1.0",
    commercial=True,
    group="title and artist",
    counts={"train": 576, "dev": 66},
)
MOST_REPEATS = 100
_HEAD = re.compile(r"#\s*(\w+):\s*(.*\S)\s*")
_PHRASE = re.compile(r"(?P<head>[^|]*)\|(?P<bars>.*)\|(?P<tail>[^|]*)")
_LETTER = re.compile(r"[A-Z]+'*")
_REPEATS = re.compile(r"\bx(\d{1,4})\b")
_METER = re.compile(r"\(?([1-9]\d?)/(1|2|4|8|16)\)?")
_GOES_ON, _PAUSE = ".", "&pause"


@dataclass(frozen=True, slots=True)
class Song:
    """An annotated song: id ("0003"), split, group (title and artist), path, title, artist."""

    id: str
    split: str
    group: str
    path: Path
    title: str
    artist: str


@dataclass(slots=True)
class _Sheet:
    """What has been read so far, up to `onset` in beats."""

    path: Path
    onset: float = 0.0
    meter: Meter | None = None
    changes: list[Change] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    meters: list[Meter] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)


def load(root: Path) -> Iterator[Song]:
    """List the songs.

    Raises: CorpusError when the corpus is missing or a song does not say its title and artist.
    """
    for path in sorted(CORPUS.folder(root).glob(CORPUS.sign)):
        lines = map(_HEAD.fullmatch, text_of(path).splitlines())
        told = {found[1]: found[2] for found in lines if found}
        if not {"title", "artist"} <= told.keys():
            raise CorpusError(f"{path} must have the lines '# title:' and '# artist:'; it lacks one of them")
        name = path.parent.name
        group = f"{_plain(told['title'])} / {_plain(told['artist'])}"
        yield Song(name, split_of(CORPUS.name, name), group, path, told["title"], told["artist"])


def read(song: Song) -> LeadSheet:
    """The chords of a song, one change or more a bar (none goes over a bar line), repeats written out (100 at most).

    Symbols are Harte's; "*" is music without a chord name. Keys have no mode.
    Raises: FileError, the file cannot be read; CorpusError, a line is not in the official format.
    """
    sheet = _Sheet(song.path)
    for line in text_of(song.path).splitlines():
        if line.startswith("#"):
            _state(sheet, line)
        elif "|" in line:
            _play(sheet, line.partition("\t")[2])
    if not sheet.changes:
        raise CorpusError(f"{song.path} must hold bars of chords; it holds none")
    return LeadSheet(tuple(sheet.changes), tuple(sheet.keys), tuple(sheet.meters), tuple(sheet.sections))


def _plain(name: str) -> str:
    return " ".join(re.findall(r"\w+", name.replace("'", "").casefold()))


def _state(sheet: _Sheet, line: str) -> None:
    """Take in a line that states the metre or the tonic."""
    found = _HEAD.fullmatch(line)
    if found is not None and found[1] == "metre":
        sheet.meter = _meter(sheet, found[2])
    elif found is not None and found[1] == "tonic":
        tonic = pitch_class(found[2])
        if tonic is None:
            raise CorpusError(f"{sheet.path}: a tonic must be a note such as Bb; got {quoted(found[2])}")
        if not sheet.keys or sheet.keys[-1].tonic != tonic:
            sheet.keys.append(Key(sheet.onset, tonic, None))


def _meter(sheet: _Sheet, text: str) -> Meter:
    found = _METER.fullmatch(text)
    if found is None:
        raise CorpusError(f"{sheet.path}: a metre must be like 6/8; got {quoted(text)}")
    return Meter(sheet.onset, int(found[1]), int(found[2]))


def _play(sheet: _Sheet, phrase: str) -> None:
    """Take in a phrase, as often as it is played."""
    found = _PHRASE.fullmatch(phrase)
    if found is None:
        raise CorpusError(f"{sheet.path}: the bars of a phrase must stand between |; got {quoted(phrase)}")
    words = [word.strip() for word in found["head"].split(",") if word.strip()]
    letter = next((word for word in words if _LETTER.fullmatch(word)), "")
    if letter:
        name = next((word for word in words if word != letter), "")
        sheet.sections.append(Section(sheet.onset, letter, name))
    repeats = _REPEATS.search(found["tail"])
    for _ in range(min(int(repeats[1]), MOST_REPEATS) if repeats else 1):
        for bar in found["bars"].split("|"):
            _add_bar(sheet, bar.split())


def _add_bar(sheet: _Sheet, symbols: list[str]) -> None:
    """Take in a bar, which ends earlier or later when it states its own metre."""
    meter = sheet.meter
    if symbols and symbols[0].startswith("("):
        meter = _meter(sheet, symbols.pop(0))
    symbols = [symbol for symbol in symbols if symbol != _PAUSE]
    if not symbols:
        return  # a pause, or the two lines of a double bar
    if meter is None:
        raise CorpusError(f"{sheet.path} must state its metre before its first bar; it does not")
    if not sheet.meters or sheet.meters[-1].bar_length != meter.bar_length:
        sheet.meters.append(Meter(sheet.onset, meter.numerator, meter.denominator))
    sheet.changes += _held(bar_of(symbols, sheet.onset, meter.bar_length), sheet.changes)
    sheet.onset += meter.bar_length


def _held(bar: list[Change], before: list[Change]) -> list[Change]:
    """A bar in which dots have become part of the chord that they go on with."""
    held: list[Change] = []
    for change in bar:
        if change.symbol != _GOES_ON:
            held.append(change)
        elif held:
            held[-1] = Change(held[-1].onset, held[-1].duration + change.duration, held[-1].symbol)
        elif before:
            held.append(Change(change.onset, change.duration, before[-1].symbol))
    return held
