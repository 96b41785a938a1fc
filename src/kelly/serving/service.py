"""Service: what the routes of one replica share.

Conventions: made once, by `app.application`; begun and ended with it.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from anyio import CapacityLimiter, create_task_group, to_thread
from fastapi import Depends
from fastapi.requests import HTTPConnection

from kelly.listening.reading import Reading
from kelly.listening.words import feel_all
from kelly.serving import tasks
from kelly.serving.batching import Batcher
from kelly.serving.children import Children
from kelly.serving.gate import Gate
from kelly.serving.metrics import Metrics
from kelly.serving.problems import RefusedError
from kelly.serving.rendering import Renderings
from kelly.serving.running import Runners
from kelly.serving.settings import Settings
from kelly.serving.store.store import Store
from kelly.serving.trainings import Trainings
from kelly.serving.work import Crew

__all__ = ["Here", "Service"]

T = TypeVar("T")
_WAITING = 8  # who may wait for each helper
_THREADS = 2  # that hear what comes live
_LOG = logging.getLogger("kelly.serving")


@dataclass(slots=True)
class Service:
    """What the routes share.

    Parameters: settings. Made from these: store; crew, who works jobs off, and helpers, who answer at once; readings,
    where texts are read together; renderings; runners; trainings; children, which check corpora; listeners, places for
    those who listen live, and threads, which hear what they send; metrics; gate, once the application is made; ready,
    whether all is loaded.
    """

    settings: Settings
    metrics: Metrics = field(default_factory=Metrics)
    store: Store = field(init=False)
    crew: Crew = field(init=False)
    helpers: Crew = field(init=False)
    readings: Batcher[str, Reading] = field(init=False)
    renderings: Renderings = field(init=False)
    runners: Runners = field(init=False)
    trainings: Trainings = field(init=False)
    children: Children = field(init=False)
    listeners: CapacityLimiter = field(init=False)
    threads: CapacityLimiter = field(init=False)
    gate: Gate | None = None
    ready: bool = False

    def __post_init__(self) -> None:
        asked = self.settings
        self.store = Store(asked.url)
        self.crew = Crew(asked.workers, asked.memory)
        self.helpers = Crew(asked.workers, asked.memory, asked.file)
        told = self.metrics.batch.observe
        self.readings = Batcher(_read, asked.batch, asked.delay, asked.lag, asked.workers, told)
        self.renderings = Renderings(asked.folder / "renderings", asked.cache, self.helpers, asked.answer)
        self.runners = Runners(self.store, self.crew, self.metrics, asked.lease)
        self.trainings = Trainings(asked.folder / "runs", asked.command, asked.trainings, asked.grace)
        self.children = Children(1)
        self.listeners, self.threads = CapacityLimiter(asked.live), CapacityLimiter(_THREADS)

    @property
    def draining(self) -> bool:
        """Whether the service is about to end."""
        return self.gate is not None and self.gate.draining

    def room(self) -> None:
        """Raises: RefusedError, too many wait for an answer already."""
        if self.helpers.waiting >= _WAITING * self.helpers.size:
            raise RefusedError(429, "too many ask at the same time", again=2)

    async def asked(self, seconds: float, task: Callable[..., T], *arguments: object) -> T:
        """What a task gives within so many seconds. Raises: as `room`; as `Crew.run`."""
        self.room()
        return await self.helpers.run(seconds, task, *arguments)

    async def aside(self, work: Callable[..., T], *arguments: object) -> T:
        """What a quick function gives, beside the event loop."""
        return await to_thread.run_sync(work, *arguments)

    @property
    def underway(self) -> int:
        """How many requests are being answered."""
        return 0 if self.gate is None else self.gate.underway

    def drain(self) -> None:
        """Take on nothing more."""
        if self.gate is not None:
            self.gate.draining = True
        self.runners.end()
        self.trainings.end()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open the store, load what is needed, and work jobs off, until the block ends."""
        try:
            self.store.open()
            await self.store.read(lambda _: feel_all(["warm"]))
            async with create_task_group() as group:
                group.start_soon(self.runners.run, self.settings.grace)
                group.start_soon(self.trainings.watch)
                async with create_task_group() as loading:
                    loading.start_soon(self._warmed)
                    loading.start_soon(self.renderings.watch, self.store)
                    yield
                    loading.cancel_scope.cancel()  # who ends before all is loaded does not wait for it
                self.drain()
        except Exception as error:
            _LOG.error("the service failed", exc_info=error)
            raise
        finally:
            self.readings.close()
            self.store.close()

    async def _warmed(self) -> None:
        await self.helpers.warm(tasks.warmed)
        gc.collect()
        gc.freeze()  # what is loaded stays: to look through it again and again would make readings wait
        self.ready = True


def _read(texts: Sequence[str]) -> Iterator[Reading]:
    for text in texts:
        yield from feel_all([text])  # together they would be read one by one as well


def _here(connection: HTTPConnection) -> Service:
    service: Service = connection.app.state.service
    return service


Here = Annotated[Service, Depends(_here)]
