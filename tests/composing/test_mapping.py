"""The five formulas are the contract with the user: exact, everywhere."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.composing.mapping import mode, parameters, resonance, reward, tempo, velocity
from kelly.emotion import thesaurus
from kelly.emotion.space import Emotion
from kelly.errors import UsageError


@pytest.mark.parametrize(("arousal", "bpm"), [(0, 60), (0.5, 120), (1, 180)])
def test_formula_1_tempo(arousal, bpm):
    assert tempo(arousal) == bpm


@pytest.mark.parametrize(("dominance", "loudness"), [(0, 60), (0.5, 93.5), (1, 127)])
def test_formula_2_velocity(dominance, loudness):
    assert velocity(dominance) == loudness


@pytest.mark.parametrize(
    ("valence", "arousal", "expected"),
    [
        (0.9, 0.9, "lydian"),
        (0.9, 0.7, "ionian"),
        (0.9, 0.4, "mixolydian"),
        (0.5, 0.6, "mixolydian"),
        (0.5, 0.5, "ionian"),
        (0.01, 0.5, "ionian"),
        (0.0, 0.6, "dorian"),
        (0.0, 0.5, "aeolian"),
        (-0.5, 0.9, "phrygian"),
        (-0.5, 0.7, "aeolian"),
        (-0.49, 0.9, "dorian"),
    ],
)
def test_formula_3_mode(valence, arousal, expected):
    assert mode(valence, arousal) == expected


@pytest.mark.parametrize(
    ("name", "bpm", "expected"), [("rage", 180, "phrygian"), ("grief", 96, "aeolian"), ("ecstasy", 180, "lydian")]
)
def test_the_examples_of_the_domain_page(name, bpm, expected):
    wanted = parameters(thesaurus.lookup(name).emotion)
    assert (wanted.tempo, wanted.mode) == (bpm, expected)


def test_formula_4_reward():
    assert reward(1, 0, 0, 0) == pytest.approx(0.4)
    assert reward(0.5, 0.5, 0.5, 0.5) == pytest.approx(0.5)
    assert reward(0, 1, 1, 1) == pytest.approx(0.6)


def test_formula_5_resonance():
    assert resonance(1, 1, 1, 1) == 1
    assert resonance(0, 0, 0, 0.5) == pytest.approx(0.25)
    assert resonance(-1, -1, -1, 0) == 0


@pytest.mark.parametrize("missing", [math.nan, 1.2, -0.2])
def test_a_reward_or_resonance_is_never_made_from_what_was_not_measured(missing):
    with pytest.raises(UsageError, match="narrative must be measured"):
        reward(0.5, 0.5, missing, 0.5)
    with pytest.raises(UsageError, match="coherence"):
        resonance(0, 0, 0, missing)


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_every_feeling_has_parameters_in_their_ranges(v, a, d):
    wanted = parameters(Emotion(v, a, d))
    assert 60 <= wanted.tempo <= 180
    assert 60 <= wanted.velocity <= 127
    assert 48 <= wanted.register <= 78
    assert 12 <= wanted.melodic_range <= 24
    for fraction in ("complexity", "dissonance", "legato", "density", "syncopation", "leap", "rest", "space", "reverb"):
        assert 0 <= getattr(wanted, fraction) <= 1
