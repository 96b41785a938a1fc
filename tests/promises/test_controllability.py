"""What was asked can be heard: tempo, density, loudness and mode follow the feeling (a small run of the benchmark)."""

import numpy as np
import pytest

from kelly.composing.song import compose
from kelly.emotion.space import Emotion
from kelly.score.midi import to_bytes

BARS = 24  # a small song; the benchmark takes whole ones
# The benchmark promises .7 for valence over 600 whole songs; 75 short ones leave more to chance.
PROMISED = {
    "tempo (BPM)": ("arousal", 0.9),
    "notes / s": ("arousal", 0.9),
    "attacks / s": ("arousal", 0.9),
    "velocity, pitched": ("dominance", 0.9),
    "velocity, all": ("dominance", 0.9),
    "major - minor": ("valence", 0.55),
}
RISING = [("tempo (BPM)", 1), ("notes / s", 1), ("attacks / s", 1), ("velocity, pitched", 2), ("velocity, all", 2)]


@pytest.fixture(scope="module")
def rows(benchmark, hearing):
    grid = benchmark("controllability").grid(1)
    files = (to_bytes(compose(Emotion(v, a, d), seed=seed, bars=BARS).score) for v, a, d, seed in grid)
    return [(asked, hearing.measure(hearing.hear(data))) for asked, data in zip(grid, files, strict=True)]


@pytest.mark.parametrize("quantity", PROMISED)
def test_what_was_asked_is_what_is_measured(rows, benchmark, quantity):
    found = benchmark("controllability").correlations(rows)
    axis, least = PROMISED[quantity]
    assert found[axis][quantity] >= least


@pytest.mark.parametrize("quantity", PROMISED)
def test_no_other_axis_moves_a_quantity_as_much_as_its_own(rows, benchmark, quantity):
    found = benchmark("controllability").correlations(rows)
    own, _ = PROMISED[quantity]
    others = [abs(found[axis][quantity]) for axis in found if axis != own]
    assert max(others) < 0.4 * found[own][quantity]


@pytest.mark.parametrize(("quantity", "axis"), RISING)
def test_more_of_a_feeling_is_more_of_its_sound_on_average(rows, quantity, axis):
    levels = sorted({asked[axis] for asked, _ in rows})
    means = [np.mean([measured[quantity] for asked, measured in rows if asked[axis] == level]) for level in levels]
    assert means == sorted(means)


def test_pleasant_songs_sound_major_and_unpleasant_ones_minor(rows):
    sides = {sign: [m["major - minor"] for asked, m in rows if np.sign(asked[0]) == sign] for sign in (-1, 1)}
    assert np.mean(sides[-1]) < -0.05 < 0.05 < np.mean(sides[1])


def test_the_correlation_is_spearmans(hearing):
    assert hearing.spearman([1, 2, 3, 4], [10, 20, 30, 1000]) == pytest.approx(1)
    assert hearing.spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)
    # ties at their mean rank: ranks 1 2.5 2.5 4 against 1 3 2 4
    assert hearing.spearman([1, 2, 2, 3], [1, 3, 2, 4]) == pytest.approx(4.5 / np.sqrt(4.5 * 5))


def test_a_major_scale_sounds_major_and_its_parallel_minor_minor(hearing):
    from kelly.score.notes import Note, Part, Score

    def line(pitches):
        notes = tuple(Note(float(i), 1.0, pitch, 80) for i, pitch in enumerate(pitches))
        return hearing.hear(to_bytes(Score((Part("Melody", 0, notes=notes),))))

    assert hearing.key_difference(line([60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60])) > 0.1
    assert hearing.key_difference(line([60, 62, 63, 65, 67, 68, 70, 72, 67, 63, 60])) < -0.1
