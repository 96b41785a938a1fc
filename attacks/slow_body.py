"""Bodies that pause, trickle, or promise what never comes.

A body may pause for `pause` seconds, and after that must bring `trickle` bytes a second on the average; else 408.
"""

import itertools
import select
import time

from against import Answer, Service, main, read

_LONGEST = 90.0
_TRICKLE = 0.3  # seconds between two pieces
_PART = b'--x\r\nContent-Disposition: form-data; name="audio"; filename="a.wav"\r\n\r\n'
_BEGUN = {"application/json": b'{"text": "', "multipart/form-data; boundary=x": _PART}


def attack(service: Service) -> str:
    """Send a little, and then nothing, or hardly anything."""
    ways = itertools.product(_BEGUN, (False, True), ("Content-Length: 100000", "Transfer-Encoding: chunked"))
    told = [_slow(service, *way).refused(408) for way in ways]
    return told[0]


def _slow(service: Service, kind: str, trickles: bool, length: str) -> Answer:  # noqa: FBT001 - one way of several
    """The answer to a body that comes slowly."""
    there, began = service.connected(), time.monotonic()
    whole = length.startswith("Content-Length")
    there.sendall(service.head("POST /v1/feelings HTTP/1.1", f"Content-Type: {kind}", length))
    there.sendall(_BEGUN[kind] if whole else b"%x\r\n%s\r\n" % (len(_BEGUN[kind]), _BEGUN[kind]))
    while time.monotonic() - began < _LONGEST and not select.select([there], [], [], _TRICKLE)[0]:
        if trickles:
            there.sendall(b"a" if whole else b"1\r\na\r\n")
    answer = read(there, 1.0)
    there.close()
    return answer


if __name__ == "__main__":
    main(attack)
