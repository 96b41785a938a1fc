import numpy as np
import pytest

from kelly.score.notes import Note, Part, Score
from kelly.training.data.onsets import CHORD, FEATURES, PLACES, onsets


def played(notes):
    """Notes (seconds, duration, pitch, velocity) in a file that claims 120 BPM."""
    return Score((Part("", 0, notes=tuple(Note(2 * at, 2 * long, *rest) for at, long, *rest in notes)),))


def feature(score, name, place="this"):
    _, features = onsets(score)
    return features[:, PLACES.index(place) * len(FEATURES) + FEATURES.index(name)]


MARCH = [(i / 4, 0.25, 60 - 24 * (i % 4 == 0), 60 + 40 * (i % 4 == 0)) for i in range(16)]


def test_a_spread_chord_is_one_onset_at_its_middle():
    times, _ = onsets(played([(1.0, 1, 60, 80), (1.02, 1, 64, 80), (1.039, 1, 67, 80), (1.5, 1, 72, 80)]))
    assert times == pytest.approx([1.0197, 1.5], abs=1e-3)


def test_a_run_is_not_a_chord_however_fast():
    step = CHORD * 0.6
    times, _ = onsets(played([(i * step, 0.1, 60 + i, 80) for i in range(6)]))
    assert len(times) == 3


def test_the_low_and_loud_notes_stand_out():
    march = played(MARCH)
    for name in ("lowest", "loudest"):  # the third of four has its like beside it, the second and fourth do not
        assert feature(march, name).tolist()[:12] == [1, 0, 1, 0] * 3
    assert np.all(feature(march, "louder")[::4] > 2)
    assert np.all(feature(march, "lower")[::4] < -1)


def test_gaps_are_binary_logarithms_of_seconds():
    score = played([(0.0, 0.1, 60, 80), (1.0, 0.1, 62, 80), (1.25, 0.1, 64, 80)])
    assert feature(score, "before").tolist() == pytest.approx([0, 0, -2])
    assert feature(score, "after").tolist() == pytest.approx([0, -2, -2])


def test_a_pitch_class_is_new_when_it_was_not_struck_of_late():
    score = played([(0.0, 0.1, 60, 80), (0.5, 0.1, 72, 80), (1.0, 0.1, 62, 80), (2.0, 0.1, 60, 80), (2.0, 0.1, 62, 80)])
    assert feature(score, "new").tolist() == pytest.approx([1, 0, 1, 0.5])


def test_neighbours_features_stand_beside_an_onset_s_own():
    march = played(MARCH)
    own = feature(march, "louder")
    assert feature(march, "louder", "previous")[1:] == pytest.approx(own[:-1])
    assert feature(march, "louder", "next")[:-1] == pytest.approx(own[1:])


def test_a_quieter_recording_of_the_same_has_the_same_features():
    quiet = [(at, long, pitch, velocity - 20) for at, long, pitch, velocity in MARCH]
    assert onsets(played(quiet))[1] == pytest.approx(onsets(played(MARCH))[1])


@pytest.mark.parametrize("notes", [[], [(0.0, 1.0, 60, 80)]])
def test_a_score_of_nothing_or_one_note_has_as_many_onsets(notes):
    times, features = onsets(played(notes))
    assert len(times) == len(features) == len(notes)
    assert features.shape[1] == len(PLACES) * len(FEATURES)
    assert np.all(np.isfinite(features))
