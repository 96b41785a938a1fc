"""Batching: what many callers ask of one network is answered together.

Conventions: what comes in waits up to `delay` seconds for company, and goes to the network as soon as there is `most`
of it, or the network is free; where several lanes are free, they share it. An answer is the same in whatever company
it was worked out. What fails together is tried again one by one, so that nobody suffers from another's input; what
nobody waits for any more is not worked out. Who would have to wait longer than `lag` is refused at once: so those who
are let in are answered in time, however many there are outside.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from kelly.serving.problems import RefusedError

__all__ = ["Batcher"]

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_LEARNING = 0.1  # how much the latest batch tells of how long one takes
_FIRST = 0.01  # seconds that one takes, before any was timed


@dataclass(slots=True)
class _Waiting(Generic[Item, Answer]):
    item: Item
    until: float  # on the monotonic clock
    answer: asyncio.Future[Answer]


class Batcher(Generic[Item, Answer]):
    """A network that many ask.

    Parameters: work, which answers several items at once, each as it would alone; most, of a batch; delay, in seconds;
    lag, the longest wait, in seconds; lanes, how many batches are worked out at the same time; told, whom the size of
    each batch is told.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Answer]],
        most: int,
        delay: float,
        lag: float,
        lanes: int = 1,
        told: Callable[[int], None] | None = None,
    ) -> None:
        self._work, self._most, self._delay, self._lag, self._told = work, most, delay, lag, told
        self._queue: deque[_Waiting[Item, Answer]] = deque()
        self._lanes, self._free = lanes, lanes
        self._threads = ThreadPoolExecutor(lanes, "kelly-batch")
        self._each = _FIRST
        self._running = 0
        self._timer: asyncio.TimerHandle | None = None
        self._batches: set[asyncio.Task[None]] = set()

    @property
    def wait(self) -> float:
        """How long who comes now would wait, in seconds, about."""
        return (len(self._queue) + self._running) * self._each / self._lanes

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
        loop = asyncio.get_running_loop()
        waiting = _Waiting[Item, Answer](item, time.monotonic() + seconds, loop.create_future())
        self._queue.append(waiting)
        self._look(loop)
        try:
            async with asyncio.timeout(seconds):
                return await waiting.answer
        except TimeoutError as error:
            raise RefusedError(504, f"it took longer than {seconds:g} seconds") from error

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin a batch if there is enough, or in a while."""
        if not self._free or not self._queue:
            return
        if len(self._queue) >= self._most:
            self._begin(loop)
        elif self._timer is None:
            self._timer = loop.call_later(self._delay, self._begin, loop)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now, batch = time.monotonic(), list[_Waiting[Item, Answer]]()
        share = min(self._most, -(-len(self._queue) // max(1, self._free)))  # so that no lane stands idle
        while self._queue and self._free and len(batch) < share:
            one = self._queue.popleft()
            if not one.answer.done() and one.until > now:
                batch.append(one)
        if not batch:
            return
        self._free -= 1
        self._running += len(batch)
        task = loop.create_task(self._batch(loop, batch))
        self._batches.add(task)
        task.add_done_callback(self._batches.discard)
        self._look(loop)

    async def _batch(self, loop: asyncio.AbstractEventLoop, batch: Sequence[_Waiting[Item, Answer]]) -> None:
        began = time.monotonic()
        try:
            outcomes = await loop.run_in_executor(self._threads, self._tried, [one.item for one in batch])
        finally:
            self._free += 1
            self._running -= len(batch)
        self._each += _LEARNING * ((time.monotonic() - began) / len(batch) - self._each)
        if self._told is not None:
            self._told(len(batch))
        for one, outcome in zip(batch, outcomes, strict=True):
            if one.answer.done():
                continue
            if isinstance(outcome, Exception):
                one.answer.set_exception(outcome)
            else:
                one.answer.set_result(outcome)
        self._look(loop)

    def _tried(self, items: Sequence[Item]) -> Sequence[Answer | Exception]:
        """The answer or the error of each item; in a thread."""
        try:
            return self._work(items)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer to one item
            if len(items) == 1:
                return [error]
        return [outcome for item in items for outcome in self._tried([item])]
