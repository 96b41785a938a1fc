"""The design's targets: who meets them, in words."""

import pytest

from kelly.errors import UsageError
from kelly.training.evaluation.targets import judged, summary, targets


def words(key, bar, *told):
    return next(one.words for one in judged(*told) if (one.target.key, one.target.bar) == (key, bar))


def test_all_twelve_bars_of_the_design_are_there():
    assert [target.bar for target in targets() if target.key == "accuracy"] == [0.6, 0.75, 0.85]
    assert [target.bar for target in targets() if target.key.startswith("mae")] == [0.2, 0.15, 0.15]
    assert [target.title for target in targets() if target.key in ("ece", "latency")] == [
        "expected calibration error ≤ 0.1",
        "latency of a 5 s clip ≤ 100 ms",
        "latency of a 5 s clip ≤ 50 ms",
    ]
    assert len(targets()) == 12


@pytest.mark.parametrize(
    ("ours", "constant", "others", "says"),
    [
        (0.14, 0.18, {}, "met; a constant misses it"),
        (0.14, 0.15, {}, "met, but a constant meets it too"),
        (0.16, 0.15, {}, "missed, though a constant meets it"),
        (0.16, 0.18, {"linear": 0.17, "forest": 0.2}, "missed; nobody here meets it"),
        (0.16, 0.18, {"linear": 0.12, "forest": 0.2}, "missed; met by linear"),
        (0.14, None, {}, "met"),
        (None, 0.1, {}, "not measured here; a constant meets it"),
        (None, None, {}, "not measured here"),
    ],
)
def test_a_verdict_says_who_meets_a_bar(ours, constant, others, says):
    told = [{} if value is None else {"mae_valence": value} for value in (ours, constant)]
    beside = {name: {"mae_valence": value} for name, value in others.items()}
    assert words("mae_valence", 0.15, *told, beside) == says


def test_the_summary_parts_what_is_earned_from_what_is_free_and_what_is_out_of_reach():
    told = judged({"accuracy": 0.7, "ece": 0.04, "r_valence": 0.5}, {"accuracy": 0.13, "ece": 0.02, "r_valence": 0.0})
    earned, free, none = summary(told)
    assert earned == "Met by the model and not by a constant: class accuracy ≥ 0.6."
    assert free == "Met by a constant already: expected calibration error ≤ 0.1."
    assert "class accuracy ≥ 0.75, class accuracy ≥ 0.85, Pearson r of valence ≥ 0.8" in none
    assert "latency" not in none  # nobody was measured


def test_nothing_measured_comes_to_nothing():
    assert summary(judged({}, {}))[0].endswith("none.")


def test_a_key_that_is_no_targets_is_refused():
    with pytest.raises(UsageError, match="got acuracy"):
        judged({"acuracy": 1.0}, {})
