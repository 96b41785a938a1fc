"""JSON that is nested a hundred thousand deep.

It is refused before anything is made of it; nothing recurses on what comes from outside without a bound.
"""

from against import Service, main

DEPTH = 100_000
_PATHS = ("/v1/feelings", "/v1/songs", "/v1/preferences")


def attack(service: Service) -> str:
    """Send lists in lists, and objects in objects, alone and where a song intent may stand."""
    texts = ("[" * DEPTH + "]" * DEPTH, '{"a":' * DEPTH + "1" + "}" * DEPTH, "[" * DEPTH)
    told = [service.json(path, text).refused(400, 422) for path in _PATHS for text in texts]
    for depth in (50, 500, 900, 5_000, DEPTH):
        inner = '{"a":' * depth + "1" + "}" * depth
        service.json("/v1/songs", f'{{"feeling": {{"intent": {inner}}}}}').refused(400, 422)
    return told[0]


if __name__ == "__main__":
    main(attack)
