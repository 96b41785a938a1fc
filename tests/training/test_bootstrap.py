"""Intervals: as wide as theory has them, of whole groups where asked, and the same from the same seed."""

import numpy as np
import pytest

from kelly.errors import UsageError
from kelly.training.evaluation import bootstrap, classes


def dice(seed=0):
    return np.random.default_rng(seed)


def mean_error(gold, told):
    return float(np.abs(gold - told).mean())


def test_the_interval_of_a_mean_is_as_wide_as_its_standard_error_says():
    values = dice().normal(0, 1, 400)
    told = bootstrap.estimate(np.mean, values, rng=dice(1))
    assert told.value == values.mean()
    assert told.high - told.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_groups_whose_items_are_alike_make_the_interval_wider():
    values = np.repeat(dice().normal(0, 1, 20), 20)
    groups = np.repeat(np.arange(20), 20)
    items, whole = (bootstrap.estimate(np.mean, values, rng=dice(1), groups=by) for by in (None, groups))
    assert whole.high - whole.low > 3 * (items.high - items.low)


def test_a_group_is_drawn_with_all_its_items_wherever_they_stand():
    groups = np.array(["b", "a", "b", "a", "c"])
    sums = {sum(sorted(part)) for part in ([1, 3], [0, 2], [4])}
    drawn = bootstrap.resampled(np.sum, np.arange(5), rng=dice(), groups=groups, draws=200)
    assert set(drawn.tolist()) == {a + b + c for a in sums for b in sums for c in sums}


@pytest.mark.parametrize("groups", [None, np.arange(60) // 4])
def test_sums_give_what_going_through_the_items_gives(groups):
    gold, told = dice(1).integers(0, 3, 60), dice(2).integers(0, 3, 60)
    by_sums = bootstrap.estimate_sums(
        classes.macro_f1, classes.confusions(gold, told, 3), rng=dice(5), groups=groups, draws=100
    )
    by_items = bootstrap.estimate(
        lambda a, b: float(classes.macro_f1(classes.confusion(a, b, 3))),
        *(gold, told),
        rng=dice(5),
        groups=groups,
        draws=100,
    )
    assert (by_sums.value, by_sums.low, by_sums.high) == pytest.approx((by_items.value, by_items.low, by_items.high))


def test_a_paired_difference_is_surer_than_two_intervals():
    gold = dice().normal(0, 3, 100)
    noise = dice(1).normal(0, 1, 100)
    ours, theirs = gold + noise, gold + 1.3 * noise
    gain = bootstrap.paired(mean_error, gold, ours, theirs, rng=dice(2))
    assert gain.value == pytest.approx(mean_error(gold, ours) - mean_error(gold, theirs))
    assert gain.high < 0
    ours_alone = bootstrap.estimate(mean_error, gold, ours, rng=dice(2))
    theirs_alone = bootstrap.estimate(mean_error, gold, theirs, rng=dice(2))
    assert ours_alone.high > theirs_alone.low


def test_the_true_mean_lies_inside_about_nineteen_times_in_twenty():
    held = 0
    for seed in range(100):
        told = bootstrap.estimate(np.mean, dice(seed).normal(0.5, 1, 60), rng=dice(seed), draws=200)
        held += told.low <= 0.5 <= told.high
    assert 86 <= held <= 100


def test_the_same_seed_gives_the_same_interval():
    values = dice().random(30)
    assert bootstrap.estimate(np.mean, values, rng=dice(3)) == bootstrap.estimate(np.mean, values, rng=dice(3))


@pytest.mark.parametrize(("values", "groups"), [(np.ones(1), None), (np.ones(5), np.zeros(5))])
def test_of_a_single_unit_there_is_no_interval(values, groups):
    assert bootstrap.estimate(np.mean, values, rng=dice(), groups=groups) == bootstrap.Estimate(1.0)
    sums = np.ones((len(values), 2, 2))
    assert bootstrap.estimate_sums(classes.accuracy, sums, rng=dice(), groups=groups) == bootstrap.Estimate(0.5)


def test_a_measure_may_give_several_numbers():
    drawn = bootstrap.resampled(lambda x: (x.mean(), x.max()), dice().random(20), rng=dice(), draws=7)
    assert drawn.shape == (7, 2)


@pytest.mark.parametrize(
    ("columns", "groups"), [((np.ones(3), np.ones(2)), None), ((np.ones(3),), np.ones(2)), ((np.ones(0),), None)]
)
def test_columns_of_different_lengths_or_none_are_refused(columns, groups):
    with pytest.raises(UsageError, match="one length"):
        bootstrap.estimate(lambda *_: 0.0, *columns, rng=dice(), groups=groups)
