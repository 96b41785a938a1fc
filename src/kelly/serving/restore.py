"""Restore: what a backup holds, put back into a store, be it on another database than before.

Conventions: a backup is refused as a whole when anything is amiss: a member that is damaged, missing or too many, a row
that does not fit its table, a store of a newer shape. Then the store and the models are as they were. Nothing is
extracted by a name that the archive gives, and nothing in it is run. The digests tell damage, not forgery: whoever can
write a backup can write another.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn

import sqlalchemy as sql
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from kelly.errors import FileError, KellyError
from kelly.files import make_folder
from kelly.serving.backup import FORMAT, LARGEST, MANIFEST, MODEL, MOST, Manifest, of_song, reflected
from kelly.serving.store import opening
from kelly.serving.store.store import Store

__all__ = ["restored"]

_MEMBERS = 4_000_000
_LINE = 64 * 2**20  # bytes of a row
_ID = re.compile(r"[0-9a-f]{24}")
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # a member that says it is packed in a strange way
    RuntimeError,  # or encrypted; or JSON that is nested too deeply
    ValueError,
    KeyError,
    TypeError,
    DataError,
    IntegrityError,
)


def restored(
    source: Path, url: str, folder: Path, *, replace: bool = False, told: Callable[[str], None] = lambda _: None
) -> Manifest:
    """Put back what a backup holds.

    Parameters: source; url, of the store, which is made if it is not there; folder, of the service; replace, whether
    what is there is replaced; told, whom each part is told before it is begun.
    Raises: UsageError, the URL is none; FileError, the backup is none, is damaged or of a newer Kelly, or the store is
    not empty, or cannot be written; all is then as it was.
    """
    with _refusing(source), source.open("rb") as file, zipfile.ZipFile(file) as packed:
        archive = _Archive(packed)
        with closing(Store(url)) as store, _models(archive, folder, replace=replace) as put:
            make_folder(folder)
            opening.made_private(store.engine)
            with store.engine.begin() as connection:
                opening.alone(connection)
                _emptied(connection, archive.manifest.shape, replace=replace)
                for table in reflected(connection):
                    told(table.name)
                    _filled(connection, table, archive)
                archive.close()
                opening.upgraded(connection)
                put()
    return archive.manifest


@contextmanager
def _refusing(source: Path) -> Iterator[None]:
    """Whatever goes wrong is a FileError of one line."""
    try:
        yield
    except KellyError:
        raise
    except _DAMAGE as error:
        raise FileError(f"cannot restore {source}: it is damaged, or no backup of Kelly's") from error
    except SQLAlchemyError as error:
        raise FileError(f"the store cannot be written: {opening.said(error)}") from error
    except OSError as error:
        raise FileError(f"cannot restore {source}: {error.strerror or error}") from error


class _Archive:
    """A backup that is being read: each member once, and all of them, against their digests."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed, self._infos = packed, {info.filename: info for info in packed.infolist()}
        self._left = {name for name in self._infos if name != MANIFEST}
        sizes = [info.file_size for info in self._infos.values()]
        if len(sizes) != len(packed.infolist()) or len(sizes) > _MEMBERS or sum(sizes) > MOST:
            raise FileError(
                f"a backup has up to {_MEMBERS:,} members of {MOST / 2**30:g} GiB together, each of another name"
            )
        with self._opened(MANIFEST) as member:
            self.manifest = _manifest(_read(member))
        if self._left != self.manifest.members.keys():
            raise KeyError(*self._left ^ self.manifest.members.keys())

    def models(self) -> Iterator[tuple[str, str, bytes]]:
        """The files of models: name of the model, name of the file, and what is in it."""
        for name in sorted(self._left):
            if name.startswith("models/"):
                if MODEL.fullmatch(name) is None:
                    raise ValueError(name)
                _, model, file = name.split("/")
                yield model, file, self.data(name)

    def data(self, name: str) -> bytes:
        """A member in one piece."""
        with self._opened(name) as member:
            data = _read(member)
        self._check(name, hashlib.sha256(data).hexdigest())
        return data

    def rows(self, table: str) -> Iterator[object]:
        """The rows of a table; what was read is only sure once all were."""
        name, digest, count = f"{table}.jsonl", hashlib.sha256(), 0
        with self._opened(name) as member:
            while line := member.readline(_LINE + 1):
                if len(line) > _LINE:
                    raise ValueError(name)
                digest.update(line)
                count += 1
                yield _json(line)
        self._check(name, digest.hexdigest())
        if count != self.manifest.rows[table]:
            raise ValueError(name)

    def close(self) -> None:
        """Raises: KeyError, there are members that nothing asked for."""
        if self._left:
            raise KeyError(*self._left)

    def _opened(self, name: str) -> IO[bytes]:
        info = self._infos[name]
        if info.compress_type not in _PACKINGS:
            raise NotImplementedError(name)
        return self._packed.open(info)

    def _check(self, name: str, digest: str) -> None:
        self._left.remove(name)
        if self.manifest.members[name] != digest:
            raise ValueError(name)


def _read(member: IO[bytes]) -> bytes:
    data = member.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(member)
    return data


def _json(data: bytes) -> Any:  # noqa: ANN401 - whatever it is
    return json.loads(data, parse_constant=_not_finite)


def _not_finite(name: str) -> NoReturn:
    raise ValueError(name)


def _manifest(data: bytes) -> Manifest:
    told = _json(data)
    kind = told.pop("format")
    if kind != FORMAT:
        raise FileError(f"a backup of this Kelly is {FORMAT}; this one is another")
    made = Manifest(**told)
    if made.shape not in opening.known():
        raise FileError(
            f"the backup is of a newer Kelly ({made.kelly}); this one knows the shape {opening.known()[-1]}"
        )
    return made


def _emptied(connection: sql.Connection, shape: str, *, replace: bool) -> None:
    """Empty the store and give it a shape. Raises: FileError, there is something in it that may not be replaced."""
    before, tables = opening.shape(connection), reflected(connection)
    if tables and connection.dialect.name == "postgresql":
        names = ", ".join(table.name for table in tables)
        connection.exec_driver_sql(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")
    if not replace and any(connection.execute(sql.select(table).limit(1)).first() for table in tables):
        raise FileError("the store is not empty: --replace puts the backup in the place of what is in it")
    if before == shape:
        for table in tables:
            connection.execute(sql.delete(table))
        return
    for table in tables:
        table.drop(connection)
    connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
    opening.upgraded(connection, shape)


def _filled(connection: sql.Connection, table: sql.Table, archive: _Archive) -> None:
    """Put the rows of a table into the store, and the notes of songs with them."""
    for told in archive.rows(table.name):
        row = _checked(table, told)
        if table.name == "songs":
            row["midi"] = archive.data(of_song(row["id"]))
        connection.execute(sql.insert(table).values(row))


def _checked(table: sql.Table, row: object) -> dict[str, Any]:
    """A row that fits its table. Raises: ValueError, it does not."""
    columns = {column.name: column for column in table.columns if not isinstance(column.type, sql.LargeBinary)}
    if not isinstance(row, dict) or row.keys() != columns.keys():
        raise ValueError(table.name)
    for name, value in row.items():
        if not (columns[name].nullable if value is None else _fits(columns[name], value)):
            raise ValueError(f"{table.name}.{name}")
    return {name: sql.null() if value is None else value for name, value in row.items()}


def _fits(column: sql.Column[Any], value: object) -> bool:
    kind = column.type
    if isinstance(kind, sql.JSON):
        return isinstance(value, dict)
    if isinstance(kind, sql.Boolean):
        return isinstance(value, bool)
    if isinstance(kind, sql.Integer):
        return type(value) is int and abs(value) < 2**31
    if isinstance(kind, sql.Float):
        return isinstance(value, float) and math.isfinite(value)
    if not isinstance(kind, sql.String) or not isinstance(value, str):
        return False
    return len(value) <= (kind.length or len(value)) and (column.name != "id" or _ID.fullmatch(value) is not None)


@contextmanager
def _models(archive: _Archive, folder: Path, *, replace: bool) -> Iterator[Callable[[], None]]:
    """The models of a backup, written beside where they belong; yields what puts them there.

    When the block raises, those that were there before are there again.
    """
    place, beside = folder / "models", folder / f".kelly-{secrets.token_hex(6)}"
    old, there = beside.with_suffix(".old"), place.exists()
    if not archive.manifest.models:
        yield lambda: None
        return
    if there and not replace and any(place.iterdir()):
        raise FileError(f"there are models in {place}: --replace puts those of the backup in their place")

    def put() -> None:
        if there:
            place.rename(old)
        beside.rename(place)

    try:
        for model, file, data in archive.models():
            make_folder(beside / model)
            (beside / model / file).write_bytes(data)
        yield put
    except BaseException:
        if old.exists() or not there:
            shutil.rmtree(place, ignore_errors=True)
        if old.exists():
            old.rename(place)
        raise
    finally:
        for rest in (beside, old):
            shutil.rmtree(rest, ignore_errors=True)
