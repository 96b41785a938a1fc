"""Backup: the store of a service and its models, in one file, while it runs or not.

Conventions: a backup is a zip file. `manifest.json` says what it holds: the Kelly that made it, the shape of its store,
how many rows each table has, the SHA-256 of every other member and of the weights that came with that Kelly.
`TABLE.jsonl` has the rows of a table, an object a line; `songs/ID.mid` has the notes of a song, and `models/NAME/FILE`
is of a model that lies in the folder of the service. All of it is the store at one moment, whichever database keeps it.
What people asked for and is not made yet is in it, so a backup can be read by its owner alone. Trainings are left out:
their folders hold plain files that any program copies, and checkpoints that are pickles, which no archive may bring.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import SQLAlchemyError

from kelly._version import __version__
from kelly.errors import FileError
from kelly.files import read_bytes, replacing
from kelly.serving.store import opening, tables
from kelly.serving.store.store import Store

__all__ = ["FORMAT", "LARGEST", "MANIFEST", "MODEL", "MOST", "Manifest", "backed_up", "of_song", "reflected", "weights"]

FORMAT = "kelly-backup-1"
MANIFEST = "manifest.json"
MODEL = re.compile(r"models/[a-z0-9][\w-]{0,63}/[a-z0-9][\w.-]{0,63}\.(?:csv|json|md|onnx|safetensors|txt)", re.ASCII)
LARGEST = 2**30  # bytes of a member that is read in one piece
MOST = 64 * 2**30  # bytes of all members together
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same store, the same file, but for the manifest


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    Parameters: kelly, the version that made it; made, when, in seconds since 1970; shape, of the store; rows of each
    table; members, the SHA-256 of each by its name; weights, the same of the files of the models that came with Kelly.
    """

    kelly: str
    made: float
    shape: str
    rows: Mapping[str, int]
    members: Mapping[str, str]
    weights: Mapping[str, str]

    @property
    def models(self) -> frozenset[str]:
        """The names of the models that it holds."""
        return frozenset(name.split("/")[1] for name in self.members if name.startswith("models/"))


def backed_up(url: str, folder: Path, target: Path, told: Callable[[str], None] = lambda _: None) -> Manifest:
    """Write a backup of a store and of the models in a folder; a file that is there is replaced once it is whole.

    Parameters: url, of the store; folder, of the service; target; told, whom each part is told before it is begun.
    Raises: UsageError, the URL is none; FileError, there is no store, it cannot be read, or the file not be written.
    """
    with closing(Store(url)) as store, replacing(target) as beside:
        beside.chmod(0o600)
        file = opening.file_of(store.engine)
        if file is not None and not file.exists():
            raise FileError(f"there is no store at {file}")
        try:
            with (
                opening.still(store.engine).begin() as connection,
                zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive,
            ):
                return _written(connection, folder, _Members(archive), told)
        except SQLAlchemyError as error:
            raise FileError(f"the store cannot be read: {opening.said(error)}") from error


class _Members:
    """The members of a backup that is being written, with their digests."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._size = 0
        self.sums: dict[str, str] = {}

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a member."""
        digest = hashlib.sha256()
        info = zipfile.ZipInfo(name, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        with self._archive.open(info, "w", force_zip64=True) as member:
            for piece in pieces:
                digest.update(piece)
                member.write(piece)
                self._size += len(piece)
                if self._size > MOST:
                    raise FileError(f"a backup holds up to {MOST / 2**30:g} GiB; the store has more")
        self.sums[name] = digest.hexdigest()


def _written(connection: sql.Connection, folder: Path, members: _Members, told: Callable[[str], None]) -> Manifest:
    shape = opening.shape(connection)
    if shape is None:
        raise FileError("there is no store of Kelly's at this place")
    rows = {}
    for table in reflected(connection):
        told(table.name)
        counted = _Counted(_rows(connection, table))
        members.add(f"{table.name}.jsonl", counted)
        rows[table.name] = counted.count
    told("notes")
    songs = tables.songs.c
    for (name,) in connection.execute(sql.select(songs.id).order_by(songs.id)).all():
        members.add(of_song(name), [connection.execute(sql.select(songs.midi).where(songs.id == name)).scalar_one()])
    told("models")
    for path in sorted((folder / "models").glob("*/*")):
        if MODEL.fullmatch(name := path.relative_to(folder).as_posix()) and not path.is_symlink():
            members.add(name, [read_bytes(path, limit=LARGEST)])
    made = Manifest(__version__, time.time(), shape, rows, dict(members.sums), weights())
    members.add(MANIFEST, [json.dumps({"format": FORMAT, **asdict(made)}, indent=1).encode()])
    return made


class _Counted:
    """Pieces that are counted as they go by."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self.count = pieces, 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.count += 1
            yield piece


def _rows(connection: sql.Connection, table: sql.Table) -> Iterator[bytes]:
    """The rows of a table as lines of JSON, without what is bytes."""
    columns = [column for column in table.columns if not isinstance(column.type, sql.LargeBinary)]
    asked = sql.select(*columns).order_by(*table.primary_key.columns)
    for row in connection.execution_options(yield_per=100).execute(asked).mappings():
        yield json.dumps(dict(row), allow_nan=False).encode() + b"\n"


def reflected(connection: sql.Connection) -> list[sql.Table]:
    """The tables of Kelly's that a store has, as they are there, be it of an older shape."""
    there = [name for name in sorted(tables.metadata.tables) if sql.inspect(connection).has_table(name)]
    found = sql.MetaData()
    found.reflect(connection, only=there)
    return [found.tables[name] for name in there]


def of_song(name: str) -> str:
    """The name of the member that has the notes of a song."""
    return f"songs/{name}.mid"


def weights() -> dict[str, str]:
    """The SHA-256 of the files of the models that come with this Kelly, as their `config.json` states them."""
    told: dict[str, str] = {}
    for folder in resources.files("kelly.models").iterdir():
        if folder.joinpath("config.json").is_file():
            config: dict[str, Any] = json.loads(folder.joinpath("config.json").read_text(encoding="utf-8"))
            told |= {f"{folder.name}/{file}": str(digest) for file, digest in config["sha256"].items()}
    return dict(sorted(told.items()))
