"""Chord classes: the layout that the weights of the harmony network are read by."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.errors import UnknownNameError, UsageError
from kelly.models.harmony import classes
from kelly.models.harmony.classes import BEGIN, CLASSES, END, NO_CHORD, OTHER, QUALITIES

indices = st.integers(0, CLASSES - 1)


def test_the_layout_is_twelve_degrees_of_five_qualities_and_four_more():
    assert [classes.name_of(index) for index in (0, 1, 4, 5, 53, 59)] == [
        *("I:maj", "I:min", "I:sus", "bII:maj", "bVII:dom7", "VII:sus")
    ]
    assert [classes.name_of(index) for index in (NO_CHORD, BEGIN, END, OTHER)] == ["no-chord", "begin", "end", "other"]
    assert (NO_CHORD, BEGIN, END, OTHER) == (60, 61, 62, 63)


@given(indices)
def test_every_class_has_a_name_of_its_own(index):
    assert classes.class_named(classes.name_of(index)) == index


@given(st.integers(0, 11), st.sampled_from(QUALITIES))
def test_a_class_keeps_degree_and_quality(degree, quality):
    index = classes.class_of(degree, quality)
    assert (classes.degree_of(index), classes.quality_of(index)) == (degree, quality)
    assert classes.class_of(degree - 12, quality) == index


@pytest.mark.parametrize(
    ("name", "sounds"),
    [
        ("I:maj", (0, 4, 7)),
        ("VI:min", (9, 0, 4)),
        ("VII:dim", (11, 2, 5)),
        ("V:dom7", (7, 11, 2, 5)),
        ("V:sus", (7, 0, 2)),
        ("no-chord", ()),
        ("end", ()),
    ],
)
def test_a_class_sounds_its_pitch_classes(name, sounds):
    assert classes.pitch_classes(classes.class_named(name)) == sounds


def test_minor_and_major_differ_by_their_third_alone():
    major, minor = (set(classes.pitch_classes(classes.class_of(2, quality))) for quality in ("maj", "min"))
    assert (major - minor, minor - major) == ({6}, {5})


@pytest.mark.parametrize("index", [-1, 64])
def test_what_is_no_class_is_refused(index):
    for function in (classes.name_of, classes.degree_of, classes.quality_of, classes.pitch_classes):
        with pytest.raises(UsageError, match=r"0\.\.63"):
            function(index)


def test_an_unknown_name_or_quality_is_refused_with_what_there_is():
    with pytest.raises(UnknownNameError, match="I:maj"):
        classes.class_named("I:maj7")
    with pytest.raises(UsageError, match="maj, min, dim, dom7, sus"):
        classes.class_of(0, "maj7")


def test_a_trace_fades_by_a_fifth_a_chord():
    rows = classes.traces([3, 3, 7])
    assert rows[0, 3] == pytest.approx(0.2)
    assert rows[1, 3] == pytest.approx(0.36)
    assert rows[2, [3, 7]] == pytest.approx([0.288, 0.2])


@given(st.lists(indices, max_size=40))
def test_traces_are_steps_in_a_row_and_never_exceed_one(row):
    trace = np.zeros(CLASSES, np.float32)
    for index, traced in zip(row, classes.traces(row), strict=True):
        before = trace.copy()
        after = classes.step(trace, index)
        assert np.array_equal(trace, before)
        trace = after
        assert np.array_equal(trace, traced)
        assert trace.argmax() == index or trace.max() > 0.2
        assert 0 < trace.sum() < 1


def test_no_chords_leave_no_trace():
    assert classes.traces([]).shape == (0, CLASSES)
