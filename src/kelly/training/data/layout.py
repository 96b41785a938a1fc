"""Layout: where a corpus lies below a root folder, and its tables.

Conventions: a root is the folder of the corpus itself, a folder of corpora (`emobank/`, `goemotions/` ...) or the
folder above that (`text/emobank/`). Splits are named train, dev and test, as the corpora name them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from kelly.errors import CorpusError, MissingCorpusError

__all__ = ["SPLITS", "folder", "one_of", "rows"]

SPLITS = ("train", "dev", "test")


class _Plain(csv.excel_tab):
    quoting = csv.QUOTE_NONE  # tweets hold lone quotes


def folder(root: Path, name: str, sign: str) -> Path:
    """The folder of a corpus.

    Parameters: root, the corpus, a folder of corpora or one above; name, the corpus's folder name; sign, a glob pattern
    of a file by which the folder is known.
    Raises: MissingCorpusError when none of them holds such a file.
    """
    for place in (root / name, root / "text" / name, root):
        if place.is_dir() and next(place.glob(sign), None):
            return place
    raise MissingCorpusError(
        f"no {name} corpus in {root}: expected {name}/{sign} there (see docs/how-to/train-words.md)"
    )


def one_of(place: Path, *patterns: str) -> Path | None:
    """The first file below a folder that fits one of several glob patterns, or None."""
    return next((path for pattern in patterns for path in sorted(place.glob(pattern))), None)


def rows(path: Path, columns: tuple[str, ...], *, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """The rows of a table with a head line, parted by commas or by tabs.

    Raises: CorpusError when the file cannot be read as UTF-8 or lacks a column.
    """
    dialect = _Plain if delimiter == "\t" else csv.excel
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines, dialect=dialect)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise CorpusError(f"{path} must have the columns {', '.join(columns)}; it lacks {', '.join(missing)}")
            for row in reader:
                if None in row.values():
                    raise CorpusError(f"{path}: line {reader.line_num} has fewer columns than the head")
                yield row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{path} cannot be read: {error}") from error
