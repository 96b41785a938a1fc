from dataclasses import replace

import numpy as np
import pytest

from kelly.errors import CorpusError, FileError
from kelly.score import midi
from kelly.score.notes import Part, Score
from kelly.training.data.corpora import pop909
from kelly.training.data.leadsheet import Key
from small import pop909 as small


@pytest.fixture
def songs(tmp_path):
    small.write(tmp_path)
    return {song.id: song for song in pop909.load(tmp_path)}


def onsets(notes):
    return [(note.onset, note.pitch) for note in notes]


def test_two_entries_of_one_song_are_one_group(songs):
    assert (songs["001"].group, songs["002"].group, songs["003"].group) == ("001", "001", "003")
    assert (songs["001"].title, songs["001"].beats_a_bar, songs["003"].beats_a_bar) == ("Song", 4, 3)


def test_a_song_without_index_or_experts_is_there_all_the_same(tmp_path):
    place = small.write(tmp_path, songs=("002",))
    (place / "POP909/index.csv").unlink()
    song = next(pop909.load(place))
    assert (song.id, song.group, song.expert, song.title, song.beats_a_bar) == ("002", "002", None, "", 4)
    assert not pop909.read(song).expert


def test_with_experts_notes_and_chords_are_on_one_grid_whose_bars_begin_with_chords(songs):
    read = pop909.read(songs["001"])
    assert read.expert
    assert onsets(read.melody) == [(onset + 4, pitch) for onset, pitch in small.melody("001")]
    assert [(change.onset, change.symbol) for change in read.sheet.changes] == [
        (onset + 4, " ".join(map(str, pitches))) for onset, _, pitches in small.chords("001")
    ]
    assert onsets(read.piano)[:3] == [(4, 48), (4, 52), (4, 55)]
    assert len(read.bridge) == 16


def test_the_own_chart_of_a_song_is_that_without_experts(songs):
    song = songs["001"]
    assert pop909.chart(song)[1] == "pitches"
    assert (pop909.own_chart(song), "harte") == pop909.chart(replace(song, expert=None))


def test_keys_move_with_the_chords(songs):
    assert pop909.read(songs["001"]).sheet.keys[1] == Key(20.0, 9, minor=True)


def test_notes_keep_their_velocity_and_lie_on_the_grid(songs):
    read = pop909.read(songs["001"])
    assert {note.velocity for note in read.melody} == {100}
    steps = np.array([(note.onset, note.duration) for note in (*read.melody, *read.piano)]) * pop909.GRID
    assert np.allclose(steps, np.rint(steps))


@pytest.mark.parametrize("name", small.SONGS)
def test_seconds_say_when_a_beat_is_in_the_recording(songs, name):
    read = pop909.read(songs[name])
    first = read.melody[0]
    assert read.seconds[round(first.onset)] == pytest.approx(small.START, abs=1e-3)
    assert np.allclose(np.diff(read.seconds), small.SECONDS)


@pytest.mark.parametrize("name", ["002", "003"])
def test_without_experts_or_with_another_version_the_songs_own_chords_hold(songs, name):
    read = pop909.read(songs[name])
    sounding = [change for change in read.sheet.changes if change.symbol != "N"]
    bar = songs[name].beats_a_bar
    assert not read.expert
    assert [change.symbol for change in sounding[:4]] == ["C:maj", "A:min", "F:maj", "G:maj"]
    assert {change.onset % bar for change in sounding} == {0}
    assert read.sheet.keys == (Key(bar, 0, minor=False), Key(5 * bar, 9, minor=True))
    assert read.sheet.meters[0].numerator == bar
    assert read.melody[0].onset == sounding[0].onset


def test_a_chart_has_the_experts_chords_also_for_another_version(songs):
    notations = {name: pop909.chart(song)[1] for name, song in songs.items()}
    assert notations == {"001": "pitches", "002": "harte", "003": "pitches"}


def test_where_the_experts_state_no_key_the_songs_own_holds(songs):
    score = small.expert("001")
    midi.write(Score(score.parts, tempos=score.tempos), songs["001"].expert)
    assert [key.tonic for key in pop909.read(songs["001"]).sheet.keys] == [0, 9]


def test_where_the_experts_name_no_chord_the_songs_own_hold(songs):
    score = small.expert("001")
    midi.write(Score(score.parts[:1], tempos=score.tempos), songs["001"].expert)
    read = pop909.read(songs["001"])
    assert (read.expert, read.sheet.changes[-1].symbol) == (False, "G:maj")


@pytest.mark.parametrize(
    ("table", "text", "told"),
    [
        ("beat_midi.txt", "", "two or more beats"),
        ("beat_midi.txt", "0 1 1\n0 0 0\n", "rise"),
        ("beat_midi.txt", "0 1 1\none 0 0\n", "numbers"),
        ("beat_midi.txt", "0 1\n1 0\n", "three columns"),
        ("chord_midi.txt", "a b C:maj\n", "numbers"),
        ("chord_midi.txt", "0 nan C:maj\n", "numbers"),
        ("key_audio.txt", "0 1 C\n", "Gb:maj"),
        ("key_audio.txt", "x 1 C:maj\n", "numbers"),
    ],
)
def test_a_wrong_table_is_named(songs, table, text, told):
    songs["002"].path.with_name(table).write_text(text)
    with pytest.raises(CorpusError, match=f"{table}.*{told}"):
        pop909.read(songs["002"])


def test_a_damaged_or_incomplete_file_is_named(songs):
    midi.write(Score((Part("MELODY", 0),)), songs["002"].path)
    with pytest.raises(CorpusError, match=r"002\.mid must have the tracks"):
        pop909.read(songs["002"])
    songs["001"].expert.write_bytes(b"MThd")
    with pytest.raises(FileError, match=r"001\.mid"):
        pop909.read(songs["001"])
    songs["003"].path.with_name("beat_midi.txt").unlink()
    with pytest.raises(FileError, match="beat_midi"):
        pop909.read(songs["003"])
