import numpy as np
import pytest
import soundfile

from kelly.errors import FileError
from kelly.sound import recording
from small.sounds import tone


@pytest.mark.parametrize("ending", [".wav", ".flac", ".ogg", ".mp3"])
def test_the_usual_kinds_are_read_at_their_own_rate(tmp_path, ending):
    sound = recording.read(tone(tmp_path / f"tone{ending}", rate=16000))
    assert sound.rate == 16000
    assert sound.samples.dtype == np.float32
    assert sound.duration == pytest.approx(0.25, abs=0.1)  # MP3 comes in whole frames
    assert np.abs(sound.samples).max() == pytest.approx(0.2, abs=0.05)


def test_channels_are_mixed_to_their_mean(tmp_path):
    sound = recording.read(tone(tmp_path / "tone.wav", channels=3))
    assert sound.samples.shape == (1, 2000)
    assert np.abs(sound.samples).max() == pytest.approx(0.4, abs=1e-3)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"OggS", b"\xff\xfb\x90", b"not audio at all" * 100])
def test_what_is_no_audio_is_named(tmp_path, content):
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"broken\.wav"):
        recording.read(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileError, match=r"none\.wav"):
        recording.read(tmp_path / "none.wav")


@pytest.mark.parametrize("samples", [np.zeros(0), np.array([0.0, np.nan])])
def test_nothing_to_hear_is_refused(tmp_path, samples):
    path = tmp_path / "empty.wav"
    soundfile.write(path, samples, 8000, subtype="FLOAT")
    with pytest.raises(FileError, match="no sound"):
        recording.read(path)


def test_a_recording_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "LONGEST", 0.1)
    with pytest.raises(FileError, match=r"at most 0\.1 seconds"):
        recording.read(tone(tmp_path / "long.wav"))
