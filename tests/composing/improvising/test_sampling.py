"""Which of the values that a field may take is taken."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from kelly.composing.chance import stream
from kelly.composing.improvising.sampling import Sampling, choose
from kelly.errors import UsageError

ALL = np.ones(4, bool)
TOLD = np.log(np.array([0.5, 0.3, 0.15, 0.05]))


def shares(sampling, allowed=ALL, logits=TOLD, count=4000):
    rng = stream(0, "sampling")
    drawn = [choose(logits, allowed, sampling, rng) for _ in range(count)]
    return np.bincount(drawn, minlength=len(logits)) / count


def test_values_come_as_often_as_they_are_expected():
    assert shares(Sampling(top_p=1.0)) == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.03)


def test_a_low_temperature_takes_the_likeliest_and_none_but_that_at_zero():
    assert shares(Sampling(temperature=0.0)) == pytest.approx([1, 0, 0, 0])
    cool = shares(Sampling(temperature=0.5, top_p=1.0))
    assert cool == pytest.approx(np.array([0.25, 0.09, 0.0225, 0.0025]) / 0.365, abs=0.03)


def test_only_the_likeliest_are_taken_where_their_number_or_their_share_is_bounded():
    assert shares(Sampling(top_k=2, top_p=1.0)) == pytest.approx([0.625, 0.375, 0, 0], abs=0.03)
    assert shares(Sampling(top_p=0.8)) == pytest.approx([0.625, 0.375, 0, 0], abs=0.03)
    assert shares(Sampling(top_p=0.81))[2] > 0.1


def test_what_is_forbidden_never_comes_and_the_rest_as_often_beside_each_other_as_before():
    allowed = np.array([False, True, True, False])
    assert shares(Sampling(top_p=1.0), allowed) == pytest.approx([0, 2 / 3, 1 / 3, 0], abs=0.03)


@given(
    logits=arrays.arrays(np.float64, 9, elements=st.floats(-40, 40)),
    allowed=arrays.arrays(np.bool_, 9).filter(np.any),
    temperature=st.floats(0, 5),
    top_k=st.integers(0, 20),
    top_p=st.floats(1e-6, 1),
    seed=st.integers(0, 10**6),
)
def test_something_allowed_is_taken_whatever_is_expected(logits, allowed, temperature, top_k, top_p, seed):
    sampling = Sampling(temperature, top_k, top_p)
    taken = [choose(logits, allowed, sampling, stream(seed, "x")) for _ in range(2)]
    assert allowed[taken[0]]
    assert taken[0] == taken[1]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"temperature": -0.1}, "temperature must lie in 0..5; got -0.1"),
        ({"temperature": float("nan")}, "temperature must lie in 0..5; got nan"),
        ({"temperature": 1e9}, "temperature must lie in 0..5"),
        ({"top_p": 0.0}, "top_p must lie above 0, up to 1; got 0.0"),
        ({"top_k": -1}, "top_k must be an integer in 0..10000; got -1"),
        ({"repetition": 6}, "repetition must lie in 0..5; got 6"),
        ({"guidance": 11}, "guidance must lie in 0..10; got 11"),
    ],
)
def test_settings_out_of_range_are_refused(wrong, told):
    with pytest.raises(UsageError, match=told.replace(".", r"\.")):
        Sampling(**wrong)
