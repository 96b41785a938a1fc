"""Grooves: what is taken from a drummer's take, and the feeling that it is taken to express."""

from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.emotion.code import decode
from kelly.emotion.space import Emotion
from kelly.errors import MissingCorpusError
from kelly.models.groove import feeling
from kelly.score.notes import Meter, Note, Part, Score, Tempo
from kelly.training.data.corpora.groove import Take
from kelly.training.data.grooves import LEAST, Played, errors, load, profile, valences
from kelly.training.data.layout import rows
from kelly.training.tasks.context import Context
from small import groove as small


@pytest.fixture
def context(tmp_path):
    return Context(cache=tmp_path / "cache")


def played(steps, offsets, accents, bpm=120.0, style="funk", velocity=80.0):
    """A take of hits in one bar."""
    take = Take("d/s/1", "train", None, "d", "d/s", style, "", bpm, "beat", Meter(0.0), 4.0)
    steps, offsets, accents = np.array(steps), np.array(offsets, float), np.array(accents, float)
    loud = np.full(len(steps), velocity)
    return Played(take, (steps + offsets) / 4, loud, np.zeros(len(steps), int), steps, offsets, accents)


def test_beats_in_common_time_are_taken_and_nothing_else(tmp_path, context):
    small.write(tmp_path)
    assert [one.take.id for one in load(tmp_path, context)] == [
        "drummer1/session1/1",
        "drummer1/session1/3",
        "drummer2/session1/2",
    ]


def test_a_hit_is_counted_from_its_step_and_from_its_bars_mean(tmp_path, context):
    small.write(tmp_path)
    take = load(tmp_path, context)[0]  # sixteenths, every other one .02 beats late; 90 on the beat, else 50
    assert take.steps.tolist() == [*range(16)] * 2
    assert take.bars.tolist() == [0] * 16 + [1] * 16
    assert take.offsets == pytest.approx([0, 0.08] * 16, abs=5e-3)  # MIDI's ticks
    assert take.accents.tolist() == [30, -10, -10, -10] * 8
    assert take.sixteenth == 187.5


def test_a_hit_just_before_the_bar_line_is_early_for_the_next_bar(tmp_path, context, monkeypatch):
    notes = tuple(Note(i / 4 - 0.03 * (i > 0), 0.1, 42, 60 + i) for i in range(20))
    monkeypatch.setattr(small, "score", lambda bpm: Score((Part("", 9, notes=notes),), tempos=(Tempo(0.0, bpm),)))
    small.write(tmp_path)
    take = load(tmp_path, context)[0]
    assert (take.bars[16], take.steps[16]) == (1, 0)
    assert take.offsets[16] == pytest.approx(-0.12, abs=5e-3)
    assert take.accents[16:].tolist() == [-1.5, -0.5, 0.5, 1.5]


def test_a_take_of_a_few_hits_is_left_out(tmp_path, context, monkeypatch):
    monkeypatch.setattr(small, "HITS", LEAST - 1)
    small.write(tmp_path)
    assert load(tmp_path, context) == []


def test_a_damaged_file_is_told_and_left_out(tmp_path):
    place, told = small.write(tmp_path), []
    next(place.glob("drummer1/session1/1_*.mid")).write_bytes(b"noise")
    found = load(tmp_path, Context(cache=tmp_path / "cache", note=told.append))
    assert len(found) == 2
    assert "1_funk_80" in told[0]


def test_a_missing_corpus_says_where_to_get_it(tmp_path, context):
    with pytest.raises(MissingCorpusError, match=r"no groove corpus in .*magenta"):
        load(tmp_path, context)


def test_formulas_turned_round_tell_the_feeling():
    felt = played([0], [0], [0], bpm=96.0, style="pop", velocity=80.1).emotion
    assert felt.vad == pytest.approx((0.5, 0.3, 0.3))


@pytest.mark.parametrize(("bpm", "velocity", "wanted"), [(50, 30, (0, 0)), (200, 127, (1, 1))])
def test_what_is_slower_softer_or_faster_than_the_formulas_reach_is_at_their_ends(bpm, velocity, wanted):
    assert played([0], [0], [0], bpm=bpm, velocity=velocity).emotion.vad[1:] == wanted


def test_a_style_that_is_not_listed_has_no_valence():
    assert played([0], [0], [0], style="klezmer").emotion.valence == 0


def test_each_style_has_one_valence_within_its_range_and_a_reason():
    with resources.as_file(resources.files("kelly.training.data").joinpath("groove_styles.csv")) as path:
        table = list(rows(path, ("style", "valence", "why")))
    assert len({row["style"] for row in table}) == len(table) == len(valences())
    assert all(-1 <= float(row["valence"]) <= 1 and row["why"] for row in table)


def test_a_profile_is_the_median_of_each_step_in_beats():
    told = profile([played([0, 0, 0, 5], [0, 0.1, 0.4, -0.2], [1, 2, 30, -7]), played([5], [-0.4], [-9])])
    assert told.offsets[[0, 5, 6]] == pytest.approx([0.025, -0.075, 0])
    assert told.accents[[0, 5, 6]] == pytest.approx([2, -8, 0])


def test_errors_are_in_milliseconds_and_velocity_steps():
    take = played([0, 0, 4], [0.1, -0.1, 0.2], [10, 20, -6], bpm=120)  # a sixteenth is 125 ms
    told = profile([played([0, 4], [0.1, 0.1], [10, 0])])
    assert errors(take, told) == pytest.approx(((0 + 25 + 12.5) / 3, (0 + 10 + 6) / 3))


@given(v=st.floats(-1, 1), a=st.floats(0, 1), d=st.floats(0, 1), confidence=st.floats(0, 1))
def test_a_question_keeps_the_feeling_and_not_its_confidence(v, a, d, confidence):
    read = decode(feeling.code(Emotion(v, a, d, confidence)))
    assert read.emotion.vad == pytest.approx((v, a, d), abs=1e-6)
    assert np.array_equal(feeling.code(Emotion(v, a, d, confidence)), feeling.code(Emotion(v, a, d)))
