"""Two lines beside each other: consonance, rests, steps and ties."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.composing import counterpoint
from kelly.composing.theory import Key
from kelly.score.notes import Note

C_MAJOR = Key(0, "ionian").scale
LINE = (Note(0.0, 1.0, 60, 80), Note(1.0, 0.5, 62, 80), Note(4.0, 2.0, 64, 80))
NOTES = st.builds(
    Note,
    st.integers(0, 64).map(lambda n: n / 4),
    st.integers(1, 16).map(lambda n: n / 4),
    st.integers(55, 65),
    st.integers(1, 127),
)


@pytest.mark.parametrize(
    ("pitch", "steps", "wanted"), [(60, 2, 64), (60, -1, 59), (61, 1, 62), (61, -1, 60), (64, 7, 76), (71, 0, 71)]
)
def test_steps_follow_the_scale(pitch, steps, wanted):
    assert counterpoint.step(pitch, steps, C_MAJOR) == wanted


def test_thirds_and_sixths_are_smooth_and_semitones_and_unisons_rough():
    smooth = [counterpoint.roughness(60, 60 + n) for n in (3, 4, 8, 9, 15, 16)]
    rough = [counterpoint.roughness(60, 60 + n) for n in (0, 1, 6, 11, 13)]
    assert max(smooth) < counterpoint.roughness(60, 67) < min(rough)


def test_the_bar_is_strongest_where_it_begins():
    weights = [counterpoint.strength(beat) for beat in (4.0, 2.0, 1.0, 0.5, 0.25)]
    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) == 5


def test_a_line_sounds_where_its_notes_are_and_rests_between():
    assert counterpoint.sounding(LINE, 1.25) == LINE[1]
    assert counterpoint.sounding(LINE, 2.0) is None
    assert counterpoint.rests(LINE, 0.0, 8.0, 1.0) == [(1.5, 4.0), (6.0, 8.0)]
    assert counterpoint.rests((), 0.0, 8.0, 1.0) == [(0.0, 8.0)]


def test_a_common_tone_is_held_over_a_change_but_not_over_a_phrase():
    blocks = [(8.0, 12.0, (60, 64)), (12.0, 16.0, (60, 65)), (16.0, 20.0, (60, 64))]
    assert [tone for tone in counterpoint.tied(blocks) if tone[2] == 60] == [(8.0, 16.0, 60), (16.0, 20.0, 60)]


@given(st.lists(NOTES, max_size=20))
def test_one_voice_has_one_note_at_a_time(notes):
    line = counterpoint.solo(notes)
    assert {n.onset for n in line} == {n.onset for n in notes}
    assert all(a.end <= b.onset for a, b in itertools.pairwise(line))


@given(st.lists(NOTES, max_size=20))
def test_no_note_overlaps_another_of_its_pitch(notes):
    kept = counterpoint.apart(notes)
    assert {(n.onset, n.pitch) for n in kept} == {(n.onset, n.pitch) for n in notes}
    for pitch in range(55, 66):
        same = [n for n in kept if n.pitch == pitch]
        assert all(a.end <= b.onset for a, b in itertools.pairwise(same))
