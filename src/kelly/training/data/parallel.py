"""Parallel: a pure function over many jobs, on the cores of this machine or on a Ray cluster, its results in order.

Conventions: the function stands at the top of a module, and jobs and results can be pickled, since they go to other
processes. Results come in the order of the jobs, so that nothing depends on how many workers there are or which of them
is quick. No more jobs are begun than keep the workers busy, so that a long list of them needs no memory. On a cluster
every node must see the files that jobs name, under the same paths.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from itertools import islice
from typing import Any, TypeVar

from kelly.errors import KellyError, UsageError
from kelly.names import find

__all__ = ["ENGINES", "cores", "mapped", "shown"]

Job = TypeVar("Job")
Result = TypeVar("Result")
Begun = TypeVar("Begun")

ENGINES = ("local", "ray")
AHEAD = 4  # chunks that are begun for each worker


def mapped(
    function: Callable[[Job], Result], jobs: Iterable[Job], *, workers: int = 1, engine: str = "local", chunk: int = 1
) -> Iterator[Result]:
    """Call a function with every job.

    Parameters: function, pure and at the top of a module; jobs; workers, how many work at a time: 1 is this process
    alone, 0 all cores (of the cluster); engine, "local" or "ray"; chunk, jobs that travel together: more than one where
    a job takes less than some milliseconds.
    Returns: the results in the order of the jobs.
    Raises: UsageError, there is no such engine, or a number is negative; KellyError, Ray is not installed, or a worker
    was ended from outside; whatever the function raises.
    """
    find(engine, ENGINES, "engine")
    if workers < 0 or chunk < 1:
        raise UsageError(f"workers must be 0 or more and a chunk 1 or more; got {workers} and {chunk}")
    if engine == "ray":
        chunks = _on_ray(function, _chunked(jobs, chunk), workers)
    elif (workers or cores()) == 1:
        return map(function, jobs)
    else:
        chunks = _in_pool(function, _chunked(jobs, chunk), workers or cores())
    return (result for results in chunks for result in results)


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def shown(results: Iterator[Result], title: str, total: int) -> Iterator[Result]:
    """The results, with a bar on standard error, where that is a terminal, of how many of the total have come."""
    if sys.stderr is None or not sys.stderr.isatty():
        return results
    from rich.console import Console
    from rich.progress import track

    return iter(track(results, title, total, console=Console(stderr=True), transient=True))


def _chunked(jobs: Iterable[Job], size: int) -> Iterator[list[Job]]:
    left = iter(jobs)
    while chunk := list(islice(left, size)):
        yield chunk


def _each(function: Callable[[Job], Result], jobs: list[Job]) -> list[Result]:
    return [function(job) for job in jobs]


def _in_order(
    begin: Callable[[Job], Begun], end: Callable[[Begun], Result], jobs: Iterable[Job], ahead: int
) -> Iterator[Result]:
    """The results of jobs that are begun a number of jobs ahead."""
    running: deque[Begun] = deque()
    for job in jobs:
        running.append(begin(job))
        if len(running) == ahead:
            yield end(running.popleft())
    while running:
        yield end(running.popleft())


def _in_pool(function: Callable[[Job], Result], chunks: Iterable[list[Job]], workers: int) -> Iterator[list[Result]]:
    # A fork would copy the threads' locks of torch and onnxruntime, and hang.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_leave_interrupts)

    def begin(chunk: list[Job]) -> Future[list[Result]]:
        return pool.submit(_each, function, chunk)

    try:
        yield from _in_order(begin, Future.result, chunks, AHEAD * workers)
    except BrokenProcessPool as error:
        raise KellyError(
            f"a worker process was ended from outside, for want of memory perhaps: try fewer than {workers} workers"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    """Ctrl-C is for the process that a user started; it ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _on_ray(function: Callable[[Job], Result], chunks: Iterable[list[Job]], workers: int) -> Iterator[list[Result]]:
    ray = _ray()
    # The cluster of RAY_ADDRESS, or one of this machine's cores; it speaks only where something is wrong.
    ray.init(ignore_reinit_error=True, log_to_driver=False, logging_level=logging.ERROR)
    each = ray.remote(_each)
    ahead = AHEAD * (workers or max(1, int(ray.cluster_resources().get("CPU", 1))))
    return _in_order(lambda chunk: each.remote(function, chunk), ray.get, chunks, ahead)


def _ray() -> Any:  # noqa: ANN401 - Ray need not be installed, so its types are not known
    try:
        return import_module("ray")
    except ModuleNotFoundError as error:
        raise KellyError("--engine ray needs Ray, which is not installed: pip install ray") from error
