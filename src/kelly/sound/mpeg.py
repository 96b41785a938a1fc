"""MPEG: an MP3 that does not tell how long it is, or wrongly where it begins, made into one that does.

Conventions: an ID3v2 tag is "ID3", two bytes of version, one of flags and the size of what follows in four bytes of
seven bits (id3.org, ID3 tag version 2.4.0). A frame of layer III begins with eleven bits 1 and tells how long it is
(ISO/IEC 11172-3 and 13818-3; MPEG-2.5 halves the rates of 13818-3). The first frame of most files holds no sound but,
behind "Xing", "Info" or "VBRI", how many frames there are; where it is missing, or not where the tag says, decoders
guess the length from the bit rate of whatever they find first, and may stop amid the sound.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

__all__ = ["frame_length", "is_telling", "mended"]

TAG = 10  # bytes of a tag's head
FRAME = 1441  # bytes of the longest frame
ALIKE = 4  # frames in a row, each where the one before ends, are no accident
_KBPS = {
    3: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44_100, 48_000, 32_000)
_HALVED = {3: 1, 2: 2, 0: 4}  # of the rates, by the bits of the version: MPEG-1, 2, 2.5


def is_telling(file: BinaryIO) -> bool:
    """Whether an MP3 begins, behind its tag if it has one, with a frame that tells how many there are."""
    file.seek(0)
    file.seek(_tag_end(file.read(TAG)))
    return _tells(file.read(FRAME))


def mended(data: bytes) -> bytes | None:
    """An MP3 from its first frame on, behind one that tells how many frames there are; None where there is no frame."""
    start = _next(data, 0)
    if start < 0:
        return None
    sound = data[start:]
    return sound if _tells(sound) else _telling(sound, sum(1 for _ in _frames(sound))) + sound


def frame_length(data: bytes, place: int) -> int:
    """The length in bytes of the frame of layer III at a place, 0 where there is none."""
    head = int.from_bytes(data[place : place + 4])
    if place + 4 > len(data) or head >> 21 != 0x7FF or head >> 17 & 3 != 1:
        return 0
    version, kbps, rate, padding = head >> 19 & 3, head >> 12 & 15, head >> 10 & 3, head >> 9 & 1
    if version not in _HALVED or kbps in {0, 15} or rate == 3:
        return 0
    samples, rates = (1152, _KBPS[3]) if version == 3 else (576, _KBPS[2])
    return samples // 8 * 1000 * rates[kbps - 1] * _HALVED[version] // _RATES[rate] + padding


def _tag_end(head: bytes) -> int:
    """Where the ID3v2 tag that a file begins with says it ends, 0 where there is none."""
    if not head.startswith(b"ID3") or len(head) < TAG:
        return 0
    size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:TAG], (21, 14, 7, 0), strict=True))
    return TAG + size


def _tells(sound: bytes) -> bool:
    frame = sound[: frame_length(sound, 0)]
    return any(sign in frame for sign in (b"Xing", b"Info", b"VBRI"))


def _frames(data: bytes) -> Iterator[int]:
    """The places of all frames; where one is not followed by another, the next is the first of `ALIKE` in a row."""
    place = _next(data, 0)
    while place >= 0:
        yield place
        place += frame_length(data, place)
        if not frame_length(data, place):
            place = _next(data, place)


def _next(data: bytes, place: int) -> int:
    """The place from which on `ALIKE` frames follow each other, -1 where there are none."""
    place = data.find(b"\xff", place)
    while place >= 0 and not _begins(data, place):
        place = data.find(b"\xff", place + 1)
    return place


def _telling(sound: bytes, count: int) -> bytes:
    """A frame of the kind that `sound` begins with that holds no sound, but tells how many others follow."""
    head = bytearray(sound[:4])
    head[1] |= 1  # no checksum
    head[2] = head[2] & 0x0D | 0x90  # 128 or 80 kbit/s, no padding
    is_mpeg1, is_mono = head[1] >> 3 & 3 == 3, head[3] >> 6 == 3
    side = {(True, False): 32, (True, True): 17, (False, False): 17, (False, True): 9}[is_mpeg1, is_mono]
    length = frame_length(bytes(head), 0)
    told = b"Xing" + struct.pack(">III", 3, count, length + len(sound))
    return bytes(head + bytes(side) + told).ljust(length, b"\0")


def _begins(data: bytes, place: int) -> bool:
    for _ in range(ALIKE):
        length = frame_length(data, place)
        if not length:
            return False
        place += length
    return True
