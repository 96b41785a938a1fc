"""The space of feelings: ranges are kept, intensity follows its formula, tiers scale from neutral."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.emotion.space import NEUTRAL, Emotion, distance, mix
from kelly.errors import UsageError

unit = st.floats(0, 1)
emotions = st.builds(Emotion, st.floats(-1, 1), unit, unit, unit)

GRIEF = Emotion(-0.9, 0.3, 0.25)


@given(emotions)
def test_intensity_follows_the_formula(emotion):
    v, a, d = emotion.vad
    expected = min(1.0, math.sqrt(v**2 + (2 * a - 0.6) ** 2 + (2 * d - 1) ** 2) / 1.5)
    assert emotion.intensity == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("vad", "intensity"), [((0, 0.3, 0.5), 0), ((-0.9, 0.3, 0.25), 0.6864), ((-0.8, 1, 0.9), 1), ((1, 0.3, 0.5), 2 / 3)]
)
def test_intensity_of_known_points(vad, intensity):
    assert Emotion(*vad).intensity == pytest.approx(intensity, abs=1e-4)


def test_a_stated_intensity_wins_over_the_formula():
    assert Emotion(0.1, 0.4, 0.4, intensity=0.6).intensity == 0.6
    assert Emotion(0.1, 0.4, 0.4, intensity=0).intensity == 0


@pytest.mark.parametrize(
    ("valence", "arousal", "quadrant"),
    [(0.1, 0.6, "Q1"), (-0.1, 0.6, "Q2"), (-0.1, 0.4, "Q3"), (0.1, 0.4, "Q4"), (0, 0.51, "Q2"), (0.01, 0.5, "Q4")],
)
def test_quadrants_split_above_zero_valence_and_above_half_arousal(valence, arousal, quadrant):
    assert Emotion(valence, arousal, 0.5).quadrant == quadrant


@given(emotions, unit)
def test_scaling_moves_straight_towards_neutral(emotion, factor):
    scaled = emotion.scaled(factor)
    assert distance(scaled, NEUTRAL) == pytest.approx(factor * distance(emotion, NEUTRAL), abs=1e-9)
    assert scaled.confidence == emotion.confidence


@given(emotions, st.floats(1, 1e6))
def test_scaling_outwards_stays_inside_the_space(emotion, factor):
    assert -1 <= emotion.scaled(factor).valence <= 1
    assert all(0 <= x <= 1 for x in emotion.scaled(factor).vad[1:])


def test_a_low_grief_is_still_sad_and_not_asleep():
    assert GRIEF.scaled(0.3).vad == pytest.approx((-0.27, 0.3, 0.425))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1.01, -1.01, "0.5", None, True, 1j, [0.5]])
@pytest.mark.parametrize("axis", ["valence", "arousal", "dominance", "confidence"])
def test_a_value_outside_its_range_is_named_with_the_range(axis, bad):
    values = {"valence": 0.0, "arousal": 0.5, "dominance": 0.5, axis: bad}
    with pytest.raises(UsageError, match=f"^{axis} must be a number in -?[01]..1; got ") as error:
        Emotion(**values)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("bad", [math.inf, -0.1, 1.1, "1", None])
def test_a_stated_intensity_must_be_in_range(bad):
    with pytest.raises(UsageError, match=r"^intensity must be a number in 0\.\.1"):
        Emotion(0, 0.5, 0.5, intensity=bad)


@given(emotions, emotions)
def test_distance_is_a_metric_with_valence_on_the_same_scale_as_the_rest(one, other):
    assert distance(one, one) == 0
    assert distance(one, other) == distance(other, one) <= math.sqrt(3)
    v, a, d = (x - y for x, y in zip(one.vad, other.vad, strict=True))
    assert distance(one, other) == pytest.approx(math.sqrt((v / 2) ** 2 + a**2 + d**2))


@given(emotions, emotions, unit)
def test_a_mixture_lies_on_the_way(one, other, share):
    between = mix(one, other, share)
    assert distance(one, between) + distance(between, other) == pytest.approx(distance(one, other), abs=1e-8)
    assert mix(one, other, 0).vad == pytest.approx(one.vad, abs=1e-8)
    assert mix(one, other, 1).vad == pytest.approx(other.vad, abs=1e-8)


@given(emotions)
def test_a_rounded_feeling_reads_back_from_two_digits(emotion):
    stored = emotion.rounded()
    again = Emotion(*(float(f"{x:.2f}") for x in (*stored.vad, stored.confidence, stored.intensity)))
    assert again == stored


def test_confidence_can_be_set_without_moving_the_point():
    assert GRIEF.with_confidence(0.2) == Emotion(*GRIEF.vad, confidence=0.2, intensity=GRIEF.intensity)


def test_a_feeling_cannot_be_changed_in_place():
    with pytest.raises(AttributeError):
        GRIEF.valence = 0.5
