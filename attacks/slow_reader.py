"""Callers that ask and ask, and do not read what they are answered.

An answer that nobody takes for `pause` seconds is given up, and the connection cut off; nothing piles up meanwhile.
"""

import socket
import time

from against import Service, holds, main

_MANY = 10
_LONGEST = 120.0


def attack(service: Service) -> str:
    """Ask for the description of the service, which is long, over and over."""
    ask = service.head("GET /openapi.json HTTP/1.1") * 50
    there = [service.connected() for _ in range(_MANY)]
    for one in there:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.settimeout(0)
    began = time.monotonic()
    while there and time.monotonic() - began < _LONGEST:
        there = [one for one in there if _goes_on(one, ask)]
        service.well()
        time.sleep(0.1)
    holds(not there, f"{len(there)} that do not read are still there after {_LONGEST:g} seconds")
    return f"cut off within {time.monotonic() - began:.0f} s"


def _goes_on(there: socket.socket, data: bytes) -> bool:
    try:
        there.send(data)
    except BlockingIOError:
        pass
    except OSError:
        there.close()
        return False
    return True


if __name__ == "__main__":
    main(attack)
