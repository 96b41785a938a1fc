"""Ears: what a network tells of a sound hangs on that sound alone, and what is no sound is refused."""

import numpy as np
import pytest

from kelly.errors import FileError, UsageError
from kelly.models import ears

HEADS = {"voice": {"speech": 8, "song": 6, "kind": 3}, "music": {"gems": 8, "vgmidi": 2, "emopia": 4}}
CHANCES = ("speech", "song", "kind", "emopia")
TOKEN = 512  # samples of two frames


def noise(seconds, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(round(seconds * ears.RATE))).astype(np.float32)


@pytest.fixture(params=HEADS)
def ear(request):
    return ears.shipped(request.param)


@pytest.mark.parametrize("name", HEADS)
def test_each_head_tells_a_row_a_sound_of_as_many_numbers_as_it_has_names(name):
    ear = ears.shipped(name)
    told = ear.hear([noise(0.05), noise(1, seed=1), noise(4.3, seed=2)])
    assert {head: rows.shape for head, rows in told.items()} == {head: (3, n) for head, n in HEADS[name].items()}
    assert {head: len(names) for head, names in ear.names.items()} == HEADS[name]
    assert all(np.isfinite(rows).all() for rows in told.values())


def test_heads_of_classes_tell_probabilities(ear):
    for head, rows in ear.hear([noise(2), noise(3, seed=1)]).items():
        if head in CHANCES:
            assert (rows >= 0).all()
            assert rows.sum(1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("tokens", [1, 7, 40, 156])
def test_a_sound_is_heard_in_a_batch_as_alone(ear, tokens):
    # Whole tokens, which are two frames each.
    short = noise(12)[: tokens * TOKEN - 1]
    together, alone = ear.hear([noise(12, seed=1), short, noise(3, seed=2)]), ear.hear([short])
    for head, rows in together.items():
        np.testing.assert_allclose(rows[1], alone[head][0], rtol=0, atol=1e-5)


def test_like_sounds_are_heard_alike(ear):
    wave = noise(1.7)
    told, again = ear.hear([wave] * 3), ear.hear([wave.astype(np.float64).tolist()])
    for head, rows in told.items():
        np.testing.assert_allclose(rows, np.repeat(again[head], 3, axis=0), rtol=0, atol=1e-5)


def test_the_same_is_told_every_time(ear):
    first, second = ear.hear([noise(2)]), ear.hear([noise(2)])
    assert all((first[head] == second[head]).all() for head in first)


def test_of_music_the_level_is_not_heard():
    ear = ears.shipped("music")
    told = ear.hear([gain * noise(3) for gain in (1, 0.1, 0.01)])
    for rows in told.values():
        np.testing.assert_allclose(rows, rows[:1].repeat(3, axis=0), rtol=0, atol=1e-3)


def test_a_single_sample_and_the_longest_stretch_are_heard(ear):
    told = ear.hear([[0.5], noise(ears.LONGEST)])
    assert all(np.isfinite(rows).all() for rows in told.values())


@pytest.mark.parametrize(
    ("waves", "complaint"),
    [
        ([], "one or more"),
        ([np.zeros(0)], "empty"),
        ([np.zeros(9), np.zeros(0)], "empty"),
        ([np.zeros((9, 2))], "another shape"),
        ([[0.0, np.nan]], "finite numbers"),
        ([[0.0, -np.inf]], "finite numbers"),
        ([np.zeros(round(ears.LONGEST * ears.RATE) + 1600)], r"at most 12 seconds .* got 12\.1"),
    ],
)
def test_what_is_no_sound_is_refused(ear, waves, complaint):
    with pytest.raises(UsageError, match=complaint):
        ear.hear(waves)


def test_an_ear_is_loaded_once():
    assert ears.shipped("voice") is ears.shipped("voice")


def test_an_ear_that_was_not_built_in_is_told():
    with pytest.raises(FileError, match="without its ear for nobody"):
        ears.shipped("nobody")
