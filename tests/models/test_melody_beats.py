"""Beats of a melody: a pitch sounds where it begins and where it is held, and nowhere else."""

from hypothesis import given
from hypothesis import strategies as st

from kelly.models.melody.beats import sounding
from kelly.score.notes import Note


def test_a_pitch_sounds_in_the_beat_it_begins_in_and_as_long_as_it_is_held():
    notes = [Note(4.0, 1.0, 60, 90), Note(4.5, 0.5, 62, 90), Note(5.0, 2.2, 64, 90), Note(7.97, 1.0, 65, 90)]
    assert sounding(notes) == (4, [{60, 62}, {64}, {64}, {64}, {65}])


def test_what_is_over_soon_after_the_beat_does_not_sound_in_it():
    assert sounding([Note(0.0, 1.1, 60, 90), Note(3.0, 0.2, 62, 90)]) == (0, [{60}, set(), set(), {62}])


@given(st.lists(st.builds(Note, st.floats(0, 50), st.floats(0.01, 9), st.integers(0, 127), st.just(90)), min_size=1))
def test_every_note_sounds_and_neither_end_is_silent(notes):
    first, beats = sounding(notes)
    assert beats[0]
    assert beats[-1]
    assert all(note.pitch in beats[int(note.onset + 1 / 16) - first] for note in notes)
