"""Sections: they begin where chords or accompaniment turn, last whole phrases, and say how loud they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.score.notes import Note
from kelly.training.data import sections

BAR = 4


def accompaniment(levels):
    """A part with as many eighths a bar as its level says, the louder the more."""
    return [
        Note(BAR * bar + step / 2, 0.5, 48 + level, 40 + 10 * level)
        for bar, level in enumerate(levels)
        for step in range(level)
    ]


def song(levels):
    beats = BAR * len(levels)
    return sections.features([{0, 4, 7}] * beats, [accompaniment(levels)], BAR)


def test_a_section_begins_where_the_accompaniment_turns():
    rows, _ = song([2] * 8 + [8] * 8 + [3] * 8)
    assert sections.starts(rows) == [0, 8, 16]


def test_a_short_intro_is_a_section_of_its_own():
    rows, _ = song([1] * 4 + [6] * 8 + [2] * 8)
    assert sections.starts(rows) == [0, 4, 12]


def test_chords_alone_tell_sections_too():
    chords = [{0, 4, 7}] * 32 + [{9, 0, 4}] * 32
    rows, loudness = sections.features(chords, [], BAR)
    assert sections.starts(rows) == [0, 8]
    assert loudness.tolist() == [0] * 16


def test_energy_is_the_rank_of_a_sections_loudness():
    _, loudness = song([2] * 8 + [8] * 8)
    assert sections.energies(loudness, [0, 8]) == pytest.approx([0.25, 0.75])
    assert sections.energies([5.0] * 8, [0]) == pytest.approx([0.5])


def test_places_count_beats_bars_and_what_is_left():
    found = sections.places([0, 5], [0.25, 0.75], 27, BAR)
    assert len(found) == 27
    assert [place.beat for place in found[:5]] == [0, 1, 2, 3, 0]
    assert [found[BAR * bar].bar for bar in range(7)] == [0, 1, 2, 3, 0, 0, 1]
    assert (found[19].remaining, found[20].remaining, found[26].remaining) == (1, 7, 1)
    assert (found[19].energy, found[20].energy) == (0.25, 0.75)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=60))
def test_any_song_has_sections_that_cover_it(levels):
    rows, loudness = song(levels)
    borders = sections.starts(rows)
    assert borders[0] == 0
    assert (np.diff([*borders, len(levels)]) > 0).all()
    energy = sections.energies(loudness, borders)
    assert ((energy >= 0) & (energy <= 1)).all()
    assert len(sections.places(borders, energy, BAR * len(levels), BAR)) == BAR * len(levels)
