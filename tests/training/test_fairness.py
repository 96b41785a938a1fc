"""The same measure by subgroup, and whether a gap is more than chance."""

import numpy as np
import pytest

from kelly.errors import UsageError
from kelly.training.evaluation.fairness import fairness


def right(gold, told):
    return float((gold == told).mean())


def people(share, seed=0, items=50):
    """Twelve women and twelve men; of the women's items a share is told rightly, of the men's half."""
    rng = np.random.default_rng(seed)
    actors = np.repeat(np.arange(24), items)
    sex = np.where(actors % 2, "male", "female")
    told = (rng.random(len(actors)) < np.where(sex == "female", share, 0.5)).astype(int)
    return np.ones(len(actors), int), told, actors, sex


def measured(share, **rest):
    gold, told, actors, sex = people(share)
    rng = np.random.default_rng(1)
    return fairness("actor's sex", ("accuracy", right), (gold, told), sex, rng=rng, groups=actors, draws=300, **rest)


def test_a_true_gap_is_found_and_named():
    found = measured(0.8)
    assert [(part.name, part.items, part.units) for part in found.subgroups] == [("female", 600, 12), ("male", 600, 12)]
    assert found.pair == ("female", "male")
    assert found.gap.value == pytest.approx(found.subgroups[0].estimate.value - found.subgroups[1].estimate.value)
    assert found.gap.low > 0.2


def test_no_gap_is_not_mistaken_for_one():
    assert measured(0.5).gap.low < 0


def test_the_better_off_have_less_where_less_is_better():
    assert measured(0.8, lower=True).pair == ("male", "female")
    assert measured(0.8, lower=True).gap.value > 0


def test_a_single_subgroup_has_no_gap():
    told = fairness("corpus", ("accuracy", right), (np.ones(4), np.ones(4)), np.zeros(4), rng=np.random.default_rng(0))
    assert (told.gap, told.pair, len(told.subgroups)) == (None, None, 1)


def test_subgroups_that_are_alike_have_a_gap_of_nought():
    told = fairness(
        "corpus", ("accuracy", right), (np.ones(4), np.ones(4)), np.arange(4) % 2, rng=np.random.default_rng(0)
    )
    assert told.gap.value == 0
    assert told.pair == ("0", "1")


def test_a_subgroup_of_a_single_person_leaves_the_gap_without_an_interval():
    gold, told, actors, sex = people(0.8)
    keep = (sex == "female") | (actors == 1)
    found = fairness(
        "actor's sex",
        ("accuracy", right),
        (gold[keep], told[keep]),
        sex[keep],
        rng=np.random.default_rng(0),
        groups=actors[keep],
        draws=50,
    )
    assert found.subgroups[1].estimate.low is None
    assert found.gap.low is None


def test_subgroups_must_be_as_many_as_items():
    with pytest.raises(UsageError, match="as many"):
        fairness("sex", ("accuracy", right), (np.ones(3), np.ones(3)), np.ones(2), rng=np.random.default_rng(0))
