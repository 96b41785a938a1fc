"""Tidying: the store lets go of what nobody asks for any more.

Conventions: jobs go `JOBS` seconds after they ended, their songs stay; answers go when they are no longer kept. Rows go
`_MOST` at a time, so that nobody waits long, and those that another replica is about to remove are left to it.
"""

from __future__ import annotations

import time

import sqlalchemy as sql

from kelly.serving.store.answers import KEPT
from kelly.serving.store.tables import answers, jobs

__all__ = ["JOBS", "tidied"]

JOBS = 30 * 24 * 3600.0
_MOST = 1000


def tidied(connection: sql.Connection) -> int:
    """Remove some of what is no longer kept; how many rows went, 0 when nothing is left to do."""
    now = time.time()
    return _removed(connection, jobs.c.id, jobs.c.ended < now - JOBS) + _removed(
        connection, answers.c.key, answers.c.created < now - KEPT
    )


def _removed(connection: sql.Connection, key: sql.Column[str], old: sql.ColumnElement[bool]) -> int:
    some = sql.select(key).where(old).limit(_MOST).with_for_update(skip_locked=True)
    names = connection.execute(some).scalars().all()
    return connection.execute(sql.delete(key.table).where(key.in_(names))).rowcount if names else 0
