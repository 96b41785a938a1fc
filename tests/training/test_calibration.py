"""Calibration: tables by pencil and paper, temperatures that are known, and what size alone brings about."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("sklearn")
from sklearn.metrics import brier_score_loss, log_loss

from kelly.errors import UsageError
from kelly.training.evaluation import calibration as cal


def honest(seed, items, k=6, heat=1.0):
    """Logits and labels of a model whose probabilities hold once its logits are divided by `heat`."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (items, k))
    chances = cal.softmax(logits)
    gold = (chances.cumsum(1) < rng.random((items, 1))).sum(1).clip(0, k - 1)
    return gold, logits * heat


def pairs(confidence, right):
    """Two-class probabilities of these confidences (above .5), and gold that makes the items right or wrong."""
    sure = np.asarray(confidence, float)
    return np.where(right, 0, 1), np.column_stack([sure, 1 - sure])


def test_the_table_counts_what_falls_between_two_edges_the_upper_with_it():
    gold, told = pairs([0.6, 0.6, 0.7, 0.8], [True, False, True, True])
    table = cal.reliability(gold, told, bins=5)
    assert table.count.tolist() == [0, 0, 2, 2, 0]
    assert table.confidence.tolist() == pytest.approx([0, 0, 0.6, 0.75, 0])
    assert table.accuracy.tolist() == [0, 0, 0.5, 1, 0]
    assert cal.ece(table) == pytest.approx((2 * 0.1 + 2 * 0.25) / 4)
    assert cal.mce(table) == pytest.approx(0.25)


def test_bins_of_equal_size_hold_as_many_items_each():
    gold, told = pairs(np.linspace(0.5, 1, 30), np.arange(30) % 3 > 0)
    assert cal.reliability(gold, told, bins=10, adaptive=True).count.tolist() == [3] * 10


def test_fewer_items_than_bins_are_no_trouble():
    gold, told = pairs([0.9, 0.6], [True, False])
    assert cal.ece(cal.reliability(gold, told, adaptive=True)) == pytest.approx((0.1 + 0.6) / 2)


def test_equal_confidences_share_their_accuracy_so_order_says_nothing():
    gold, told = pairs(np.full(40, 0.75), np.arange(40) % 4 > 0)
    assert cal.ece(cal.reliability(gold, told, adaptive=True)) == pytest.approx(0)
    order = np.argsort(gold)
    assert cal.ece(cal.reliability(gold[order], told[order], adaptive=True)) == pytest.approx(0)


@given(st.integers(0, 2**32 - 1), st.integers(1, 200))
def test_all_measures_keep_their_ranges_and_mce_is_no_less_than_ece(seed, items):
    gold, logits = honest(seed, items)
    told = cal.calibration(gold, cal.softmax(logits), np.random.default_rng(seed))
    assert 0 <= told.ece <= told.mce <= 1
    assert 0 <= told.adaptive_ece <= 1
    assert 0 <= told.brier <= 2
    assert told.table.count.sum() == items


def test_the_brier_score_is_scikit_learns():
    gold, logits = honest(1, 50, k=4)
    told = cal.softmax(logits)
    theirs = brier_score_loss(gold, told, labels=range(4), scale_by_half=False)
    assert cal.brier(gold, told) == pytest.approx(theirs, abs=1e-12)
    assert cal.brier([0, 1], [[0.0, 1.0], [1.0, 0.0]]) == 2


@pytest.mark.parametrize("heat", [0.4, 1.0, 2.5])
def test_the_temperature_that_was_put_in_comes_out(heat):
    gold, logits = honest(0, 20_000, heat=heat)
    assert cal.temperature(gold, logits) == pytest.approx(heat, rel=0.03)


def test_no_other_temperature_makes_gold_more_likely():
    gold, logits = honest(3, 300, heat=1.7)
    best = cal.temperature(gold, logits)
    least = log_loss(gold, cal.softmax(logits / best), labels=range(6))
    for other in best * np.array([0.9, 0.999, 1.001, 1.1]):
        assert least <= log_loss(gold, cal.softmax(logits / other), labels=range(6))


def test_a_temperature_that_would_be_nought_or_infinite_stops_at_its_bound():
    logits = np.array([[3.0, 0], [0, 3]])
    assert cal.temperature([0, 1], logits) == pytest.approx(cal.COLDEST)
    assert cal.temperature([1, 0], logits) == pytest.approx(cal.HOTTEST)


def test_logarithms_of_probabilities_do_as_logits_a_nought_among_them():
    gold, logits = honest(5, 400, heat=2.0)
    told = cal.softmax(logits)
    assert cal.temperature(gold, np.log(told)) == pytest.approx(cal.temperature(gold, logits), rel=1e-9)
    with np.errstate(divide="ignore"):
        certain = np.log(np.array([[1.0, 0.0], [0.5, 0.5], [0.3, 0.7]]))
    assert cal.COLDEST <= cal.temperature([0, 1, 0], certain) <= cal.HOTTEST


def test_each_fold_is_scaled_by_the_others():
    gold, logits = honest(7, 4000)
    folds = np.arange(4000) % 2
    logits[folds == 1] *= 3
    told, heats = cal.cross_fitted(gold, logits, folds)
    assert heats == pytest.approx([3, 1], rel=0.1)
    assert np.allclose(told[folds == 0], cal.softmax(logits[folds == 0] / heats[0]))


def test_scaling_changes_no_class_and_mends_an_overconfident_model():
    gold, logits = honest(9, 3000, heat=3.0)
    before = cal.softmax(logits)
    after, _ = cal.cross_fitted(gold, logits, np.arange(3000) % 5)
    assert np.array_equal(before.argmax(1), after.argmax(1))
    assert cal.ece(cal.reliability(gold, after)) < 0.25 * cal.ece(cal.reliability(gold, before))


def test_one_fold_cannot_be_fitted_on_others():
    with pytest.raises(UsageError, match="two or more"):
        cal.cross_fitted([0, 1], np.zeros((2, 2)), [0, 0])


def test_a_perfect_model_lies_within_its_own_limit_about_nineteen_times_in_twenty():
    within = []
    for seed in range(100):
        gold, logits = honest(seed, 200)
        told = cal.calibration(gold, cal.softmax(logits), np.random.default_rng(seed))
        within.append(told.ece <= told.perfect.limit)
    assert 88 <= sum(within) <= 100


def test_the_fewer_items_the_larger_the_error_of_a_perfect_model():
    few, many = (cal.perfect(cal.softmax(honest(0, items)[1]), np.random.default_rng(0)) for items in (50, 5000))
    assert few.mean > 0.08
    assert many.limit < 0.03
    assert few.mean < few.limit


def test_the_same_seed_draws_the_same_perfect_model():
    told = cal.softmax(honest(0, 80)[1])
    assert cal.perfect(told, np.random.default_rng(4)) == cal.perfect(told, np.random.default_rng(4))


def test_a_model_that_is_always_sure_and_right_has_no_error_to_draw():
    told = cal.calibration([0, 1], np.eye(2), np.random.default_rng(0))
    assert (told.ece, told.mce, told.brier, told.perfect.mean, told.perfect.limit) == (0, 0, 0, 0, 0)


@given(arrays(float, (5, 3), elements=st.floats(-1e6, 1e6)))
def test_softmax_of_any_finite_rows_is_probabilities(logits):
    assert np.allclose(cal.softmax(logits).sum(1), 1)


@pytest.mark.parametrize("logits", [np.zeros(3), np.zeros((0, 3)), [[np.nan, 0]], [[np.inf, 0]], [[-np.inf, -np.inf]]])
def test_logits_that_are_none_are_refused(logits):
    with pytest.raises(UsageError, match="logits"):
        cal.softmax(logits)
