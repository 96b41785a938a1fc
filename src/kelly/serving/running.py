"""Running: takes jobs from the store and has them worked off.

Conventions: each of a replica's runners works off one job at a time, in a worker's process; one of them looks for the
next job, while the others wait for their turn. Twice a second the replica looks whether what it runs is still wanted,
all jobs in one go, and it renews its leases long before they end. A job that was asked to stop, or whose lease could
not be renewed in time, is ended at once. A job that ends its process is tried again, as the store has it; one that
fails with an error is not. A store that is away for a while, such as a database that is started anew, is waited for.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio
from anyio import CancelScope, create_task_group, current_time, get_cancelled_exc_class
from sqlalchemy.exc import SQLAlchemyError

from kelly.serving import tasks
from kelly.serving.metrics import Metrics
from kelly.serving.problems import RefusedError, of_error, problem_of
from kelly.serving.store import jobs, songs
from kelly.serving.store.jobs import ATTEMPTS, ENDED, LONGEST, Job
from kelly.serving.store.store import AWAY, Store
from kelly.serving.store.tables import new_id
from kelly.serving.store.tidying import tidied
from kelly.serving.tasks import Made, Watch
from kelly.serving.work import BrokenError, Crew

__all__ = ["Runners"]

T = TypeVar("T")
_BEAT = 0.5  # seconds between two looks at whether jobs are still wanted
_GLANCE = 1.0  # seconds between two looks for a job that another replica took on
_TIDY = 60.0  # seconds between two times of tidying
_OUTCOMES = {"queued": "again"}
_MISHAP = 500  # the status of what is our own fault
_LOG = logging.getLogger("kelly.serving")


@dataclass(slots=True)
class _Held:
    """A job that is run: what ends it, and until when it is ours, on the clock of the event loop."""

    scope: CancelScope
    until: float


class Runners:
    """The runners of a replica.

    Parameters: store; crew, as many as it has workers; metrics; lease, in seconds (2..120), after which another replica
    takes up what this one left when it was killed.
    """

    def __init__(self, store: Store, crew: Crew, metrics: Metrics, lease: float) -> None:
        self._store, self._crew, self._metrics = store, crew, metrics
        self._lease = min(max(lease, 4 * _BEAT), LONGEST)  # shorter, it would run out between two beats
        self._news, self._end, self._idle = anyio.Event(), anyio.Event(), anyio.Event()
        self._turn = anyio.Lock()
        self._held: dict[str, _Held] = {}  # by the owner's name, which is of one job alone

    def wake(self) -> None:
        """There is a new job."""
        self._news.set()

    async def run(self, grace: float) -> None:
        """Work jobs off until `end`; then what runs may go on for so many seconds, and is given back after them."""
        async with create_task_group() as group:
            for each in (*[self._runner] * self._crew.size, self._watched, self._tidied):
                group.start_soon(each)
            await self._end.wait()
            with anyio.move_on_after(grace):
                if self._held:
                    await self._idle.wait()
            group.cancel_scope.cancel()

    def end(self) -> None:
        """Begin no more jobs."""
        self._end.set()
        self.wake()

    async def _runner(self) -> None:
        while not self._end.is_set():
            try:
                async with self._turn:
                    job = await self._next()
                if job is not None and job.state in ENDED:
                    self._told(job, job)
                elif job is not None:
                    await self._worked(job, str(job.owner))
            except SQLAlchemyError as error:
                _away(error)
                await anyio.sleep(_GLANCE)

    async def _next(self) -> Job | None:
        """The next job, which may have ended by being taken; None when there is none for a while."""
        if self._end.is_set():
            return None
        self._news = anyio.Event()  # before we look, so that no news is missed
        job = await self._sure(lambda: self._store.write(jobs.claimed, new_id(), self._lease))
        if job is None:
            with anyio.move_on_after(_GLANCE):
                await self._news.wait()
        return job

    async def _worked(self, job: Job, owner: str) -> None:
        held = self._held[owner] = _Held(CancelScope(), current_time() + self._lease)
        now: Job | None = None
        try:
            with held.scope:
                now = await self._done(job, owner)
            if held.scope.cancelled_caught:
                now = await self._given_back(job, owner, counts=False)
        except get_cancelled_exc_class():
            with CancelScope(shield=True), suppress(SQLAlchemyError):  # else its lease runs out
                self._told(job, await self._store.write(jobs.given_back, job.id, owner, counts=False))
            raise
        finally:
            del self._held[owner]
            if self._end.is_set() and not self._held:
                self._idle.set()
        self._told(job, now)

    async def _watched(self) -> None:
        """Look whether what is run is still wanted of us, and hold on to it."""
        due = 0.0
        while True:
            await anyio.sleep(_BEAT)
            if owners := frozenset(self._held):
                try:
                    due = await self._renewed(owners, due)
                    unwanted = owners - await self._store.read(jobs.wanted, owners)
                except SQLAlchemyError as error:
                    _away(error)
                    unwanted = frozenset(owner for owner, held in self._held.items() if held.until < current_time())
                for owner in unwanted & self._held.keys():
                    self._held[owner].scope.cancel()

    async def _renewed(self, owners: frozenset[str], due: float) -> float:
        """Renew the leases when that is due; when it is due again."""
        now = current_time()
        if now < due:
            return due
        await self._store.write(jobs.renewed, owners, self._lease)
        for owner in owners & self._held.keys():
            self._held[owner].until = now + self._lease
        return now + self._lease / 3

    async def _tidied(self) -> None:
        while True:
            try:
                while await self._store.write(tidied):
                    pass
                await self._store.tidy()
            except SQLAlchemyError as error:
                _away(error)
            await anyio.sleep(_TIDY)

    async def _done(self, job: Job, owner: str) -> Job | None:
        """Work a job off; the job as it stands then, or None if it is no longer ours."""
        if job.attempts > ATTEMPTS:
            return await self._failed(job, owner, 500, "it ended the service each time that it was tried")
        try:
            made = await self._made(job, owner)
            song = songs.made(job.kind, made.title, made.midi, made.report, job.key, job.source)
            return await self._sure(lambda: self._store.write(jobs.finished, job.id, owner, song))
        except Exception as error:  # noqa: BLE001 - a mistake of ours fails this job, and no other
            status, detail = of_error(error)
            if isinstance(error, BrokenError) and status == _MISHAP and job.attempts < ATTEMPTS:
                return await self._given_back(job, owner, counts=True)
            if status == _MISHAP:
                _LOG.error("a job failed", exc_info=error, extra={"job": job.id})
            return await self._failed(job, owner, status, detail)

    async def _made(self, job: Job, owner: str) -> Made:
        request: Mapping[str, Any] = job.request or {}
        watch = Watch(self._store.url, job.id, owner)
        if job.kind == "compose":
            return await self._crew.run(job.deadline, tasks.composed, request, watch)
        source = await self._sure(lambda: self._store.read(songs.found, job.source or ""))
        if source is None:
            raise RefusedError(404, "the song that it was to be made of is gone")
        return await self._crew.run(job.deadline, tasks.varied, request, source.midi, watch)

    async def _failed(self, job: Job, owner: str, status: int, detail: str) -> Job | None:
        return await self._sure(lambda: self._store.write(jobs.failed, job.id, owner, problem_of(status, detail)))

    async def _given_back(self, job: Job, owner: str, *, counts: bool) -> Job | None:
        return await self._sure(lambda: self._store.write(jobs.given_back, job.id, owner, counts=counts))

    async def _sure(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What the store gives, as soon as it can be reached; whoever loses the job meanwhile is ended."""
        while True:
            try:
                return await ask()
            except AWAY as error:
                _away(error)
                await anyio.sleep(_GLANCE)

    def _told(self, job: Job, now: Job | None) -> None:
        """Note what has become of a job that was taken; None, another has it by now."""
        outcome = "lost" if now is None else _OUTCOMES.get(now.state, now.state)
        self._metrics.jobs.labels(job.kind, outcome).inc()
        _LOG.info("job", extra={"job": job.id, "kind": job.kind, "outcome": outcome, "attempt": job.attempts})


def _away(error: SQLAlchemyError) -> None:
    _LOG.warning("the store cannot be reached", exc_info=error)
