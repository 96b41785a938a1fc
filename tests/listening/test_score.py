"""Hearing a score: what Kelly composes is heard as what was asked for, and nothing is heard in nothing."""

import math

import numpy as np
import pytest

import kelly
from kelly.emotion.thesaurus import names
from kelly.errors import FileError
from kelly.listening.score import follow, hear
from kelly.models.symbolic.heads import HOP, WIDTH, spans, summed
from kelly.score import midi
from kelly.score.notes import Note, Part, Score


@pytest.fixture(scope="module")
def heard():
    """Every third name's feeling beside what is heard in a song of sixteen bars."""
    asked = names()[::3]
    songs = [kelly.compose(node.emotion, bars=16, seed=i) for i, node in enumerate(asked)]
    return np.array([node.emotion.vad for node in asked]), np.array([hear(song.score).emotion.vad for song in songs])


@pytest.mark.parametrize(("axis", "least"), [(0, 0.7), (1, 0.7), (2, 0.9)])
def test_an_ear_that_knows_nothing_of_kelly_hears_what_was_asked_for(heard, axis, least):
    asked, told = heard
    assert np.corrcoef(asked[:, axis], told[:, axis])[0, 1] > least


def test_a_file_is_heard_as_its_score(tmp_path):
    song = kelly.compose("grief", bars=16, seed=3)
    midi.write(song.score, tmp_path / "song.mid")
    reading = kelly.listen(tmp_path / "song.mid")
    assert reading.emotion.vad == pytest.approx(hear(song.score).emotion.vad, abs=0.02)
    assert reading.reader == "symbolic"
    assert sum(weight for _, weight in reading.names) == pytest.approx(1)
    assert reading.code.shape == (64,)


def test_passages_follow_the_song_to_its_end():
    score = kelly.compose("joy", bars=32, seed=3).score
    passages = follow(score)
    assert passages[0].start == 0
    assert passages[-1].end == pytest.approx(score.duration, abs=0.1)
    assert all(one.end - one.start <= WIDTH for one in passages)


def test_softer_is_heard_as_less_dominant():
    loud, soft = (
        Score((Part("piano", 0, notes=tuple(Note(i, 1, 60 + i % 5, velocity) for i in range(24))),))
        for velocity in (110, 50)
    )
    assert hear(loud).emotion.dominance > hear(soft).emotion.dominance + 0.4


@pytest.mark.parametrize("count", [0, 1, 3])
def test_in_a_few_notes_nothing_is_heard(count):
    reading = hear(Score((Part("piano", 0, notes=tuple(Note(i, 1, 60, 80) for i in range(count))),)))
    assert not reading.heard
    assert reading.spreads == (math.inf,) * 3
    assert reading.as_dict()["spread"]["valence"] is None


def test_what_is_no_midi_is_refused(tmp_path):
    path = tmp_path / "song.mid"
    path.write_bytes(b"RIFF")
    with pytest.raises(FileError, match=r"song\.mid"):
        kelly.listen(path)


@pytest.mark.parametrize(("length", "count"), [(1.0, 1), (WIDTH, 1), (WIDTH + 1, 2), (WIDTH + 3 * HOP, 4)])
def test_windows_reach_from_beginning_to_end(length, count):
    windows = spans(length)
    assert len(windows) == count
    assert windows[0, 0] == 0
    assert windows[-1, 1] == max(length, WIDTH)


def test_without_windows_the_whole_speaks_alone():
    whole = np.arange(6.0)
    assert summed(whole, np.zeros((0, 6))).tolist() == whole.tolist()
    assert summed(whole, np.zeros((3, 6))).tolist() == (whole / 2).tolist()
