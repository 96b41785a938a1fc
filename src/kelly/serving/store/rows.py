"""Rows: how values are written and listed that a table holds one to a row.

Conventions: such a value is a dataclass that has the columns of its table, in their order, `created` and `id` among
them. A page is what came before a place (created, id), the newest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sql

__all__ = ["page", "written"]


def written(connection: sql.Connection, table: sql.Table, value: object) -> None:
    """Write a value into its table."""
    row = {column.name: getattr(value, column.name) for column in table.columns}
    connection.execute(sql.insert(table).values(row))


def page(
    connection: sql.Connection, table: sql.Table, limit: int, before: tuple[float, str] | None = None
) -> Iterable[Sequence[Any]]:
    """So many rows before a place."""
    place = sql.tuple_(table.c.created, table.c.id)
    asked = sql.select(table).order_by(table.c.created.desc(), table.c.id.desc()).limit(limit)
    return connection.execute(asked if before is None else asked.where(place < before))
