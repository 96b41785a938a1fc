"""Production rule-breaks, measured on the audio."""

from __future__ import annotations

import numpy as np
import pytest

from kelly.errors import UsageError
from kelly.sound.audio import Audio
from kelly.sound.effects import Effects, coloured, driven, with_room_noise

RATE = 44100
SECONDS = np.arange(RATE * 3) / RATE


def stereo(left, right=None):
    return Audio(np.stack([left, left if right is None else right]).astype(np.float32), RATE)


def share_below(wave, hertz):
    power = np.abs(np.fft.rfft(wave)) ** 2
    return power[np.fft.rfftfreq(len(wave), 1 / RATE) < hertz].sum() / power.sum()


def distortion(wave, hertz):
    """Total harmonic distortion of a tone: harmonics 2 to 9 over the fundamental."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    tops = [spectrum[round(k * hertz * len(wave) / RATE) + np.arange(-3, 4)].max() for k in range(1, 10)]
    return np.sqrt(sum(top**2 for top in tops[1:])) / tops[0]


def test_nothing_asked_changes_nothing():
    audio = stereo(np.sin(2 * np.pi * 440 * SECONDS) * 0.3)
    assert coloured(audio, Effects()).samples is audio.samples
    assert driven(audio, Effects()) is audio
    assert with_room_noise(audio, Effects()) is audio


@pytest.mark.parametrize("level", [-60.0, -45.0])
def test_room_noise_lies_at_its_stated_level_and_is_steady_and_dark(level):
    noisy = with_room_noise(stereo(0 * SECONDS), Effects(noise_floor_db=level)).samples
    halves = np.array_split(noisy, 6, axis=1)
    assert [20 * np.log10(np.sqrt(np.mean(half**2))) for half in halves] == pytest.approx([level] * 6, abs=1.0)
    assert share_below(noisy[0], 2000) > 0.6
    assert 0.2 < np.corrcoef(noisy)[0, 1] < 0.9


def test_room_noise_is_the_same_every_time():
    one, two = (with_room_noise(stereo(0 * SECONDS), Effects(noise_floor_db=-50)).samples for _ in "12")
    assert np.array_equal(one, two)


def test_drive_adds_harmonics_the_more_the_further():
    tone = stereo(0.25 * np.sin(2 * np.pi * 440 * SECONDS))
    amounts = [distortion(driven(tone, Effects(drive=drive)).samples[0], 440) for drive in (0, 0.3, 0.6, 1.0)]
    assert amounts[0] < 0.001
    assert amounts == sorted(amounts)
    assert amounts[1] > 0.01
    assert amounts[3] > 0.25


def test_drive_leaves_no_seams():
    tone = stereo(0.25 * np.sin(2 * np.pi * 440 * np.arange(2**18 + 5000) / RATE))
    bent = driven(tone, Effects(drive=0.5)).samples[0]
    assert bent.shape == tone.samples[0].shape
    seam = np.abs(np.diff(bent, 2))[2**18 - 500 : 2**18 + 500].max()
    assert seam < 1.05 * np.abs(np.diff(bent, 2))[1000:100_000].max()


def test_width_collapses_to_mono():
    left, right = np.sin(2 * np.pi * 300 * SECONDS), np.sin(2 * np.pi * 417 * SECONDS)
    correlations = [
        np.corrcoef(coloured(stereo(left, right), Effects(width=width)).samples)[0, 1] for width in (1.0, 0.5, 0.0)
    ]
    assert correlations == pytest.approx([0, 0.6, 1], abs=0.01)
    narrow = coloured(stereo(left, right), Effects(width=0.0)).samples
    assert np.array_equal(narrow[0], narrow[1])


def test_mud_raises_what_lies_below_250_hertz_by_its_amount():
    low, high = np.sin(2 * np.pi * 100 * SECONDS), np.sin(2 * np.pi * 2000 * SECONDS)
    for decibels in (6.0, 12.0):
        muddy = coloured(stereo(low + high), Effects(mud_db=decibels)).samples[0]
        ratio = share_below(muddy[RATE:-RATE], 250) / (1 - share_below(muddy[RATE:-RATE], 250))
        assert 10 * np.log10(ratio) == pytest.approx(decibels, abs=0.3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"noise_floor_db": 3},
        {"drive": -0.1},
        {"drive": 2},
        {"width": 1.5},
        {"mud_db": 40},
        {"drive": float("nan")},
        {"width": "wide"},
    ],
)
def test_values_out_of_range_are_refused_by_name(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Effects(**wrong)
