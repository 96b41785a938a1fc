"""Requests for a WebSocket that are none: too many fields, two keys, a body, another method, another HTTP.

Each is refused at once (400), as a problem: none is answered half and held for ever, since what began as a head and
goes on as a WebSocket would be out of time's reach. What stands after a good one is no request any more.
"""

from contextlib import suppress

from against import Service, holds, main, read

_KEY = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
_ASKED = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", _KEY)
_LIVE = "GET /v1/live HTTP/1.1"
_SECONDS = 5.0  # within which each is refused


def attack(service: Service) -> str:
    """Ask in each way."""
    wrong = (
        service.head(_LIVE, *_ASKED, *(f"X-{number}: a" for number in range(140))),
        service.head(_LIVE, *_ASKED, f"X: {'a' * 9_000}"),
        service.head(_LIVE, *_ASKED, "Content-Length: 5") + b"hello",
        service.head(_LIVE, *_ASKED, "Transfer-Encoding: chunked") + b"0\r\n\r\n",
        service.head(_LIVE, *_ASKED, _KEY),
        service.head(_LIVE, *_ASKED[:3]),
        service.head(_LIVE, *_ASKED[:3], f"Sec-WebSocket-Key: {'!' * 24}"),
        service.head(_LIVE, *_ASKED[:2], "Sec-WebSocket-Version: 8", _KEY),
        service.head(_LIVE, *_ASKED, "Sec-WebSocket-Protocol: ,;\x80"),
        service.head(_LIVE, "Connection: Upgrade, ;;;", *_ASKED[1:]),
        service.head("POST /v1/live HTTP/1.1", *_ASKED),
        service.head("GET /v1/live HTTP/1.0", *_ASKED),
    )
    told = [service.raw(head, _SECONDS).refused(400) for head in wrong]
    with service.connected() as there:
        there.sendall(service.head(_LIVE, *_ASKED) + service.head("GET /openapi.json HTTP/1.1"))
        holds(read(there, _SECONDS).status == 101, "a good one is taken")
        there.settimeout(1.0)
        with suppress(TimeoutError):  # nothing comes
            holds(b"HTTP/1.1 " not in there.recv(65_536), "it heard a request after it")
    return told[0]


if __name__ == "__main__":
    main(attack)
