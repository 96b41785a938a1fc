"""Measures of ratings against scipy and scikit-learn, and their values where theory has none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("sklearn")
from scipy import stats
from sklearn import metrics

from kelly.errors import UsageError
from kelly.training.evaluation import continuous


@given(st.integers(0, 2**32 - 1), st.integers(3, 80), st.sampled_from([0, 1, 3]))
def test_every_measure_is_scipys_or_scikit_learns(seed, items, decimals):
    rng = np.random.default_rng(seed)
    gold = np.append(rng.normal(0, 1, items), [-1, 1]).round(decimals)  # so that it varies, with many ties
    told = np.append(0.6 * gold[:-2] + rng.normal(0.2, 0.5, items), [0, 1]).round(decimals)
    ours = continuous.agreement(gold, told)
    assert ours.mae == pytest.approx(metrics.mean_absolute_error(gold, told), abs=1e-12)
    assert ours.rmse == pytest.approx(metrics.root_mean_squared_error(gold, told), abs=1e-12)
    assert ours.r2 == pytest.approx(metrics.r2_score(gold, told), abs=1e-12)
    assert ours.pearson == pytest.approx(stats.pearsonr(gold, told).statistic, abs=1e-12)
    assert ours.spearman == pytest.approx(stats.spearmanr(gold, told).statistic, abs=1e-12)


def test_concordance_is_lins_and_lessened_by_a_shift_that_correlation_does_not_see():
    gold = np.array([1.0, 2, 3, 4, 5])
    assert continuous.ccc(gold, gold) == pytest.approx(1)
    assert continuous.ccc(gold, 6 - gold) == pytest.approx(-1)
    assert continuous.pearson(gold, gold + 2) == pytest.approx(1)
    assert continuous.ccc(gold, gold + 2) == pytest.approx(2 * 2 / (2 + 2 + 4))  # variances 2, means 2 apart


@pytest.mark.parametrize("items", range(1, 12))
def test_what_does_not_vary_earns_no_correlation_however_its_mean_is_rounded(items):
    same = continuous.agreement(np.full(items, 0.1), np.full(items, 0.7))
    assert (same.pearson, same.spearman, same.ccc, same.r2) == (0, 0, 0, 0)
    assert same.mae == pytest.approx(0.6)


def test_gold_that_does_not_vary_is_explained_only_by_itself():
    assert continuous.r2([0.3, 0.3], [0.3, 0.3]) == 1
    assert continuous.r2([0.3, 0.3], [0.3, 0.4]) == 0


ROWS = arrays(float, st.shared(st.integers(1, 20), key="n"), elements=st.floats(-1e6, 1e6))


@given(ROWS, ROWS)
def test_any_finite_ratings_have_finite_measures_in_their_ranges(gold, told):
    found = continuous.agreement(gold, told)
    assert np.isfinite([found.mae, found.rmse, found.pearson, found.spearman, found.ccc]).all()
    assert found.mae <= found.rmse * (1 + 1e-9) + 1e-150  # smaller squares are 0
    assert found.r2 <= 1
    assert max(abs(found.pearson), abs(found.spearman), abs(found.ccc)) <= 1 + 1e-9


def test_the_mean_of_gold_explains_nothing_and_another_constant_less():
    gold = [0.0, 1.0, 2.0]
    assert continuous.r2(gold, [1, 1, 1]) == 0
    assert continuous.r2(gold, [2, 2, 2]) < 0


@pytest.mark.parametrize(
    ("gold", "told", "says"),
    [
        ([], [], "n > 0"),
        ([1.0], [1.0, 2.0], r"\(1,\) and \(2,\)"),
        ([[1.0]], [[1.0]], "rows"),
        ([np.nan, 1], [1.0, 2], "finite"),
        ([0.0, 1], [1.0, np.inf], "finite"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(gold, told, says):
    for measure in (continuous.agreement, continuous.mae, continuous.rmse, continuous.r2, continuous.ccc):
        with pytest.raises(UsageError, match=says):
            measure(gold, told)


def test_the_names_are_in_the_order_of_the_numbers():
    told = continuous.agreement([0.0, 1, 2], [0.0, 1, 4])
    assert dict(zip([name for name, _ in continuous.NAMES], told.row, strict=True))["MAE"] == pytest.approx(2 / 3)
    assert [name for name, lower in continuous.NAMES if lower] == ["MAE", "RMSE"]
