"""SoundFont files made by hand: what each table says is heard, and no table can make the reader hang."""

from __future__ import annotations

import struct
import time
import tracemalloc

import numpy as np
import pytest

from kelly.errors import SoundError
from kelly.sound.sampler import Stroke, perform
from kelly.sound.sf2 import DRUM_BANK, SoundFont

RATE = 44_100
SECOND = 44_100
POOL = np.round(20_000 * np.sin(2 * np.pi * np.arange(2000) / 100)).astype("<i2")
LOOP = (54, 1)
SAMPLE = {
    "start": 0, "end": 2000, "loop_start": 100, "loop_end": 1900,
    "rate": RATE, "key": 69, "tune": 0, "link": 0, "type": 1,
}  # fmt: skip


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def records(layout: str, *rows: tuple) -> bytes:
    return b"".join(struct.pack(layout, *row) for row in rows)


def keys(low: int, high: int) -> tuple[int, int]:
    return 43, low | high << 8


@pytest.fixture
def font(tmp_path):
    """Write a font of one preset, one instrument and one sample, and open it."""

    def opened(*zones, pool=POOL, bank=0, outer=1, bags=None, **sample):
        """Zones: the generators of each zone of the instrument; outer: how many zones of the preset lead to it."""
        rows = [(*zone, (53, 0)) for zone in zones]
        starts = np.cumsum([0, *map(len, rows)]).tolist() if bags is None else bags
        header = {**SAMPLE, **sample}
        tables = [
            chunk(b"phdr", records("<20s3H3I", (b"p", 0, bank, 0, 0, 0, 0), (b"EOP", 0, 0, outer, 0, 0, 0))),
            chunk(b"pbag", records("<2H", *((place, 0) for place in range(outer + 1)))),
            chunk(b"pgen", records("<Hh", *[(41, 0)] * outer)),
            chunk(b"inst", records("<20sH", (b"i", 0), (b"EOI", len(starts) - 1))),
            chunk(b"ibag", records("<2H", *((start, 0) for start in starts))),
            chunk(b"igen", records("<Hh", *(generator for row in rows for generator in row))),
            chunk(b"shdr", records("<20s5IBb2H", (b"s", *header.values()), (b"EOS", *[0] * 9))),
        ]
        pooled = chunk(b"LIST", b"sdta" + chunk(b"smpl", pool.tobytes()))
        body = b"sfbk" + pooled + chunk(b"LIST", b"pdta" + b"".join(tables))
        path = tmp_path / "made.sf2"
        path.write_bytes(chunk(b"RIFF", body))
        return SoundFont(path)

    return opened


def played(font, key=69, frames=SECOND, preset=(0, 0)):
    return perform(font, preset, [Stroke(0, frames, key, 100)], frames, RATE)[0]


def hertz(wave):
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return float(np.argmax(power) * RATE / len(wave))


@pytest.mark.parametrize("key", [45, 69, 81, 105])
def test_a_looped_sample_sounds_on_and_in_tune(font, key):
    wave = played(font([LOOP]), key)
    assert hertz(wave) == pytest.approx(441 * 2 ** ((key - 69) / 12), rel=0.005)
    assert np.abs(wave[-2000:]).max() > 0.9 * np.abs(wave[1000:3000]).max()


@pytest.mark.parametrize(
    "sample",
    [
        {"rate": 0},
        {"rate": 2**32 - 1},
        {"start": 700, "end": 700},
        {"start": 900, "end": 100},
        {"end": 2001},
        {"end": 2**31},
        {"type": 0x8001},
    ],
)
def test_a_sample_without_sound_of_its_own_is_silent(font, sample):
    assert not played(font([LOOP], **sample)).any()


@pytest.mark.parametrize(("start", "end"), [(100, 5000), (1500, 1500), (1500, 100), (100, 101), (2**31, 2**32 - 1)])
def test_an_impossible_loop_leaves_the_sample_unlooped(font, start, end):
    wave = played(font([LOOP], loop_start=start, loop_end=end))
    assert np.abs(wave[:1900]).max() > 0.05
    assert not wave[2100:].any()


def test_compressed_samples_are_refused_by_name(font):
    with pytest.raises(SoundError, match="SF3"):
        font([LOOP], type=0x11)


def test_tables_out_of_order_are_refused(font):
    with pytest.raises(SoundError, match="not a readable"):
        font([LOOP], [LOOP], bags=[0, 4, 2])


def test_a_key_between_the_zones_borrows_from_the_nearest(font):
    holed = font([keys(40, 60), LOOP], [keys(70, 80), LOOP])
    for key in (30, 65, 66, 100):
        assert hertz(played(holed, key)) == pytest.approx(441 * 2 ** ((key - 69) / 12), rel=0.01)


def test_a_drum_that_the_kit_lacks_stays_silent(font):
    kit = font([keys(35, 38), LOOP], bank=DRUM_BANK)
    assert played(kit, 36, preset=(DRUM_BANK, 0)).any()
    assert not played(kit, 60, preset=(DRUM_BANK, 0)).any()


def test_an_offset_in_a_loop_is_taken_out(font):
    shifted = (POOL // 3 + 9000).astype("<i2")
    wave = played(font([LOOP], pool=shifted))
    assert abs(wave.mean()) < 0.01 * wave.std()


def test_millions_of_claimed_zones_are_bounded(font):
    start = time.process_time()
    wave = played(font(*[[LOOP]] * 5000, outer=5000))
    assert time.process_time() - start < 3
    assert np.all(np.isfinite(wave))


def test_a_high_key_held_for_a_minute_stays_small(font):
    made = font([LOOP])
    tracemalloc.start()
    try:
        played(made, 127, 60 * SECOND)
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()
