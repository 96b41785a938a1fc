"""Log-mel features: what a tone, silence and a click look like, that no band is deaf, and that a long sound is seen as
its parts are.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.errors import UsageError
from kelly.sound import features
from kelly.sound.audio import Audio
from kelly.sound.features import (
    FRAMES,
    LOOPS,
    SCALES,
    Mel,
    below_maximum,
    decibels,
    descriptors,
    evened,
    filters,
    heard,
    levels,
    scales,
    spectrogram,
    voiced,
)

BOTH = pytest.mark.parametrize("mel", [FRAMES, LOOPS], ids=["frames", "loops"])
EIGHT = pytest.mark.parametrize("mel", SCALES + scales(44_100), ids=lambda mel: f"{mel.rate}-{mel.window}")


def tone(hertz, mel, seconds=1.0):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * mel.rate)) / mel.rate)


def test_the_two_definitions_are_what_networks_were_promised():
    assert FRAMES.frames_a_second == pytest.approx(10.77, abs=0.01)
    assert LOOPS.frames(8 * LOOPS.rate) == 129
    assert (FRAMES.bands, LOOPS.bands) == (128, 64)


def test_the_four_scales_stand_at_the_same_times_and_see_16_kilohertz():
    assert [(mel.rate, mel.window, mel.hop, mel.bands) for mel in SCALES] == [
        (16_000, window, 256, 96) for window in (512, 1024, 2048, 4096)
    ]
    assert {mel.frames(80_000) for mel in SCALES} == {313}


def test_a_transform_is_no_longer_than_it_must_be():
    assert [mel.fft for mel in (FRAMES, LOOPS, *SCALES)] == [mel.window for mel in (FRAMES, LOOPS, *SCALES)]
    assert [mel.fft for mel in scales(44_100)] == [1024, 1024, 2048, 4096]
    assert Mel(16_000, 1000, 256, 40).fft == 1024


@settings(max_examples=50)
@given(st.integers(8_000, 96_000), st.integers(1, 4096).map(lambda half: 2 * half), st.integers(1, 128))
def test_at_any_rate_every_band_hears_something(rate, window, bands):
    mel = Mel(rate, window, 256, bands)
    weights = filters(mel)
    assert (weights.max(1) > 0).all()
    assert weights.shape == (bands, mel.fft // 2 + 1)
    assert mel.fft >= window
    # In half of its lines some band would be deaf, or the window had no room.
    assert mel.fft < 2 * window or (weights[:, ::2].max(1) == 0).any()


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


@EIGHT
def test_levels_tell_the_power_that_decibels_tell(mel):
    wave = tone(440, mel) + np.random.default_rng(4).normal(0, 0.001, mel.rate)
    power = 10 ** (decibels(wave, mel).astype(np.float64) / 10)
    found = levels(wave, mel)
    assert found.dtype == np.float32
    assert found == pytest.approx(np.log10(1 + 10_000 * power), abs=1e-4)


@EIGHT
def test_levels_are_zero_in_silence_and_below_nine_at_full_scale(mel):
    assert (levels(np.zeros(5000), mel) == 0).all()
    assert 6 < levels(2 * tone(200, mel), mel).max() < 9


@EIGHT
@pytest.mark.parametrize("hertz", [300, 1000, 5000])
def test_descriptors_tell_a_tones_crossings_level_and_pitch(mel, hertz):
    crossings, level, centroid = descriptors(tone(hertz, mel), mel)[10:-10].T
    assert crossings == pytest.approx(2 * hertz / mel.rate, abs=2 / mel.window)
    assert level == pytest.approx(0.5 / np.sqrt(2), rel=0.05)
    assert centroid == pytest.approx(hertz, rel=0.02)


@EIGHT
def test_descriptors_of_silence_are_zero(mel):
    assert (descriptors(np.zeros(5000), mel) == 0).all()


@EIGHT
def test_what_is_inaudibly_below_zero_crosses_nothing(mel):
    wave = np.tile([1e-11, -1e-11], 3000)
    assert (descriptors(wave, mel)[:, 0] == 0).all()
    assert descriptors(1e9 * wave, mel)[10:-10, 0] == pytest.approx(1 - 1 / mel.window)


@settings(max_examples=20)
@given(st.integers(1, 5000), st.integers(1, 700))
def test_there_is_a_frame_for_every_hop_that_was_begun(samples, hop):
    mel = Mel(8000, 256, hop, 8)
    found = decibels(np.ones(samples), mel)
    assert found.shape == (mel.frames(samples), 8)
    assert np.isfinite(found).all()
    assert levels(np.ones(samples), mel).shape == found.shape
    assert descriptors(np.ones(samples), mel).shape == (len(found), 3)


def test_a_long_sound_is_seen_as_its_parts_are(monkeypatch):
    wave = np.random.default_rng(1).normal(0, 0.1, LOOPS.rate)
    ways = (decibels, levels, descriptors)
    whole = [way(wave, LOOPS) for way in ways]
    monkeypatch.setattr(features, "_AT_ONCE", 3 * LOOPS.fft)
    for way, expected in zip(ways, whole, strict=True):
        assert way(wave, LOOPS) == pytest.approx(expected, rel=1e-5, abs=1e-5)


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


@settings(max_examples=50)
@given(st.floats(-79, 3), st.integers(1, 2000), st.integers(0, 2**32 - 1))
def test_evened_waves_are_alike_in_loudness_and_their_own_is_told(level, samples, seed):
    wave = np.random.default_rng(seed).normal(0, 1, samples)
    wave *= 10 ** (level / 20) / np.sqrt(np.mean(wave**2))
    found, decibels = evened(wave)
    assert found.dtype == np.float32
    assert np.sqrt(np.mean(found.astype(np.float64) ** 2)) == pytest.approx(0.1, rel=1e-4)
    assert decibels == pytest.approx(level, abs=1e-3)
    assert found == pytest.approx(wave * 0.1 / 10 ** (level / 20), rel=1e-4)


def test_silence_stays_silence_and_has_the_least_loudness():
    found, level = evened(np.zeros(1000))
    assert not found.any()
    assert level == pytest.approx(-80)


@pytest.mark.parametrize("rms", [1e-4, 1e-5, 1e-7])
def test_what_is_hardly_there_is_made_no_more_than_sixty_decibels_louder(rms):
    found, level = evened(np.tile([rms, -rms], 500))
    assert np.abs(found) == pytest.approx(1000 * rms, rel=1e-4)
    assert level == pytest.approx(-80, abs=1e-3)


def pieces(*loudness, seconds=0.5):
    """Tones of some dB below full scale, one after the other; None is silence."""
    wave = np.sin(np.arange(int(seconds * 16_000)) / 3, dtype=np.float32)
    return np.concatenate([wave * (0 if level is None else 10 ** (level / 20)) for level in loudness], dtype=np.float32)


def test_the_silence_around_words_is_left_out_at_any_level():
    wave = pieces(None, -6, None, None)
    assert len(voiced(wave)) == pytest.approx(8000, abs=2 * 2048)
    assert len(voiced(0.001 * wave)) == len(voiced(wave))
    assert np.abs(voiced(wave)).max() == np.abs(wave).max()


def test_pauses_between_words_are_kept():
    assert len(voiced(pieces(None, -6, None, -6, None))) == pytest.approx(24_000, abs=2 * 2048)


@pytest.mark.parametrize(("level", "kept"), [(-33, 3), (-37, 1)])
def test_what_is_less_than_thirty_five_decibels_below_the_loudest_is_voice(level, kept):
    found = voiced(pieces(None, level, 0, level, None))
    assert len(found) == pytest.approx(kept * 8000, abs=2 * 2048)


def test_of_silence_and_of_what_is_shorter_than_a_frame_all_is_kept():
    assert len(voiced(np.zeros(16_000, np.float32))) == 16_000
    assert len(voiced(pieces(-6)[:100])) == 100
    assert len(voiced(np.zeros(100, np.float32))) == 100


@settings(max_examples=50)
@given(st.integers(1, 20_000), st.integers(0, 20_000), st.integers(0, 20_000))
def test_what_is_left_out_is_silent_but_for_the_last_step_at_the_most(sounding, before, after):
    tone = np.full(sounding, 0.5, np.float32)
    found = voiced(np.pad(tone, (before, after)))
    assert len(found) <= before + sounding + after
    assert found.max() == 0.5
    assert (found != 0).sum() >= sounding - 511


@pytest.mark.parametrize("way", [decibels, levels, descriptors, lambda wave, _: evened(wave)])
@pytest.mark.parametrize("wave", [[], [[0.0]], [np.nan], [np.inf]])
def test_what_is_no_wave_is_refused(way, wave):
    with pytest.raises(UsageError, match="a wave must be"):
        way(wave, LOOPS)


@pytest.mark.parametrize("numbers", [(0, 2, 1, 1), (8000, 255, 1, 1), (8000, 256, 0, 1), (8000, 256, 1, 0)])
def test_a_definition_that_gives_empty_frames_is_refused(numbers):
    with pytest.raises(UsageError, match="must be 1 or more"):
        Mel(*numbers)
