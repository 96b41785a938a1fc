from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

pytest.importorskip("torch", reason="needs the extra `train`")

from kelly.errors import FileError
from kelly.sound import recording
from kelly.sound.audio import Audio
from kelly.training.data import faults
from kelly.training.data.faults import KINDS, Heard, heard, is_cut_off, kinds, warnings

RATE = 16_000


def sound(wave):
    return Audio(np.asarray(wave, np.float32)[np.newaxis], RATE)


def word(level=0.3, seconds=1.0):
    """Noise that swells and dies away."""
    count = round(seconds * RATE)
    return level * np.random.default_rng(0).uniform(-1, 1, count) * np.hanning(count)


def spoken(silence):
    """A word of a second between silences of a quiet room."""
    room = 1e-4 * np.random.default_rng(1).standard_normal(round(silence * RATE))
    return np.concatenate([room, word(), room])


@pytest.mark.parametrize(
    ("wave", "told"),
    [
        (word(), []),
        (word(level=2e-3), []),
        (spoken(0.5), []),
        (np.zeros(RATE), ["silent"]),
        (word(level=9e-4), ["silent"]),
        (spoken(4), ["mostly silence"]),
        (np.clip(word(level=3), -1, 1), ["clipped"]),
        (np.clip(word(level=3), -0.9, 0.9), []),
        (word()[: RATE // 2], ["stopping dead"]),
        (word(level=0.01)[: RATE // 2], []),
        (np.full(1, 0.5), ["stopping dead"]),
        (np.concatenate([spoken(4), [1.0]]), ["mostly silence", "stopping dead"]),
    ],
)
def test_what_can_be_heard_is_told(wave, told):
    assert kinds(sound(wave)) == told


def test_a_few_overs_are_no_clipping():
    wave = word(seconds=10)
    wave[50_000:50_003] = 1
    assert kinds(sound(wave)) == []
    wave[60_000:60_030] = -1
    assert kinds(sound(wave)) == ["clipped"]


def test_full_scale_without_runs_is_no_clipping():
    wave = word()
    wave[::50] = 1
    assert "clipped" not in kinds(sound(wave))


@given(wave=arrays.arrays(np.float32, st.integers(1, 2000), elements=st.floats(-100, 100, width=32)))
def test_any_sound_can_be_looked_at(wave):
    assert set(kinds(sound(wave))) <= set(KINDS)


@pytest.mark.parametrize("ending", [".wav", ".aiff", ".ogg", ".mp3", ".flac"])
def test_a_file_that_was_cut_off_is_told_from_a_whole_one(tmp_path, ending):
    path = tmp_path / f"noise{ending}"
    soundfile.write(path, np.tile(word(), 8), RATE)
    assert not is_cut_off(path, recording.duration(path))
    assert heard(path, recording.read(path)).faults == ()
    if ending == ".flac":  # a half cannot be read at all
        assert is_cut_off(path, 7.5)
        return
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    assert "cut off" in heard(path, recording.read(path)).faults


@pytest.mark.parametrize("content", [b"RIFF", b"RIFF" + bytes(5000), b"FORM\0\0", b"OggS", b"OggS" + bytes(90)])
def test_odd_heads_are_no_stack_trace(tmp_path, content):
    path = tmp_path / "odd"
    path.write_bytes(content)
    assert is_cut_off(path, 0) in {True, False}


def test_a_file_that_is_gone_is_told(tmp_path):
    with pytest.raises(FileError, match="No such file"):
        is_cut_off(tmp_path / "none.wav", 1)


def test_the_same_samples_have_one_digest_in_every_lossless_format(tmp_path):
    digests = set()
    for name, subtype in (("a.wav", "PCM_16"), ("b.wav", "FLOAT"), ("c.flac", "PCM_16"), ("d.aiff", "PCM_24")):
        soundfile.write(tmp_path / name, np.rint(word() * 32768) / 32768, RATE, subtype=subtype)
        digests.add(heard(tmp_path / name, recording.read(tmp_path / name)).digest)
    assert len(digests) == 1
    soundfile.write(tmp_path / "e.wav", word(0.29), RATE)
    assert heard(tmp_path / "e.wav", recording.read(tmp_path / "e.wav")).digest not in digests


def test_silences_are_not_the_same_sound(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(RATE), RATE)
    assert heard(tmp_path / "a.wav", recording.read(tmp_path / "a.wav")) == Heard(("silent",), "")


@dataclass(frozen=True, eq=False)
class Take:
    id: str
    split: str
    group: str
    path: Path | None
    emotion: str
    shares: np.ndarray


def take(name, split="train", emotion="sad", shares=(0.5, 0.5)):
    return Take(name, split, name, Path(f"{name}.wav"), emotion, np.array(shares))


def told(*takes, digests="a" * 9):
    sounds = {one.path: Heard((), digest) for one, digest in zip(takes, digests, strict=False) if one.path}
    return list(warnings(sounds, takes))


def test_one_sound_under_two_labels_is_told():
    assert told(take("x"), take("y")) == []
    assert told(take("x"), take("y", emotion="happy"), digests="ab") == []
    assert told(take("x"), take("y"), take("z", emotion="happy")) == [
        "1 sound (x = y = z): the same sound under different labels"
    ]
    assert told(take("x"), take("y", shares=(0.4, 0.6))) == ["1 sound (x = y): the same sound under different labels"]


def test_one_sound_in_two_splits_is_told():
    assert told(take("x"), take("y", split="test")) == ["1 sound (x = y): the same sound in more than one split"]


def test_silent_sounds_and_records_without_a_sound_are_passed_over():
    assert told(take("x"), take("y", split="dev"), digests=["", ""]) == []
    assert told(take("x"), Take("y", "dev", "y", None, "happy", np.zeros(2))) == []


def test_each_fault_is_told_once_with_the_first_of_its_files():
    sounds = {Path(f"{name}.wav"): Heard(("clipped", "cut off"), name) for name in "abcd"}
    assert list(warnings(sounds, [take("a")])) == [
        f"4 files (a, b.wav, c.wav, ...): {KINDS['clipped']}",
        f"4 files (a, b.wav, c.wav, ...): {KINDS['cut off']}",
    ]
    assert faults.KINDS["clipped"] == "clipped, more than 0.01% of it at full scale"
