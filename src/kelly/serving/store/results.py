"""Results that need not be worked out twice: what a recording was heard as, by its content and what heard it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError

from kelly.serving.store.tables import results

__all__ = ["MOST", "found", "kept"]

MOST = 1000  # of up to some hundred kilobytes each


def found(connection: sql.Connection, key: str) -> Mapping[str, Any] | None:
    """The result of a key."""
    return connection.execute(sql.select(results.c.body).where(results.c.key == key)).scalar_one_or_none()


def kept(connection: sql.Connection, key: str, body: Mapping[str, Any]) -> None:
    """Keep a result, and let go of the oldest beyond `MOST`; one that is there already stays."""
    try:
        with connection.begin_nested():
            connection.execute(sql.insert(results).values(key=key, created=time.time(), body=dict(body)))
    except IntegrityError:  # somebody asked for the same at the same time
        return
    newest = sql.select(results.c.created).order_by(results.c.created.desc()).offset(MOST).limit(1)
    edge = connection.execute(newest).scalar_one_or_none()
    if edge is not None:
        connection.execute(sql.delete(results).where(results.c.created <= edge))
