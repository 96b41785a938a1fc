import math

import pytest

from kelly.errors import CorpusError
from kelly.training.data.corpora import pmemo
from small import pmemo as small


@pytest.fixture
def place(tmp_path):
    return small.write(tmp_path)


def test_ratings_are_brought_to_one_scale(place):
    song = next(pmemo.load(place.parent))
    assert (song.id, song.valence, song.arousal, song.spread) == ("1", 0.5, 0.0, (0.2, 0.4))
    assert song.curve.seconds.tolist() == [15.5, 16]
    assert song.curve.mean == (0.5, 0.0)


def test_choruses_of_one_song_are_one_group(place):
    groups = {song.id: song.group for song in pmemo.load(place)}
    assert groups["1"] == groups["5"] != groups["4"]
    assert set(groups) == set(small.RATINGS)


def test_a_corpus_without_deviations_curves_or_metadata_will_do(tmp_path):
    place = small.write(tmp_path, deviations=False)
    for name in ("metadata.csv", "annotations/dynamic_annotations.csv"):
        (place / name).unlink()
    song = next(pmemo.load(tmp_path))
    assert (song.group, len(song.curve)) == ("1", 0)
    assert all(map(math.isnan, song.spread))


def test_exchanged_ratings_are_refused(place):
    path = place / "annotations/static_annotations.csv"
    path.write_text(
        path.read_text().replace("musicId,Arousal(mean),Valence(mean)", "musicId,Valence(mean),Arousal(mean)")
    )
    with pytest.raises(CorpusError, match="exchanged"):
        list(pmemo.load(place))


def test_sound_is_read_where_there_is_some(place):
    songs = {song.id: song for song in pmemo.load(place)}
    assert pmemo.read(songs["1"]).duration == pytest.approx(0.25, abs=0.1)
    with pytest.raises(CorpusError, match="no audio of song 4"):
        pmemo.read(songs["4"])


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("static_annotations.csv", "0.75", "7.5"),
        ("static_annotations.csv", "Valence(mean)", "valence"),
        ("dynamic_annotations.csv", "15.5", "early"),
        ("dynamic_annotations.csv", "0.375", "nan"),
        ("static_annotations_std.csv", "0.2", "-0.2"),
        ("metadata.csv", "artist", "singer"),
    ],
)
def test_a_wrong_table_is_named(place, file, old, new):
    path = next(place.rglob(file))
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(CorpusError, match=file):
        list(pmemo.load(place))
