"""Messages of a WebSocket that grow when they are unpacked, that are too large, or that are no messages at all.

A message may have `frames` bytes, unpacked (1009); the session that it came in is closed, and no other.
"""

import json
import os
import socket
import struct
import zlib
from contextlib import suppress

from against import Service, holds, main

_ASKED = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Extensions: permessage-deflate",
)
_TEXT, _BYTES, _CLOSE = 1, 2, 8
_PACKED, _WHOLE = 0x40, 0x80  # bits of a frame's first byte
_OPENING = json.dumps({"rate": 16_000, "format": "f32le"}).encode()


def attack(service: Service) -> str:
    """Open sessions, and send each."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(256 * 2**20)) + packer.flush(zlib.Z_SYNC_FLUSH)[:-4]
    large = closed(service, frame(_WHOLE | _PACKED | _BYTES, bomb))
    holds(large == 1009, f"a message that grows to 256 MiB is closed with {large}")
    for wrong in (
        frame(_WHOLE | _BYTES, bytes(10_000_000)),
        struct.pack(">BBQ", _WHOLE | _BYTES, 0x80 | 127, 2**62),
        frame(_WHOLE | _PACKED | _BYTES, os.urandom(1_000)),
        frame(_WHOLE | 0x30 | _BYTES, b"abcd"),
        frame(_WHOLE | _TEXT, b"\xff\xfe"),
        frame(_WHOLE | _TEXT, b"[" * 50_000),
        frame(_WHOLE | _BYTES, b"abc"),
        bytes(1_000),
    ):
        code = closed(service, wrong)
        holds(code in {1002, 1003, 1007, 1008, 1009, 0}, f"{wrong[:20]!r} is closed with {code}")
        service.well()
    return f"{large}"


def opened(service: Service) -> socket.socket:
    """A connection on which a session was begun."""
    there = service.connected()
    there.settimeout(30.0)
    there.sendall(service.head("GET /v1/live HTTP/1.1", *_ASKED))
    said = there.recv(65_536)
    holds(said.startswith(b"HTTP/1.1 101 "), f"a session is not begun: {said[:60]!r}")
    there.sendall(frame(_WHOLE | _TEXT, _OPENING))
    return there


def closed(service: Service, data: bytes) -> int:
    """The code that a session is closed with after some bytes; 0, it was cut off."""
    with opened(service) as there, suppress(OSError):
        there.sendall(data)
        said = b""
        while more := there.recv(65_536):
            said += more
            frames = _frames(said)
            for code in (struct.unpack(">H", body[:2])[0] for kind, body in frames if kind == _CLOSE):
                return int(code)
    return 0


def frame(first: int, data: bytes) -> bytes:
    """A frame as a caller sends it, with a mask that changes nothing."""
    size = len(data)
    if size < 126:
        head = struct.pack(">BB", first, 0x80 | size)
    elif size < 2**16:
        head = struct.pack(">BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack(">BBQ", first, 0x80 | 127, size)
    return head + bytes(4) + data


def _frames(data: bytes) -> list[tuple[int, bytes]]:
    """The frames of the service, by kind; those that are packed are left as they are."""
    found, at = [], 0
    while at + 2 <= len(data):
        size, start = data[at + 1] & 127, at + 2
        if size == 126:
            size, start = struct.unpack_from(">H", data, start)[0], start + 2
        found.append((data[at] & 15, data[start : start + size]))
        at = start + size
    return found


if __name__ == "__main__":
    main(attack)
