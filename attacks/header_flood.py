"""Heads that are too much: many fields, long ones, endless ones, long targets; and heads within the parts of a form.

A head may have `headers` bytes in all (431), and the target in it `target` (414), however it is cut into packets.
"""

from against import Service, main

_HEALTH = "GET /healthz HTTP/1.1"


def attack(service: Service) -> str:
    """Send each at once; what never ends is ended by the service."""
    heads = (
        service.head(_HEALTH, *(f"X-{number}: a" for number in range(10_000))),
        service.head(_HEALTH, *(["X:"] * 10_000)),
        service.head(_HEALTH, *(["Cookie: " + "a" * 1_000] * 20)),
        service.head(_HEALTH, "X: " + "a" * 1_000_000),
        service.head(_HEALTH)[:-2] + b"X: " + b"a" * 10_000_000,
        b"A" * 1_000_000,
    )
    told = [service.raw(head).refused(431) for head in heads]
    for length in (9_000, 100_000):
        service.raw(service.head(f"GET /{'a' * length} HTTP/1.1")).refused(414, 431)
        service.raw(service.head(f"GET /healthz?{'a=1&' * (length // 4)} HTTP/1.1")).refused(414, 431)
    _form(service)
    return told[0]


def _form(service: Service) -> None:
    """A form whose parts have heads without end, and one with very many parts."""
    mark, most = b"--x\r\n", min(service.most("/v1/analyses"), 16 * 2**20) - 1_000
    bodies = (
        mark + b"Content-Disposition: form-data; name=" + b"a" * most,
        mark + b"X: a\r\n" * (most // 6),
        mark + b"X" * most,
        (mark + b'Content-Disposition: form-data; name="a"\r\n\r\n\r\n') * (most // 60),
        (mark + b'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\n\r\n') * (most // 80),
        b"\r\n" * (most // 2),
        b"-" * most,
    )
    for body in bodies:
        service.ask("POST", "/v1/analyses", body, Content_Type="multipart/form-data; boundary=x").refused(400, 413, 422)
        service.well()


if __name__ == "__main__":
    main(attack)
