"""Bars that are put in the place of others: within them all is new, and outside nothing has changed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.composing.bars import replaced, spared, unreported
from kelly.composing.context import EARLY
from kelly.composing.report import TAG
from kelly.score import midi
from kelly.score.notes import Bend, Control, KeySignature, Note, Part, Score, Tempo

BEGIN, END, LAST = 8.0, 16.0, 32.0
TICKS = 480


def beats(least, most):
    """Times on the grid of a file."""
    return st.integers(round(least * TICKS), round(most * TICKS)).map(lambda tick: tick / TICKS)


def notes(least, most):
    return st.lists(
        st.builds(Note, beats(least, most), beats(1 / TICKS, 12), st.integers(40, 90), st.integers(1, 127)), max_size=12
    ).map(lambda row: tuple(sorted(row)))


def controls(most):
    return st.lists(
        st.builds(Control, beats(0, most), st.sampled_from([7, 11, 64, 74]), st.integers(0, 127)),
        max_size=8,
        unique_by=lambda one: (one.onset, one.controller),
    ).map(lambda row: tuple(sorted(row)))


def bends(most):
    values = st.sampled_from([-200.0, -100.0, 0.0, 100.0])
    return st.lists(st.builds(Bend, beats(0, most), values), max_size=4, unique_by=lambda one: one.onset).map(
        lambda row: tuple(sorted(row))
    )


def tempos(most):
    row = st.lists(
        st.builds(Tempo, beats(1, most), st.sampled_from([60.0, 75.0, 96.0, 125.0])),
        max_size=4,
        unique_by=lambda one: one.onset,
    )
    return st.tuples(st.sampled_from([80.0, 120.0]), row).map(lambda told: (Tempo(0.0, told[0]), *sorted(told[1])))


def keys(least, most):
    return st.lists(
        st.builds(KeySignature, beats(least, most), st.sampled_from(["C", "F", "Bb"]), st.booleans()),
        max_size=3,
        unique_by=lambda one: one.onset,
    ).map(lambda row: tuple(sorted(row)))


@st.composite
def pieces(draw, most, early=0.0):
    """A piece of two parts, of which the second may be called otherwise."""
    names = ["Melody", draw(st.sampled_from(["Bass", "Chords"]))]
    parts = [
        Part(name, channel, 3, draw(notes(-early, most)), draw(controls(most)), draw(bends(most)))
        for channel, name in enumerate(names)
    ]
    return Score(tuple(parts), tempos=draw(tempos(most)), keys=draw(keys(0, most)))


def holding(rows, beat, unsaid=None):
    """The last of some rows up to a beat."""
    return next((row for row in reversed(rows) if row.onset <= beat), unsaid)


def seconds(score, beat):
    return float(score.seconds([beat])[0])


def from_(rows, beat):
    return [row for row in rows if row.onset > beat]


@given(pieces(LAST), pieces(END - BEGIN + 2, early=EARLY))
def test_what_lies_outside_the_bars_is_as_it_was(score, new):
    made = replaced(score, new, BEGIN, END)
    assert [(part.name, part.channel, part.program) for part in made.parts] == [
        (part.name, part.channel, part.program) for part in score.parts
    ]
    for part, other in zip(score.parts, made.parts, strict=True):
        before = [note for note in part.notes if note.onset < BEGIN - EARLY]
        after = [note for note in part.notes if note.onset >= END - EARLY]
        kept = [note for note in other.notes if note.onset < BEGIN - EARLY]
        assert kept == [replace(note, duration=min(note.duration, BEGIN - note.onset)) for note in before]
        assert all(note in other.notes for note in after)


@given(pieces(LAST), pieces(END - BEGIN + 2, early=EARLY))
def test_nothing_sounds_over_the_edges(score, new):
    made = replaced(score, new, BEGIN, END)
    for part in made.parts:
        for note in part.notes:
            assert note.duration > 0
            if note.onset < BEGIN - EARLY:
                assert note.end <= BEGIN + 1e-9
            elif note.onset < END - EARLY:
                assert note.end <= END + 1e-9


@given(pieces(LAST), pieces(END - BEGIN + 2, early=EARLY))
def test_tempo_key_and_controllers_after_the_bars_are_those_of_before(score, new):
    made = replaced(score, new, BEGIN, END)
    rows = [(score.tempos, made.tempos, score.tempos[0]), (score.keys, made.keys, None)]
    for part, other in zip(score.parts, made.parts, strict=True):
        rows.append((part.bends, other.bends, Bend(0.0, 0.0)))
        for number, usual in ((7, 100), (11, 127), (64, 0), (74, 64)):
            rows.append(
                (
                    [one for one in part.controls if one.controller == number],
                    [one for one in other.controls if one.controller == number],
                    Control(0.0, number, usual),
                )
            )
    for before, after, unsaid in rows:
        for beat in (0.0, BEGIN / 2, END, END + 1, LAST):
            if beat < BEGIN or beat >= END:
                one, two = (holding(row, beat, unsaid) for row in (before, after))
                assert one is two is None or replace(one, onset=0.0) == replace(two, onset=0.0)
        assert from_(after, END) == from_(before, END)


@given(pieces(LAST), pieces(END - BEGIN))
def test_within_the_bars_tempo_and_notes_are_the_new_ones(score, new):
    made = replaced(score, new, BEGIN, END)
    length = seconds(made, END) - seconds(made, BEGIN)
    assert length == pytest.approx(seconds(new, END - BEGIN), abs=1e-6)
    struck = [(round(note.onset - BEGIN, 6), note.pitch) for note in made.parts[0].notes if note.onset >= BEGIN]
    for note in new.parts[0].notes:
        if note.onset < END - BEGIN - EARLY:
            assert (round(note.onset, 6), note.pitch) in struck


@given(pieces(LAST), pieces(END - BEGIN))
def test_a_file_holds_what_was_put_together(score, new):
    made = midi.settled(replaced(score, new, BEGIN, END))
    back = midi.from_bytes(midi.to_bytes(made))
    assert [sorted(part.notes) for part in back.parts if part.notes] == [
        sorted(part.notes) for part in made.parts if part.notes
    ]
    for rows, others in ((back.tempos, made.tempos), (back.keys, made.keys)):
        assert [row.onset for row in rows] == pytest.approx([row.onset for row in others])


def test_a_note_that_ends_with_the_bar_before_keeps_its_length():
    held = Note(7.0, 1.0, 60, 80)
    made = replaced(Score((Part("Melody", 0, 0, (held,)),)), Score((Part("Melody", 0),)), BEGIN, END)
    assert made.parts[0].notes == (held,)


def test_what_is_struck_a_little_before_a_line_belongs_to_the_bar_after_it():
    early, next_ = Note(BEGIN - 0.05, 1.0, 60, 80), Note(END - 0.05, 1.0, 62, 80)
    score = Score((Part("Melody", 0, 0, (early, next_)),))
    new = Score((Part("Melody", 0, 0, (Note(-0.05, 1.0, 70, 80), Note(7.95, 1.0, 72, 80))),))
    made = replaced(score, new, BEGIN, END)
    assert made.parts[0].notes == (Note(BEGIN - 0.05, 1.0, 70, 80), next_)


def test_a_pedal_that_is_down_at_the_end_of_new_bars_comes_up_with_them():
    new = Part("Melody", 0, 0, (Note(0.0, 8.0, 60, 80),), (Control(1.0, 64, 127),), (Bend(2.0, 50.0),))
    made = replaced(Score((Part("Melody", 0, 0, (Note(20.0, 1.0, 60, 80),)),)), Score((new,)), BEGIN, END)
    assert made.parts[0].controls == (Control(9.0, 64, 127), Control(END, 64, 0))
    assert made.parts[0].bends == (Bend(10.0, 50.0), Bend(END, 0.0))


def test_of_parts_that_are_called_alike_one_plays_what_is_new():
    parts = (Part("Melody", 0), Part("Melody", 1))
    made = replaced(Score(parts), Score((Part("Melody", 0, 0, (Note(0.0, 1.0, 60, 80),)),)), BEGIN, END)
    assert [len(part.notes) for part in made.parts] == [1, 0]


def test_a_part_that_is_not_among_the_new_ones_rests():
    score = Score((Part("Melody", 0, 0, tuple(Note(float(at), 1.0, 60, 80) for at in range(24))),))
    made = replaced(score, Score(()), BEGIN, END)
    assert [note.onset for note in made.parts[0].notes] == [*range(8), *range(16, 24)]


def test_a_score_says_nothing_of_how_it_was_made_any_more():
    score = Score((), texts=("mine", f"{TAG}{{}}"))
    assert unreported(score).texts == ("mine",)
    assert replaced(score, Score(()), BEGIN, END).texts == ("mine",)


@given(notes(0, LAST), beats(0, LAST), beats(0, LAST))
def test_what_is_spared_lies_outside(row, one, other):
    begin, end = sorted((one, other))
    kept = list(spared(row, begin, end))
    assert [note for note in kept if note.onset >= end] == [note for note in row if note.onset >= end]
    assert all(note.end <= begin + 1e-9 for note in kept if note.onset < min(begin, end))
    assert len(kept) == len(row) - sum(begin <= note.onset < end for note in row)
