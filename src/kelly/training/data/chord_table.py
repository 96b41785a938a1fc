"""Chord table: every chord suffix that the corpora hold, what it is taken for, and how much of each corpus is covered.

Conventions: `chord_qualities.csv` lists, for each source and suffix, the quality it is given (one of
`classes.QUALITIES`, no-chord or other), the semitones from the root written (or the lowest pitch) to the root heard,
how often it occurs and its share of the source. Every chord counts once, as often as it is written; POP909 is
counted twice, by its own symbols and by the pitches of POP909-CL ("pop909-cl").

    python -m kelly.training.data.chord_table ROOT       # writes the table anew, from the corpora below ROOT
"""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from kelly.files import write_atomically
from kelly.models.harmony.classes import QUALITIES
from kelly.training.data.chords import NO_CHORD, chord, parted
from kelly.training.data.corpora import pop909
from kelly.training.data.progressions import CORPORA, sheets

__all__ = ["COLUMNS", "Row", "coverage", "known", "symbols", "table"]

COLUMNS = ("source", "notation", "suffix", "quality", "root", "count", "share")
_EXPERT = "pop909-cl"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: source, notation, suffix, quality, root (semitones 0..11), count, share (0..1)."""

    source: str
    notation: str
    suffix: str
    quality: str
    root: int
    count: int
    share: float


def symbols(root: Path) -> Iterator[tuple[str, str, str]]:
    """Source, notation and symbol of every chord of the corpora below a root. Raises: as `progressions`."""
    for corpus in CORPORA:
        for _, sheet, notation in sheets(root, corpus):
            source = _EXPERT if corpus == "pop909" and notation == "pitches" else corpus
            yield from ((source, notation, change.symbol) for change in sheet.changes)
    for song in pop909.load(root):
        sheet, notation = pop909.chart(replace(song, expert=None))
        yield from (("pop909", notation, change.symbol) for change in sheet.changes)


def table(counted: Iterable[tuple[str, str, str]]) -> list[Row]:
    """The rows of the table from sources, notations and symbols, the most frequent of each source first."""
    counts = Counter((source, notation, *_taken(symbol, notation)) for source, notation, symbol in counted)
    totals: Counter[str] = Counter()
    for (source, *_), count in counts.items():
        totals[source] += count
    rows = [Row(*entry, count, count / totals[entry[0]]) for entry, count in counts.items()]
    return sorted(rows, key=lambda row: (row.source, -row.count, row.suffix))


def coverage(rows: Iterable[Row]) -> Mapping[str, float]:
    """For each source the share of its chords, no-chord left aside, that are one of the 60 classes with a root."""
    chords: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    for row in rows:
        if row.quality != NO_CHORD.quality:
            chords[row.source] += row.count
            covered[row.source] += row.count * (row.quality in QUALITIES)
    return {source: covered[source] / count for source, count in chords.items()}


def known() -> list[Row]:
    """The table that comes with Kelly."""
    with resources.files("kelly.training.data").joinpath("chord_qualities.csv").open(encoding="utf-8") as lines:
        return [
            Row(
                row["source"],
                row["notation"],
                row["suffix"],
                row["quality"],
                int(row["root"]),
                int(row["count"]),
                float(row["share"]),
            )
            for row in csv.DictReader(lines)
        ]


def _taken(symbol: str, notation: str) -> tuple[str, str, int]:
    """Suffix, quality and root of a symbol."""
    meant, (written, ending) = chord(symbol, notation), parted(symbol, notation)
    shift = 0 if meant.root is None or written is None else (meant.root - written) % 12
    return ending, meant.quality, shift


if __name__ == "__main__":
    made = table(symbols(Path(sys.argv[1])))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((*(getattr(row, name) for name in COLUMNS[:-1]), f"{row.share:.6f}") for row in made)
    write_atomically(Path(__file__).with_name("chord_qualities.csv"), text.getvalue().encode())
    sys.stdout.writelines(f"{source} {share:.4f}\n" for source, share in coverage(made).items())
