"""The store: songs, jobs and feedback, which survive a restart.

Conventions: what is asked of it are functions of the modules beside this one, whose first argument is the connection of
a transaction; all that one function does is done or not at all. SQLite has one writer at a time: who waits for a turn
waits in the event loop, and keeps no thread from its work.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sql
from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as CrowdedError

from kelly.serving.store.opening import CONNECTIONS, checkpointed, migrated, opened, reading

__all__ = ["AWAY", "Store"]

AWAY = (OperationalError, InterfaceError, CrowdedError)  # the store cannot be reached, or is locked, for a while

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[Concatenate[sql.Connection, P], T]


class Store:
    """A store at a URL, brought to its newest shape by `open`.

    Parameters: url, as `opening.opened` takes it.
    Raises: UsageError, as there.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = opened(url)
        self._reading = reading(self.engine)
        single = self.engine.dialect.name == "sqlite"
        self._writers = CapacityLimiter(1 if single else CONNECTIONS // 2)
        self._readers = CapacityLimiter(CONNECTIONS // 2)

    def open(self) -> None:
        """Bring the store to its newest shape. Raises: FileError, as `opening.migrated`."""
        migrated(self.engine)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    async def tidy(self) -> None:
        """Keep files small that grow while there is much to do."""
        await to_thread.run_sync(checkpointed, self.engine, limiter=self._writers)

    def write_now(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` gives, in a transaction that may write."""
        with self.engine.begin() as connection:
            return work(connection, *args, **kwargs)

    def read_now(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` gives, in a transaction that only reads."""
        with self._reading.begin() as connection:
            return work(connection, *args, **kwargs)

    async def write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `write_now`, beside the event loop; what was begun is ended, whether or not somebody waits for it."""
        return await to_thread.run_sync(partial(self.write_now, work, *args, **kwargs), limiter=self._writers)

    async def read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `read_now`, beside the event loop."""
        return await to_thread.run_sync(partial(self.read_now, work, *args, **kwargs), limiter=self._readers)
