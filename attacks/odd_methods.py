"""Methods that nobody asks for, on every place of the service: TRACE, OPTIONS, CONNECT, and names of their own.

They are refused (405, with the header Allow), nothing that was sent comes back, and HEAD is answered as GET is, without
a body. Upgrades to other protocols are not taken.
"""

import json

from against import Service, holds, main

_METHODS = ("TRACE", "OPTIONS", "CONNECT", "PROPFIND", "DEBUG", "get", "A" * 3_000)
_SECRET = "kept-to-itself"  # noqa: S105 - which it is not
_SOCKET = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)


def attack(service: Service) -> str:
    """Ask each of every place that the service describes."""
    places = json.loads(service.ask("GET", "/openapi.json").body)["paths"]
    told = ""
    for place in places:
        at = place.replace("{name}", "0" * 24).replace("{form}", "mid")
        for method in _METHODS:
            answer = service.raw(service.head(f"{method} {at} HTTP/1.1", f"Cookie: {_SECRET}"))
            told = answer.refused(405, 422)
            holds(answer.status != 405 or "allow" in answer.headers, "it does not say what is allowed")
            holds(_SECRET.encode() not in answer.body, "it gave back what was sent")
        if "get" in places[place] and not at.endswith("/events"):
            answer = service.ask("HEAD", at)
            holds(answer.status in {200, 404, 422} and not answer.body, f"HEAD {at}: {answer.told}")
        service.raw(service.head(f"GET {at} HTTP/1.1", *_SOCKET)).refused(403, 404)
    service.raw(service.head("GET /v1/live HTTP/1.1", *_SOCKET[:2])).refused(400)
    plain = service.raw(
        service.head("GET /healthz HTTP/1.1", "Connection: Upgrade", "Upgrade: h2c", "HTTP2-Settings: AA")
    )
    holds(plain.status == 200 and "upgrade" not in plain.headers, f"an upgrade to HTTP/2: {plain.told}")
    return told


if __name__ == "__main__":
    main(attack)
