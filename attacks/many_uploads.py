"""Forms that are begun and not ended, more than are taken at the same time.

So many forms are read at the same time (`uploads`); further ones get 429 at once, and everything else goes on.
"""

import select
import time

from against import Service, holds, main, read

_MANY = 100


def attack(service: Service) -> str:
    """Begin many forms, and see which are refused."""
    fields = ("Content-Type: multipart/form-data; boundary=x", "Content-Length: 100000")
    begun = service.head("POST /v1/analyses HTTP/1.1", *fields) + b"--x\r\n"
    there = [service.connected() for _ in range(_MANY)]
    try:
        for one in there:
            one.sendall(begun)
        select.select(there, [], [], 10.0)  # a form that is taken says nothing
        time.sleep(0.5)
        told = [read(one, 1.0) for one in select.select(there, [], [], 0)[0]]
        told = [answer for answer in told if answer.status != 408]
        holds(told, f"{_MANY} forms are read at the same time")
        holds(all("retry-after" in answer.headers for answer in told), "it does not say when to come again")
        holds(service.json("/v1/feelings", '{"text": "so sad"}').status == 200, "texts are read meanwhile")
    finally:
        for one in there:
            one.close()
    return f"{told[0].refused(429)}, {len(told)} of {_MANY} forms"


if __name__ == "__main__":
    main(attack)
