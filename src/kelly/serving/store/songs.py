"""Songs: what was composed, varied or brought along, as MIDI with its report.

Conventions: a page of songs is what came before a place (created, id), the newest first; the key is that of what was
asked for, by which the same song is not made twice.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from kelly.serving.store.tables import new_id, songs

__all__ = ["Song", "added", "found", "made", "of_key", "page", "removed"]


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


def added(connection: sql.Connection, song: Song) -> None:
    """Keep a song."""
    row = {name: getattr(song, name) for name in Song.__dataclass_fields__}
    connection.execute(sql.insert(songs).values(row))


def found(connection: sql.Connection, name: str) -> Song | None:
    """The song of an id."""
    row = connection.execute(sql.select(songs).where(songs.c.id == name)).first()
    return None if row is None else Song(*row)


def of_key(connection: sql.Connection, key: str) -> str | None:
    """The id of a song that the same was asked for."""
    asked = sql.select(songs.c.id).where(songs.c.key == key).order_by(songs.c.created).limit(1)
    return connection.execute(asked).scalar_one_or_none()


def page(connection: sql.Connection, limit: int, before: tuple[float, str] | None = None) -> list[Song]:
    """So many songs before a place, the newest first."""
    asked = sql.select(songs).order_by(songs.c.created.desc(), songs.c.id.desc()).limit(limit)
    if before is not None:
        created, name = before
        asked = asked.where((songs.c.created < created) | ((songs.c.created == created) & (songs.c.id < name)))
    return [Song(*row) for row in connection.execute(asked)]


def removed(connection: sql.Connection, name: str) -> bool:
    """Forget a song; whether there was one."""
    return connection.execute(sql.delete(songs).where(songs.c.id == name)).rowcount > 0
