"""Audio: shapes, and the WAV file that others read."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from kelly.errors import FileError, SoundError
from kelly.sound.audio import Audio

TONE = np.sin(np.arange(30000) / 9).astype(np.float32) * np.float32(0.5)


def test_a_saved_file_is_16_bit_wav_with_the_same_sound(tmp_path):
    audio = Audio(np.stack([TONE, -TONE]), 22050)
    audio.save(tmp_path / "x.wav")
    read, rate = soundfile.read(tmp_path / "x.wav", dtype="float32")
    info = soundfile.info(tmp_path / "x.wav")
    assert (rate, info.subtype, info.format, info.channels) == (22050, "PCM_16", "WAV", 2)
    assert np.abs(read.T - audio.samples).max() < 1 / 32767


def test_beyond_full_scale_it_clips_and_does_not_wrap(tmp_path):
    Audio(np.array([[1.5, -1.5, 1.0, -1.0]], dtype=np.float32), 8000).save(tmp_path / "x.wav")
    read, _ = soundfile.read(tmp_path / "x.wav", dtype="int16")
    assert read.tolist() == [32767, -32768, 32767, -32767]


def test_mono_and_stereo_and_duration():
    audio = Audio(np.stack([TONE, TONE * 0]), 10000)
    assert audio.duration == 3.0
    assert np.allclose(audio.mono.samples, TONE / 2)
    assert np.array_equal(audio.mono.stereo.samples[0], audio.mono.stereo.samples[1])


@pytest.mark.parametrize("samples", [TONE, TONE[None].astype(np.float64), np.zeros((0, 5), np.float32)])
def test_other_shapes_and_kinds_are_refused(samples):
    with pytest.raises(SoundError, match="float32"):
        Audio(samples, 44100)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(FileError, match="does not exist"):
        Audio(TONE[None], 44100).save(tmp_path / "none" / "x.wav")
