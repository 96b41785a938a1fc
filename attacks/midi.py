"""MIDI files, byte by byte, so that they can be wrong."""

from __future__ import annotations

import struct
from collections.abc import Sequence

__all__ = ["file", "note", "tempo", "text"]


def file(
    events: Sequence[bytes], division: int = 480, tracks: int = 1, claimed: int | None = None, length: int | None = None
) -> bytes:
    """A file whose tracks all hold the same. Parameters: claimed, how many its head states; length, of each."""
    head = struct.pack(">4sIHHH", b"MThd", 6, 1, tracks if claimed is None else claimed, division)
    body = b"".join(events) + b"\x00\xff\x2f\x00"
    return head + (b"MTrk" + struct.pack(">I", len(body) if length is None else length) + body) * tracks


def note(pitch: int, ticks: int, wait: int = 0) -> bytes:
    """A note that begins after a wait."""
    return _number(wait) + bytes([0x90, pitch, 64]) + _number(ticks) + bytes([0x80, pitch, 0])


def tempo(microseconds: int) -> bytes:
    """How long a beat lasts."""
    return b"\x00\xff\x51\x03" + microseconds.to_bytes(3, "big")


def text(kind: int, said: str) -> bytes:
    """A text: 1, of any kind, 3, a name, 6, a marker."""
    data = said.encode("utf-8", "surrogatepass")
    return b"\x00\xff" + bytes([kind]) + _number(len(data)) + data


def _number(value: int) -> bytes:
    groups = [value & 127]
    while value := value >> 7:
        groups.append(128 | value & 127)
    return bytes(reversed(groups))
