"""Production breaks in the render: what a listener would measure, against the same score unbroken."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from kelly.composing import rulebreaks
from kelly.composing.plan import make_plan
from kelly.composing.rulebreaks import Broken
from kelly.composing.settings import Settings
from kelly.emotion.journey import Journey
from kelly.emotion.thesaurus import lookup
from kelly.score.notes import Control, Note, Part, Score, Tempo
from kelly.sound import render as sound

RATE = 22_050
FLUTE, OCARINA, PIANO, STRINGS = 73, 79, 0, 48
SEVERITY = 0.6


@cache
def plan():
    return make_plan(Journey(lookup("gratitude").emotion), Settings(bars=4, seed=1))


def score(*parts):
    return Score(parts, tempos=(Tempo(0.0, 120.0),))


def rendered(music, *names, severity=SEVERITY):
    """Audio of a score with rules broken, (2, frames)."""
    broken = [Broken(name, severity, "because") for name in names]
    music = rulebreaks.break_score(music, plan(), broken)
    effects = rulebreaks.effects(broken)
    return sound.render(music, rate=RATE, effects=effects).samples.astype(float)


def tone(pitch=69, program=OCARINA):
    return Part("Melody", 1, program, (Note(0.0, 16.0, pitch, 90),), (Control(0.0, 91, 0),))


def song():
    """Chords left, strings right, a melody in the middle."""
    rows = [(57, 60, 64), (53, 57, 60), (55, 59, 62), (52, 55, 59)]
    chords = tuple(Note(4.0 * i, 3.8, pitch, 80) for i, row in enumerate(rows) for pitch in row)
    melody = tuple(Note(float(beat), 0.9, 72 + (5 * beat) % 7, 90) for beat in range(16))
    return score(
        Part("Chords", 0, PIANO, chords, (Control(0.0, 10, 30),)),
        Part("Strings", 5, STRINGS, tuple(replace(n, pitch=n.pitch + 12) for n in chords), (Control(0.0, 10, 98),)),
        Part("Melody", 1, FLUTE, melody, (Control(0.0, 10, 64),)),
    )


def spectrum(samples, first, last):
    """Power by frequency of both channels together, between two times in seconds."""
    piece = samples[:, int(first * RATE) : int(last * RATE)].mean(axis=0)
    power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)))) ** 2
    return np.fft.rfftfreq(len(piece), 1 / RATE), power


def decibels(samples):
    return 10 * np.log10(np.mean(np.square(samples)) + 1e-12)


def test_room_noise_lies_under_a_silent_stretch():
    bars = (0.0, 12.0)
    part = Part("Melody", 1, FLUTE, tuple(Note(onset, 2.0, 72, 90) for onset in bars), (Control(0.0, 91, 0),))
    quiet = slice(int(3.5 * RATE), int(5.5 * RATE))
    clean, noisy = (rendered(score(part), *names)[:, quiet] for names in ((), ("room-noise",)))
    asked = rulebreaks.effects([Broken("room-noise", SEVERITY, "x")]).noise_floor_db
    assert decibels(clean) < -75
    assert asked - 2 < decibels(noisy) < -30


def test_distortion_adds_harmonics():
    def distortion(samples):
        hertz, power = spectrum(samples, 2, 6)
        near = [power[np.abs(hertz - 440 * k) < 15].sum() for k in range(1, 12)]
        return np.sqrt(sum(near[1:]) / near[0])

    clean, driven = distortion(rendered(score(tone()))), distortion(rendered(score(tone()), "distortion"))
    assert driven > 0.1
    assert driven > 3 * clean


def test_mono_collapse_makes_both_channels_equal():
    clean, mono = rendered(song()), rendered(song(), "mono-collapse")
    assert np.corrcoef(clean)[0, 1] < 0.9
    assert np.array_equal(mono[0], mono[1])


@pytest.mark.parametrize(("severity", "more"), [(0.4, 1.6), (0.9, 2.0)])
def test_excessive_mud_fills_the_octaves_below_250_hertz(severity, more):
    def lows(samples):
        hertz, power = spectrum(samples, 0, 8)
        return power[hertz < 250].sum() / power.sum()

    assert lows(rendered(song(), "excessive-mud", severity=severity)) > more * lows(rendered(song()))


def test_pitch_imperfection_is_some_cents_and_moves():
    def cents(samples):
        """Cents from a' in every half second."""
        found = []
        for start in np.arange(1.0, 6.5, 0.5):
            hertz, power = spectrum(samples, start, start + 0.5)
            near = np.flatnonzero(np.abs(hertz - 440) < 30)
            peak = near[np.argmax(power[near])]
            a, b, c = np.log(power[peak - 1 : peak + 2])
            place = peak + (a - c) / (2 * (a - 2 * b + c))
            found.append(1200 * np.log2(place * hertz[1] / 440))
        return np.array(found)

    clean, worn = cents(rendered(score(tone()))), cents(rendered(score(tone()), "pitch-imperfection"))
    away = worn - clean
    assert 8 < np.abs(away).max() < 45
    assert 4 < np.ptp(away) < 60
