"""Log-mel features: what a tone, silence and a click look like, and that a long sound is seen as its parts are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.errors import UsageError
from kelly.sound import features
from kelly.sound.audio import Audio
from kelly.sound.features import FRAMES, LOOPS, Mel, below_maximum, decibels, filters, heard, spectrogram

BOTH = pytest.mark.parametrize("mel", [FRAMES, LOOPS], ids=["frames", "loops"])


def tone(hertz, mel, seconds=1.0):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * mel.rate)) / mel.rate)


def test_the_two_definitions_are_what_networks_were_promised():
    assert FRAMES.frames_a_second == pytest.approx(10.77, abs=0.01)
    assert LOOPS.frames(8 * LOOPS.rate) == 129
    assert (FRAMES.bands, LOOPS.bands) == (128, 64)


@BOTH
@pytest.mark.parametrize("hertz", [215, 440, 2000, 5000])
def test_a_tone_stands_in_the_band_that_holds_it(mel, hertz):
    found = decibels(tone(hertz, mel), mel)[2:-2]
    line = round(hertz * mel.window / mel.rate)
    assert set(found.argmax(1)) == {int(filters(mel)[:, line].argmax())}


def test_the_level_of_a_tone_is_what_parseval_says():
    # All power of a wave is that of its windowed spectrum; a band of area 1 tells the power in its triangle.
    mel = Mel(8000, 1024, 512, 1)
    wave = tone(1000, mel)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    line = (0.5 * window.sum() / 2) ** 2  # of a tone in the middle of line 128; half of its amplitude on either side
    lines = np.array([0.25, 1.0, 0.25]) * line  # a Hann window's neighbours
    expected = 10 * np.log10(lines @ filters(mel)[0, 127:130])
    assert decibels(wave, mel)[4, 0] == pytest.approx(expected, abs=0.01)


@BOTH
def test_silence_is_the_floor_and_twice_as_loud_is_six_decibels(mel):
    assert (decibels(np.zeros(5000), mel) == -100).all()
    wave = np.random.default_rng(0).normal(0, 0.1, 3 * mel.rate)
    assert decibels(2 * wave, mel) - decibels(wave, mel) == pytest.approx(6.0206, abs=1e-3)


@BOTH
def test_a_click_is_heard_in_the_frame_that_is_centred_on_it(mel):
    wave = np.zeros(20 * mel.hop)
    wave[7 * mel.hop] = 1.0
    assert decibels(wave, mel).mean(1).argmax() == 7


@BOTH
def test_every_band_hears_something_and_has_area_one(mel):
    assert (filters(mel).max(1) > 0).all()
    # The sum over lines only comes near the area where a triangle spans many of them.
    assert filters(mel)[-10:].sum(1) * mel.rate / mel.window == pytest.approx(1, rel=0.05)


def test_filters_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        filters(LOOPS)[0, 0] = 1.0


@settings(max_examples=20)
@given(st.integers(1, 5000), st.integers(1, 700))
def test_there_is_a_frame_for_every_hop_that_was_begun(samples, hop):
    mel = Mel(8000, 256, hop, 8)
    found = decibels(np.ones(samples), mel)
    assert found.shape == (mel.frames(samples), 8)
    assert np.isfinite(found).all()


def test_a_long_sound_is_seen_as_its_parts_are(monkeypatch):
    wave = np.random.default_rng(1).normal(0, 0.1, LOOPS.rate)
    whole = decibels(wave, LOOPS)
    monkeypatch.setattr(features, "_AT_ONCE", 3)
    assert decibels(wave, LOOPS) == pytest.approx(whole, abs=1e-5)


def test_a_sound_of_another_rate_and_several_channels_is_heard_as_their_mean():
    wave = tone(440, Mel(44_100, 2, 1, 1)).astype(np.float32)
    audio = Audio(np.stack([wave, 0 * wave]), 44_100)
    assert len(heard(audio, 22_050)) == 22_050
    assert np.abs(heard(audio, 22_050)[2000:-2000]).max() == pytest.approx(0.25, abs=0.001)
    assert heard(audio, 44_100) == pytest.approx(wave / 2, abs=1e-7)
    expected = decibels(tone(440, FRAMES) / 2, FRAMES)
    assert spectrogram(audio, FRAMES)[3, :40] == pytest.approx(expected[3, :40], abs=0.1)


def test_below_its_maximum_a_spectrogram_lies_within_its_span():
    found, level = below_maximum(np.array([[-10.0, -95.0], [-30.0, -60.0]]))
    assert found.tolist() == [[0, -80], [-20, -50]]
    assert level == -10


@pytest.mark.parametrize("wave", [[], [[0.0]], [np.nan], [np.inf]])
def test_what_is_no_wave_is_refused(wave):
    with pytest.raises(UsageError, match="a wave must be"):
        decibels(wave, LOOPS)


@pytest.mark.parametrize("numbers", [(0, 2, 1, 1), (8000, 255, 1, 1), (8000, 256, 0, 1), (8000, 256, 1, 0)])
def test_a_definition_that_gives_empty_frames_is_refused(numbers):
    with pytest.raises(UsageError, match="must be 1 or more"):
        Mel(*numbers)
