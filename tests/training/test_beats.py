import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.errors import CorpusError, UsageError
from kelly.score.notes import Note, Part, Score, Tempo
from kelly.training.data import beats
from kelly.training.data.beats import track
from kelly.training.data.corpora import asap
from kelly.training.data.onsets import FEATURES, PLACES
from kelly.training.evaluation.beats import continuity, f_measure
from small import asap as small


def performance(notes):
    """Notes (seconds, duration, pitch, velocity) as a file that claims 120 BPM."""
    return Score((Part("", 0, notes=tuple(Note(2 * at, 2 * long, *rest) for at, long, *rest in notes)),))


def waltz(times):
    """A low note on each downbeat, chords on the others, a melody in eighths; at the times of the beats."""
    notes = []
    for i, (at, after) in enumerate(pairwise(times)):
        half = (at + after) / 2
        chord = [(43 - i % 2, 80)] if i % 3 == 0 else [(59, 55), (62, 55), (67, 55)]
        notes += [(at, after - at, pitch, velocity) for pitch, velocity in chord]
        notes += [(at, half - at, 74 + i * 5 % 7, 75), (half, after - half, 76 + i * 3 % 5, 60)]
    return notes


def rubato(count=60, pace=0.6, sway=0.08):
    """Beats that slow down and hurry again every sixteen."""
    gaps = pace * (1 + sway * np.sin(2 * np.pi * np.arange(count) / 16))
    return 0.3 + np.cumsum(gaps)


@pytest.mark.parametrize("pace", [0.4, 0.5, 0.65])
def test_a_steady_waltz_is_found_at_its_beats(pace):
    times = rubato(pace=pace, sway=0)
    found = track(performance(waltz(times)))
    assert continuity(times[:-1], found.times).amlt > 0.9


def test_beats_follow_a_pianist_who_slows_down_and_hurries():
    times = rubato()
    found = track(performance(waltz(times)))
    click = np.arange(times[0], times[-1], 0.6)
    assert f_measure(times[:-1], found.times) > 0.9 > f_measure(times[:-1], click)


def test_bars_open_at_the_low_notes():
    times = rubato()
    found = track(performance(waltz(times)))
    assert f_measure(times[:-1:3], found.downbeats) > 0.8


def test_the_beats_that_the_file_claims_do_not_matter():
    notes = waltz(rubato())
    slow = tuple(Note(at, long, *rest) for at, long, *rest in notes)
    claimed = Score((Part("", 0, notes=slow),), (Tempo(0.0, 60.0),))
    assert track(claimed).times == pytest.approx(track(performance(notes)).times)


def test_beats_are_the_times_of_onsets_where_there_are_any():
    times = rubato()
    found = track(performance(waltz(times))).times
    onsets = np.unique([at for at, *_ in waltz(times)])
    assert np.mean(np.abs(found[:, None] - onsets).min(1) < 1e-6) > 0.9


@pytest.mark.parametrize("notes", [[], [(1.0, 1.0, 60, 80)], [(1.0, 1.0, 60, 80), (1.01, 1.0, 64, 80)]])
def test_where_nothing_can_be_counted_there_are_no_beats(notes):
    found = track(performance(notes))
    assert len(found.times) == len(found.is_downbeat) == len(found.downbeats) == 0


def test_drums_are_not_pitches():
    drums = Part("", 9, notes=(Note(0, 1, 36, 90), Note(2, 1, 36, 90)))
    assert len(track(Score((drums,))).times) == 0


def test_a_performance_without_end_is_refused():
    with pytest.raises(UsageError, match="at most 7200 s"):
        track(performance([(0, 1, 60, 80), (8000, 1, 60, 80)]))


@settings(max_examples=40, deadline=None)
@given(
    notes=st.lists(
        st.tuples(st.floats(0, 20), st.floats(0.01, 5), st.integers(0, 127), st.integers(1, 127)), max_size=60
    )
)
def test_whatever_is_played_beats_rise_and_lie_within_it(notes):
    found = track(performance(notes))
    assert np.all(np.diff(found.times) > 0)
    assert len(found.times) == len(found.is_downbeat)
    if len(found.times):
        onsets = [at for at, *_ in notes]
        assert found.times[0] >= min(onsets) - 0.1
        assert found.times[-1] <= max(onsets) + 1


def test_one_performance_has_one_reading():
    notes = waltz(rubato(30))
    one, other = track(performance(notes)), track(performance(list(reversed(notes))))
    assert one.times.tolist() == other.times.tolist()
    assert one.downbeats.tolist() == other.downbeats.tolist()


def test_the_weights_are_those_of_the_features():
    assert beats._weights().shape == (len(PLACES) * len(FEATURES) + 1, 2)
    assert np.all(np.isfinite(beats._weights()))


def test_weights_are_learnt_from_the_training_split(tmp_path, monkeypatch):
    pytest.importorskip("sklearn", reason="the workbench needs the extra `train`")
    root = small.write(tmp_path)
    with pytest.raises(CorpusError, match="training split"):
        beats.learnt(root)
    monkeypatch.setattr(asap, "split_of", lambda _, name: "train" if "Bach" in name else "dev")
    rows = beats.learnt(root)
    assert [row[:2] for row in rows] == [
        *((name, place) for place in PLACES for name in FEATURES),
        ("constant", "this"),
    ]
    assert all(np.isfinite(float(value)) for row in rows for value in row[2:])


@pytest.mark.skipif("KELLY_CORPORA" not in os.environ, reason="KELLY_CORPORA names no folder of corpora")
def test_the_tracker_beats_a_click_on_the_corpus():
    found, click = [], []
    for one in list(asap.load(Path(os.environ["KELLY_CORPORA"])))[::60]:
        times = asap.beats(one).times
        found.append(f_measure(times, track(asap.read(one)).times))
        click.append(f_measure(times, np.arange(times[0], times[-1], 0.5)))
    assert np.mean(found) > np.mean(click) + 0.2
