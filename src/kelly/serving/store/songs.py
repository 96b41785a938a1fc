"""Songs: what was composed, varied or brought along, as MIDI with its report.

Conventions: the key of a song is that of what was asked for; of each key there is one song.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from kelly.serving.store import rows
from kelly.serving.store.opening import alone
from kelly.serving.store.tables import new_id, songs

__all__ = ["Song", "added", "found", "gone", "made", "of_key", "page", "removed"]

_MANY = 1000  # ids in one question


@dataclass(frozen=True, slots=True)
class Song:
    """A song: id; created, seconds since 1970; kind, "compose", "import" or what varied its parent; title; key of what
    was asked for, if any; the MIDI file; and the report, if Kelly composed it.
    """

    id: str
    created: float
    kind: str
    parent: str | None
    title: str
    key: str | None
    midi: bytes
    report: Mapping[str, Any] | None


def made(
    kind: str,
    title: str,
    midi: bytes,
    report: Mapping[str, Any] | None,
    key: str | None = None,
    parent: str | None = None,
) -> Song:
    """A new song, which is not in the store yet; its title without NUL, which PostgreSQL cannot keep."""
    return Song(new_id(), time.time(), kind, parent, title.replace("\0", ""), key, midi, report)


def added(connection: sql.Connection, song: Song) -> Song:
    """Keep a song, unless there is one of its key by now; the one that is kept."""
    if song.key is not None:
        alone(connection, zlib.crc32(song.key.encode()))  # else two could look before either writes
        if (row := connection.execute(_of_key(sql.select(songs), song.key)).first()) is not None:
            return Song(*row)
    rows.written(connection, songs, song)
    return song


def found(connection: sql.Connection, name: str) -> Song | None:
    """The song of an id."""
    row = connection.execute(sql.select(songs).where(songs.c.id == name)).first()
    return None if row is None else Song(*row)


def of_key(connection: sql.Connection, key: str) -> str | None:
    """The id of the song of a key."""
    return connection.execute(_of_key(sql.select(songs.c.id), key)).scalar_one_or_none()


def _of_key(asked: sql.Select[Any], key: str) -> sql.Select[Any]:
    return asked.where(songs.c.key == key).order_by(songs.c.created).limit(1)


def page(connection: sql.Connection, limit: int, before: tuple[float, str] | None = None) -> list[Song]:
    """So many songs before a place (created, id), the newest first."""
    return [Song(*row) for row in rows.page(connection, songs, limit, before)]


def gone(connection: sql.Connection, names: Collection[str]) -> set[str]:
    """Those of these ids that are of no song."""
    asked, there = sorted(set(names)), set[str]()
    for first in range(0, len(asked), _MANY):
        some = songs.c.id.in_(asked[first : first + _MANY])
        there.update(connection.execute(sql.select(songs.c.id).where(some)).scalars())
    return {*asked} - there


def removed(connection: sql.Connection, name: str) -> bool:
    """Forget a song; whether there was one."""
    return connection.execute(sql.delete(songs).where(songs.c.id == name)).rowcount > 0
