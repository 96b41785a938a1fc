"""Touch: loud strokes stay apart, soft ones are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.composing.touch import KNEE, pressed


@given(st.floats(1, KNEE))
def test_up_to_the_knee_a_stroke_is_as_it_was_meant(loudness):
    assert pressed(loudness) == pytest.approx(loudness, abs=1e-6)


@given(st.floats(-20, 200), st.floats(0, 40))
def test_more_is_never_less_and_never_too_much(loudness, more):
    assert 1 <= pressed(loudness) <= pressed(loudness + more) < 124


def test_the_loudest_still_differ():
    assert pressed(118) < pressed(124) < pressed(130)
