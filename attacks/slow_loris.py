"""Slow loris: fifty heads that come a byte at a time and never end; connections that say nothing; one that dawdles.

A head must be whole within `head` seconds of its first byte (408), and a connection that says nothing is closed.
"""

import select
import socket
import time

from against import Service, holds, main, read

_MANY = 50
_LONGEST = 60.0


def attack(service: Service) -> str:
    """Open them, and send each a byte now and then."""
    slow, silent = [service.connected() for _ in range(_MANY)], service.connected()
    dawdling = service.connected()
    dawdling.sendall(service.head("GET /healthz HTTP/1.1"))
    holds(read(dawdling, 10.0).status == 200, "the first request is answered")
    head, began = service.head("GET /healthz HTTP/1.1", f"X: {'a' * 10_000}"), time.monotonic()
    going = [*slow, dawdling]
    for place in range(len(head)):
        going = [one for one in going if _sent(one, head[place : place + 1])]
        if not going or time.monotonic() - began > _LONGEST:
            break
        time.sleep(0.2)
        service.well()
    holds(not going, f"{len(going)} connections still send a head after {_LONGEST:g} seconds")
    told = [read(one, 1.0) for one in [*slow, dawdling]]
    for answer in told:
        holds(answer.status in {0, 408}, f"a slow head got {answer.told}")  # 0: it was lost, as more was sent after it
    silent.settimeout(_LONGEST)
    holds(silent.recv(1) == b"", "who says nothing is told something")
    return next((answer.told for answer in told if answer.status), "closed")


def _sent(there: socket.socket, data: bytes) -> bool:
    """Whether a connection takes more, which it does until the other side has said something."""
    if select.select([there], [], [], 0)[0]:
        return False
    try:
        there.sendall(data)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main(attack)
