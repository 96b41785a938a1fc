"""Cepstral statistics: how many there are, that each tells what it is called, and that short sounds have them too."""

import weakref

import numpy as np
import pytest
import scipy.fft

pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from kelly.sound.features import SCALES, decibels
from kelly.training.data.clips import STEP
from kelly.training.data.sounds import FULL, Sound
from kelly.training.evaluation import cepstral
from kelly.training.evaluation.cepstral import COUNT, statistics

RATE = SCALES[1].rate
MOVED, OCTAVES = 20, 5


def sound(wave, task="speech"):
    return Sound(task, "a", "train", "a", wave, np.zeros(1, np.float32))


def noise(seconds=1.0, seed=0):
    return np.random.default_rng(seed).normal(0, 0.05, round(seconds * RATE))


def kept(wave):
    return np.rint(wave * FULL).astype(np.int16)


def parts(row):
    """Mean and spread of cepstra and of their steps, and the movement in octaves (octave, cepstrum)."""
    return [*np.split(row[: 4 * COUNT], 4), row[4 * COUNT :].reshape(OCTAVES, MOVED)]


def test_waves_and_pictures_have_as_many_statistics():
    picture = np.random.default_rng(0).integers(0, 256, (30, 128), np.uint8)
    rows = statistics([sound(kept(noise())), sound(picture, "moods")])
    assert rows.shape == (2, 4 * COUNT + OCTAVES * MOVED)
    assert np.isfinite(rows).all()


def test_of_waves_they_are_of_the_cepstra_of_decibels():
    wave = kept(noise(seconds=1.5))
    cepstra = scipy.fft.dct(decibels(wave / FULL, SCALES[1]).astype(float), norm="ortho", axis=1)[:, :COUNT]
    mean, spread, steps, change, _ = parts(statistics([sound(wave)])[0])
    moved = np.abs(np.diff(cepstra, axis=0))
    for found, expected in zip(
        (mean, spread, steps, change), (cepstra.mean(0), cepstra.std(0), moved.mean(0), moved.std(0)), strict=True
    ):
        assert found == pytest.approx(expected, abs=1e-9)


def test_of_pictures_they_are_of_their_decibels_above_the_lowest():
    picture = np.random.default_rng(0).integers(0, 256, (30, 128), np.uint8)
    expected = scipy.fft.dct(picture * STEP, norm="ortho", axis=1)[:, :COUNT].mean(0)
    assert parts(statistics([sound(picture, "moods")])[0])[0] == pytest.approx(expected)


def test_how_loud_a_recording_was_is_told_and_by_the_first_cepstrum_alone():
    wave = noise()
    soft, loud = (parts(row) for row in statistics([sound(kept(wave)), sound(kept(2 * wave))]))
    assert loud[0][0] - soft[0][0] == pytest.approx(20 * np.log10(2) * np.sqrt(SCALES[1].bands), rel=0.01)
    for one, other in zip((soft[0][1:], *soft[1:]), (loud[0][1:], *loud[1:]), strict=True):
        assert one == pytest.approx(other, abs=0.3)


@pytest.mark.parametrize(("hertz", "octave"), [(0.6, 0), (2.5, 1), (5.5, 2), (11.0, 3)])
def test_a_tremolo_moves_in_its_octave(hertz, octave):
    seconds = np.arange(4 * RATE) / RATE
    wave = noise(seconds=4) * (1 + 0.8 * np.sin(2 * np.pi * hertz * seconds))
    plain, moved = (parts(row)[4][:, 0] for row in statistics([sound(kept(noise(seconds=4))), sound(kept(wave))]))
    assert (moved - plain).argmax() == octave


@pytest.mark.parametrize("wave", [np.ones(1, np.int16), np.zeros(RATE, np.int16), np.full((1, 128), 9, np.uint8)])
def test_what_is_short_or_silent_has_statistics_too(wave):
    mean, *moved = parts(statistics([sound(wave, "moods" if wave.ndim == 2 else "speech")])[0])
    assert np.isfinite(mean).all()
    assert all(np.abs(part).max() < 1e-3 for part in moved)


def test_a_sound_is_looked_at_once_and_its_wave_is_not_kept(monkeypatch):
    wave = kept(noise(seed=7))
    again, gone = wave.copy(), weakref.ref(wave)
    first = statistics([sound(wave)])
    del wave
    assert gone() is None
    monkeypatch.setattr(cepstral, "decibels", lambda *_: pytest.fail("it was looked at again"))
    assert np.array_equal(statistics([sound(again)]), first)


def test_sounds_of_the_same_bytes_and_another_kind_have_statistics_of_their_own(monkeypatch):
    monkeypatch.setattr(cepstral, "_known", {})
    wave = np.random.default_rng(8).integers(0, 256, 128 * 128, np.uint8).view(np.int16)
    slow, quick = sound(wave), Sound("speech", "a", "train", "a", wave, np.zeros(1, np.float32), rate=44_100)
    rows = statistics([slow, quick, sound(wave.view(np.uint8).reshape(128, 128), "moods")])
    assert len(np.unique(rows, axis=0)) == 3


def test_no_more_is_remembered_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(cepstral, "_known", {})
    monkeypatch.setattr(cepstral, "_MOST", 2)
    pictures = [np.full((3, 128), level, np.uint8) for level in range(5)]
    rows = statistics([sound(one, "moods") for one in pictures])
    assert len(np.unique(rows, axis=0)) == 5
    assert len(cepstral._known) <= 2
