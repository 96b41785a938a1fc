"""Pages of other sites that call the service through the browser of whoever runs it.

A name that was pointed at this machine is not the service's (421); a page's requests carry where it comes from, and are
refused where that is elsewhere (403), be they sent by a script, a form, a picture or a WebSocket. No answer allows it.
"""

from against import Service, holds, main

_SOCKET = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)


def attack(service: Service) -> str:
    """Ask as such pages do."""
    for host in (
        "evil.example",
        f"evil.example:{service.port}",
        "127.0.0.1.evil.example",
        "[::ffff:1.2.3.4]",
        "127.0.0.1@evil.example",
        "evil.example@127.0.0.1",
        "127.0.0.1/evil.example",
        "127.0.0.1?.evil.example",
        "localhost#evil.example",
        "localhost:evil.example",
        "localhost.evil.example",
        "127.0.0.1, evil.example",
        "[",
        "",
    ):
        told = service.raw(f"GET /v1/emotions HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).refused(400, 421)
    service.raw(b"GET /v1/emotions HTTP/1.0\r\n\r\n").refused(421)
    for origin in (
        "https://evil.example",
        "null",
        "http://[",
        f"http://{service.host}:1",
        f"http://{service.authority}.evil.example",
        f"file://{service.authority}",
        "",
    ):
        for line in ("GET /v1/emotions HTTP/1.1", "POST /v1/feelings HTTP/1.1", "OPTIONS /v1/songs HTTP/1.1"):
            service.raw(service.head(line, f"Origin: {origin}", "Access-Control-Request-Method: POST")).refused(403)
        service.raw(service.head("GET /v1/live HTTP/1.1", f"Origin: {origin}", *_SOCKET)).refused(403)
    for site in ("cross-site", "same-site"):
        service.raw(
            service.head("GET /v1/emotions HTTP/1.1", f"Sec-Fetch-Site: {site}", "Sec-Fetch-Mode: no-cors")
        ).refused(403)
    own = service.raw(
        service.head("GET /v1/emotions HTTP/1.1", f"Origin: {service.url}", "Sec-Fetch-Site: same-origin")
    )
    holds(own.status in {200, 401}, f"a page of its own: {own.told}")
    service.raw(
        service.head("POST /v1/songs HTTP/1.1", "Content-Type: text/plain", "Content-Length: 2") + b"{}"
    ).refused(415, 422)
    return told


if __name__ == "__main__":
    main(attack)
