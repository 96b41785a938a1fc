"""What the recogniser is given of a sound."""

import numpy as np
import pytest

from kelly.errors import UsageError
from kelly.models.recognizer.frames import FURTHEST, SPAN, WARM_UP, bands, frames, gathered, scaled
from kelly.sound.audio import Audio


def tone(seconds, gain=1.0, rate=22050):
    wave = gain * 0.3 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)
    return Audio(wave[None].astype(np.float32), rate)


def test_a_sound_is_heard_in_frames_below_its_own_loudest():
    heard = frames(tone(2.0))
    assert heard.shape == (22, 128)
    assert heard.max() == 0
    assert heard.min() >= -SPAN


def test_how_loud_a_recording_was_made_does_not_matter():
    loud, soft = frames(tone(1.0)), frames(tone(1.0, gain=0.5))
    assert np.abs(loud - soft)[loud > -60].max() < 1e-3


def test_the_network_hears_deviations_from_what_music_has():
    mean, deviation = bands()
    assert mean.shape == deviation.shape == (128,)
    assert -80 < mean.min() <= mean.max() < 0 < deviation.min()
    assert scaled(mean) == pytest.approx(np.zeros(128))
    assert scaled(mean + 0.5 * deviation) == pytest.approx(np.full(128, 0.5), abs=1e-5)
    assert scaled(np.stack([mean, np.zeros(128)])).max() == FURTHEST
    assert (scaled(np.full(128, -200.0)) == scaled(np.full(128, -80.0))).all()


def test_a_reading_forgets_the_beginning_unless_it_is_all():
    codes = np.zeros((WARM_UP + 2, 64))
    codes[WARM_UP:, 0] = 0.5
    assert gathered(codes)[0] == 0.5
    assert gathered(codes[WARM_UP - 1 : WARM_UP + 1])[0] == 0.25
    with pytest.raises(UsageError, match="no frames"):
        gathered(codes[:0])
