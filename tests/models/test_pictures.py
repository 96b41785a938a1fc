"""What the node classifier sees: eight seconds, no more, at the loudness they have."""

import numpy as np
import pytest

from kelly.errors import UsageError
from kelly.models.layers import NETWORKS
from kelly.models.nodes.pictures import BANDS, FRAMES, SECONDS, SILENCE, picture, scaled
from kelly.sound.features import LOOPS

SAMPLES = int(SECONDS * LOOPS.rate)


def test_a_picture_has_the_shape_that_the_network_takes():
    assert picture(np.zeros(SAMPLES)).shape == NETWORKS["nodes"].shape == (BANDS, FRAMES)
    assert (picture(np.zeros(SAMPLES)) == SILENCE).all()


def test_low_tones_stand_below_high_ones_and_early_before_late():
    time = np.arange(SAMPLES) / LOOPS.rate
    rising = np.where(time < 4, np.sin(2 * np.pi * 200 * time), np.sin(2 * np.pi * 2000 * time))
    seen = picture(rising).argmax(0)
    assert seen[10:54].max() < 10
    assert seen[74:118].min() > 20


def test_what_comes_after_eight_seconds_is_not_seen():
    wave = np.random.default_rng(0).normal(0, 0.1, SAMPLES)
    assert np.array_equal(picture(np.append(wave, np.ones(5000))), picture(wave))


def test_half_as_loud_is_six_decibels_darker():
    wave = np.random.default_rng(0).normal(0, 0.1, SAMPLES)
    assert picture(wave) - picture(wave / 2) == pytest.approx(6.0206, abs=1e-3)
    assert scaled(np.array([-25.0, -5.0])).tolist() == [0, 1]


@pytest.mark.parametrize("shape", [(SAMPLES - 1,), (1, SAMPLES), (0,)])
def test_less_than_eight_seconds_are_refused(shape):
    with pytest.raises(UsageError, match="8 seconds at 16000 Hz"):
        picture(np.zeros(shape))
