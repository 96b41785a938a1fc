"""N-grams of chords: proper distributions, with the numbers that their books give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from kelly.errors import UsageError
from kelly.models.harmony.classes import BEGIN, CLASSES, END
from kelly.models.harmony.following import Mixture
from kelly.training.evaluation.ngrams import KneserNey, Unigram, ppm, remembered, steps

SONGS = [[BEGIN, 0, 1, END], [BEGIN, 0, 2, END]]
bodies = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=12), min_size=1, max_size=6)


def whole(bodies):
    return [[BEGIN, *body, END] for body in bodies]


@settings(max_examples=30)
@given(bodies, bodies)
def test_all_models_are_distributions_over_the_64_classes(train, heard):
    train, heard = whole(train), whole(heard)
    for model in (Unigram(train), KneserNey(train, 1), KneserNey(train, 3), KneserNey(train, 10), ppm(train, 4)):
        for rows in (told := steps(model, heard), remembered(told, heard, Mixture())):
            assert rows.shape == (sum(len(song) - 1 for song in heard), CLASSES)
            assert (rows > 0).all()
            assert rows.sum(1) == pytest.approx(1)


def test_a_unigram_counts_all_but_the_begin():
    told = Unigram(SONGS).predict([BEGIN])
    assert told[[0, 1, END, BEGIN]] == pytest.approx([3 / 70, 2 / 70, 3 / 70, 1 / 70])


def test_kneser_ney_is_as_worked_by_hand():
    """Too few counts for discounts of their own: a half each. 0 was met after one class, END after two."""
    model = KneserNey(SONGS, 2)
    below = {1: 0.5 / 5 + 2 / 5 / 64, END: 1.5 / 5 + 2 / 5 / 64}
    assert model.predict([0])[1] == pytest.approx(0.5 / 2 + 0.5 * below[1])
    assert model.predict([1])[END] == pytest.approx(0.5 + 0.5 * below[END])
    assert model.predict([40])[END] == pytest.approx(below[END])


def test_kneser_ney_takes_off_what_chen_and_goodman_say():
    """Contexts 0..3 followed by 10 once, 11 twice, 12 three times and 13 four times: n1..n4 are 4, 2, 2 and 1."""
    counts = {0: {10: 1, 11: 2, 12: 3, 13: 4}, 1: {10: 1, 11: 2, 12: 3}, 2: {10: 1}, 3: {10: 1}}
    pairs = [[a, b] for a, after in counts.items() for b, count in after.items() for _ in range(count)]
    share = 4 / (4 + 2 * 2)
    one, two, more = 1 - 2 * share * 2 / 4, 2 - 3 * share * 2 / 2, 3 - 4 * share * 1 / 2
    told = KneserNey(pairs, 2)
    below = told.predict([50])
    taken = one + two + 2 * more
    assert told.predict([0])[13] == pytest.approx((4 - more + taken * below[13]) / 10)
    assert told.predict([0])[10] == pytest.approx((1 - one + taken * below[10]) / 10)


def test_a_class_met_in_many_places_is_likelier_in_a_new_one_than_one_met_often_in_one_place():
    songs = [[BEGIN, 5, 6, 5, 6, 5, 6, 5, 6, END], *([BEGIN, index, 7, END] for index in range(10, 14))]
    assert KneserNey(songs, 2).predict([40])[7] > KneserNey(songs, 2).predict([40])[6]


@settings(max_examples=30)
@given(bodies, bodies)
def test_a_table_that_keeps_all_tells_what_the_model_tells(train, heard):
    model = KneserNey(whole(train), 4)
    assert np.abs(steps(model.table(1, 0), whole(heard)) - steps(model, whole(heard))).max() < 2e-3


def test_a_table_leaves_out_long_contexts_that_were_met_once():
    model = KneserNey([[BEGIN, 0, 1, 2, END], [BEGIN, 3, 1, 2, END]], 4)
    assert len(model.table(2, 1).keys) < len(model.table(1, 0).keys)
    assert model.table(2, 1).predict([0, 1]) == pytest.approx(model.predict([9, 1]), abs=2e-3)


def test_what_a_table_cannot_hold_is_refused():
    with pytest.raises(UsageError, match="10 or less; got 11"):
        KneserNey(SONGS, 11).table(1, 0)
    with pytest.raises(UsageError, match="1 or more; got 0"):
        KneserNey(SONGS, 0)


def test_a_song_that_repeats_itself_is_told_ever_better_with_memory():
    song = [BEGIN, *([20, 30, 41] * 8), END]
    flat = steps(Unigram(SONGS), [song])
    told = remembered(flat, [song], Mixture())
    right = told[np.arange(len(told)), song[1:]]
    assert right[-4:-1].min() > 0.8
    assert right[0] == pytest.approx(flat[0, song[1]], abs=0.02)
