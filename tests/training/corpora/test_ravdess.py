import os
from collections import Counter
from pathlib import Path

import pytest

from kelly.errors import CorpusError, FileError, MissingCorpusError
from kelly.training.data.corpora import ravdess
from small import ravdess as small
from small.sounds import tone


@pytest.fixture
def root(tmp_path):
    small.write(tmp_path)
    return tmp_path


def test_a_take_says_in_its_name_what_it_is(root):
    takes = {take.id: take for take in ravdess.load(root)}
    take = takes["03-02-05-02-01-02-02"]
    assert (take.channel, take.emotion, take.group) == ("song", "angry", "Actor_02")
    assert (take.intensity, take.statement, take.repetition) == (2, 1, 2)


def test_speech_and_song_are_read_together_or_apart(root):
    assert Counter(take.channel for take in ravdess.load(root)) == {"speech": 16, "song": 6}
    assert {take.channel for take in ravdess.load(root / "ravdess_song")} == {"song"}


@pytest.mark.parametrize(
    ("speech", "song"),
    [
        ("ravdess", "ravdess"),
        ("ravdess/Audio_Speech_Actors_01-24", "ravdess/Audio_Song_Actors_01-24"),
        ("Audio_Speech_Actors_01-24", "Audio_Song_Actors_01-24"),
    ],
)
def test_the_official_folders_will_do(tmp_path, speech, song):
    small.write(tmp_path, speech, song, ".wav")
    takes = list(ravdess.load(tmp_path))
    assert len(takes) == 22
    assert {take.path.suffix for take in takes} == {".wav"}


def test_a_take_that_lies_there_twice_is_read_once(root):
    small.write(root, "copy", "copy", ".wav")
    ids = [take.id for take in ravdess.load(root)]
    assert len(ids) == len(set(ids)) == 22


def test_an_actor_is_in_one_split(root, monkeypatch):
    monkeypatch.setattr(ravdess, "split_of", lambda _, name: {"Actor_01": "train"}.get(name, "dev"))
    splits = {(take.group, take.split) for take in ravdess.load(root)}
    assert splits == {("Actor_01", "train"), ("Actor_02", "dev")}


def test_pictures_are_left_out(root):
    folder = root / "ravdess_song/Actor_02"
    (folder / "01-02-01-01-01-01-02.mp4").write_bytes(b"")
    tone(folder / "01-02-01-01-01-01-02.wav")
    assert len(list(ravdess.load(root))) == 22


def test_a_take_is_read_as_one_channel(root):
    assert ravdess.read(next(ravdess.load(root))).samples.shape == (1, 2000)


def test_a_damaged_take_is_named(root):
    take = next(ravdess.load(root))
    take.path.write_bytes(b"OggS")
    with pytest.raises(FileError, match=take.id):
        ravdess.read(take)


@pytest.mark.parametrize(
    "name", ["03-01-09-01-01-01-01", "03-01-01-03-01-01-01", "03-01-01-01-01-01-02", "03-02-08-01-01-01-01", "take 1"]
)
def test_a_wrong_name_is_named(root, name):
    tone(root / f"ravdess_speech/Actor_01/{name}.wav")
    with pytest.raises(CorpusError, match=name):
        list(ravdess.load(root))


def test_a_folder_without_actors_is_no_corpus(tmp_path):
    with pytest.raises(MissingCorpusError, match="Actor_"):
        list(ravdess.load(tmp_path))


@pytest.mark.skipif("KELLY_CORPORA" not in os.environ, reason="KELLY_CORPORA names no folder of corpora")
def test_the_whole_corpus_is_as_it_is_described():
    takes = list(ravdess.load(Path(os.environ["KELLY_CORPORA"])))
    assert {take.emotion for take in takes} == set(ravdess.EMOTIONS)
    neutral, strong = (
        sum(test) for test in zip(*((t.emotion == "neutral", t.intensity == 2) for t in takes), strict=True)
    )
    assert neutral < strong
