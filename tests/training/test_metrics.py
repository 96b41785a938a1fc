"""Metrics against what scikit-learn and pencil and paper say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kelly.training.evaluation.metrics import (
    best_thresholds,
    coverage,
    cross_fitted,
    error_by_confidence,
    macro_f1,
    pearson,
)


def test_pearson_of_a_line_is_one_whatever_its_unit():
    assert pearson([1, 2, 3, 4], [10, 20, 30, 40]) == pytest.approx(1)
    assert pearson([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)


def test_pearson_of_a_constant_is_nought_not_an_error():
    assert pearson([1, 1, 1], [1, 2, 3]) == 0


def test_macro_f1_counts_every_label_alike():
    gold = np.array([[1, 0], [1, 0], [0, 1]], float)
    scores = np.array([[0.9, 0.1], [0.2, 0.1], [0.1, 0.9]])
    assert macro_f1(scores, gold, np.array([0.5, 0.5])) == pytest.approx((2 / 3 + 1) / 2)


@given(arrays(float, (30, 2), elements=st.floats(0, 1)), arrays(bool, (30, 2)))
def test_no_other_threshold_beats_the_best_one(scores, gold):
    gold = gold.astype(float)
    best = macro_f1(scores, gold, best_thresholds(scores, gold))
    for threshold in np.linspace(0, 1, 11):
        assert macro_f1(scores, gold, np.full(2, threshold)) <= best + 1e-9


def test_cross_fitting_does_not_judge_by_what_it_fitted():
    rng = np.random.default_rng(0)
    scores, gold = rng.random((60, 8)), (rng.random((60, 8)) < 0.1).astype(float)
    assert cross_fitted(scores, gold) < macro_f1(scores, gold, best_thresholds(scores, gold))


def test_four_fifths_of_a_normal_sample_lie_in_its_four_fifths_interval():
    rng = np.random.default_rng(0)
    gold = rng.normal(0, 2, (20_000, 1))
    assert coverage(np.zeros_like(gold), np.full_like(gold, 2.0), gold) == pytest.approx(0.8, abs=0.01)


def test_errors_are_given_from_the_least_to_the_most_confident():
    confidence, error = np.array([0.9, 0.1, 0.5, 0.7]), np.array([1.0, 4.0, 3.0, 2.0])
    assert error_by_confidence(confidence, error, bins=2).tolist() == [3.5, 1.5]
