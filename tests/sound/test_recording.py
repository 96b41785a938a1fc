import io
import os
import struct
import threading
import tracemalloc
from functools import cache

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import strategies as st

from kelly.errors import FileError, KellyError, UsageError
from kelly.sound import recording
from small.sounds import tone

NOBODY = 65534  # of users


def content(tmp_path, ending, **options):
    """The bytes of a file of a kind."""
    return tone(tmp_path / f"whole{ending}", **options).read_bytes()


@pytest.mark.parametrize("ending", [".wav", ".aiff", ".flac", ".ogg", ".mp3"])
def test_the_usual_kinds_are_read_at_their_own_rate(tmp_path, ending):
    sound = recording.read(tone(tmp_path / f"tone{ending}", rate=16000))
    assert sound.rate == 16000
    assert sound.samples.dtype == np.float32
    assert sound.duration == pytest.approx(0.25, abs=0.1)  # MP3 comes in whole frames
    assert np.abs(sound.samples).max() == pytest.approx(0.2, abs=0.05)


@pytest.mark.parametrize(
    ("kind", "subtype", "error"),
    [
        ("WAV", "PCM_U8", 1 / 128),
        ("WAV", "PCM_16", 1e-4),
        ("WAV", "PCM_24", 1e-6),
        ("WAV", "PCM_32", 1e-6),
        ("WAV", "FLOAT", 1e-7),
        ("WAV", "DOUBLE", 1e-7),
        ("WAV", "ULAW", 0.02),
        ("WAVEX", "PCM_24", 1e-6),
        ("RF64", "PCM_16", 1e-4),
        ("AIFF", "PCM_S8", 1 / 64),
        ("FLAC", "PCM_24", 1e-6),
        ("OGG", "OPUS", 0.1),
    ],
)
def test_samples_of_any_size_are_read(tmp_path, kind, subtype, error):
    wave = 0.5 * np.sin(np.arange(16000) / 10) * np.hanning(16000)
    soundfile.write(tmp_path / "sound", wave, 16000, subtype=subtype, format=kind)
    read = recording.read(tmp_path / "sound")
    np.testing.assert_allclose(read.samples[0], wave, atol=error)


def test_channels_are_mixed_to_their_mean(tmp_path):
    sound = recording.read(tone(tmp_path / "tone.wav", channels=3))
    assert sound.samples.shape == (1, 2000)
    assert np.abs(sound.samples).max() == pytest.approx(0.4, abs=1e-3)


def test_a_name_may_hold_anything(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff 'x'\n.wav"
    with open(path, "wb") as file:  # noqa: PTH123 - such a name is none of pathlib's
        file.write(content(tmp_path, ".wav"))
    assert recording.read(os.fsdecode(path)).duration == 0.25


@cache
def noise(ending):
    """The bytes of a quarter of a second of noise."""
    file = io.BytesIO()
    samples = 0.1 * np.random.default_rng(0).standard_normal(4000)
    soundfile.write(file, samples, 16_000, format=ending[1:].upper())
    return file.getvalue()


def claiming(tmp_path):
    """A WAV of a kilobyte whose head claims four gigabytes, as one that was written to a pipe does."""
    data = bytearray(content(tmp_path, ".wav")[:1024])
    data[4:8], data[40:44] = b"\xff\xff\xff\xff", b"\xd0\xff\xff\xff"
    return bytes(data)


def written(tmp_path, samples, rate=8000, ending=".wav", **options):
    """The bytes of a file with samples of one's own."""
    path = tmp_path / f"made{ending}"
    soundfile.write(path, samples, rate, **options)
    return path.read_bytes()


def tagged(tmp_path, size):
    """An MP3 behind an ID3 tag that tells a wrong size."""
    return b"ID3\x04\x00\x00" + size + b"x" * 50 + content(tmp_path, ".mp3", rate=16000, seconds=2)


def halved(tmp_path, ending):
    """The first half of the bytes of four seconds of noise."""
    data = written(tmp_path, 0.05 * np.random.default_rng(0).standard_normal(64_000), 16_000, ending)
    return data[: len(data) // 2]


def resized(data, place, value):
    """A WAV with a 32-bit field changed."""
    return data[:place] + struct.pack("<I", value) + data[place + 4 :]


REFUSED = [
    ("empty.wav", lambda _: b"", "it is empty"),
    ("no-samples.wav", lambda t: written(t, np.zeros(0)), "no sound"),
    ("channels.wav", lambda t: written(t, np.zeros((9, 1000))), "at most 128 channels are read; it has 1000"),
    ("nan.wav", lambda t: written(t, [0.0, np.nan, 0.0], subtype="FLOAT"), "samples must be numbers.* got nan"),
    ("infinite.wav", lambda t: written(t, [0.0, -np.inf], subtype="DOUBLE"), "samples must be numbers.* got inf"),
    ("both.wav", lambda t: written(t, [[np.inf, -np.inf]] * 9, subtype="FLOAT"), "samples must be numbers.* got nan"),
    ("huge.wav", lambda t: written(t, [1e300, 0.0], subtype="DOUBLE"), "samples must be numbers.* got inf"),
    ("integers.wav", lambda t: written(t, [9000.0, 0.0], subtype="FLOAT"), "100 at the most; got 9000"),
    ("text.wav", lambda _: b"Dear Kelly, " * 100, "must be WAV, AIFF.*it begins with b'Dear Kelly, '"),
    ("dsd.wav", lambda t: written(t, np.zeros(99), rate=2_822_400), r"1000\.\.384000 frames a second; it is 2822400"),
    ("slow.wav", lambda t: written(t, np.zeros(99), rate=8), r"1000\.\.384000 frames a second; it is 8"),
    ("DSD.dsf", lambda _: b"DSD " + struct.pack("<QQQ", 28, 999, 0) + bytes(900), "must be WAV"),
    ("tag.mp3", lambda _: b"ID3\x04\0\0\0\0\0\x63" + bytes(99), "must be WAV, AIFF, FLAC"),
    ("sound.raw", lambda t: content(t, ".wav"), "headerless"),
    ("cut.flac", lambda t: halved(t, ".flac"), "damaged or cut off"),
    ("head.flac", lambda t: content(t, ".flac")[:60], "damaged or cut off|must be WAV"),
    ("head.ogg", lambda t: content(t, ".ogg")[:60], "must be WAV"),
    ("head.mp3", lambda t: content(t, ".mp3")[:100], "must be WAV"),
    ("riff.wav", lambda _: b"RIFF", "must be WAV"),
    ("no-rate.wav", lambda t: resized(content(t, ".wav"), 24, 0), "must be WAV|frames a second"),
]
READ = [
    ("claims.wav", claiming, 490 / 8000),
    ("8-bit.wav", lambda t: written(t, np.full(800, 0.5), subtype="PCM_U8"), 0.1),
    ("broken-tag.mp3", lambda t: tagged(t, b"\xff" * 4), 2),
    ("short-tag.mp3", lambda t: tagged(t, b"\x00\x00\x00\x05"), 2),
    ("greedy-tag.mp3", lambda t: tagged(t, b"\x00\x00\x00\x7f"), 2),
    ("endless-tag.mp3", lambda t: tagged(t, b"\x7f\x7f\x7f\x7f"), 2),
    ("right-tag.mp3", lambda t: tagged(t, b"\x00\x00\x00\x32"), 2),
    ("garbage.mp3", lambda t: bytes(range(250)) * 200 + content(t, ".mp3", rate=16000, seconds=2), 2),
    ("cut.wav", lambda t: halved(t, ".wav"), 2),
    ("cut.aiff", lambda t: halved(t, ".aiff"), 2),
    ("cut.ogg", lambda t: halved(t, ".ogg"), 2),
    ("cut.mp3", lambda t: halved(t, ".mp3"), 2),
    ("misnamed.mp3", lambda t: content(t, ".flac"), 0.25),
]


@pytest.mark.parametrize(("name", "make", "told"), REFUSED, ids=[name for name, *_ in REFUSED])
def test_what_cannot_be_read_is_told_in_one_line(tmp_path, capfd, name, make, told):
    path = tmp_path / name
    path.write_bytes(make(tmp_path))
    for _ in range(2):
        with pytest.raises(FileError, match=told) as caught:
            recording.read(path)
        assert str(caught.value).startswith(f"cannot read '{path}': ")
        assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("name", "make", "seconds"), READ, ids=[name for name, *_ in READ])
def test_what_is_odd_or_cut_off_is_read_as_far_as_it_goes(tmp_path, capfd, name, make, seconds):
    path = tmp_path / name
    path.write_bytes(make(tmp_path))
    sound = recording.read(path)
    assert sound.duration == pytest.approx(seconds, abs=1.2 if name.endswith(("mp3", "ogg")) else 1e-2)
    assert np.abs(sound.samples).max() == pytest.approx(0.5 if name == "8-bit.wav" else 0.2, abs=0.06)
    assert capfd.readouterr().err == ""


def test_what_is_no_file_is_told(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    for name, told in (
        ("none.wav", "no such file"),
        ("", "it is a folder"),
        ("pipe.wav", "not a regular file"),
        ("loop.wav", "symbolic links"),
        ("nul\0.wav", "null"),
        ("x" * 300 + ".wav", "too long"),
    ):
        with pytest.raises(FileError, match=told):
            recording.read(tmp_path / name)
    with pytest.raises(FileError, match="not a regular file"):
        recording.read("/dev/zero")


def test_a_file_that_may_not_be_read_is_told(tmp_path):
    path = tone(tmp_path / "tone.wav")
    path.chmod(0)
    me = os.geteuid()
    if me == 0:  # root may read everything
        os.seteuid(NOBODY)
    try:
        with pytest.raises(FileError, match="Permission denied"):
            recording.read(path)
    finally:
        os.seteuid(me)


@pytest.mark.parametrize("lost", [1, 30, 206, 500])
def test_an_mp3_that_begins_amid_a_frame_is_read_from_the_next_on(tmp_path, lost):
    whole = written(tmp_path, 0.1 * np.random.default_rng(0).standard_normal(20 * 16_000), 16_000, ".mp3")
    (tmp_path / "rip.mp3").write_bytes(whole[lost:])
    assert recording.read(tmp_path / "rip.mp3").duration == pytest.approx(20, abs=0.3)


@given(
    data=st.binary(max_size=200), head=st.sampled_from([b"", b"RIFF\xff\0\0\0WAVEfmt ", b"fLaC\0\0\0\x22", b"OggS\0"])
)
def test_no_bytes_are_a_stack_trace(tmp_path_factory, data, head):
    path = tmp_path_factory.mktemp("any") / "any"
    path.write_bytes(head + data)
    try:
        sound = recording.read(path)
    except KellyError as error:
        assert "\n" not in str(error)  # noqa: PT017 - both ends are right
    else:
        assert np.isfinite(sound.samples).all()


@given(data=st.data(), ending=st.sampled_from([".wav", ".aiff", ".flac", ".ogg", ".mp3"]))
def test_no_damage_is_a_stack_trace(tmp_path_factory, data, ending):
    folder = tmp_path_factory.mktemp("damage")
    whole = bytearray(noise(ending))
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = folder / f"damaged{ending}"
    path.write_bytes(whole[: data.draw(st.integers(1, len(whole)))])
    try:
        sound = recording.read(path)
    except KellyError as error:
        assert "\n" not in str(error)  # noqa: PT017 - both ends are right
    else:
        assert np.abs(sound.samples).max() <= recording.LOUDEST


def test_a_recording_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "LONGEST", 0.1)
    path = tone(tmp_path / "long.wav")
    with pytest.raises(FileError, match=r"at most 0\.1 seconds"):
        recording.read(path)
    assert recording.read(path, start=0.1, length=0.05).duration == 0.05


def test_a_stream_that_was_not_ended_is_refused(tmp_path):
    data = bytearray(content(tmp_path, ".flac"))
    data[21] &= 0xF0  # the count of samples, 36 bits
    data[22:26] = bytes(4)
    (tmp_path / "stream.flac").write_bytes(data)
    with pytest.raises(FileError, match="unfinished stream"):
        recording.read(tmp_path / "stream.flac")


@pytest.mark.parametrize("ending", [".wav", ".aiff", ".flac", ".ogg", ".mp3"])
def test_a_stretch_is_what_stands_there_in_the_whole(tmp_path, ending):
    noise = 0.1 * np.random.default_rng(0).standard_normal((48_000, 2))
    path = tmp_path / f"noise{ending}"
    path.write_bytes(written(tmp_path, noise, 16000, ending))
    whole = recording.read(path).samples
    for start, length in ((0, 0.5), (0.25, 1), (1.3, 0.01), (2.5, 9)):
        stretch = recording.read(path, start=start, length=length)
        first = round(start * 16000)
        np.testing.assert_allclose(
            stretch.samples, whole[:, first : first + round(length * 16000)], rtol=0, atol=1e-6, strict=True
        )
    assert recording.duration(path) == whole.shape[1] / 16000
    with pytest.raises(FileError, match="it lasts 3"):
        recording.read(path, start=60)


@pytest.mark.parametrize("ends", [(-1, 1), (0, 0), (0, -1), (np.nan, 1), (0, np.nan), (np.inf, 1), (0, np.inf)])
def test_a_stretch_has_a_start_and_a_length(tmp_path, ends):
    with pytest.raises(UsageError, match="a stretch must"):
        recording.read(tone(tmp_path / "tone.wav"), start=ends[0], length=ends[1])


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100])
def test_another_rate_is_what_resampling_the_whole_gives(tmp_path, monkeypatch, rate):
    monkeypatch.setattr(recording, "_BLOCK", 1000)  # many blocks
    noise = 0.1 * np.random.default_rng(0).standard_normal(22_050)
    soundfile.write(tmp_path / "noise.wav", noise, 22_050)
    whole, at = recording.read(tmp_path / "noise.wav"), recording.read_at(tmp_path / "noise.wav", rate)
    assert at.rate == rate
    np.testing.assert_allclose(at.samples[0], soxr.resample(whole.samples[0], 22_050, rate, "VHQ"), atol=1e-6)
    assert recording.read_at(tmp_path / "noise.wav", rate, start=0.5).duration == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("rate", [0, -1, 999, 2_822_400])
def test_another_rate_is_a_rate(tmp_path, rate):
    with pytest.raises(UsageError, match="a rate must lie in"):
        recording.read_at(tone(tmp_path / "tone.wav"), rate)


def test_many_channels_take_little_memory(tmp_path):
    path = tmp_path / "wide.flac"
    soundfile.write(path, np.zeros((2_000_000, 8), np.int16), 384_000)
    tracemalloc.start()
    try:
        assert recording.read_at(path, 16_000).samples.shape == (1, 83_333)
        assert tracemalloc.get_traced_memory()[1] < 20e6  # bytes; all samples at once are 64e6
    finally:
        tracemalloc.stop()


def test_other_threads_keep_their_voice(tmp_path, capfd):
    path = tmp_path / "tag.mp3"
    path.write_bytes(tagged(tmp_path, b"\x00\x00\x00\x7f"))
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        with recording._hushed():
            os.write(2, b"still here\n")
    finally:
        done.set()
        other.join()
    assert capfd.readouterr().err == "still here\n"
