"""Standard MIDI files as bytes: tracks of timed events, packed and unpacked.

Conventions: a track is a list of events in time order; an event is (tick from the song's start, status byte, data
bytes). A meta event has the status `META` and its kind as the first data byte. System-exclusive messages are skipped
in reading. Follows the Standard MIDI File specification 1.0 (RP-001). What the events mean to a score is in `midi`.
The encoder stands here and not in a library because a song is written on every run and reading must survive illegal
key signatures and missing ends, which libraries refuse.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kelly.errors import FileError

__all__ = ["MAX_TICK", "META", "Event", "decode", "encode"]

META = 0xFF
END_OF_TRACK = 0x2F
SYSTEM_EXCLUSIVE = (0xF0, 0xF7)
MAX_TICK = 0x0FFFFFFF
# Data bytes that follow a channel message, by the upper half of its status byte.
SIZES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}


class Event(NamedTuple):
    """One event: tick from the song's start, status byte (with channel), data bytes (all below 128 unless meta)."""

    tick: int
    status: int
    data: bytes


def encode(tracks: Sequence[Iterable[Event]], ppq: int) -> bytes:
    """A type-1 file of the tracks at `ppq` ticks a quarter note; each track's end is appended."""
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), ppq)
    return header + b"".join(map(_packed, tracks))


def decode(data: bytes) -> tuple[int, list[list[Event]]]:
    """Division word and tracks of a type 0 or type 1 file.

    Raises: FileError, `data` is no MIDI file, of type 2, or ends too early.
    """
    start = data.find(b"MThd", 0, 64)  # some files carry a RIFF wrapper around the header
    if start < 0 or len(data) < start + 14:
        raise FileError("not a MIDI file: it has no MThd header")
    size, kind, count, division = struct.unpack_from(">IHHH", data, start + 4)
    if kind > 1:
        raise FileError(f"only MIDI files of type 0 and 1 are read; got type {kind}")
    if division == 0:
        raise FileError("not a usable MIDI file: it states 0 ticks a beat")
    return division, [_unpacked(chunk) for chunk in _chunks(data, start + 8 + size, count)]


def _varlen(value: int) -> bytes:
    """`value` (0..2^28 - 1) as a variable-length quantity, seven bits a byte."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(0x80 | value & 0x7F)
    return bytes(reversed(groups))


def _packed(track: Iterable[Event]) -> bytes:
    pieces, now = [], 0
    for tick, status, data in track:
        pieces.append(_varlen(tick - now))
        pieces.append(bytes((status,)))
        pieces.append(data if status != META else data[:1] + _varlen(len(data) - 1) + data[1:])
        now = tick
    body = b"".join((*pieces, bytes((0, META, END_OF_TRACK, 0))))
    return struct.pack(">4sI", b"MTrk", len(body)) + body


def _chunks(data: bytes, place: int, count: int) -> list[bytes]:
    """The bodies of the `count` track chunks from `place` on; chunks of other kinds are stepped over."""
    bodies: list[bytes] = []
    while len(bodies) < count:
        if place + 8 > len(data):
            raise FileError(f"the MIDI file is cut off: it states {count} tracks and holds {len(bodies)}")
        name, size = struct.unpack_from(">4sI", data, place)
        body = data[place + 8 : place + 8 + size]
        if len(body) < size:
            raise FileError(f"the MIDI file is cut off: a chunk of {size} bytes has only {len(body)}")
        if name == b"MTrk":
            bodies.append(body)
        place += 8 + size
    return bodies


def _unpacked(body: bytes) -> list[Event]:
    try:
        return _events(body)
    except IndexError:
        raise FileError("the MIDI file is broken: a track ends in the middle of an event") from None


def _events(body: bytes) -> list[Event]:
    """All events of one track. Raises IndexError when an event is cut off."""
    events: list[Event] = []
    place = tick = status = 0
    while place < len(body):
        wait, place = _varlen_at(body, place)
        tick += wait
        first = body[place]
        if first == META or first in SYSTEM_EXCLUSIVE:
            kind = body[place + 1 : place + 2] if first == META else b""
            size, start = _varlen_at(body, place + 1 + len(kind))
            place = start + size
            if place > len(body):
                raise IndexError
            if first == META:
                events.append(Event(tick, META, kind + body[start:place]))
                if kind[0] == END_OF_TRACK:
                    break
            continue
        if first >= 0x80:
            status, place = first, place + 1
        size = SIZES.get(status >> 4, 0)
        if not size:
            raise FileError(f"the MIDI file is broken: unknown event with status {status}")
        data = body[place : place + size]
        if len(data) < size:
            raise IndexError
        # A data byte above 127 is damage that a player masks; refusing the whole song for it would help nobody.
        events.append(Event(tick, status, data if data.isascii() else bytes(byte & 0x7F for byte in data)))
        place += size
    return events


def _varlen_at(body: bytes, place: int) -> tuple[int, int]:
    """The variable-length quantity at `place`, and the place after it."""
    value = 0
    for _ in range(4):
        byte = body[place]
        place += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place
    raise FileError("the MIDI file is broken: a number is longer than four bytes")
