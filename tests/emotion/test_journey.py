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


JOY, CALM = Emotion(0.9, 0.7, 0.7), Emotion(0.4, 0.1, 0.6)
WAY = ((0.1, GRIEF), (0.4, JOY), (0.9, CALM))

feelings = st.builds(Emotion, st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
ways = st.lists(st.tuples(st.floats(0, 1), feelings), min_size=2, max_size=9).map(
    lambda points: tuple(sorted(points, key=lambda point: point[0]))
)


def test_a_journey_leads_through_its_points_and_holds_at_the_ends():
    journey = Journey.through(WAY)
    assert [journey.at(place).vad for place, _ in WAY] == [GRIEF.vad, JOY.vad, CALM.vad]
    assert (journey.at(0), journey.at(1)) == (journey.start, journey.end) == (GRIEF, CALM)
    assert journey.at(0.25).valence == pytest.approx(0)
    assert journey.moves
    assert journey.curve(10).shape == (10, 3)


def test_two_points_in_one_place_are_a_sudden_turn():
    journey = Journey.through([(0.5, GRIEF), (0.5, JOY)])
    assert journey.at(0.499).vad == GRIEF.vad
    assert journey.at(0.5).vad == JOY.vad


def test_a_journey_that_comes_back_still_moves():
    assert Journey.through([(0.0, GRIEF), (0.5, JOY), (1.0, GRIEF)]).moves
    assert not Journey.through([(0.0, GRIEF), (1.0, GRIEF)]).moves


@given(bars=st.integers(17, 2000), name=st.sampled_from(list(arcs())))
def test_what_is_felt_in_a_section_is_felt_there_at_any_length(bars, name):
    shape = arc(name)
    points = [(place, Emotion(i / 10, 0.5, 0.5)) for i, place in enumerate(shape.centres())]
    scaled = Journey.through(points, shape).scaled(bars)
    kept = [feeling.vad for (_, feeling), length in zip(points, shape._lengths(bars), strict=True) if length]
    assert [scaled.at(place).vad for place in scaled.arc.centres()] == kept


@given(way=ways, bars=st.integers(1, 2000), progress=st.floats(0, 1))
def test_any_points_give_a_journey_of_any_length(way, bars, progress):
    journey = Journey.through(way).scaled(bars).rounded()
    assert journey.arc.bars == bars
    low, high = (pick(feeling.valence for _, feeling in journey.points) for pick in (min, max))
    assert low - 1e-9 <= journey.at(progress).valence <= high + 1e-9


def test_rounding_a_journey_rounds_what_is_felt_at_every_point():
    odd = Emotion(0.12345, 0.12345, 0.12345)
    rounded = Journey.through([(1 / 3, odd), (2 / 3, GRIEF)]).rounded()
    assert rounded.points[0][1] == rounded.start == odd.rounded()
    assert Journey(odd, GRIEF, "spiral").rounded() == Journey(odd.rounded(), GRIEF.rounded(), "spiral")


@pytest.mark.parametrize(
    ("points", "complaint"),
    [
        ([], "two or more; got none"),
        ([(0.5, GRIEF)], "two or more; got one"),
        ([(0.5, GRIEF), (0.4, JOY)], r"must not fall; got \[0.5, 0.4\]"),
        ([(0.5, GRIEF), (1.2, JOY)], r"\(progress in 0..1, Emotion\)"),
        ([(float("nan"), GRIEF), (1.0, JOY)], r"\(progress in 0..1, Emotion\)"),
        ([(0.5, GRIEF), (0.6, "joy")], r"\(progress in 0..1, Emotion\)"),
        ([1, 2], r"\(progress in 0..1, Emotion\)"),
        (7, r"\(progress in 0..1, Emotion\)"),
    ],
)
def test_points_that_are_none_are_refused(points, complaint):
    with pytest.raises(UsageError, match=complaint):
        Journey.through(points)


def test_points_and_sides_must_agree():
    assert Journey(GRIEF, points=WAY) == Journey.through(WAY)
    with pytest.raises(UsageError, match="another side"):
        Journey(JOY, points=WAY)


def test_a_place_belongs_to_the_stretch_that_holds_it():
    shape = arc("slow-reveal")
    assert [shape.index(place) for place in shape.centres()] == [0, 1, 2, 3, 4]
    assert (shape.index(-1), shape.index(0), shape.index(1), shape.index(2)) == (0, 0, 4, 4)
    assert shape.index(16 / 60) == 1


def test_a_place_cannot_be_moved_to_an_impossible_length():
    with pytest.raises(UsageError, match=r"bars must lie in 1\.\.2000"):
        arc("classic").moved(0.5, 0)
