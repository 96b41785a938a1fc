"""Sounds that are small as files and large as sound, made without a library."""

from __future__ import annotations

import struct
from itertools import pairwise

__all__ = ["flac", "mp3", "ogg", "wav"]


def wav(data: bytes, claimed: int | None = None, rate: int = 16_000, channels: int = 1) -> bytes:
    """A WAV file of 16-bit samples. Parameters: claimed, how many bytes of them its header states."""
    size = len(data) if claimed is None else claimed
    kind = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, 2 * channels * rate, 2 * channels, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", min(36 + size, 2**32 - 1), b"WAVE")
        + kind
        + struct.pack("<4sI", b"data", size)
        + data
    )


def flac(seconds: float, claimed: float | None = None, rate: int = 8_000) -> bytes:
    """A FLAC file of silence: sixteen bytes for eight seconds. Parameters: claimed, how long its header says it is."""
    block = 65_535
    total = int((seconds if claimed is None else claimed) * rate)
    rates = rate << 44 | 15 << 36 | total  # one channel, 16 bits
    head = b"fLaC\x80\x00\x00\x22" + struct.pack(">HH", block, block) + bytes(6) + rates.to_bytes(8, "big") + bytes(16)
    return head + b"".join(_frame(number, block) for number in range(int(seconds * rate / block)))


def _frame(number: int, block: int) -> bytes:
    head = b"\xff\xf8\x70\x08" + _utf8(number) + struct.pack(">H", block - 1)
    head += bytes([_crc(head, 8, 0x07)])
    frame = head + b"\x00\x00\x00"  # one constant, zero
    return frame + struct.pack(">H", _crc(frame, 16, 0x8005))


def _utf8(number: int) -> bytes:
    return chr(number).encode("utf-8", "surrogatepass")


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    value, top, mask = 0, 1 << bits - 1, (1 << bits) - 1
    for byte in data:
        value ^= byte << bits - 8
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & mask
    return value


def mp3(seconds: float) -> bytes:
    """An MP3 file of silence: a kilobyte for a second."""
    frame = b"\xff\xe3\x18\xc4" + bytes(68)  # MPEG 2.5, layer III, 8 kbit/s, 8 kHz, one channel: 72 ms
    return frame * int(seconds / 0.072)


def ogg(seconds: float, claimed: float | None = None) -> bytes:
    """An Opus file of silence: twenty-seven bytes for a second."""
    head = b"OpusHead" + struct.pack("<BBHIHB", 1, 1, 0, 48_000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 0) + struct.pack("<I", 0)
    packet = b"\xfb\x06"  # six frames of 20 ms without anything: 120 ms
    count = int(seconds / 0.12)
    pages = [_page([head], 0, 0, 2), _page([tags], 0, 1, 0)]
    edges = [*range(0, count, 255), count]
    for number, (first, last) in enumerate(pairwise(edges), 2):
        end = last if claimed is None else int(claimed / 0.12 * last / count)
        pages.append(_page([packet] * (last - first), end * 5760, number, 4 * (last == count)))
    return b"".join(pages)


def _page(packets: list[bytes], place: int, number: int, flags: int) -> bytes:
    sizes = bytes(len(packet) for packet in packets)
    body = struct.pack("<4sBBqIII", b"OggS", 0, flags, place, 1, number, 0)
    body += bytes([len(packets)]) + sizes + b"".join(packets)
    return body[:22] + struct.pack("<I", _crc(body, 32, 0x04C11DB7)) + body[26:]
