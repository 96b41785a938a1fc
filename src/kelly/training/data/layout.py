"""Layout: what is known of a corpus before it is opened, where it lies below a root folder, and its tables.

Conventions: a root is the folder of the corpus itself, a folder of corpora (`emobank/`, `goemotions/` ...) or the
folder above that (`text/emobank/`). Splits are named train, dev and test, whatever the corpora call them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from kelly.errors import CorpusError, MissingCorpusError

__all__ = ["SPLITS", "Corpus", "Record", "document", "number", "one_of", "rows"]

SPLITS = ("train", "dev", "test")
LARGEST = 200 * 2**20  # bytes of a JSON file


class Record(Protocol):
    """What every record of a corpus has: id, split, and the group (song, performer, work) that no split cuts."""

    @property
    def id(self) -> str:
        """Its name, one of its own within the corpus."""

    @property
    def split(self) -> str:
        """The split it belongs to: train, dev or test."""

    @property
    def group(self) -> str:
        """The group it belongs to, whole groups being in one split."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is known of a corpus before it is opened.

    Parameters: name, of its folder and in commands; sign, a glob pattern of a file by which the folder is known; title;
    source, where to get it; licence, and whether it allows commercial use (None where that is unclear); group, what
    its splits keep together; counts, records of each split that Kelly's models were made with.
    """

    name: str
    sign: str
    title: str
    source: str
    licence: str
    commercial: bool | None
    group: str
    counts: Mapping[str, int] = field(default_factory=dict)

    def folder(self, root: Path) -> Path:
        """The folder of the corpus.

        Raises: MissingCorpusError when neither the root nor a folder of the corpus's name in it holds such a file.
        """
        for place in (root / self.name, root / "text" / self.name, root):
            if place.is_dir() and next(place.glob(self.sign), None):
                return place
        where = f"{root}" if root.is_dir() else f"{root}, which is no folder"
        raise MissingCorpusError(
            f"no {self.name} corpus in {where}: expected {self.name}/{self.sign} there; {self.title} is to be had from "
            f"{self.source}"
        )


class _Plain(csv.excel_tab):
    quoting = csv.QUOTE_NONE  # tweets hold lone quotes


def one_of(place: Path, *patterns: str) -> Path | None:
    """The first file below a folder that fits one of several glob patterns, or None."""
    return next((path for pattern in patterns for path in sorted(place.glob(pattern))), None)


def rows(path: Path, columns: tuple[str, ...], *, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """The rows of a table with a head line, parted by commas or by tabs; blanks around the names of columns are cut.

    Raises: CorpusError when the file cannot be read as UTF-8 or lacks a column.
    """
    dialect = _Plain if delimiter == "\t" else csv.excel
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, dialect=dialect)
            reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
            missing = [column for column in columns if column not in reader.fieldnames]
            if missing:
                raise CorpusError(f"{path} must have the columns {', '.join(columns)}; it lacks {', '.join(missing)}")
            for row in reader:
                if None in row.values():
                    raise CorpusError(f"{path}: line {reader.line_num} has fewer columns than the head")
                yield row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{path} cannot be read: {error}") from error


def document(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """What a JSON file holds. Raises: CorpusError when it cannot be read, is too large or is not JSON."""
    try:
        if path.stat().st_size > LARGEST:
            raise CorpusError(f"{path} is larger than {LARGEST} bytes")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CorpusError(f"{path} cannot be read: {error}") from error


def number(path: Path, what: str, text: object, low: float, high: float) -> float:
    """A number of a label, such as a rating.

    Parameters: path, of the file that says so; what, for the error; text, as it stands there; low and high, its range.
    Raises: CorpusError when it is no number or lies outside its range.
    """
    try:
        value = float(str(text))
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise CorpusError(f"{path}: {what} must lie in {low:g}..{high:g}; got {text!r}")
    return value
