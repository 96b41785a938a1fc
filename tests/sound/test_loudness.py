"""Loudness and peaks, against signals whose values the standard gives."""

from __future__ import annotations

import numpy as np
import pytest

from kelly.errors import SoundError
from kelly.sound.audio import Audio
from kelly.sound.loudness import integrated, limited, normalise, true_peak


def sine(level_db, *, hertz=997.0, seconds=20.0, rate=48000, channels=1, silent=0):
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)
    rows = [wave] * channels + [wave * 0] * silent
    return Audio(np.stack(rows).astype(np.float32), rate)


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_a_full_scale_sine_on_one_channel_measures_minus_3_01(rate):
    assert integrated(sine(0, rate=rate)) == pytest.approx(-3.01, abs=0.02)
    assert integrated(sine(0, rate=rate, silent=1)) == pytest.approx(-3.01, abs=0.02)


def test_ebu_tech_3341_cases():
    # Cases 1 to 3 of the EBU's compliance set: stereo 1 kHz sines; quiet stretches are gated away.
    assert integrated(sine(-23, hertz=1000, channels=2)) == pytest.approx(-23, abs=0.1)
    assert integrated(sine(-33, hertz=1000, channels=2)) == pytest.approx(-33, abs=0.1)
    parts = [sine(level, hertz=1000, seconds=s, channels=2).samples for level, s in ((-36, 10), (-23, 60), (-36, 10))]
    assert integrated(Audio(np.concatenate(parts, axis=1), 48000)) == pytest.approx(-23, abs=0.1)


def test_the_weighting_lifts_highs_and_cuts_the_lowest():
    at = {hertz: integrated(sine(-20, hertz=hertz, seconds=5)) for hertz in (25, 100, 1000, 4000, 10000)}
    assert at[4000] - at[1000] == pytest.approx(3.3, abs=0.3)
    assert at[10000] - at[1000] == pytest.approx(3.3, abs=0.3)
    assert at[100] - at[1000] == pytest.approx(-1.8, abs=0.3)
    assert at[25] < at[100] - 8


def test_silence_and_a_blink_have_no_loudness():
    assert integrated(Audio(np.zeros((2, 48000), np.float32), 48000)) == -np.inf
    assert integrated(sine(0, seconds=0.3)) == -np.inf


@pytest.mark.parametrize("start", [-50, -16, 3])
def test_audio_is_brought_to_the_target(start):
    assert integrated(normalise(sine(start, channels=2, seconds=3))) == pytest.approx(-16, abs=0.05)
    assert integrated(normalise(sine(start, channels=2, seconds=3), -23)) == pytest.approx(-23, abs=0.05)


def test_silence_stays_silence_and_a_click_stays_below_full_scale():
    silence = Audio(np.zeros((2, 4800), np.float32), 48000)
    assert not normalise(silence).samples.any()
    assert not limited(silence).samples.any()
    assert np.abs(normalise(sine(-40, seconds=0.1)).samples).max() == pytest.approx(10 ** (-1 / 20), rel=0.01)


def test_what_is_not_a_number_is_refused():
    with pytest.raises(SoundError, match="not numbers"):
        normalise(Audio(np.array([[0.0, np.nan]], np.float32), 48000))


def test_a_peak_between_samples_is_found():
    # A quarter of the rate, sampled at 45 degrees: every sample lies 3 dB below the crest.
    wave = np.sin(2 * np.pi * 0.25 * np.arange(48000) + np.pi / 4).astype(np.float32)[None]
    assert 20 * np.log10(np.abs(wave).max()) == pytest.approx(-3.01, abs=0.01)
    middle = Audio(np.ascontiguousarray(wave * np.hanning(48000).astype(np.float32)), 48000)
    assert true_peak(middle) == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_limiter_holds_the_true_peak_and_spares_what_is_quiet(seed):
    rng = np.random.default_rng(seed)
    wave = rng.standard_normal((2, 200_000)).astype(np.float32) * np.float32(0.02)
    for at in rng.integers(60_000, 190_000, 30):
        wave[:, at : at + 60] += np.hanning(60).astype(np.float32) * np.float32(rng.uniform(0.5, 4))
    held = limited(Audio(wave, 44100))
    stored = Audio((np.rint(held.samples * 32767) / 32767).astype(np.float32), 44100)
    assert -3 < true_peak(stored) < -1
    assert np.allclose(held.samples[:, :50_000], wave[:, :50_000], rtol=1e-5)


def test_audio_below_the_ceiling_is_left_alone():
    audio = sine(-6)
    assert limited(audio) is audio
