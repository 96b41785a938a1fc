"""Groove MIDI Dataset: drummers on an electronic kit, playing to a metronome, with their velocities and timing.

Conventions: official layout `groove/` with `info.csv` and `drummerN/sessionN/*.mid` (Gillick and others, ICML 2019).
Beats are the metronome's: a take's tempo and meter hold from its first to its last hit, so that the distance of a hit
from the grid is the drummer's own. Most takes are fills of a few seconds. The official splits are by take: they share
drummers and sessions, so a take is its own group; for a figure on unheard drummers, leave whole `drummer`s out.
Licence: CC BY 4.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kelly.errors import CorpusError
from kelly.score import midi
from kelly.score.notes import Meter, Score
from kelly.training.data.layout import SPLITS, Corpus, number, rows

__all__ = ["CORPUS", "KINDS", "Take", "load", "read"]

CORPUS = Corpus(
    "groove",
    "info.csv",
    title="Groove MIDI Dataset",
    source="magenta.tensorflow.org/datasets/groove",
    licence="CC BY 4.0",
    commercial=True,
    group="take",
    counts={"train": 897, "dev": 124},
)
KINDS = ("beat", "fill")
_SPLITS = dict(zip(("train", "validation", "test"), SPLITS, strict=True))
_COLUMNS = ("drummer", "session", "id", "style", "bpm", "beat_type", "time_signature", "midi_filename", "duration")
_METER = re.compile(r"([1-9]\d?)-(1|2|4|8|16|32)")
_SLOWEST, _FASTEST = 20, 400  # BPM
_LONGEST = 7200  # seconds


@dataclass(frozen=True, slots=True)
class Take:
    """A take: id (`drummerN/sessionN/n`), split, path, drummer, session, style and substyle ("" where none is named),
    bpm, kind ("beat" or "fill"), meter, duration in seconds.
    """

    id: str
    split: str
    path: Path
    drummer: str
    session: str
    style: str
    substyle: str
    bpm: float
    kind: str
    meter: Meter
    duration: float

    @property
    def group(self) -> str:
        """Each take stands alone: the official splits share drummers and sessions."""
        return self.id


def load(root: Path) -> Iterator[Take]:
    """Read the table of takes.

    Raises: CorpusError when the corpus is missing, a column is missing or a value is not as it should be.
    """
    place = CORPUS.folder(root)
    table = place / "info.csv"
    for row in rows(table, (*_COLUMNS, "split")):
        yield _take(place, table, row)


def read(take: Take) -> Score:
    """The hits of a take, in beats of its metronome.

    Raises: FileError, the file is missing, damaged or no MIDI.
    """
    return midi.read(take.path)


def _take(place: Path, table: Path, row: dict[str, str]) -> Take:
    name = row["id"]
    style, _, substyle = row["style"].partition("/")
    return Take(
        name,
        _SPLITS[_known(table, f"split of {name}", row["split"], tuple(_SPLITS))],
        place / row["midi_filename"],
        row["drummer"],
        row["session"],
        style,
        substyle,
        number(table, f"bpm of {name}", row["bpm"], _SLOWEST, _FASTEST),
        _known(table, f"beat_type of {name}", row["beat_type"], KINDS),
        _meter(table, name, row["time_signature"]),
        number(table, f"duration of {name}", row["duration"], 0, _LONGEST),
    )


def _known(table: Path, what: str, text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise CorpusError(f"{table}: {what} must be one of {', '.join(allowed)}; got {text!r}")
    return text


def _meter(table: Path, name: str, text: str) -> Meter:
    found = _METER.fullmatch(text)
    if found is None:
        raise CorpusError(f"{table}: time_signature of {name} must be like 4-4; got {text!r}")
    return Meter(0.0, int(found[1]), int(found[2]))
