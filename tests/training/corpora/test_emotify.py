import os
from pathlib import Path

import pytest

from kelly.errors import CorpusError, FileError
from kelly.training.data.corpora import emotify
from small import emotify as small


@pytest.fixture
def root(tmp_path):
    small.write(tmp_path)
    return tmp_path


def test_proportions_are_shares_of_a_tracks_listeners(root):
    tracks = {track.id: track for track in emotify.load(root)}
    calm = tracks["1"]
    assert (calm.genre, calm.raters, calm.group) == ("classical", 2, "1")
    assert dict(zip(emotify.FEELINGS, calm.proportions, strict=True))["calmness"] == 1
    assert dict(zip(emotify.FEELINGS, calm.proportions, strict=True))["sadness"] == 0.5
    assert tracks["301"].proportions == pytest.approx([0, 0, 0, 0, 0, 1 / 3, 1, 1 / 3, 0])


def test_files_count_from_one_in_each_genre(root):
    paths = {track.id: track.path for track in emotify.load(root)}
    assert paths["301"].relative_to(root / "emotify") == Path("emotifymusic/pop/1.ogg")


@pytest.mark.parametrize("ending", [".mp3", ".wav"])
def test_other_kinds_of_audio_will_do(tmp_path, ending):
    small.write(tmp_path, ending)
    assert {track.path.suffix for track in emotify.load(tmp_path)} == {ending}


def test_the_split_is_that_of_the_track(root, monkeypatch):
    monkeypatch.setattr(emotify, "split_of", lambda corpus, name: f"{corpus} {name}")
    assert [track.split for track in emotify.load(root)] == ["emotify 1", "emotify 2", "emotify 301"]


def test_a_track_is_read_as_one_channel(root):
    sound = emotify.read(next(emotify.load(root)))
    assert sound.rate == 8000
    assert sound.samples.shape == (1, 2000)


def test_a_missing_recording_is_named_when_it_is_read(root):
    track = next(emotify.load(root))
    track.path.unlink()
    with pytest.raises(FileError, match=r"1\.ogg"):
        emotify.read(next(emotify.load(root)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1,classical,0", "1,classical,2"),
        ("1,classical", "1,baroque"),
        ("1,classical", "301,classical"),
        ("2,classical", "two,classical"),
        ("tension", "tense"),
    ],
)
def test_a_wrong_row_is_named(root, old, new):
    path = root / "emotify/data.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(CorpusError, match=r"data\.csv"):
        list(emotify.load(root))


@pytest.mark.skipif("KELLY_CORPORA" not in os.environ, reason="KELLY_CORPORA names no folder of corpora")
def test_the_whole_corpus_is_as_it_is_described():
    tracks = list(emotify.load(Path(os.environ["KELLY_CORPORA"])))
    assert all(track.path.exists() and track.raters > 10 for track in tracks)
    assert {track.genre for track in tracks} == set(emotify.GENRES)
