"""Fusion: words and a voice come to one reading between them, nearer to whichever is surer of itself."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.emotion.space import Emotion, clipped
from kelly.listening.fusion import apart, fused
from kelly.listening.naming import certainty
from kelly.listening.reading import Reading
from kelly.listening.words import feel

UNKNOWN = (math.inf,) * 3
AXES = range(3)


def reading(place, spreads, text="", **options):
    """A reading of a recording; not heard where it cannot say how far off it is."""
    sure = certainty(spreads) if all(map(math.isfinite, spreads)) else 0.0
    return Reading(text, clipped(*place).with_confidence(sure), (), (), spreads=spreads, reader="sound", **options)


shares = st.floats(0, 1)
places = st.tuples(st.floats(-1, 1), shares, shares)
spreads = st.tuples(*[st.floats(0.02, 2)] * 3)
readings = st.builds(reading, places, spreads)


def test_a_place_is_the_mean_weighed_by_inverse_variances():
    one, other = reading((-0.2, 0.4, 0.5), (0.3, 0.1, 0.2)), reading((0.4, 0.5, 0.5), (0.6, 0.1, 0.4))
    told = fused(one, other)
    assert told.emotion.vad == pytest.approx(((-0.2 * 4 + 0.4) / 5, 0.45, 0.5))
    assert told.spreads == pytest.approx((0.3 * 2 / math.sqrt(5), 0.1 / math.sqrt(2), 0.4 / math.sqrt(5)))
    assert told.emotion.confidence == pytest.approx(certainty(told.spreads))


def test_readings_that_contradict_each_other_reach_both():
    one, other = reading((-0.8, 0.5, 0.5), (0.2, 0.2, 0.2)), reading((0.8, 0.5, 0.5), (0.2, 0.2, 0.2))
    assert apart(one, other)[0] == pytest.approx(1.6 / math.hypot(0.2, 0.2))
    told = fused(one, other)
    assert told.emotion.valence == pytest.approx(0)
    assert told.spreads == pytest.approx((0.8, 0.2 / math.sqrt(2), 0.2 / math.sqrt(2)))
    assert told.emotion.confidence < fused(one, one).emotion.confidence


@given(readings, readings)
def test_no_place_is_outside_of_the_two(one, other):
    told = fused(one, other)
    for axis in AXES:
        low, high = sorted((one.emotion.vad[axis], other.emotion.vad[axis]))
        assert low - 1e-9 <= told.emotion.vad[axis] <= high + 1e-9


@given(readings, readings)
def test_it_is_the_same_whichever_comes_first(one, other):
    told, turned = fused(one, other), fused(other, one)
    assert told.emotion.vad == pytest.approx(turned.emotion.vad, abs=1e-9)
    assert told.spreads == pytest.approx(turned.spreads)
    assert apart(one, other) == pytest.approx(apart(other, one))


@given(readings, readings)
def test_two_are_surer_than_one_unless_they_contradict_each_other(one, other):
    told, far = fused(one, other), apart(one, other)
    for axis in AXES:
        if far[axis] <= 2:
            assert told.spreads[axis] <= min(one.spreads[axis], other.spreads[axis]) + 1e-9
        else:
            away = [abs(each.emotion.vad[axis] - told.emotion.vad[axis]) for each in (one, other)]
            assert told.spreads[axis] >= max(away) - 1e-9


@given(readings, readings, st.floats(1.1, 5))
def test_the_surer_a_reading_is_the_nearer_lies_the_place(one, other, factor):
    surer = reading(one.emotion.vad, tuple(spread / factor for spread in one.spreads))
    told, nearer = fused(one, other).emotion.vad, fused(surer, other).emotion.vad
    for axis in AXES:
        there = one.emotion.vad[axis]
        assert abs(nearer[axis] - there) <= abs(told[axis] - there) + 1e-9


@given(places, places, spreads)
def test_who_cannot_say_how_far_off_it_is_weighs_nothing(place, other, known):
    words = reading(place, known)
    unsure = Reading("", clipped(*other).with_confidence(0.5), (), (), spreads=UNKNOWN, reader="sound")
    for told in (fused(words, unsure), fused(unsure, words)):
        assert told.emotion.vad == pytest.approx(words.emotion.vad, abs=1e-9)
        assert told.spreads == pytest.approx(known)


def test_an_axis_may_be_unknown_by_itself():
    words = Reading("", Emotion(0.2, 0.4, 0.9, 0.5), (), (), spreads=(0.2, 0.2, math.inf), reader="sound")
    told = fused(words, reading((0.4, 0.4, 0.3), (0.2, 0.2, 0.2)))
    assert told.emotion.vad == pytest.approx((0.3, 0.4, 0.3))
    assert told.spreads[2] == pytest.approx(0.2)


def test_two_that_cannot_say_are_read_as_the_words_confidence_has_it():
    words, voice = (
        Reading("", Emotion(valence, 0.4, 0.5, 0.5), (), (), spreads=UNKNOWN, reader="sound") for valence in (0.2, 0.6)
    )
    told = fused(words, voice)
    assert told.spreads == UNKNOWN
    assert told.emotion.confidence == 0.5
    assert 0.2 <= told.emotion.valence <= 0.6


def test_a_silent_voice_leaves_the_words_as_they_are():
    words = feel("I am so happy")
    assert fused(words, reading((0, 0.3, 0.5), UNKNOWN)) is words


def test_where_nothing_is_heard_in_the_words_the_voice_speaks_alone():
    words, voice = feel("xyzzy plugh"), reading((-0.8, 0.9, 0.8), (0.3, 0.2, 0.2), text="voice.wav")
    told = fused(words, voice)
    assert told.text == "xyzzy plugh"
    assert told.emotion == voice.emotion
    assert told.spreads == voice.spreads


def test_the_words_evidence_is_kept_and_names_are_weighed_anew():
    words = feel("I am so happy")
    told = fused(words, reading((-0.8, 0.3, 0.25), (0.1, 0.05, 0.05)))
    assert (told.text, told.words, told.reader) == (words.text, words.words, words.reader)
    assert sum(weight for _, weight in told.names) == pytest.approx(1)
    assert sum(one.weight for one in told.alternatives) == pytest.approx(1)
    assert told.alternatives[0].node.emotion.valence < words.alternatives[0].node.emotion.valence


def test_the_same_said_twice_is_the_same_surer():
    voice = reading((0.5, 0.6, 0.7), (0.3, 0.2, 0.2))
    told = fused(voice, voice)
    assert told.emotion.vad == pytest.approx(voice.emotion.vad)
    assert told.emotion.confidence > voice.emotion.confidence
    assert apart(voice, voice) == (0, 0, 0)
