import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.errors import UsageError
from kelly.training.evaluation.beats import Continuity, continuity, f_measure, settled

BEATS = np.arange(10) * 0.5
rising = st.lists(st.floats(0, 60), max_size=30, unique=True).map(sorted)


def test_the_beats_themselves_are_perfect():
    assert f_measure(BEATS, BEATS) == 1.0
    assert continuity(BEATS, BEATS) == Continuity(1.0, 1.0, 1.0, 1.0)


def test_an_estimate_within_seventy_milliseconds_counts():
    assert f_measure([1.0, 2.0], [1.069, 1.931]) == 1.0
    assert f_measure([1.0, 2.0], [1.071, 1.929]) == 0.0


def test_each_beat_is_found_once():
    # one hit of two estimates and one annotation: precision 1/2, recall 1
    assert f_measure([1.0], [0.98, 1.02]) == pytest.approx(2 / 3)


def test_two_of_three_and_one_too_many():
    # hits at 1 and 3 of four estimates and three annotations
    assert f_measure([1.0, 2.0, 3.0], [1.0, 2.2, 2.5, 3.0]) == pytest.approx(4 / 7)


def test_the_earliest_fitting_beat_leaves_the_later_one_to_the_next():
    assert f_measure([1.0, 1.1], [1.05, 1.12]) == 1.0


def test_double_tempo_is_right_at_another_level_only():
    double = np.arange(19) * 0.25
    assert f_measure(BEATS, double) == pytest.approx(20 / 29)
    measured = continuity(BEATS, double)
    assert (measured.cmlt, measured.amlt) == (0.0, 1.0)


@pytest.mark.parametrize("estimated", [BEATS[::2], BEATS[1::2], BEATS[:-1] + 0.25])
def test_half_tempo_and_off_the_beat_are_right_at_another_level(estimated):
    measured = continuity(BEATS, estimated)
    assert measured.cmlt < 0.2
    assert (measured.amlc, measured.amlt) == (1.0, 1.0)


def test_one_wrong_beat_breaks_the_run_and_costs_two():
    # The fifth of ten is 0.2 s late: neither it (phase) nor the sixth (distance) agrees; runs of four and four.
    estimated = BEATS + 0.2 * (np.arange(10) == 4)
    measured = continuity(BEATS, estimated)
    assert measured.cmlc == pytest.approx(0.4)
    assert measured.cmlt == pytest.approx(0.8)


def test_a_shift_below_seventeen_percent_of_a_beat_is_allowed():
    assert continuity(BEATS, BEATS + 0.08).cmlt == 1.0
    assert continuity(BEATS, BEATS + 0.09).cmlt == 0.0


def test_beats_that_are_not_found_count():
    assert continuity(BEATS, BEATS[:5]).cmlt == pytest.approx(0.5)


@pytest.mark.parametrize(("annotated", "estimated"), [([], []), (BEATS, []), ([], BEATS), ([1.0], [1.0])])
def test_too_few_beats_are_no_agreement(annotated, estimated):
    assert continuity(annotated, estimated) == Continuity(0.0, 0.0, 0.0, 0.0)
    assert f_measure(annotated, estimated) in {0.0, 1.0}


def test_the_first_five_seconds_can_be_left_out():
    assert settled([1.0, 4.99, 5.0, 7.0]).tolist() == [5.0, 7.0]


@given(annotated=rising, estimated=rising)
def test_every_measure_is_a_share(annotated, estimated):
    measured = continuity(annotated, estimated)
    assert 0 <= f_measure(annotated, estimated) <= 1
    assert 0 <= measured.cmlc <= measured.cmlt <= measured.amlt <= 1
    assert measured.cmlc <= measured.amlc <= measured.amlt


@given(annotated=rising, estimated=rising)
def test_f_measure_is_the_same_either_way(annotated, estimated):
    assert f_measure(annotated, estimated) == pytest.approx(f_measure(estimated, annotated))


@pytest.mark.parametrize("wrong", [[2.0, 1.0], [1.0, 1.0], [np.nan], [[1.0, 2.0]], [0.0, np.inf]])
def test_what_is_no_row_of_times_is_refused(wrong):
    with pytest.raises(UsageError, match="finite times that rise"):
        f_measure(wrong, BEATS)
    with pytest.raises(UsageError, match="finite times that rise"):
        continuity(BEATS, wrong)
