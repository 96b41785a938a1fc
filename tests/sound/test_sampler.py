"""The instrument: in tune, loud as struck, and silent when it is over."""

from __future__ import annotations

import numpy as np
import pytest

from kelly.sound.sampler import Stroke, perform
from kelly.sound.sf2 import DRUM_BANK, SoundFont
from kelly.sound.soundfont import find

RATE = 44100


@pytest.fixture(scope="module")
def font() -> SoundFont:
    return SoundFont(find())


def cents_off(wave, hertz):
    """How far the strongest partial near a harmonic of `hertz` lies from it, in cents."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 2**19))
    bins = np.fft.rfftfreq(2**19, 1 / RATE)
    best = max(
        (spectrum[near].max(), bins[near][spectrum[near].argmax()] / k)
        for k in (1, 2, 3, 4)
        for near in [np.flatnonzero(np.abs(bins / (k * hertz) - 1) < 0.04)]
    )
    strongest = bins[spectrum.argmax()]
    assert any(abs(strongest / (k * hertz) - 1) < 0.04 for k in range(1, 9)), f"{strongest} is no harmonic of {hertz}"
    return 1200 * np.log2(best[1] / hertz)


@pytest.mark.parametrize("program", [0, 4, 19, 24, 33, 48, 56, 61, 73, 80, 89])
@pytest.mark.parametrize("key", [48, 57, 69])
def test_instruments_are_in_tune(font, program, key):
    wave = perform(font, (0, program), [Stroke(0, 80000, key, 100)], 80000, RATE).sum(axis=0)
    assert abs(cents_off(wave[20000:], 440 * 2 ** ((key - 69) / 12))) < 15


def test_harder_is_louder_and_brighter(font):
    waves = [perform(font, (0, 24), [Stroke(0, 30000, 60, v)], 30000, RATE)[0] for v in (30, 60, 90, 127)]
    energies = [float(np.sum(w**2)) for w in waves]
    assert energies == sorted(energies)
    assert energies[3] > 100 * energies[0]

    def highs(w):
        power = np.abs(np.fft.rfft(w)) ** 2
        return power[len(power) // 8 :].sum() / power.sum()

    assert highs(waves[3]) > 1.5 * highs(waves[0])


@pytest.mark.parametrize("program", [0, 19, 33, 48, 73, 89])
def test_a_note_fades_after_its_end_and_is_then_gone(font, program):
    wave = np.abs(perform(font, (0, program), [Stroke(0, 22050, 60, 100)], 4 * RATE, RATE)).max(axis=0)
    before, after = wave[20000:22050].max(), wave[22100:22400].max()
    assert after > 0.1 * before
    assert wave[int(3.2 * RATE) :].max() == 0


def test_notes_begin_on_their_frame_and_add_up(font):
    one = perform(font, (0, 0), [Stroke(1000, 8000, 60, 90)], 20000, RATE)
    other = perform(font, (0, 0), [Stroke(5003, 8000, 64, 70)], 20000, RATE)
    both = perform(font, (0, 0), [Stroke(5003, 8000, 64, 70), Stroke(1000, 8000, 60, 90)], 20000, RATE)
    assert np.all(one[:, :1000] == 0)
    assert np.abs(one[:, 1000:1200]).max() > 1e-3
    assert np.allclose(one + other, both, atol=1e-6)


def test_a_closed_hi_hat_silences_the_open_one(font):
    def ring(strokes):
        return np.abs(perform(font, (DRUM_BANK, 0), strokes, RATE, RATE)[:, 30000:]).max()

    opened = Stroke(0, 2000, 46, 100)
    assert ring([opened]) > 20 * ring([opened, Stroke(10000, 2000, 42, 100)])
    assert ring([opened, Stroke(10000, 2000, 38, 100)]) > 0.5 * ring([opened])


def test_no_strokes_give_silence(font):
    assert not perform(font, (0, 0), [], 640, RATE).any()
