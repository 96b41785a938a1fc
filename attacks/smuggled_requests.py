"""Requests hidden in others, where two programs may disagree on where the first one ends.

What has two readings is refused (400, 431) and its connection closed, so that what hides in it is never heard: lengths
stated twice, chunks in HTTP/1.0, lines that end early, heads after the last chunk. A target or a chunk says nothing of
whom a request is for.
"""

from against import Service, holds, main

_KIND = "Content-Type: application/json"
_BODY = b'{"text": "so sad"}'
_CHUNKED = "Transfer-Encoding: chunked"
_CHUNKS = b"%x\r\n%s\r\n0\r\n" % (len(_BODY), _BODY)
_SECONDS = 30.0


def attack(service: Service) -> str:
    """Hide a request in each, and see whether it is heard."""
    post, old = "POST /v1/feelings HTTP/1.1", "POST /v1/feelings HTTP/1.0"
    hidden = service.head("GET /openapi.json HTTP/1.1")
    many = b"X-Later: a\r\n" * 10_000
    refused = {
        "two lengths": service.head(post, _KIND, "Content-Length: 4", _CHUNKED) + b"0\r\n\r\n",
        "two lengths, one of nothing": service.head(post, _KIND, "Content-Length: 0", _CHUNKED) + _CHUNKS + b"\r\n",
        "chunks in HTTP/1.0": service.head(old, _KIND, "Connection: keep-alive", _CHUNKED) + _CHUNKS + b"\r\n",
        "two ways to cut": service.head(post, _KIND, _CHUNKED, "Transfer-Encoding: identity") + _CHUNKS + b"\r\n",
        "a field that hides": service.head(post, _KIND, "Content-Length : 0") + _BODY,
        "a chunk that ends late": service.head(post, _KIND, _CHUNKED) + b"1\r\n{XX\r\n0\r\n\r\n",
        "a chunk that ends early": service.head(post, _KIND, _CHUNKED) + b"12\r\n" + _BODY + b"\n0\r\n\r\n",
        "a size that ends early": service.head(post, _KIND, _CHUNKED) + b"12\n" + _BODY + b"\r\n0\r\n\r\n",
        "an endless size": service.head(post, _KIND, _CHUNKED) + b"12;" + b"e" * 100_000,
        "many heads after it": service.head(post, _KIND, _CHUNKED) + _CHUNKS + many + b"\r\n",
    }
    told = {name: service.raw(data + hidden, _SECONDS).refused(400, 408, 431) for name, data in refused.items()}
    for name, data in refused.items():
        holds(b"openapi" not in _said(service, data + hidden), f"{name}: what was hidden was heard")
    later = service.head(post, _KIND, _CHUNKED) + _CHUNKS + b"Host: evil.example\r\nContent-Length: 9\r\n\r\n"
    holds(service.raw(later, _SECONDS).status == 200, "what stands after the last chunk changes something")
    for target in (
        "http://evil.example/openapi.json",
        f"http://{service.authority}/openapi.json",
        "*",
        "evil.example:1",
    ):
        service.raw(service.head(f"GET {target} HTTP/1.1")).refused(400, 404, 421)
    return told["two lengths"]


def _said(service: Service, data: bytes) -> bytes:
    """All that is answered to bytes until the connection is closed."""
    with service.connected() as there:
        there.settimeout(_SECONDS)
        said = b""
        try:
            there.sendall(data)
            while more := there.recv(65_536):
                said += more
        except ConnectionError:
            pass
        return said


if __name__ == "__main__":
    main(attack)
