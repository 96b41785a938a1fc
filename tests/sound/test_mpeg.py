import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from kelly.sound.mpeg import ALIKE, frame_length, is_telling, mended

FRAME = b"\xff\xfb\x90\x00".ljust(417, b"\0")  # MPEG-1, 128 kbit/s, 44,100 Hz


@pytest.mark.parametrize(
    ("head", "length"),
    [
        ("ff fb 90 00", 417),  # 144 * 128,000 / 44,100
        ("ff fb 92 00", 418),  # one byte of padding
        ("ff fb e4 00", 960),  # 320 kbit/s at 48,000 Hz
        ("ff f3 80 00", 208),  # MPEG-2: 72 * 64,000 / 22,050
        ("ff e3 48 00", 288),  # MPEG-2.5: 72 * 32,000 / 8,000
        ("ff fd 90 00", 0),  # layer II
        ("ff eb 90 00", 0),  # a version that is none
        ("ff fb 00 00", 0),  # of free bit rate
        ("ff fb f0 00", 0),  # a bit rate that is none
        ("ff fb 9c 00", 0),  # a rate that is none
        ("ff db 90 00", 0),  # ten bits
        ("ff fb 90", 0),
    ],
)
def test_a_frame_tells_its_length(head, length):
    assert frame_length(bytes.fromhex(head), 0) == length
    assert frame_length(b"x" + bytes.fromhex(head), 1) == length


def sounding(rate=44_100, channels=2, seconds=3):
    """An MP3 whose first frame tells its length."""
    wave = 0.1 * np.random.default_rng(0).standard_normal((seconds * rate, channels))
    file = io.BytesIO()
    soundfile.write(file, wave, rate, format="MP3", bitrate_mode="VARIABLE")
    return file.getvalue()


def length(data):
    return soundfile.info(io.BytesIO(data)).duration


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (48_000, 1), (22_050, 2), (16_000, 1), (8_000, 1)])
def test_a_file_that_does_not_tell_its_length_is_made_to(rate, channels):
    told = sounding(rate, channels)
    bare = told[frame_length(told, 0) :]
    assert is_telling(io.BytesIO(told))
    assert not is_telling(io.BytesIO(bare))
    for data in (bare, told[9:], b"junk" * 99 + bare, bare[:-99], bare + b"TAG".ljust(128)):
        assert length(mended(data)) == pytest.approx(3, abs=0.3)
        assert is_telling(io.BytesIO(mended(data)))


def test_a_file_that_tells_is_found_behind_its_tag():
    told = sounding()
    assert mended(told) == mended(b"ID3\4\0\0\0\0\0\5wrong tag" + told) == told
    assert is_telling(io.BytesIO(b"ID3\4\0\0\0\0\1\2" + bytes(130) + told))
    assert not is_telling(io.BytesIO(b"ID3\4\0\0\0\0\1\2" + bytes(99) + told))
    assert not is_telling(io.BytesIO(b"ID3"))


def test_what_is_damaged_amid_is_passed_over():
    frames = FRAME * 10 + b"junk" + FRAME * 2 + b"junk" + FRAME * 5
    assert mended(frames).count(b"Xing\0\0\0\3\0\0\0\x0f") == 1  # the two are too few to be sure of


def test_what_has_no_frames_is_not_mended():
    assert mended(b"") is None
    assert mended(FRAME * (ALIKE - 1)) is None
    assert mended(b"\xff" * 999) is None


@given(data=st.binary(max_size=400))
def test_any_bytes_can_be_looked_at(data):
    assert is_telling(io.BytesIO(data)) in {True, False}
    assert mended(data + FRAME * ALIKE).endswith(FRAME * ALIKE)
