"""Preferences: which of two takes a person found nearer to what they meant."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from kelly.serving.store.tables import new_id, preferences

__all__ = ["NEARER", "Preference", "added", "page"]

NEARER = ("first", "second", "neither")


@dataclass(frozen=True, slots=True)
class Preference:
    """Two songs by their ids, which was nearer (one of `NEARER`), and the feeling that was meant, if it was told."""

    id: str
    created: float
    first: str
    second: str
    nearer: str
    asked: Mapping[str, Any] | None


def added(
    connection: sql.Connection, first: str, second: str, nearer: str, asked: Mapping[str, Any] | None
) -> Preference:
    """Keep a preference."""
    one = Preference(new_id(), time.time(), first, second, nearer, asked)
    row = {name: getattr(one, name) for name in Preference.__dataclass_fields__}
    connection.execute(sql.insert(preferences).values(row))
    return one


def page(connection: sql.Connection, limit: int, before: tuple[float, str] | None = None) -> list[Preference]:
    """So many preferences before a place (created, id), the newest first."""
    asked = sql.select(preferences).order_by(preferences.c.created.desc(), preferences.c.id.desc()).limit(limit)
    if before is not None:
        created, name = before
        older = preferences.c.created < created
        asked = asked.where(older | ((preferences.c.created == created) & (preferences.c.id < name)))
    return [Preference(*row) for row in connection.execute(asked)]
