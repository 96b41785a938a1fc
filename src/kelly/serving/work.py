"""Workers: processes that do what takes long, a bounded number at a time, within limits of time and memory.

Conventions: a task is a function that can be imported, with arguments and a result that can be pickled. Whoever waits
for it can give up at any time: then its process is ended at once and another takes its place. So nothing that came
from outside can hold up the service or take its memory, and what decodes a file shares no memory with it. A task has a
folder of its own for what is thrown away, which is removed when it has ended, in whatever way.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from anyio import (
    BrokenWorkerProcess,
    CancelScope,
    CapacityLimiter,
    create_task_group,
    fail_after,
    to_process,
    to_thread,
)

from kelly.errors import KellyError, UsageError
from kelly.serving import leash
from kelly.serving.logs import places
from kelly.serving.problems import RefusedError

__all__ = ["BrokenError", "Crew", "MishapError", "OverlongError"]

T = TypeVar("T")

_STARVED = ("alloc", "can't start new thread")  # what libraries say who are refused memory
_EXPENDABLE = "500"  # of -1000..1000: what the system ends first when memory runs out


class OverlongError(RefusedError):
    """A task took longer than it may."""


class BrokenError(RefusedError):
    """A task ended its process, or used more memory than it may."""


class MishapError(Exception):
    """A task failed in a way that nobody foresaw. Parameters: kind, the type of the error; places it came through."""

    def __init__(self, kind: str, places: list[str]) -> None:
        super().__init__(kind, places)
        self.kind, self.places = kind, places


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What a task is held to: parent, by whose process it lives; memory and file, bytes; folder, its own."""

    parent: int
    memory: int
    file: int | None
    folder: str


class Crew:
    """Workers.

    Parameters: size, how many work at a time; memory, what each may use, and file, the largest that it may write (any
    when None), in bytes.
    """

    def __init__(self, size: int, memory: int, file: int | None = None) -> None:
        self.size = size
        self._limiter, self._memory, self._file = CapacityLimiter(size), memory, file

    @property
    def waiting(self) -> int:
        """How many tasks wait for a worker."""
        return self._limiter.statistics().tasks_waiting

    @property
    def busy(self) -> int:
        """How many workers work."""
        return self._limiter.borrowed_tokens

    async def run(self, seconds: float, task: Callable[..., T], *arguments: object) -> T:
        """What a task gives.

        Raises: OverlongError, it took more than so many seconds, the wait for a worker among them; BrokenError, it
        ended its process or used up its memory; MishapError, it failed for no reason of Kelly's; KellyError, for one.
        """
        folder = str(Path(tempfile.gettempdir()) / f"{leash.PREFIX}{secrets.token_hex(8)}")
        bounds = _Bounds(os.getpid(), self._memory, self._file, folder)
        try:
            with fail_after(seconds):
                return await to_process.run_sync(
                    _within, bounds, task, arguments, cancellable=True, limiter=self._limiter
                )
        except TimeoutError as error:
            raise OverlongError(504, f"it took longer than {seconds:g} seconds") from error
        except BrokenWorkerProcess as error:
            raise BrokenError(500, "it could not be worked out: the worker ended") from error
        except MemoryError as error:
            raise BrokenError(422, f"it takes more than {self._memory / 2**30:g} GiB of memory") from error
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(partial(shutil.rmtree, folder, ignore_errors=True))

    async def warm(self, task: Callable[[], object]) -> None:
        """Start every worker, and let each do a task that loads what later ones use."""
        async with create_task_group() as group:
            for _ in range(self.size):
                group.start_soon(self.run, 120.0, task)


def _within(bounds: _Bounds, task: Callable[..., T], arguments: tuple[object, ...]) -> T:
    """A task, in its process."""
    _settled(bounds.parent)
    _bound(bounds)
    Path(bounds.folder).mkdir(0o700)
    tempfile.tempdir = bounds.folder
    try:
        return task(*arguments)
    except BaseException as error:  # noqa: BLE001 - even what ends a process, which must not end the one that waits
        raise _told(error, bounds) from None


def _told(error: BaseException, bounds: _Bounds) -> Exception:
    """An error as the one that waits is told of it."""
    if getattr(error.__cause__ or error, "errno", None) == errno.EFBIG:
        return UsageError(f"what comes of it is larger than {(bounds.file or 0) / 2**30:g} GiB")
    if isinstance(error, KellyError):
        return error
    if isinstance(error, MemoryError) or any(word in str(error).lower() for word in _STARVED):
        return MemoryError()
    return MishapError(f"{type(error).__module__}.{type(error).__qualname__}", places(error))


@cache
def _settled(parent: int) -> None:
    """Make this process one of ours: it ends with its parent, and nobody else tells it to."""
    leash.held(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal; the service ends its workers itself
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders write there what nobody reads, until there is no room
    with suppress(OSError):  # where the system has such a thing
        Path("/proc/self/oom_score_adj").write_text(_EXPENDABLE, encoding="ascii")


def _bound(bounds: _Bounds) -> None:
    """Hold this process to its bounds, where the system can; else time alone is one."""
    try:
        import resource
    except ImportError:
        return
    limits = [(resource.RLIMIT_DATA, bounds.memory), (resource.RLIMIT_CORE, 0)]  # a core would hold what was said
    limits.append((resource.RLIMIT_FSIZE, resource.RLIM_INFINITY if bounds.file is None else bounds.file))
    for kind, most in limits:
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))
