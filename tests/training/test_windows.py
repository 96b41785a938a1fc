"""How steady what is told of a track's windows is, by pencil and paper."""

import numpy as np
import pytest

from kelly.errors import UsageError
from kelly.training.evaluation import windows

TRACKS = ["a", "a", "a", "b", "b", "c"]
RATINGS = np.array([[0.0, 1], [0.2, 1], [0.1, 1], [0.6, 0], [0.8, 0], [1.0, 0.5]])
CLASSES = [0, 0, 1, 2, 2, 1]


def test_change_is_counted_inside_tracks_only():
    assert windows.mean_change(TRACKS, RATINGS) == pytest.approx([(0.2 + 0.1 + 0.2) / 3, 0])


def test_the_majority_is_each_tracks_own():
    assert windows.majority_share(TRACKS, CLASSES) == pytest.approx((2 + 2 + 1) / 6)
    assert windows.majority_share(["x"] * 4, [0, 1, 0, 1]) == 0.5


def test_spread_within_is_pooled_and_between_is_that_of_means():
    within, between = windows.spreads(TRACKS, RATINGS)
    assert within[0] == pytest.approx(np.sqrt((0.02 + 0.02) / 3))
    assert between[0] == pytest.approx(np.std([0.1, 0.7, 1.0], ddof=1))
    assert within[1] == 0


def test_windows_of_tracks_may_come_interleaved():
    order = [3, 0, 5, 1, 4, 2]
    told = windows.consistency(np.array(TRACKS)[order], RATINGS[order], np.array(CLASSES)[order])
    kept = windows.consistency(TRACKS, RATINGS, CLASSES)
    assert told.change == pytest.approx(kept.change)
    assert (told.tracks, told.windows, told.majority) == (3, 6, kept.majority)


def test_tracks_of_one_window_each_neither_change_nor_spread():
    told = windows.consistency(["a", "b"], [[0.0], [1.0]])
    assert (told.change.tolist(), told.within.tolist(), told.majority) == ([0], [0], None)
    assert told.between == pytest.approx([np.sqrt(0.5)])


def test_a_single_track_has_no_spread_between():
    assert windows.spreads(["a", "a"], [[0.0], [1.0]])[1].tolist() == [0]


@pytest.mark.parametrize(
    ("tracks", "ratings", "classes"),
    [
        ([], np.zeros((0, 2)), None),
        (["a"], [[0.0], [1.0]], None),
        (["a"], [0.0], None),
        (["a"], [[np.nan]], None),
        (["a"], [[0.0]], [0.5]),
        (["a"], [[0.0]], [-1]),
        (["a"], [[0.0]], [0, 1]),
    ],
)
def test_what_cannot_be_measured_is_refused(tracks, ratings, classes):
    with pytest.raises(UsageError, match="got"):
        windows.consistency(tracks, ratings, classes)
