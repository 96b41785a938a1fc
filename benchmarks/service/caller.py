"""A caller with a clock: requests leave when they are due, whether or not earlier ones were answered.

Conventions: each request has a connection of its own from a pool that is kept alive; its time counts from when it was
due, so that a service that stalls is not spared (no coordinated omission). HTTP is spoken by hand, since a client in
Python that did more would be slower than what it measures.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np

__all__ = ["Answered", "called", "posted"]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: its status (0 for none), and how long after it was due it was there, in seconds."""

    status: int
    seconds: float


def posted(path: str, body: bytes, kind: str = "application/json") -> bytes:
    """A POST, as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def called(url: str, requests: Callable[[int], bytes], rate: float, seconds: float) -> list[Answered]:
    """What so many requests a second, over so many seconds, are answered.

    Parameters: url of the service; requests, the bytes of request number i; rate; seconds.
    """
    return asyncio.run(_called(url, [requests(i) for i in range(round(rate * seconds))], rate))


async def _called(url: str, requests: Sequence[bytes], rate: float) -> list[Answered]:
    place = urlsplit(url)
    pool: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    begun = time.perf_counter() + 0.2
    gaps = np.random.default_rng(7)
    due, tasks = begun, []
    for request in requests:
        due += float(gaps.exponential(1 / rate))  # people do not come in step
        tasks.append(asyncio.create_task(_one(place.hostname or "", place.port or 80, pool, request, due)))
    answers = await asyncio.gather(*tasks)
    for _, writer in pool:
        writer.close()
    return answers


async def _one(
    host: str, port: int, pool: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]], request: bytes, due: float
) -> Answered:
    await asyncio.sleep(due - time.perf_counter())
    try:
        while pool and pool[-1][0].at_eof():  # idle for longer than the service keeps a connection
            pool.pop()[1].close()
        reader, writer = pool.pop() if pool else await asyncio.open_connection(host, port)
        writer.write(request)
        status = await _status(reader)
    except (OSError, asyncio.IncompleteReadError, ValueError):
        return Answered(0, time.perf_counter() - due)
    pool.append((reader, writer))
    return Answered(status, time.perf_counter() - due)


async def _status(reader: asyncio.StreamReader) -> int:
    """Read an answer whole, and give its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")), 0)
    await reader.readexactly(length)
    return int(lines[0].split()[1])
