"""Answers to requests that were made once, however often they were sent (the header Idempotency-Key).

Conventions: an answer is kept for `KEPT` seconds beside what it made, in the same transaction; the same key with
another request is a mistake of the caller's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError

from kelly.errors import UsageError
from kelly.serving.store.store import Store
from kelly.serving.store.tables import answers

__all__ = ["KEPT", "Answer", "Once", "once"]

KEPT = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Once:
    """What tells that a request is the same: a digest of the caller's key, and one of what was asked for."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: status, body as plain data for JSON, and where the thing made is found."""

    status: int
    body: Mapping[str, Any]
    place: str


async def once(store: Store, same: Once | None, make: Callable[[sql.Connection], Answer]) -> Answer:
    """Make something, unless the same request made it before; then what was answered to that.

    Raises: UsageError, the key came with another request.
    """
    try:
        return await store.write(_made, same, make)
    except IntegrityError:
        if same is None:
            raise
        return await store.write(_made, same, make)  # its twin was quicker


def _made(connection: sql.Connection, same: Once | None, make: Callable[[sql.Connection], Answer]) -> Answer:
    if same is None:
        return make(connection)
    now = time.time()
    mine = answers.c.key == same.key
    connection.execute(sql.delete(answers).where(mine & (answers.c.created < now - KEPT)))
    row = connection.execute(sql.select(answers).where(mine)).first()
    if row is not None and row.fingerprint != same.fingerprint:
        raise UsageError("an idempotency key belongs to one request; this one came with another before")
    if row is not None:
        return Answer(row.status, row.body, row.place)
    answer = make(connection)
    kept = {"status": answer.status, "body": dict(answer.body), "place": answer.place}
    connection.execute(sql.insert(answers).values(key=same.key, fingerprint=same.fingerprint, created=now, **kept))
    return answer
