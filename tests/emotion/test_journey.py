"""Journeys travel from side A to side B as their arc says, over any length."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.emotion.journey import Journey, arc, arcs
from kelly.emotion.space import Emotion
from kelly.errors import UnknownNameError, UsageError

GRIEF, HOPE = Emotion(-0.9, 0.3, 0.25), Emotion(0.6, 0.6, 0.73)


def test_the_arcs_of_the_domain_page_are_there_with_their_lengths_and_energies():
    slow = arc("Slow Reveal")
    assert [s.bars for s in slow.stretches] == [16, 16, 12, 8, 8]
    assert [s.energy for s in slow.stretches] == [0.3, 0.5, 0.7, 0.4, 0.2]
    despair = arc("repetitive-despair")
    assert [(s.bars, s.energy) for s in despair.stretches] == [(8, 0.5), (8, 0.55), (8, 0.6), (8, 0.5), (8, 0.45)]
    shift = arc("sudden shift")
    assert [s.bars for s in shift.stretches] == [8, 16, 8, 4, 16, 8]
    assert [s.bars for s in arc("classic").stretches] == [4, 16, 8, 16, 8, 16, 8]
    assert len(arcs()) == 9


@pytest.mark.parametrize("name", list(arcs()))
def test_every_journey_starts_at_side_a_and_ends_at_side_b(name):
    journey = Journey(GRIEF, HOPE, name)
    assert journey.at(0).vad == GRIEF.vad
    assert journey.at(1).vad == pytest.approx(HOPE.vad)


def test_a_slow_reveal_keeps_its_truth_for_the_second_half():
    curve = Journey(GRIEF, HOPE, "slow-reveal").curve(60)[:, 0]
    assert curve[25] < -0.6
    assert curve[55] > 0.3


def test_a_sudden_shift_moves_within_a_few_bars():
    curve = Journey(GRIEF, HOPE, "sudden-shift").curve()[:, 0]
    steps = np.abs(np.diff(curve))
    assert steps.max() > 3 * steps.mean()


def test_without_a_side_b_the_feeling_stays():
    journey = Journey(GRIEF)
    assert not journey.moves
    assert np.ptp(journey.curve(), axis=0).max() == 0


@given(bars=st.integers(1, 2000), name=st.sampled_from(list(arcs())))
def test_a_scaled_arc_has_the_asked_length_in_whole_phrases(bars, name):
    scaled = arc(name).scaled(bars)
    assert scaled.bars == bars
    assert all(stretch.bars % 4 == 0 for stretch in scaled.stretches[:-1])
    assert all(stretch.bars > 0 for stretch in scaled.stretches)


def test_a_loop_is_one_stretch():
    assert len(arc("classic").scaled(8).stretches) == 1


def test_scaling_to_the_own_length_changes_nothing():
    for shape in arcs().values():
        assert shape.scaled(shape.bars) == shape


@pytest.mark.parametrize("bars", [0, -4, 2001])
def test_an_impossible_length_is_refused(bars):
    with pytest.raises(UsageError, match=r"bars must lie in 1\.\.2000"):
        arc("classic").scaled(bars)


def test_an_unknown_arc_names_the_known_ones_and_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean slow-reveal"):
        Journey(GRIEF, HOPE, "slow-revel")


def test_a_place_that_is_no_number_is_refused():
    with pytest.raises(UsageError, match="progress"):
        Journey(GRIEF).at(float("nan"))
