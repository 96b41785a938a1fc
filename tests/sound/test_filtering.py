"""Filters and curves, against what they must do to plain tones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.sound.filtering import BLOCK, add_scaled, blocks, convolved, draw, swept_lowpass, warped

RATE = 44100


def tone(hertz, frames=RATE):
    return np.sin(2 * np.pi * hertz * np.arange(frames) / RATE).astype(np.float32)


def decibels(wave):
    return 20 * np.log10(np.sqrt(np.mean(np.square(wave[5000:-5000]))) * np.sqrt(2))


def test_a_curve_passes_through_its_edges_in_straight_lines():
    drawn = draw([0, 1, 1, -1])
    assert len(drawn) == 3 * BLOCK
    assert drawn[[0, BLOCK // 2, BLOCK, 2 * BLOCK]].tolist() == [0, 0.5, 1, 1]


def test_waves_are_added_at_a_moving_gain():
    wave = np.ones(blocks(100_000) * BLOCK, np.float32)
    target = wave.copy()
    add_scaled(target, wave, np.linspace(0, 1, len(wave) // BLOCK + 1))
    assert np.allclose(target, 1 + np.arange(len(wave)) / len(wave), atol=1e-5)
    add_scaled(target, wave, 2.0)
    assert target[0] == pytest.approx(3)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 5000), st.integers(1, 300), st.integers(0, 2**31))
def test_convolution_is_what_the_definition_says(frames, taps, seed):
    rng = np.random.default_rng(seed)
    wave, kernel = rng.standard_normal(frames).astype(np.float32), rng.standard_normal(taps)
    assert np.allclose(convolved(wave, kernel), np.convolve(wave, kernel)[:frames], atol=1e-3)


def test_convolution_has_no_seams_on_long_waves():
    assert np.allclose(
        convolved(tone(300, 300_000), np.array([0, 0, 1.0])),
        np.roll(tone(300, 300_000), 2) * (np.arange(300_000) > 1),
        atol=1e-5,
    )


def test_the_low_pass_passes_lows_and_cuts_highs_by_12_db_an_octave():
    def through(hertz):
        return decibels(swept_lowpass(tone(hertz), lambda at: np.full(at.shape, 1000.0), RATE))

    assert through(200) == pytest.approx(0, abs=0.2)
    assert through(1000) == pytest.approx(-3, abs=0.5)
    assert through(4000) == pytest.approx(-24, abs=1)


def test_an_open_low_pass_is_no_filter_and_a_sweep_only_touches_its_stretch():
    wave = tone(5000)
    assert np.array_equal(swept_lowpass(wave, lambda at: np.full(at.shape, 20000.0), RATE), wave)
    swept = swept_lowpass(wave, lambda at: np.where(at < RATE / 2, 20000.0, 300.0), RATE)
    assert np.array_equal(swept[: RATE // 2 - 1024], wave[: RATE // 2 - 1024])
    assert np.abs(swept[RATE // 2 + 2048 : -1024]).max() < 0.02


@pytest.mark.parametrize("cents", [-200, -30, 50, 200])
def test_a_warped_wave_has_another_pitch(cents):
    speed = 2 ** (cents / 1200)
    wave = warped(tone(440, 80_000), np.arange(900) * BLOCK * speed)
    assert np.abs(wave[100:-100] - tone(440 * speed, len(wave))[100:-100]).max() < 0.01


def test_warping_past_either_end_is_silence():
    wave = warped(tone(440, 1000), np.arange(100) * float(BLOCK))
    assert np.abs(wave[:990] - tone(440, 990)).max() < 1e-4
    assert not wave[1010:].any()
