"""From arrays to a task of the report: numbers beside baselines, with intervals of paired items."""

import numpy as np
import pytest

from kelly.errors import UsageError
from kelly.training.evaluation import calibration, classes, continuous
from kelly.training.evaluation.measuring import About, classified, rated

NAMES = ("happy", "sad", "angry")


def dice(seed=0):
    return np.random.default_rng(seed)


def heard(items=240, seed=0):
    """Gold of three classes, a good model that is too sure of itself, and a bad one."""
    rng = dice(seed)
    gold = rng.integers(0, 3, items)
    good, bad = (rng.normal(0, 1, (items, 3)) + strength * np.eye(3)[gold] for strength in (2.0, 0.5))
    return gold, calibration.softmax(5 * good), calibration.softmax(bad)


def task(about=None, **rest):
    gold, good, bad = heard()
    about = about or About("speech", "dev", draws=200)
    beside = {"linear": bad, "constant": classes.constant([1, 2, 1], len(gold))}
    return classified(about, NAMES, gold, good, beside, dice(1), **rest)


def test_the_numbers_are_those_of_the_measures_and_lie_in_their_intervals():
    gold, good, bad = heard()
    told = {number.name: number for number in task().numbers}
    assert list(told) == ["accuracy", "unweighted accuracy", "macro F1", "weighted F1"]
    assert told["macro F1"].ours.value == classes.scores(gold, good).macro_f1
    assert told["macro F1"].beside["linear"].value == classes.scores(gold, bad).macro_f1
    for number in told.values():
        for one in (number.ours, *number.beside.values(), *number.differences.values()):
            assert one.low <= one.value <= one.high


def test_a_difference_is_ours_less_theirs():
    number = task().numbers[0]
    for name, apart in number.differences.items():
        assert apart.value == pytest.approx(number.ours.value - number.beside[name].value)
    assert number.differences["linear"].low > 0


def test_a_bar_is_reached_or_missed_on_the_side_that_counts():
    numbers = {
        one.name: one for one in task(About("s", "dev", bars={"accuracy": 0.5, "macro F1": 0.99}, draws=9)).numbers
    }
    assert (numbers["accuracy"].reached, numbers["macro F1"].reached) == (True, False)
    assert numbers["weighted F1"].reached is None
    axes = rated(
        About("s", "dev", bars={"V: MAE": 0.2}, draws=9), ("V",), [[0.0], [1.0]], [[0.1], [1.1]], {}, dice()
    ).numbers
    assert axes[0].reached


def test_temperatures_are_fitted_on_the_other_folds_and_mend_the_model():
    found = task(folds=np.arange(240) % 5).calibrated
    assert len(found.temperatures) == 5
    assert min(found.temperatures) > 1.5
    assert found.after.ece < found.before.ece
    assert set(found.beside) == {"linear", "constant"}
    assert task().calibrated.after is None


def test_whole_groups_are_counted_and_drawn():
    about = About("speech", "dev", np.arange(240) // 20, "actor", draws=50)
    found = task(about)
    assert (found.items, found.units, found.unit) == (240, 12, "actor")


def test_a_single_actor_leaves_every_number_without_an_interval():
    number = task(About("speech", "test", np.zeros(240), "actor", draws=50)).numbers[0]
    assert number.ours.low is None
    assert number.differences["linear"].low is None
    assert number.ours.value > 0.5


def test_every_subgroup_is_measured():
    about = About("speech", "dev", subgroups={"sex": np.where(np.arange(240) % 2, "f", "m")}, draws=50)
    (found,) = task(about).fairness
    assert (found.by, found.measure) == ("sex", "unweighted accuracy")
    assert [part.items for part in found.subgroups] == [120, 120]


def ratings(items=80, seed=0):
    rng = dice(seed)
    gold = rng.normal(0, 1, (items, 2))
    return gold, gold + rng.normal(0, 0.3, (items, 2)), gold + rng.normal(0, 1, (items, 2))


def test_ratings_are_measured_axis_by_axis():
    gold, ours, ridge = ratings()
    found = rated(About("pieces", "dev", draws=50), ("V", "A"), gold, ours, {"ridge": ridge}, dice())
    names = [number.name for number in found.numbers]
    assert names[0] == "V: MAE"
    assert names[6:] == [f"A: {name}" for name, _ in continuous.NAMES]
    assert [number.ours.value for number in found.numbers[6:]] == list(continuous.agreement(gold[:, 1], ours[:, 1]).row)
    assert found.numbers[0].lower
    assert found.numbers[0].differences["ridge"].high < 0


def test_what_is_not_rated_is_left_out_of_its_own_axis_only():
    gold, ours, ridge = ratings()
    gold[:50, 1] = np.nan
    groups, sex = np.arange(80) // 4, np.where(np.arange(80) % 2, "f", "m")
    about = About("pieces", "dev", groups, "piece", subgroups={"sex": sex}, draws=20)
    found = rated(about, ("V", "A"), gold, ours, {"ridge": ridge}, dice())
    assert [len(axis.gold) for axis in found.axes] == [80, 30]
    assert found.numbers[6].ours.value == continuous.mae(gold[50:, 1], ours[50:, 1])
    assert [part.items for part in found.fairness[1].subgroups] == [15, 15]


def test_derived_axes_are_marked_in_every_number():
    gold, ours, _ = ratings()
    found = rated(About("pieces", "dev", draws=5), ("V", "D"), gold, ours, {}, dice(), derived=("D",))
    assert [axis.derived for axis in found.axes] == [False, True]
    assert {number.name[0] for number in found.numbers if number.derived} == {"D"}


def test_the_same_seed_gives_the_same_task():
    one, other = (task().numbers for _ in range(2))
    assert one == other


@pytest.mark.parametrize("change", ["names", "gold", "baseline"])
def test_classes_that_do_not_fit_are_refused(change):
    gold, good, bad = heard(10)
    names = NAMES[:2] if change == "names" else NAMES
    gold = gold[:5] if change == "gold" else gold
    beside = {"linear": bad[:, :2] if change == "baseline" else bad}
    with pytest.raises(UsageError):
        classified(About("s", "dev"), names, gold, good, beside, dice())


def test_ratings_that_do_not_fit_are_refused():
    gold, ours, _ = ratings()
    with pytest.raises(UsageError, match="same shape"):
        rated(About("s", "dev"), ("V", "A"), gold, ours[:, :1], {}, dice())
    with pytest.raises(UsageError, match="nobody rated A"):
        rated(About("s", "dev"), ("V", "A"), np.where([True, False], gold, np.nan), ours, {}, dice())
