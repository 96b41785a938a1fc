import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.errors import UsageError
from kelly.score.notes import Note, Part, Score, Tempo
from kelly.training.data import alignment
from kelly.training.data.alignment import REACH, align
from kelly.training.data.corpora import asap
from small import asap as small

BEATS = 16
SCORE_TIMES = np.arange(BEATS) * 0.5  # a score at 120 BPM


def score(notes, bpm=120.0):
    return Score((Part("", 0, notes=tuple(notes)),), (Tempo(0.0, bpm),))


def scale(beats=BEATS):
    """Eighths up and down, no pitch again within two beats, so that none can be mistaken for another."""
    return [Note(i / 2, 0.5, 60 + i % 7, 64) for i in range(2 * beats - 1)]


def at_pace(notes, seconds_a_beat, late=0.0, start=1.0):
    """The notes as played: `late` beats behind the beats, which are `seconds_a_beat` long; read at 120 BPM."""
    late = np.broadcast_to(late, len(notes))
    return [
        replace(
            note, onset=2 * (start + (note.onset + by) * seconds_a_beat), duration=2 * note.duration * seconds_a_beat
        )
        for note, by in zip(notes, late, strict=True)
    ]


def times(seconds_a_beat, start=1.0):
    return start + np.arange(BEATS) * seconds_a_beat


def test_a_performance_without_deviation_has_none():
    aligned = align(score(scale()), score(at_pace(scale(), 0.7)), SCORE_TIMES, times(0.7))
    assert (aligned.rate, aligned.extra) == (1.0, 0)
    assert np.abs(aligned.deviation).max() < 1e-9
    assert np.abs(aligned.deviation_ms).max() < 1e-6
    assert aligned.articulation == pytest.approx(1.0)
    assert aligned.tempo == pytest.approx(60 / 0.7)
    assert aligned.tempo_ratio == pytest.approx(1.0)


@settings(max_examples=50)
@given(
    late=st.lists(st.floats(-0.2, 0.2), min_size=31, max_size=31),
    pace=st.floats(0.2, 2.0),
    velocities=st.lists(st.integers(1, 127), min_size=31, max_size=31),
    length=st.floats(0.1, 3.0),
)
def test_small_deviations_are_found_exactly(late, pace, velocities, length):
    notes = scale()
    played = [
        replace(note, velocity=velocity, duration=note.duration * length)
        for note, velocity in zip(at_pace(notes, pace, late), velocities, strict=True)
    ]
    aligned = align(score(notes), score(played), SCORE_TIMES, times(pace))
    assert aligned.matched.tolist() == list(range(len(notes)))
    assert aligned.deviation == pytest.approx(np.array(late), abs=1e-6)
    assert aligned.deviation_ms == pytest.approx(1000 * pace * np.array(late), abs=1e-3)
    assert aligned.velocity.tolist() == velocities
    assert aligned.articulation == pytest.approx(length, rel=1e-6)


def test_rubato_is_in_the_tempo_not_in_the_deviations():
    beats = small.played(np.arange(24))
    written, played = score(small.notes(24)), score(small.performance(24))
    aligned = align(written, played, np.arange(24) * 0.5, beats)
    assert aligned.rate == 1.0
    assert np.abs(aligned.deviation).max() < 0.03
    assert aligned.tempo == pytest.approx(60 / np.diff(beats))
    assert np.median(aligned.tempo_ratio) == 1.0


def test_the_score_s_own_tempo_does_not_matter():
    notes = scale()
    slow = Score((Part("", 0, notes=tuple(notes)),), (Tempo(0.0, 60.0), Tempo(4.0, 120.0)))
    aligned = align(slow, score(at_pace(notes, 0.7)), slow.seconds(np.arange(BEATS)), times(0.7))
    assert aligned.beats == pytest.approx(np.arange(BEATS))
    assert np.abs(aligned.deviation).max() < 1e-9


def test_notes_before_the_first_and_after_the_last_beat_go_on_at_their_pace():
    notes = [Note(0.0, 0.5, 60, 64), Note(15.75, 0.25, 62, 64)]
    played = at_pace(notes, 0.7)
    aligned = align(score(notes), score(played), SCORE_TIMES[2:-2], times(0.7)[2:-2])
    assert aligned.deviation == pytest.approx([0, 0], abs=1e-9)
    assert aligned.articulation == pytest.approx([1, 1])


@given(late=st.floats(-0.17, 0.17))  # the nearest written note is another's from .125 on
def test_a_beat_of_repeated_notes_that_are_all_late_stay_with_their_own(late):
    notes = [Note(4 + i / 4, 0.2, 60, 64) for i in range(4)]
    played = [replace(note, velocity=i + 1) for i, note in enumerate(at_pace(notes, 0.7, late))]
    aligned = align(score(notes), score(played), SCORE_TIMES, times(0.7))
    assert aligned.velocity.tolist() == [1, 2, 3, 4]
    assert aligned.deviation == pytest.approx(late, abs=1e-6)


def test_a_note_left_out_and_one_put_in_are_counted_and_cost_no_other():
    notes = scale()
    played = at_pace(notes, 0.7)
    played[5] = replace(played[5], pitch=90)
    aligned = align(score(notes), score(played), SCORE_TIMES, times(0.7))
    assert set(range(len(notes))) - set(aligned.matched.tolist()) == {5}
    assert aligned.rate == pytest.approx(1 - 1 / len(notes))
    assert aligned.extra == 1


@pytest.mark.parametrize(("late", "count"), [(REACH - 0.01, 1), (REACH + 0.01, 0), (-REACH - 0.01, 0)])
def test_a_note_further_away_than_a_quarter_beat_is_another(late, count):
    notes = [Note(4.0, 1.0, 60, 64)]
    aligned = align(score(notes), score(at_pace(notes, 0.7, late)), SCORE_TIMES, times(0.7))
    assert len(aligned.matched) == count


def test_a_note_that_two_voices_share_is_written_once():
    notes = [Note(4.0, 1.0, 60, 64), Note(4.0, 2.0, 60, 64)]
    aligned = align(score(notes), score(at_pace(notes[1:], 0.7)), SCORE_TIMES, times(0.7))
    assert aligned.written == (notes[1],)
    assert aligned.rate == 1.0


@pytest.mark.parametrize(("written", "played"), [([], []), (scale(), []), ([], scale())])
def test_where_nothing_is_written_or_played_nothing_is_matched(written, played):
    aligned = align(score(written), score(played), SCORE_TIMES, times(0.7))
    assert (aligned.rate, len(aligned.deviation), aligned.extra) == (0.0, 0, len(played))


@settings(max_examples=60)
@given(
    places=st.lists(st.floats(0, 3), max_size=5).map(sorted),
    starts=st.lists(st.floats(0, 3), max_size=5).map(sorted),
)
def test_no_other_pairing_in_order_is_worth_more(places, starts):
    def worth(pairs):
        apart = [abs(places[i] - starts[j]) for i, j in pairs]
        assert all(distance <= REACH for distance in apart)
        return sum(1 - 0.5 * distance / REACH for distance in apart)

    def best(i, j):
        if i == len(places) or j == len(starts):
            return 0.0
        distance = abs(places[i] - starts[j])
        both = 1 - 0.5 * distance / REACH + best(i + 1, j + 1) if distance <= REACH else 0.0
        return max(best(i + 1, j), best(i, j + 1), both)

    pairs = alignment._in_order(np.array(places), np.array(starts))
    assert np.all(np.diff(pairs, axis=0) > 0)
    assert worth(pairs.tolist()) == pytest.approx(best(0, 0))


@pytest.mark.parametrize(
    ("written", "played", "told"),
    [
        (SCORE_TIMES, SCORE_TIMES[:-1], "as many in both"),
        ([0.5], [0.5], "two beats or more"),
        ([0, 1, 1], [0, 1, 2], "must rise"),
        ([0, 1, 2], [0, np.nan, 2], "must rise"),
        ([[0, 1]], [[0, 1]], "two beats or more"),
    ],
)
def test_anchors_that_are_none_are_refused(written, played, told):
    with pytest.raises(UsageError, match=told):
        align(score(scale()), score(scale()), written, played)


def test_a_performance_of_the_corpus_is_aligned(tmp_path):
    performance = next(asap.load(small.write(tmp_path)))
    aligned = align(asap.read_score(performance), asap.read(performance), *asap.aligned_beats(performance))
    assert aligned.rate == 1.0
    assert set(aligned.velocity.tolist()) == {50 + note.pitch // 4 for note in small.notes(24)}


@pytest.mark.skipif("KELLY_CORPORA" not in os.environ, reason="KELLY_CORPORA names no folder of corpora")
def test_most_of_the_corpus_can_be_learnt_from():
    every = list(asap.load(Path(os.environ["KELLY_CORPORA"])))[::40]
    whole = [one for one in every if len(asap.beats(one).times) == len(asap.score_beats(one).times)]
    rates = [align(asap.read_score(one), asap.read(one), *asap.aligned_beats(one)).rate for one in whole]
    assert np.mean(np.array(rates) >= alignment.LEAST) > 0.7
