"""MAESTRO: competition performances on a piano that records its keys and pedals, 200 hours.

Conventions: official layout of version 3, `maestro/` (the archive's folder `maestro-v3.0.0`) with `maestro-v3.0.0.csv`
and `YEAR/*.midi` (Hawthorne and others, ICLR 2019). Times are seconds as played; every file claims 120 BPM, which says
nothing of the music's beats. The official splits are kept; they are by composition, known by composer and title (titles
are not spelt one way throughout, and one Haydn sonata stands in two splits). Audio is not needed. Licence:
CC BY-NC-SA 4.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kelly.errors import CorpusError
from kelly.score import midi
from kelly.score.notes import Score
from kelly.training.data.layout import SPLITS, Corpus, number, rows

__all__ = ["CORPUS", "Performance", "load", "read"]

CORPUS = Corpus(
    "maestro",
    "maestro-v3.0.0.csv",
    title="MAESTRO v3.0.0",
    source="magenta.tensorflow.org/datasets/maestro",
    licence="CC BY-NC-SA 4.0",
    commercial=False,
    group="composition",
)
_SPLITS = dict(zip(("train", "validation", "test"), SPLITS, strict=True))
_COLUMNS = ("canonical_composer", "canonical_title", "split", "year", "midi_filename", "duration")
_LONGEST = 14400  # seconds


@dataclass(frozen=True, slots=True)
class Performance:
    """A performance: id (the path of its MIDI file without ending, as ASAP names it), split, path, composer, title,
    year, duration in seconds.
    """

    id: str
    split: str
    path: Path
    composer: str
    title: str
    year: int
    duration: float

    @property
    def group(self) -> str:
        """The composition, which no split should cut."""
        return f"{self.composer}: {self.title}"


def load(root: Path) -> Iterator[Performance]:
    """Read the table of performances.

    Raises: CorpusError when the corpus is missing, a column is missing or a value is not as it should be.
    """
    place = CORPUS.folder(root)
    table = place / "maestro-v3.0.0.csv"
    for row in rows(table, _COLUMNS):
        yield _performance(place, table, row)


def read(performance: Performance) -> Score:
    """The notes and pedals of a performance; a beat is half a second.

    Raises: FileError, the file is missing, damaged or no MIDI.
    """
    return midi.read(performance.path)


def _performance(place: Path, table: Path, row: dict[str, str]) -> Performance:
    name = row["midi_filename"]
    if row["split"] not in _SPLITS:
        raise CorpusError(f"{table}: split of {name} must be one of {', '.join(_SPLITS)}; got {row['split']!r}")
    return Performance(
        name.removesuffix(".midi"),
        _SPLITS[row["split"]],
        place / name,
        row["canonical_composer"],
        row["canonical_title"],
        int(number(table, f"year of {name}", row["year"], 1900, 2100)),
        number(table, f"duration of {name}", row["duration"], 0, _LONGEST),
    )
