"""Bodies, forms and messages cut so small that reading them is all work: chunks of a byte, empty frames, false ends.

What comes on a connection is read a little at a time, so that others have their turn.
"""

import threading
from contextlib import suppress

from against import Service, holds, main
from packed_frames import frame, opened

_FORM = "Content-Type: multipart/form-data; boundary=x"
_PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
_PONG = 0x8A
_TIMES = 5  # that others ask meanwhile
_LONGEST = 5.0  # seconds for each


def attack(service: Service) -> str:
    """Send each as fast as it is taken, and ask meanwhile."""
    head = service.head("POST /v1/analyses HTTP/1.1", _FORM, "Transfer-Encoding: chunked")
    whole = service.head("POST /v1/analyses HTTP/1.1", _FORM, "Content-Length: 1500000")
    chunks = head + b"%x\r\n%s\r\n" % (len(_PART), _PART)
    slowest = 0.0
    for first, again in (
        (chunks, b"1\r\na\r\n" * 10_000),
        (chunks, (b"1;" + b"e" * 15_000 + b"\r\na\r\n") * 5),
        (whole + _PART, b"\r\n--x\r" * 10_000),
        (b"", frame(_PONG, b"") * 10_000),
    ):
        over = threading.Event()
        sending = threading.Thread(target=_sent, args=(service, first, again, over))
        sending.start()
        try:
            slowest = max(slowest, *(service.ask("GET", "/healthz").seconds for _ in range(_TIMES)))
        finally:
            over.set()
            sending.join()
        holds(slowest < _LONGEST, f"others wait {slowest:.1f} s while {again[:10]!r} comes")
    return f"others waited {slowest:.2f} s at most"


def _sent(service: Service, first: bytes, again: bytes, over: threading.Event) -> None:
    """Send the same over and over, in a WebSocket where nothing comes first, until it is refused or all is over."""
    with service.connected() if first else opened(service) as there, suppress(ConnectionError):
        there.sendall(first)
        there.settimeout(0.2)
        while not over.is_set():
            with suppress(TimeoutError):
                there.send(again)


if __name__ == "__main__":
    main(attack)
