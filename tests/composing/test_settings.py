"""Settings refuse what no song can have, and two ways to say the same are equal."""

import dataclasses
from fractions import Fraction
from typing import get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.composing.settings import Settings
from kelly.composing.song import Wishes, compose
from kelly.emotion.space import Emotion
from kelly.errors import KellyError, UsageError
from kelly.score.midi import to_bytes

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=2),
    st.binary(max_size=4),
)


@given(name=st.sampled_from([f.name for f in dataclasses.fields(Settings)]), value=ODD)
def test_whatever_is_given_is_taken_or_refused_in_one_line(name, value):
    try:
        Settings(**{name: value})
        refusal = ""
    except KellyError as error:
        refusal = str(error)
    assert len(refusal) < 400
    assert "\n" not in refusal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"tempo": 100}, {"tempo": np.float32(100)}),
        ({"bars": 8}, {"bars": np.int64(8)}),
        ({"genre": "lofi"}, {"genre": "Lo-Fi"}),
        ({"mode": "minor"}, {"mode": "Aeolian"}),
        ({"key": "bb"}, {"key": "B♭"}),
        ({"feel": -0.0}, {"feel": 0}),
        ({"minutes": Fraction(1, 2)}, {"minutes": 0.5}),
        ({"mute": ["Drums", "melody"]}, {"mute": ("melody", "drums")}),
        ({"progressions": {"Verse": ["I", "V"]}}, {"progressions": {"verse": ("I", "V")}}),
    ],
)
def test_two_ways_to_say_the_same_are_one_setting(one, other):
    assert Settings(**one) == Settings(**other)
    feeling = Emotion(0.2, 0.4, 0.5)
    first, second = (
        to_bytes(compose(feeling, **{"bars": 8, **({} if "minutes" not in w else {"bars": None}), **w}).score)
        for w in (one, other)
    )
    assert first == second


@pytest.mark.parametrize(
    ("wishes", "complaint"),
    [
        ({"seed": 1.5}, "seed must be an integer in 0..2^63-1; got 1.5"),
        ({"bars": True}, "bars must be an integer in 1..2000; got True"),
        ({"bars": "8"}, 'got "8"'),
        ({"key": 5}, "key must be a note name"),
        ({"mode": 3}, "mode must be a text; got 3"),
        ({"genre": "polka"}, "genre must be one of lo-fi"),
        ({"mute": "drums"}, 'mute takes a row of parts; got "drums"'),
        ({"mute": ("kazoo",)}, "mute takes one of chords, melody"),
        ({"progressions": {"verse": ()}}, "a row of chords"),
        ({"progressions": {"verse": ("H",)}}, "a chord must be written like"),
        ({"progressions": {"verse": (5,)}}, "a chord must be a text; got 5"),
        ({"progressions": {"vers": ("C",)}}, "did you mean verse"),
        ({"breaks": ["distortion"]}, "breaks must be a mapping"),
        ({"breaks": {"distortion": " "}}, '"distortion" has none'),
        ({"breaks": {"distortion": "x" * 5000}}, "at most 4000 printable characters"),
        ({"triggers": "no"}, "triggers must be True or False"),
        ({"humanise": None}, "humanise must lie in 0..1; got None"),
    ],
)
def test_a_wish_of_the_wrong_kind_is_refused(wishes, complaint):
    with pytest.raises(UsageError) as refused:
        Settings(**wishes)
    assert complaint in str(refused.value)


def test_what_the_caller_does_to_his_dictionary_later_changes_nothing():
    reasons = {"distortion": "it hurts"}
    settings = Settings(breaks=reasons)
    reasons.clear()
    assert settings.breaks == {"distortion": "it hurts"}


def test_wishes_are_the_fields_of_settings():
    assert set(Wishes.__annotations__) == {f.name for f in dataclasses.fields(Settings)}
    assert get_type_hints(Wishes)["bars"] == get_type_hints(Settings)["bars"]
