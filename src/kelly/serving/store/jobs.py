"""Jobs: what was asked for and is not made at once.

Conventions: a job is queued, running, and then done, failed or cancelled. Who runs it holds a lease under a name that
is used for this once, and renews it; of a replica that was killed the lease runs out, and another takes the job up, up
to `ATTEMPTS` times in all: what ends the process each time is no fault of the process. Whoever lost a job can no longer
say anything of it. Every change raises the revision, by which a watcher tells whether there is news. What a person
wrote is kept until the job has ended, and no longer.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from kelly.serving.store import songs
from kelly.serving.store.songs import Song
from kelly.serving.store.tables import jobs, new_id

__all__ = [
    "ATTEMPTS",
    "ENDED",
    "LONGEST",
    "Job",
    "added",
    "cancelled",
    "claimed",
    "failed",
    "finished",
    "found",
    "given_back",
    "progressed",
    "renewed",
    "waiting",
    "wanted",
]

ATTEMPTS = 3
ENDED = ("done", "failed", "cancelled")
LONGEST = 120.0  # seconds of a lease: one that ends later was given by a clock that has been put back since


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands.

    Parameters: id; created, seconds since 1970; kind, "compose" or what varies a song; key, of its content; request, as
    it was checked (None of one that has ended); source, the song that is varied; state; stage, what is being done, and
    progress, 0..1; revision; attempts; deadline, in seconds of work; stopping, whether it was asked to stop; owner and
    lease of who runs it; ended; song, what came of it, which may be gone by now; problem, what went wrong.
    """

    id: str
    created: float
    kind: str
    key: str
    request: Mapping[str, Any] | None
    source: str | None
    state: str
    stage: str
    progress: float
    revision: int
    attempts: int
    deadline: float
    stopping: bool
    owner: str | None
    lease: float | None
    ended: float | None
    song: str | None
    problem: Mapping[str, Any] | None


def added(
    connection: sql.Connection,
    kind: str,
    key: str,
    request: Mapping[str, Any],
    deadline: float,
    source: str | None = None,
) -> Job:
    """Queue a job; one whose song is there already is done."""
    now, song = time.time(), songs.of_key(connection, key)
    row = {
        "id": new_id(),
        "created": now,
        "kind": kind,
        "key": key,
        "request": None if song else dict(request),
        "source": source,
        "state": "done" if song else "queued",
        "stage": "done" if song else "waiting",
        "progress": 1.0 if song else 0.0,
        "revision": 1,
        "attempts": 0,
        "deadline": deadline,
        "stopping": False,
        "ended": now if song else None,
        "song": song,
    }
    return Job(*connection.execute(sql.insert(jobs).values(row).returning(jobs)).one())


def found(connection: sql.Connection, name: str) -> Job | None:
    """The job of an id."""
    row = connection.execute(sql.select(jobs).where(jobs.c.id == name)).first()
    return None if row is None else Job(*row)


def waiting(connection: sql.Connection) -> int:
    """How many jobs are queued."""
    count = sql.select(sql.func.count()).select_from(jobs).where(jobs.c.state == "queued")
    return int(connection.execute(count).scalar_one())


def claimed(connection: sql.Connection, owner: str, seconds: float) -> Job | None:
    """Take the job that waits longest, or one whose owner has gone, for so many seconds; the job as it stands then.

    One that was asked to stop is cancelled by that, and one whose song is there by now is done. One that was tried
    `ATTEMPTS` times before is to be failed by whoever takes it: its `attempts` tell.

    Parameters: owner, a name that was never used before; seconds, up to `LONGEST`.
    """
    job = _taken(connection, owner, seconds)
    if job is None:
        return None
    if job.stopping:
        return _ended(connection, job.id, "cancelled")
    song = songs.of_key(connection, job.key)
    return job if song is None else _ended(connection, job.id, "done", song=song, progress=1.0)


def _taken(connection: sql.Connection, owner: str, seconds: float) -> Job | None:
    now = _clock(connection)
    free = jobs.c.state == "queued"
    left = sql.and_(jobs.c.state == "running", sql.or_(jobs.c.lease < now, jobs.c.lease > now + LONGEST))
    oldest = (
        sql.select(jobs.c.id)
        .where(sql.or_(free, left))
        .order_by(jobs.c.created, jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = {
        "state": "running",
        "stage": "beginning",
        "progress": 0.0,
        "owner": owner,
        "lease": now + seconds,
        "attempts": jobs.c.attempts + 1,
        "revision": jobs.c.revision + 1,
    }
    row = connection.execute(sql.update(jobs).where(jobs.c.id == oldest).values(taken).returning(jobs)).first()
    return None if row is None else Job(*row)


def renewed(connection: sql.Connection, owners: Collection[str], seconds: float) -> None:
    """Let these owners hold on to their jobs for so many seconds more, if they have them still."""
    held = sql.and_(jobs.c.state == "running", jobs.c.owner.in_(owners))
    connection.execute(sql.update(jobs).where(held).values(lease=_clock(connection) + seconds))


def wanted(connection: sql.Connection, owners: Collection[str]) -> frozenset[str]:
    """Those of these owners who have their job still, which was not asked to stop."""
    held = sql.and_(jobs.c.state == "running", jobs.c.owner.in_(owners), ~jobs.c.stopping)
    return frozenset(connection.execute(sql.select(jobs.c.owner).where(held)).scalars())


def progressed(connection: sql.Connection, name: str, owner: str, stage: str, progress: float) -> None:
    """Say how far a job is, unless it was asked to stop."""
    said = {"stage": stage, "progress": progress, "revision": jobs.c.revision + 1}
    connection.execute(sql.update(jobs).where(_held(name, owner) & ~jobs.c.stopping).values(said))


def finished(connection: sql.Connection, name: str, owner: str, song: Song) -> Job | None:
    """End a job with its song, which is kept then; one that was asked to stop is cancelled. The job as it stands.

    If a song of the same key is there by now, it is that one. Gives None if the job is no longer this owner's.
    """
    job = _locked(connection, _held(name, owner))
    if job is None:
        return None
    if job.stopping:
        return _ended(connection, name, "cancelled")
    return _ended(connection, name, "done", song=songs.added(connection, song).id, progress=1.0)


def failed(connection: sql.Connection, name: str, owner: str, problem: Mapping[str, Any]) -> Job | None:
    """End a job with what went wrong; the job as it stands, or None if it is no longer this owner's."""
    job = _locked(connection, _held(name, owner))
    return job and _ended(connection, name, "failed", problem=dict(problem))


def given_back(connection: sql.Connection, name: str, owner: str, *, counts: bool) -> Job | None:
    """Queue a job again, or cancel it if it was asked to stop.

    Parameters: counts, whether this was an attempt.
    Returns: the job as it stands, or None if it is no longer this owner's.
    """
    job = _locked(connection, _held(name, owner))
    if job is None:
        return None
    if job.stopping:
        return _ended(connection, name, "cancelled")
    again = {"state": "queued", "stage": "waiting", "progress": 0.0, "owner": None, "lease": None}
    return _changed(connection, name, **again, attempts=job.attempts - (0 if counts else 1))


def cancelled(connection: sql.Connection, name: str) -> Job | None:
    """Ask a job to stop: one that waits is cancelled at once, one that runs by who runs it; the job as it stands."""
    job = _locked(connection, jobs.c.id == name)
    if job is None or job.state in ENDED:
        return job
    if job.state == "queued":
        return _ended(connection, name, "cancelled")
    return _changed(connection, name, stopping=True, stage="stopping")


def _clock(connection: sql.Connection) -> sql.ColumnElement[float]:
    """Now, by the one clock of all who share the store: the database's, or this machine's."""
    if connection.dialect.name == "postgresql":
        return sql.cast(sql.extract("epoch", sql.func.clock_timestamp()), sql.Double)
    return sql.literal(time.time(), sql.Double)


def _held(name: str, owner: str) -> sql.ColumnElement[bool]:
    return sql.and_(jobs.c.id == name, jobs.c.owner == owner, jobs.c.state == "running")


def _locked(connection: sql.Connection, which: sql.ColumnElement[bool]) -> Job | None:
    """A job that stays as it is until the transaction ends, but for what is done in it."""
    row = connection.execute(sql.select(jobs).where(which).with_for_update()).first()
    return None if row is None else Job(*row)


def _ended(connection: sql.Connection, name: str, state: str, **more: object) -> Job:
    end = {"state": state, "stage": state, "request": None, "owner": None, "lease": None, "ended": time.time()}
    return _changed(connection, name, **end, **more)


def _changed(connection: sql.Connection, name: str, **values: object) -> Job:
    change = sql.update(jobs).where(jobs.c.id == name).values(**values, revision=jobs.c.revision + 1)
    return Job(*connection.execute(change.returning(jobs)).one())
