"""Watchers of a job, more than are told of it at the same time.

So many are told as it goes on (`watchers`); further ones get 429 at once, and everything else goes on.
"""

import json

from against import Service, holds, main

_MOST = 300
_LONG = {"feeling": {"emotion": "rage"}, "minutes": 10, "fit": 0.001, "tries": 64}


def attack(service: Service) -> str:
    """Watch a long job until one is refused."""
    job = service.json("/v1/songs", json.dumps(_LONG))
    holds(job.status == 202, f"a long job: {job.told}")
    place = job.headers["location"]
    there, told = [], None
    try:
        for _ in range(_MOST):
            one = service.connected()
            there.append(one)
            one.sendall(service.head(f"GET {place}/events HTTP/1.1"))
            one.settimeout(10.0)
            if not one.recv(64).startswith(b"HTTP/1.1 200 "):
                told = service.ask("GET", f"{place}/events").refused(429)
                break
        holds(told, f"{_MOST} watch at the same time")
        holds(service.json("/v1/feelings", '{"text": "so sad"}').status == 200, "texts are read meanwhile")
    finally:
        for one in there:
            one.close()
        service.ask("DELETE", place)
    return f"{told}, after {len(there) - 1} watchers"


if __name__ == "__main__":
    main(attack)
