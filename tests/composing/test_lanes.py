from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from kelly.composing.lanes import bar_marks, lanes, loudness, stretches
from kelly.composing.song import compose
from kelly.emotion.space import Emotion
from kelly.score.notes import Control, Marker, Meter, Note, Part, Score

SONG = compose(Emotion(-0.9, 0.3, 0.25), to="hope", arc="slow-reveal", seed=2)


def part(*notes, name="Piano", channel=0, controls=()):
    return Part(name, channel, 0, tuple(Note(*note) for note in notes), tuple(controls))


def test_stretches_follow_the_report_without_gap_to_the_end():
    found = stretches(SONG.score, SONG.report)
    assert [one.name for one in found] == [section["role"] for section in SONG.report["sections"]]
    assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]
    assert found[-1].end == SONG.score.end
    assert [one.valence for one in found] == [section["emotion"]["valence"] for section in SONG.report["sections"]]


def test_chords_stand_in_their_section_on_bar_lines():
    for one, section in zip(stretches(SONG.score, SONG.report), SONG.report["sections"], strict=True):
        onsets = [onset for onset, _ in one.chords]
        assert [chord for _, chord in one.chords] == section["chords"][: len(onsets)]
        assert all(one.start <= onset < one.end and (onset - one.start) % 4 == 0 for onset in onsets)


def test_without_a_report_markers_divide_the_song_and_without_markers_nothing_does():
    score = Score((part((0.0, 16.0, 60, 90)),), markers=(Marker(0.0, "A"), Marker(8.0, "B"), Marker(99.0, "late")))
    assert [(one.start, one.end, one.name) for one in stretches(score, {})] == [(0, 8, "A"), (8, 16, "B")]
    assert [(one.start, one.end) for one in stretches(replace(score, markers=()), {})] == [(0, 16)]


def test_melody_is_on_top_bass_at_the_bottom_and_all_drums_share_the_last_lane():
    found = lanes(SONG.score, SONG.report)
    assert found[0].name == "Melody"
    assert found[0].instrument == SONG.report["parameters"]["instruments"]["melody"]
    assert [lane.name for lane in found[-2:]] == ["Bass", "Drums"]
    assert [lane.drums for lane in found] == [False] * (len(found) - 1) + [True]
    assert sum(len(lane.notes) for lane in found) == len(list(SONG.score.notes()))


def test_no_note_is_lost_when_there_are_many_parts():
    score = Score(tuple(part((0.0, 1.0, 60, 90), name=f"P{i}") for i in range(30)))
    found = lanes(score, {})
    assert len(found) < 15
    assert sum(len(lane.notes) for lane in found) == 30


def test_loudness_rises_with_velocity_expression_and_the_number_of_notes():
    level = loudness(Score((part((0.0, 2.0, 60, 40), (2.0, 2.0, 60, 80)),)))
    assert level[1] == pytest.approx(0.5)
    assert level[5] == pytest.approx(1.0)
    faded = loudness(Score((part((0.0, 4.0, 60, 80), controls=[Control(2.0, 11, 64)]),)))
    assert faded[5] == pytest.approx(64 / 127)
    doubled = loudness(Score((part((0.0, 4.0, 60, 80)), part((2.0, 2.0, 64, 80)))))
    assert doubled[1] == pytest.approx(np.sqrt(0.5))


def test_bars_are_numbered_through_changes_of_meter():
    score = Score((part((0.0, 14.0, 60, 90)),), meters=(Meter(0.0), Meter(8.0, 3, 4)))
    assert list(bar_marks(score)) == [(0.0, 1), (4.0, 2), (8.0, 3), (11.0, 4)]


def test_a_long_song_gets_few_evenly_spread_numbers():
    marks = list(bar_marks(Score((part((0.0, 4000.0, 60, 90)),))))
    assert 10 < len(marks) <= 26
    assert len({later[1] - earlier[1] for earlier, later in pairwise(marks)}) == 1
