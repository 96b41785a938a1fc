"""Lengths that lie: less, more, none, two, signed, endless; and both ways to state a length at once.

The bytes that come are counted, and what is promised is at most what may come (413). What can be read in two ways is
refused (400) and the connection closed, so that nobody slips a request into another's.
"""

from collections.abc import Iterator

from against import Answer, Service, holds, main

_POST = "POST /v1/feelings HTTP/1.1"
_KIND = "Content-Type: application/json"
_BODY = b'{"text": "so sad"}'
_HIDDEN = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


def attack(service: Service) -> str:
    """Send each."""

    def sent(body: bytes, *fields: str) -> Answer:
        return service.raw(service.head(_POST, _KIND, *fields) + body, 60.0)

    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(_BODY), _BODY)
    holds(sent(chunk, "Transfer-Encoding: chunked").status == 200, "a body in chunks is taken")
    told = sent(b"{", f"Content-Length: {10**15}").refused(413)
    for length in ("-1", "+18", "18, 18, 19", "1e1", "0x12", "9" * 5_000, "", "18 18", "١٨".encode().decode("latin-1")):
        sent(_BODY, f"Content-Length: {length}").refused(400, 422, 431)
    sent(_BODY, "Content-Length: 18", "Content-Length: 19").refused(400)
    sent(chunk, "Content-Length: 18", "Transfer-Encoding: chunked").refused(400)
    sent(chunk, "Content-Length: 0", "Transfer-Encoding: chunked").refused(400)
    for coding in ("xchunked", "chunked, identity", "gzip", "chunked, chunked", "\x0bchunked"):
        sent(chunk, f"Transfer-Encoding: {coding}").refused(400)
    for bad in (b"zz\r\n", b"-1\r\n", b"ffffffffffffffffffff\r\n", b"5\r\nabcdefgh\r\n", b"1;" + b"a" * 100_000):
        sent(bad + b"0\r\n\r\n", "Transfer-Encoding: chunked").refused(400, 408, 413, 431)
    short = sent(_BODY + _HIDDEN, "Content-Length: 2")
    holds(short.status == 422 and b"kelly_" not in short.body, f"a body cut short: {short.told}")
    _floods(service)
    return told


def _floods(service: Service) -> None:
    """Bodies that are larger than they may be, whatever they state."""
    for path, kind in (("/v1/feelings", "application/json"), ("/v1/analyses", "multipart/form-data; boundary=x")):
        service.ask("POST", path, _endless(), Content_Type=kind).refused(413)
    service.ask("POST", "/v1/feelings", b" " * 20_000_000, Content_Type="application/json").refused(413)


def _endless() -> Iterator[bytes]:
    yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    for _ in range(200):
        yield bytes(2**20)


if __name__ == "__main__":
    main(attack)
