"""What is no HTTP/1.1: bytes by chance, a handshake of TLS, HTTP/0.9 and 2, lines that are broken.

It gets 400 (or 505) and the connection is closed; a request after it on the same connection is not heard.
"""

import secrets

from against import Service, holds, main

_AFTER = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def attack(service: Service) -> str:
    """Send each."""
    host = f"Host: {service.authority}"
    wrong = (
        bytes.fromhex("16030100a5010000a10303") + bytes(100),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"GET  /healthz HTTP/1.1\r\n\r\n",
        b"GET /heal thz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        f"GET /healthz HTTP/9.9\r\n{host}\r\n\r\n".encode(),
        f"GET /healthz HTTP/1.1\r\n{host}\r\nX : 1\r\n\r\n".encode(),
        f"GET /healthz HTTP/1.1\r\n{host}\r\n: 1\r\n\r\n".encode(),
        f"GET /healthz HTTP/1.1\r\n{host}\r\nX: a\x00b\r\n\r\n".encode(),
        f"GET /healthz HTTP/1.1\r\n{host}\r\nX: a\rb\r\n\r\n".encode(),
        f"GET /healthz HTTP/1.1\r\n{host}\r\n{host}\r\n\r\n".encode(),
        f"GET /\xff HTTP/1.1\r\n{host}\r\n\r\n".encode("latin-1"),
        f"G\x00T /healthz HTTP/1.1\r\n{host}\r\n\r\n".encode(),
        b"\r\n\r\n" * 3 + b"\x00" * 100 + b"\r\n\r\n",
    )
    told = [service.raw(data).refused(400, 505) for data in wrong]
    for _ in range(30):
        answer = service.raw(secrets.token_bytes(300) + b"\r\n\r\n", 2.0)
        holds(answer.status in {0, 400}, f"bytes by chance got {answer.told}")
    with service.connected() as there:
        there.sendall(b"\x00\r\n\r\n" + _AFTER)
        there.settimeout(10.0)
        said = b"".join(iter(lambda: there.recv(65_536), b""))
        holds(said.count(b"HTTP/1.1 ") == 1, "it heard a request after what it could not read")
    return told[0]


if __name__ == "__main__":
    main(attack)
