"""Ten thousand connections at the same time, which say nothing.

The service takes as many as it may have (`connections`), goes on answering on those, sends the others away at once with
503, lets go of who says nothing (`head`), and is as before when all have gone. A second argument says how many, other
than ten thousand.
"""

import asyncio
import sys
import time

from against import Service, holds, main

_AT_ONCE = 500  # that are on their way
_ANSWER = 5.0  # seconds within which who is in is answered, and who is not is told so
_SPARE = 200  # files that are open anyway
_SAID = b"HTTP/1.1 503 "


def attack(service: Service) -> str:
    """Open them all, and ask on one that is in meanwhile."""
    count = _allowed(int(sys.argv[2]) if len(sys.argv) > 2 else 10_000)
    told = asyncio.run(_flood(service, count))
    refused = [seconds for seconds in told if seconds >= 0]
    holds(refused, f"none of {count} connections was sent away")
    slowest = sorted(refused)[int(0.99 * len(refused))]
    holds(slowest < _ANSWER, f"being sent away took {slowest:.1f} s")
    return f"503 to {len(refused)} of {count} connections, 99 % of them within {slowest:.2f} s"


async def _flood(service: Service, count: int) -> list[float]:
    reader, writer = await asyncio.open_connection(service.host, service.port)
    turn, over = asyncio.Semaphore(_AT_ONCE), asyncio.Event()
    asking = asyncio.create_task(_asked(service, reader, writer, over))
    try:
        return await asyncio.gather(*(_one(service, turn) for _ in range(count)))
    finally:
        over.set()
        await asking
        writer.close()


async def _asked(
    service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, over: asyncio.Event
) -> None:
    """Ask on one connection until all is over; each answer must come in time."""
    while not over.is_set():
        began = time.monotonic()
        writer.write(service.head("GET /healthz HTTP/1.1"))
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10 * _ANSWER)
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        seconds = time.monotonic() - began
        holds(head.startswith(b"HTTP/1.1 200 "), f"who is in got {head[:40]!r}")
        holds(seconds < _ANSWER, f"who is in waited {seconds:.1f} s")
        await asyncio.sleep(0.2)


async def _one(service: Service, turn: asyncio.Semaphore) -> float:
    """Connect and wait for the end. Returns: the seconds until it was sent away; -1, it was let in."""
    async with turn:
        began = time.monotonic()
        try:
            reader, writer = await asyncio.open_connection(service.host, service.port)
        except OSError:
            return -1.0
        first = asyncio.create_task(reader.read(len(_SAID)))
        await asyncio.wait([first], timeout=0.05)
    try:
        said = await first
        return time.monotonic() - began if said == _SAID else -1.0
    except OSError:
        return -1.0
    finally:
        writer.close()


def _allowed(count: int) -> int:
    """As many of so many connections as the system lets us have."""
    try:
        import resource
    except ImportError:
        return count
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = count + _SPARE if hard == resource.RLIM_INFINITY else min(count + _SPARE, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most - _SPARE


if __name__ == "__main__":
    main(attack)
