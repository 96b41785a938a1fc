"""Occlusion: what a word did is what the reading loses without it."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.listening.occlusion import influences


def shouting(texts):
    """A reader that only counts: valence by "good" and "bad", arousal by length."""
    return np.array([[text.count("good") - text.count("bad"), len(text.split()) / 100, 0.5] for text in texts])


def test_each_word_is_left_out_once():
    found = influences("good, bad and good!", shouting)
    assert [one.text for one in found] == ["good", "bad", "and", "good"]
    assert [one.valence for one in found] == [1, -1, 0, 1]
    assert all(round(one.arousal, 6) in {0.01, 0.0} for one in found)  # a mark stays behind, and counts as a word


def test_a_lone_word_has_nothing_to_be_compared_with():
    assert influences("good", shouting) == ()


def test_in_a_long_text_neighbouring_words_go_together():
    asked = []

    def reader(texts):
        asked.extend(texts)
        return shouting(texts)

    found = influences("a good day " * 200, reader)
    assert 8 <= len(found) < 30
    assert sum(one.valence for one in found) == 200
    assert len(asked) == len(found) + 1


@settings(max_examples=100)
@given(st.text(max_size=200))
def test_places_are_in_order_and_hold_the_text(text):
    found = influences(text, shouting)
    assert all(text[one.start : one.end] == one.text for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
