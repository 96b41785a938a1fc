"""MIDI files as bytes: whatever stands in a file, it is read or refused, soon and in little memory."""

from __future__ import annotations

import struct
import time
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.errors import FileError
from kelly.score.midi import from_bytes, to_bytes
from kelly.score.notes import Note

# Bytes that mean something in a track: status bytes, controllers, metas, small and large numbers.
TELLING = [0, 1, 3, 6, 0x2F, 0x3C, 0x40, 0x51, 0x58, 0x59, 0x64, 0x65, 0x7F, 0x80, 0x81, 0x90, 0xB0, 0xC0, 0xE0]
SPECIAL = [0xF0, 0xF1, 0xF7, 0xFF]
DIVISIONS = [1, 96, 480, 0x7FFF, 0x8001, 0xE728, 0xFF00]


def chunk(body: bytes) -> bytes:
    return b"MTrk" + struct.pack(">I", len(body)) + body


def file_of(*bodies: bytes, division: int = 96) -> bytes:
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(bodies), division) + b"".join(map(chunk, bodies))


def bounded(data: bytes):
    """The score in `data`, read within two seconds and two hundred times the file's size."""
    start = time.process_time()
    score = from_bytes(data)
    assert time.process_time() - start < 2
    tracemalloc.start()
    try:
        from_bytes(data)
        assert tracemalloc.get_traced_memory()[1] < 200 * len(data) + 1_000_000
    finally:
        tracemalloc.stop()
    return score


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.lists(st.sampled_from(TELLING + SPECIAL), max_size=60).map(bytes), max_size=3),
    st.sampled_from(DIVISIONS),
)
def test_any_track_is_read_and_can_be_written_or_is_refused(bodies, division):
    try:
        score = from_bytes(file_of(*bodies, division=division))
    except FileError:
        return
    written = to_bytes(score)
    assert to_bytes(from_bytes(written)) == written


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 200), st.integers(0, 255), st.integers(0, 400))
def test_a_damaged_or_shortened_file_is_read_or_refused(place, byte, length):
    body = bytes.fromhex("00ff0304536f6c6f 00ff510307a120 00c005 00b00740 00903c40 60803c40 00e00050 00ff2f00")
    data = bytearray(file_of(body, body))
    data[place % len(data)] = byte
    with suppress(FileError):
        from_bytes(bytes(data[:length]))


def test_thousands_of_tracks_of_one_name_each_get_their_own():
    body = bytes.fromhex("00ff030161 00903c40 01803c00")
    names = [part.name for part in bounded(file_of(*[body] * 3000)).parts]
    assert names[:3] == ["a", "a 2", "a 3"]
    assert len(set(names)) == 3000


def test_a_name_that_looks_numbered_is_still_told_apart():
    bodies = [b"\x00\xff\x03" + bytes((len(name),)) + name + b"\x00\x90\x3c\x40" for name in (b"a 2", b"a", b"a", b"a")]
    assert [part.name for part in from_bytes(file_of(*bodies)).parts] == ["a 2", "a", "a 3", "a 4"]


def test_a_channel_of_many_programs_does_not_copy_its_controls():
    controls = b"\x00\xb0\x07\x40" + b"\x00\x07\x41" * 30_000
    notes = b"".join(b"\x00\xc0" + bytes((program,)) + b"\x00\x90\x3c\x40\x01\x80\x3c\x40" for program in range(128))
    score = bounded(file_of(controls + notes))
    assert len(score.parts) == 128
    assert {len(part.controls) for part in score.parts} == {30_001}


def test_many_notes_are_read_in_bounds():
    score = bounded(file_of(b"\x00\x90\x3c\x40" + b"\x01\x3c\x00\x00\x3c\x40" * 20_000))
    assert len(score.parts[0].notes) == 20_001


def test_huge_waits_are_refused():
    with pytest.raises(FileError, match="beats"):
        from_bytes(file_of((b"\xff\xff\xff\x7f\x90\x3c\x40" + b"\xff\xff\xff\x7f\x80\x3c\x40") * 20, division=1))


def test_an_odd_number_of_ticks_a_second_keeps_its_time():
    body = bytes.fromhex("00903c40 19803c00 00ff2f00")
    score = from_bytes(file_of(body, division=0xE701))  # 25 frames of one tick
    assert score.parts[0].notes == (Note(0.0, 2.0, 60, 64),)
    assert score.duration == 1.0
