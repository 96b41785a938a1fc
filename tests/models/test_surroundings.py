"""Surroundings: each number that the dynamics network is told of a note is what a reader of the score would say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.errors import UsageError
from kelly.models.dynamics import slots
from kelly.models.dynamics.surroundings import Notes, Setting, strength, written

SETTING = Setting(np.zeros(4), np.array(0), np.array(90.0))
# Two bars of 4/4: a melody of four quarters and a whole, over a fifth that is held for both bars.
TUNE = Notes(
    onset=np.array([0.0, 1, 2, 3, 4, 0, 0]),
    duration=np.array([1.0, 0.5, 1, 1, 4, 8, 8]),
    pitch=np.array([60.0, 62, 64, 66, 72, 48, 55]),
    voice=np.array([0, 0, 0, 0, 0, 1, 1]),
    bars=np.array([0.0, 4, 8]),
)


def notes(rows):
    columns = np.array(rows, np.float64).reshape(-1, 4).T
    bars = np.arange(0, 4 * 12, 4.0)
    return Notes(columns[0], columns[1], columns[2], columns[3].astype(np.int64), bars)


@pytest.fixture(scope="module")
def told():
    return written(TUNE, SETTING)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("interval_before", [0, 2, 2, 2, 6, 0, 0]),
        ("interval_after", [2, 2, 2, 6, 0, 0, 0]),
        ("time_before", [16, 1, 1, 1, 1, 16, 16]),
        ("time_after", [1, 1, 1, 1, 16, 16, 16]),
        ("place_in_bar", [0, 0.25, 0.5, 0.75, 0, 0, 0]),
        ("strength", [1, 0.6, 0.8, 0.6, 1, 1, 1]),
        ("top", [1, 1, 1, 1, 1, 0, 0]),
        ("bottom", [0, 1, 1, 1, 1, 1, 0]),
        ("simultaneous", [3, 1, 1, 1, 1, 3, 3]),
        ("place_in_phrase", [0, 1 / 16, 1 / 8, 3 / 16, 1 / 4, 0, 0]),
        ("place_in_piece", [0, 1 / 4, 1 / 2, 3 / 4, 1, 0, 0]),
        ("articulation", [1, 0.5, 1, 1, 1, 1, 1]),
        ("density", [5 / 4, 6 / 4, 7 / 4, 4 / 4, 3 / 4, 5 / 4, 5 / 4]),
        ("slope", [1, (2 - 3) / 5, (2 - 4) / 6, (1 - 2) / 3, -1, 1, 1]),
        ("dissonance", [0, 0.25, 0, 0.75, 0, 0, 0]),
    ],
)
def test_a_tune_is_told_as_it_is_written(told, name, values):
    assert getattr(told, name).tolist() == pytest.approx(values)


def test_height_is_counted_from_the_pitches_around(told):
    assert told.height[4] == pytest.approx(72 - (64 + 66 + 72) / 3)


@pytest.mark.parametrize(
    ("place", "beats", "wanted"),
    [(0, 3, 1), (1.5, 3, 0.4), (1, 2, 0.8), (2, 4, 0.8), (2.5, 5, 0.4), (0.25, 4, 0.2), (0.1, 4, 0), (1 / 3, 4, 0)],
)
def test_strength_falls_with_the_level_of_the_metre(place, beats, wanted):
    assert strength(place, beats) == wanted


quarters = st.integers(1, 16).map(lambda count: count / 4)
onsets = st.integers(0, 160).map(lambda count: count / 4)
rows = st.lists(
    st.tuples(onsets, quarters, st.integers(20, 100), st.integers(0, 2)),
    max_size=25,
    unique_by=lambda row: (row[0], row[2]),
)


@given(rows)
def test_every_piece_can_be_told_within_the_ranges(found):
    slots_ = slots.write(written(notes(found), SETTING))
    assert slots_.shape == (len(found), slots.INPUTS)
    assert np.isfinite(slots_).all()
    shares = slots_[:, [11, 12, 13, 14, 17, 18, 20, 21, 22, 25]]
    assert shares.min(initial=0) >= 0
    assert shares.max(initial=0) <= 1
    assert np.abs(slots_[:, 19]).max(initial=0) <= 1


@given(rows.flatmap(lambda found: st.tuples(st.just(found), st.permutations(range(len(found))))))
def test_the_order_of_the_notes_does_not_matter(drawn):
    found, order = drawn
    whole = slots.write(written(notes(found), SETTING))
    again = slots.write(written(notes([found[i] for i in order]), SETTING))
    assert np.allclose(whole[list(order)], again)


@pytest.mark.parametrize("bars", [[0.0], [1.0, 8.0], [0.0, 4.0], [0.0, 8.0, 8.0]])
def test_bars_that_do_not_hold_the_notes_are_refused(bars):
    with pytest.raises(UsageError, match="bars must ascend"):
        Notes(TUNE.onset, TUNE.duration, TUNE.pitch, TUNE.voice, np.array(bars))


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(UsageError, match="one entry for each note"):
        Notes(TUNE.onset, TUNE.duration[1:], TUNE.pitch, TUNE.voice, TUNE.bars)
