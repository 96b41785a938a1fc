"""Class measures against scikit-learn, and what they make of classes that do not occur."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sklearn")
from sklearn import metrics

from kelly.errors import UsageError
from kelly.training.evaluation import classes

EXACT = pytest.approx(0, abs=1e-12)


def drawn(seed, items, k, present):
    """Gold of the first `present` classes only, and probabilities that are somewhat right."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, present, items)
    scores = rng.random((items, k)) + 0.5 * np.eye(k)[gold]
    return gold, scores / scores.sum(1, keepdims=True)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(2, 8), st.data())
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true", "ignore:A single label was found")
def test_every_measure_is_scikit_learns(seed, items, k, data):
    gold, probabilities = drawn(seed, items, k, data.draw(st.integers(1, k)))
    told, ours = probabilities.argmax(1), classes.scores(gold, probabilities)
    rest = {"labels": range(k), "zero_division": 0}
    assert ours.accuracy - metrics.accuracy_score(gold, told) == EXACT
    assert ours.unweighted_accuracy - metrics.balanced_accuracy_score(gold, told) == EXACT
    assert ours.macro_f1 - metrics.f1_score(gold, told, average="macro", zero_division=0) == EXACT
    assert ours.weighted_f1 - metrics.f1_score(gold, told, average="weighted", zero_division=0) == EXACT
    assert np.array_equal(ours.confusion, metrics.confusion_matrix(gold, told, labels=range(k)))
    theirs = metrics.precision_recall_fscore_support(gold, told, **rest)
    for mine, other in zip((ours.precision, ours.recall, ours.f1, ours.support), theirs, strict=True):
        assert np.abs(mine - other).max() == EXACT


def test_a_class_that_nobody_gives_or_tells_does_not_lower_the_mean():
    gold, probabilities = np.array([0, 1]), np.array([[0.9, 0.1, 0], [0.2, 0.8, 0]])
    scores = classes.scores(gold, probabilities)
    assert scores.unweighted_accuracy == scores.macro_f1 == 1
    assert scores.f1.tolist() == [1, 1, 0]


def test_a_class_told_but_never_given_lowers_the_macro_f1_alone():
    scores = classes.scores([0, 0, 0, 1], np.eye(3)[[0, 0, 2, 1]])
    assert scores.unweighted_accuracy == pytest.approx((2 / 3 + 1) / 2)
    assert scores.macro_f1 == pytest.approx((0.8 + 1 + 0) / 3)


def test_many_confusion_matrices_are_measured_at_once():
    gold, probabilities = drawn(0, 40, 4, 4)
    each = classes.confusions(gold, probabilities.argmax(1), 4)
    for measure in classes.MEASURES.values():
        halves = np.stack([each[:20].sum(0), each[20:].sum(0)])
        assert measure(halves).tolist() == [float(measure(halves[0])), float(measure(halves[1]))]


def test_row_shares_sum_to_one_or_stay_empty():
    assert classes.row_shares(np.array([[3, 1], [0, 0]])).tolist() == [[0.75, 0.25], [0, 0]]


def test_a_constant_tells_the_commonest_class_and_how_common_each_is():
    told = classes.constant([30, 50, 20], 4)
    assert told.tolist() == [[0.3, 0.5, 0.2]] * 4
    assert classes.scores([0, 1, 1, 2], told).accuracy == 0.5


@pytest.mark.parametrize(
    ("gold", "probabilities", "says"),
    [
        ([], np.zeros((0, 2)), "n > 0"),
        ([0], [[0.5, 0.5], [0.5, 0.5]], r"got \(1,\) and \(2, 2\)"),
        ([0], [1.0], "n > 0"),
        ([2], [[0.5, 0.5]], "0..1; got int64 from 2 to 2"),
        ([-1], [[0.5, 0.5]], "from -1"),
        ([0.5], [[0.5, 0.5]], "float64"),
        ([0], [[0.5, 0.6]], "sum to 1"),
        ([0], [[1.5, -0.5]], "0 or more"),
        ([0], [[np.nan, 1]], "sum to 1"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(gold, probabilities, says):
    with pytest.raises(UsageError, match=says):
        classes.scores(gold, probabilities)


@pytest.mark.parametrize("shares", [[], [0, 0], [1, -1], [np.nan, 1], [[1, 2]]])
def test_a_constant_of_no_shares_is_refused(shares):
    with pytest.raises(UsageError, match="shares of classes"):
        classes.constant(shares, 3)
