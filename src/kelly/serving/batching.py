"""Batching: what many callers ask of one network is answered together.

Conventions: what comes in waits up to `delay` seconds for company, and goes to the network as soon as there is `most`
of it, or nothing more is waited for; where there are several lanes, they share it. A lane takes what waits as long as
there is any. An answer is the same in whatever company it was worked out, and given as soon as it is there. What fails
together is tried again one by one, so that nobody suffers from another's input; what nobody waits for any more is not
worked out. Who would have to wait longer than `lag` is refused at once: so those who are let in are answered in time,
however many there are outside.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from kelly.serving.problems import RefusedError

__all__ = ["Batcher"]

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_LEARNING = 0.1  # how much the latest batch tells of how long one takes
_NICE = 10  # of threads that work, beside the event loop's 0
_FIRST = 0.01  # seconds that one takes, before any was timed


def _behind() -> None:
    """Let the event loop go first where there are too few cores: so who is refused is told at once."""
    if sys.platform == "linux":  # where a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


@dataclass(slots=True)
class _Waiting(Generic[Item, Answer]):
    item: Item
    since: float  # on the monotonic clock, as until
    until: float
    answer: asyncio.Future[Answer]


class Batcher(Generic[Item, Answer]):
    """A network that many ask.

    Parameters: work, which answers several items in their order, each as it would alone, all at once or one after
    another; most, of a batch; delay, in seconds; lag, the longest wait, in seconds; lanes, how many batches are worked
    out at the same time; told, whom the size of each batch is told.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Iterable[Answer]],
        most: int,
        delay: float,
        lag: float,
        lanes: int = 1,
        told: Callable[[int], None] | None = None,
    ) -> None:
        self._work, self._most, self._delay, self._lag, self._told = work, most, delay, lag, told
        self._queue: deque[_Waiting[Item, Answer]] = deque()
        self._lock = threading.Lock()  # over the queue, from which lanes take
        self._lanes, self._free = lanes, lanes
        self._threads = ThreadPoolExecutor(lanes, "kelly-batch", _behind)
        self._each = _FIRST
        self._inside = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def wait(self) -> float:
        """How long who comes now would wait, in seconds, about."""
        return self._inside * self._each / self._lanes

    @property
    def full(self) -> bool:
        """Whether who comes now is refused."""
        return self.wait > self._lag

    async def ask(self, item: Item, seconds: float) -> Answer:
        """The answer to an item.

        Raises: RefusedError, too many wait (429) or it took more than so many seconds (504); whatever `work` raises.
        """
        if self.full:
            raise RefusedError(429, "too many ask at the same time", again=1)
        loop, now = asyncio.get_running_loop(), time.monotonic()
        waiting = _Waiting[Item, Answer](item, now, now + seconds, loop.create_future())
        with self._lock:
            self._queue.append(waiting)
        self._inside += 1
        self._look(loop)
        try:
            async with asyncio.timeout(seconds):
                return await waiting.answer
        except TimeoutError as error:
            raise RefusedError(504, f"it took longer than {seconds:g} seconds") from error
        finally:
            self._inside -= 1

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Send a free lane for what waits, at once or in a while."""
        with self._lock:
            left = self._left()
        if left is None or not self._free:
            return
        if left > 0:
            self._timer = self._timer or loop.call_later(left, self._due, loop)
        else:
            self._free -= 1
            self._threads.submit(self._lane, loop)

    def _due(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        for _ in range(self._free):
            self._look(loop)

    def _lane(self, loop: asyncio.AbstractEventLoop) -> None:
        """Work off what waits, as long as there is any; in a thread, as what follows."""
        while batch := self._taken():
            began = time.monotonic()
            self._worked(loop, batch)
            loop.call_soon_threadsafe(self._counted, time.monotonic() - began, len(batch))
        loop.call_soon_threadsafe(self._freed, loop)

    def _taken(self) -> Sequence[_Waiting[Item, Answer]]:
        """A batch; nothing where there is none, or more is waited for."""
        batch: list[_Waiting[Item, Answer]] = []
        with self._lock:
            if self._left() == 0:
                share = min(self._most, -(-len(self._queue) // self._lanes))  # so that no lane stands idle
                while self._queue and len(batch) < share:
                    one = self._queue.popleft()
                    if not one.answer.done() and one.until > time.monotonic():
                        batch.append(one)
        return batch

    def _left(self) -> float | None:
        """Seconds for which company is waited for; None where nobody waits."""
        if not self._queue:
            return None
        if len(self._queue) >= self._most:
            return 0.0
        return max(0.0, self._queue[0].since + self._delay - time.monotonic())

    def _worked(self, loop: asyncio.AbstractEventLoop, batch: Sequence[_Waiting[Item, Answer]]) -> None:
        told = 0
        try:
            for one, answer in zip(batch, self._work([one.item for one in batch]), strict=True):
                loop.call_soon_threadsafe(_settle, one.answer, answer)
                told += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer to one item
            for one in batch[told:]:
                if len(batch) == 1:
                    loop.call_soon_threadsafe(_settle, one.answer, error)
                else:
                    self._worked(loop, [one])

    def _counted(self, seconds: float, count: int) -> None:
        self._each += _LEARNING * (seconds / count - self._each)
        if self._told is not None:
            self._told(count)

    def _freed(self, loop: asyncio.AbstractEventLoop) -> None:
        self._free += 1
        self._look(loop)  # who came since the lane last looked


def _settle(answer: asyncio.Future[Answer], outcome: Answer | Exception) -> None:
    if answer.done():
        return
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
