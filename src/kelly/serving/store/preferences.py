"""Preferences: which of two takes a person found nearer to what they meant."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from kelly.serving.store import rows
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
    rows.written(connection, preferences, one)
    return one


def page(connection: sql.Connection, limit: int, before: tuple[float, str] | None = None) -> list[Preference]:
    """So many preferences before a place (created, id), the newest first."""
    return [Preference(*row) for row in rows.page(connection, preferences, limit, before)]
