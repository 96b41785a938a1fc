import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.training.data.rated import NO_CURVE, Curve, RatedSong, agreement

rating = st.floats(-1, 1)
ratings = st.lists(st.tuples(rating, rating), min_size=1, max_size=5)


def song(valence, arousal, curve):
    return RatedSong("1", "train", "1", None, valence, arousal, curve=curve)


def flat(valence, arousal):
    return Curve.of([(15.5, valence, arousal), (15.0, valence, arousal)])


@given(ratings)
def test_songs_agree_with_curves_that_repeat_them(of_songs):
    assert agreement(song(*pair, flat(*pair)) for pair in of_songs) >= 0


@given(ratings)
def test_exchanging_both_ratings_turns_agreement_around(of_songs):
    songs = [song(*pair, flat(0.3, -0.4)) for pair in of_songs]
    exchanged = [song(*pair[::-1], flat(0.3, -0.4)) for pair in of_songs]
    assert agreement(songs) == pytest.approx(-agreement(exchanged))


def test_nothing_agrees_with_no_curves():
    assert agreement([song(0.5, 0.1, NO_CURVE)]) == 0


def test_a_curve_is_in_time_order():
    curve = Curve.of([(16.0, 0.1, 0.2), (15.0, 0.3, 0.4)])
    assert curve.seconds.tolist() == [15, 16]
    np.testing.assert_array_equal(curve.values, [[0.3, 0.4], [0.1, 0.2]])
