"""Melodies beat by beat: what a slot holds for songs made by hand, and that labels reach them."""

from dataclasses import replace

import numpy as np
import pytest

from kelly.emotion.code import UNKNOWN
from kelly.errors import MissingCorpusError
from kelly.models.melody.slots import decode
from kelly.training.data.feelings import Feelings
from kelly.training.data.leadsheet import Change, LeadSheet
from kelly.training.data.melodies import chords_of, melodies
from kelly.training.tasks.context import Context
from small import pop909 as small


@pytest.fixture
def context(tmp_path):
    return Context(cache=tmp_path / "cache")


def by_id(root, context):
    return {one.id: one for one in melodies(root, context)}


def test_a_beats_chord_is_the_one_that_fills_most_of_it():
    sheet = LeadSheet((Change(0.0, 1.25, "60 64 67"), Change(1.25, 1.0, "57 60 64"), Change(4.0, 1.0, "55 59 62 65")))
    c_major, a_minor = frozenset({0, 4, 7}), frozenset({9, 0, 4})
    assert chords_of(sheet, "pitches", 6) == [
        c_major,
        a_minor,
        a_minor,
        frozenset(),
        frozenset({7, 11, 2, 5}),
        frozenset(),
    ]
    assert chords_of(LeadSheet((Change(0.0, 1.0, "A:min7"),)), "harte", 1) == [a_minor]


def test_slots_of_a_song_made_by_hand(tmp_path, context):
    small.write(tmp_path)
    song = by_id(tmp_path, context)["001"]
    assert song.inputs.shape == (32, 64)
    beats = [decode(row) for row in song.inputs]
    assert [beat.beat for beat in beats[:6]] == [0, 1, 2, 3, 0, 1]
    assert beats[0].chord == {0, 4, 7}
    assert beats[3].following == {9, 0, 4}
    assert np.flatnonzero(song.targets[0]).tolist() == [72, 77]
    assert beats[0].highest is None
    assert (beats[1].before, beats[1].highest) == ({0, 5}, 77)
    assert beats[31].remaining == pytest.approx(1)
    assert song.inputs[:, :4] == pytest.approx(np.tile(UNKNOWN[:4], (32, 1)))


def test_a_modulation_moves_everything_to_its_own_tonic(tmp_path, context):
    small.write(tmp_path)
    song = by_id(tmp_path, context)["001"]
    # From the fifth bar on the key is A minor, three semitones up to C: F is told as Ab, and A minor as C minor.
    plain = [sorted(pitch for onset, pitch in small.melody("001") if int(onset) == beat) for beat in range(32)]
    assert np.flatnonzero(song.targets[15]).tolist() == plain[15]
    assert np.flatnonzero(song.targets[16]).tolist() == [pitch + 3 for pitch in plain[16]]
    assert decode(song.inputs[16]).before == {(pitch + 3) % 12 for pitch in plain[15]}
    assert decode(song.inputs[20]).chord == {0, 3, 7}


def test_without_the_experts_chords_are_those_of_the_machines(tmp_path, context):
    small.write(tmp_path)
    assert decode(by_id(tmp_path, context)["002"].inputs[4]).chord == {9, 0, 4}


def test_bars_of_three_are_counted_in_three(tmp_path, context):
    small.write(tmp_path)
    beats = [decode(row) for row in by_id(tmp_path, context)["003"].inputs]
    assert [beat.beat for beat in beats[:7]] == [0, 1, 2, 0, 1, 2, 0]


def test_a_label_reaches_its_song_and_no_other(tmp_path, context):
    small.write(tmp_path)
    code = np.linspace(-1, 1, 64).astype(np.float32)
    labelled = replace(context, feelings=Feelings({"pop909": {"002": code}}))
    found = by_id(tmp_path, labelled)
    assert found["002"].inputs[:, :4] == pytest.approx(np.tile(code[:4], (32, 1)))
    assert found["001"].inputs[:, :4] == pytest.approx(np.tile(UNKNOWN[:4], (32, 1)).astype(np.float32))


def test_what_was_prepared_is_read_again(tmp_path, context):
    small.write(tmp_path)
    first = by_id(tmp_path, context)
    again = by_id(tmp_path, context)
    assert all((first[name].inputs == again[name].inputs).all() for name in first)


def test_a_damaged_file_is_told_and_left_out(tmp_path, context):
    place = small.write(tmp_path)
    (place / "POP909/002/002.mid").write_bytes(b"MThd")
    told = []
    assert set(by_id(tmp_path, replace(context, note=told.append))) == {"001", "003"}
    assert any("002.mid" in line for line in told)


def test_a_missing_corpus_is_one_clear_error(tmp_path, context):
    with pytest.raises(MissingCorpusError, match="POP909"):
        list(melodies(tmp_path, context))
