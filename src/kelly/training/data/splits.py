"""Splits: which records of a corpus are for training, which for development, and which were never seen.

Conventions: corpora with an official split keep it. Of the others, `splits.csv` lists every record that Kelly's makers
had: a tenth of the groups (songs, works, artists, performers), by the hash of corpus and group, is the dev split, the
rest is for training. A record that is not listed was withheld from all training and belongs to the test split. VGMIDI
and EMOPIA, the corpora with listeners' labels, are cut a second time, by song, into three parts for three judges that
must not know each other's songs: the labeller (60 %) labels what the generators learn from, the judge (20 %) chooses
among what they write, the examiner (20 %) measures it.

    python -m kelly.training.data.splits ROOT       # writes the table anew, from all corpora below ROOT
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from functools import cache
from importlib import resources
from pathlib import Path

from kelly.files import write_atomically

__all__ = ["PARTS", "known", "part_of", "share", "split_of", "table"]

PARTS = ("labeller", "judge", "examiner")
# Corpora without an official split, listed by the ids of their records; RAVDESS by its performers.
LISTED = ("asap", "billboard", "emotify", "jazz", "mirex_mood", "nottingham", "pop909", "ravdess", "vgmidi")
PARTED = ("emopia", "vgmidi")  # listed by their songs
COLUMNS = ("corpus", "id", "split", "part")
_DEV, _SHARES = 0.1, (0.6, 0.8, 1.0)


def split_of(corpus: str, name: str) -> str:
    """The split of a record, by its id, in a corpus without an official split: train, dev or, never seen, test."""
    return _table().get((corpus, name), ("test", ""))[0]


def part_of(corpus: str, song: str) -> str:
    """Which of the three parts a rated song is in: labeller, judge or examiner; "" of a song never seen."""
    return _table().get((corpus, song), ("test", ""))[1]


def known(corpus: str) -> frozenset[str]:
    """The ids that are listed for a corpus."""
    return frozenset(name for of, name in _table() if of == corpus)


def table(root: Path) -> list[tuple[str, ...]]:
    """The rows of `splits.csv`, made anew from the corpora below a root."""
    from kelly.training.data.registry import reader

    rows = set()
    for corpus in sorted({*LISTED, *PARTED}):
        for record in reader(corpus).load(root):
            name = record.group if corpus in {"emopia", "ravdess"} else record.id
            split = _split(corpus, record.group) if corpus in LISTED else ""
            rows.add((corpus, name, split, _part(record.group) if corpus in PARTED else ""))
    return sorted(rows)


def _split(corpus: str, group: str) -> str:
    return "dev" if share(corpus, group) < _DEV else "train"


def _part(song: str) -> str:
    place = share("parts", song)
    return next(part for part, share in zip(PARTS, _SHARES, strict=True) if place < share)


def share(salt: str, name: str) -> float:
    """A number in 0..1 that follows from two texts, and from nothing else."""
    return int.from_bytes(hashlib.sha256(f"{salt}/{name}".encode()).digest()[:8], "big") / 2**64


@cache
def _table() -> dict[tuple[str, str], tuple[str, str]]:
    text = resources.files("kelly.training.data").joinpath("splits.csv").read_text(encoding="utf-8")
    return {(row["corpus"], row["id"]): (row["split"], row["part"]) for row in csv.DictReader(io.StringIO(text))}


if __name__ == "__main__":
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([COLUMNS, *table(Path(sys.argv[1]))])
    write_atomically(Path(__file__).with_name("splits.csv"), written.getvalue().encode())
