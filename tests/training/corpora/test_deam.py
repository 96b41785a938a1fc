import math

import pytest

from kelly.errors import CorpusError, FileError, MissingCorpusError
from kelly.training.data.corpora import deam
from small import deam as small


def ratings(root):
    return {int(song.id): (song.valence, song.arousal) for song in deam.load(root)}


@pytest.mark.parametrize(
    "exchanged", [small.SHARED, (), tuple(small.RATINGS)], ids=["as published", "mended by the user", "all exchanged"]
)
def test_the_curves_tell_whether_ratings_are_exchanged(tmp_path, exchanged):
    small.write(tmp_path, exchanged)
    assert ratings(tmp_path) == small.RATINGS


def test_without_curves_the_songs_up_to_1000_are_exchanged(tmp_path):
    small.write(tmp_path, curves=False)
    assert ratings(tmp_path) == small.RATINGS


def test_the_raters_deviations_are_exchanged_with_the_means(tmp_path):
    small.write(tmp_path)
    assert {song.spread for song in deam.load(tmp_path)} == {(0.2, 0.4)}


def test_tables_without_sound_will_do(tmp_path):
    small.write_copy(tmp_path)
    assert ratings(tmp_path) == ratings(tmp_path / "deam") == small.RATINGS
    assert {song.path for song in deam.load(tmp_path)} == {None}


def test_a_curve_is_as_long_as_its_song(tmp_path):
    small.write(tmp_path)
    curves = {song.id: song.curve for song in deam.load(tmp_path)}
    assert curves["3"].seconds.tolist() == [15, 15.5]
    assert curves["2001"].seconds.tolist() == [15, 15.5, 16]
    assert curves["2001"].mean == small.RATINGS[2001]


def test_a_song_without_a_curve_is_kept(tmp_path):
    small.write(tmp_path)
    path = next(tmp_path.rglob("valence.csv"))
    path.write_text("\n".join(line for line in path.read_text().splitlines() if not line.startswith("20,")))
    song = {song.id: song for song in deam.load(tmp_path)}["20"]
    assert (song.valence, song.arousal) == small.RATINGS[20]
    assert len(song.curve) == 0
    assert math.isnan(song.curve.mean[0])


def test_each_song_stands_alone_in_its_split(tmp_path):
    small.write(tmp_path)
    songs = list(deam.load(tmp_path))
    assert all(song.group == song.id for song in songs)
    assert {song.split for song in songs} <= {"train", "dev", "test"}


def test_sound_is_read_where_there_is_some(tmp_path):
    small.write(tmp_path)
    songs = {song.id: song for song in deam.load(tmp_path)}
    assert deam.read(songs["3"]).rate == 8000
    with pytest.raises(CorpusError, match="no audio of song 18"):
        deam.read(songs["18"])
    songs["3"].path.write_bytes(b"")
    with pytest.raises(FileError, match=r"3\.mp3"):
        deam.read(songs["3"])


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("static_annotations_averaged_songs_1_2000.csv", "8.0", "9.5"),
        ("static_annotations_averaged_songs_1_2000.csv", "arousal_mean", "arousal"),
        ("static_annotations_averaged_songs_1_2000.csv", "18,", "eighteen,"),
        ("static_annotations_averaged_songs_2000_2058.csv", "0.8", "-1"),
        ("valence.csv", "0.5", "1.5"),
        ("valence.csv", "0.5", "high"),
        ("arousal.csv", "sample_15000ms", "15 s"),
        ("arousal.csv", "song_id", "song"),
    ],
)
def test_a_wrong_table_is_named(tmp_path, file, old, new):
    small.write(tmp_path)
    path = next(tmp_path.rglob(file))
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(CorpusError, match=file):
        list(deam.load(tmp_path))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"])
def test_a_damaged_curve_table_is_named(tmp_path, content):
    small.write(tmp_path)
    next(tmp_path.rglob("arousal.csv")).write_bytes(content)
    with pytest.raises(CorpusError, match=r"arousal\.csv"):
        list(deam.load(tmp_path))


def test_a_folder_without_ratings_is_no_corpus(tmp_path):
    with pytest.raises(MissingCorpusError, match="DEAM"):
        list(deam.load(tmp_path))
