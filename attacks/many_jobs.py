"""Jobs, more than may wait.

So many jobs may wait (`waiting`); further ones get 429 at once, and nothing of them was kept.
"""

import json
from itertools import count

from against import Service, holds, main

_MOST = 20_000
_LONG = {"feeling": {"emotion": "rage"}, "minutes": 10, "fit": 0.001, "tries": 64}


def attack(service: Service) -> str:
    """Ask for songs until one is refused, and take them all back."""
    places, told = [], None
    try:
        for seed in count():
            answer = service.json("/v1/songs", json.dumps(_LONG | {"seed": seed}))
            if answer.status != 202:
                holds("retry-after" in answer.headers, "it does not say when to come again")
                told = answer.refused(429)
                break
            places.append(answer.headers["location"])
            holds(seed < _MOST, f"{_MOST} jobs wait")
        service.well()
    finally:
        for place in places[::-1]:
            service.ask("DELETE", place)
    return f"{told}, after {len(places)} jobs"


if __name__ == "__main__":
    main(attack)
