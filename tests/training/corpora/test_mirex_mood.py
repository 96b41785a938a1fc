import contextlib
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kelly.errors import CorpusError, FileError
from kelly.training.data.corpora import mirex_mood
from small import mirex_mood as small


@pytest.fixture
def root(tmp_path):
    small.write(tmp_path)
    return tmp_path


@pytest.fixture
def clips(root):
    return list(mirex_mood.load(root))


def test_a_clip_has_its_cluster_its_mood_and_its_artist(clips):
    second = clips[1]
    assert (second.id, second.cluster, second.mood, second.artist) == ("002", 5, "Agressive", "Band, The")
    assert second.group == clips[0].group != clips[2].group


def test_the_split_is_that_of_the_clip(root, monkeypatch):
    monkeypatch.setattr(mirex_mood, "split_of", lambda corpus, name: f"{corpus} {name}")
    assert next(mirex_mood.load(root)).split == "mirex_mood 001"


def test_a_song_is_read_where_there_is_one(clips):
    assert len(list(mirex_mood.read(clips[0]).notes())) == 1
    with pytest.raises(CorpusError, match=r"002 .* has no MIDI"):
        mirex_mood.read(clips[1])


def test_a_song_that_should_be_there_is_named(clips):
    clips[0].path.unlink()
    with pytest.raises(FileError, match=r"001\.mid"):
        mirex_mood.read(clips[0])


def test_a_spectrogram_is_in_decibels_below_its_maximum(clips):
    spectrogram = mirex_mood.logmel(clips[1])
    assert spectrogram.decibels.shape == (small.FRAMES, mirex_mood.BANDS)
    assert spectrogram.decibels.dtype == np.float32
    assert (spectrogram.decibels.min(), spectrogram.decibels.max()) == pytest.approx((-80, 0))
    assert spectrogram.decibels[0, 0] < spectrogram.decibels[-1, 0] < spectrogram.decibels[0, 127]
    assert spectrogram.absolute.max() == pytest.approx(31)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("labels.csv", "001,1", "001,6"),
        ("labels.csv", "cluster", "group"),
        ("features/mel_max_db.csv", "003,32", "003,loud"),
        ("features/mel_max_db.csv", "003,32", "013,32"),
    ],
)
def test_a_wrong_table_is_named(root, file, old, new):
    path = root / "mirex_mood" / file
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(CorpusError, match=path.name):
        list(mirex_mood.load(root))


@pytest.mark.parametrize("array", [np.zeros((128, 4)), np.zeros((64, 4), np.uint8), np.array([{}], dtype=object)])
def test_a_spectrogram_of_another_kind_is_refused(clips, array):
    np.savez(clips[0].features, **{"001": array})
    with pytest.raises(CorpusError, match="001"):
        mirex_mood.logmel(clips[0])


def test_an_array_in_place_of_the_archive_is_named(clips):
    with clips[0].features.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(CorpusError, match=r"logmel128_u8\.npz"):
        mirex_mood.logmel(clips[0])


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive"])
def test_a_damaged_archive_is_named(clips, content):
    clips[0].features.write_bytes(content)
    with pytest.raises(CorpusError, match=r"logmel128_u8\.npz"):
        mirex_mood.logmel(clips[0])


def test_a_cut_archive_is_named(clips):
    data = clips[0].features.read_bytes()
    clips[0].features.write_bytes(data[: len(data) // 2])
    with pytest.raises(CorpusError, match=r"logmel128_u8\.npz"):
        mirex_mood.logmel(clips[0])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=9))
def test_no_flipped_bytes_of_the_archive_are_a_stack_trace(clips, flips):
    archive = clips[0].features
    whole = archive.read_bytes()
    data = bytearray(whole)
    for place, byte in flips:
        data[place % len(data)] = byte
    archive.write_bytes(data)
    try:
        for clip in clips:
            with contextlib.suppress(CorpusError):
                assert mirex_mood.logmel(clip).decibels.shape[1] == mirex_mood.BANDS
    finally:
        archive.write_bytes(whole)


@pytest.mark.skipif("KELLY_CORPORA" not in os.environ, reason="KELLY_CORPORA names no folder of corpora")
def test_the_whole_corpus_is_as_it_is_described():
    clips = list(mirex_mood.load(Path(os.environ["KELLY_CORPORA"])))
    assert Counter(clip.cluster for clip in clips).keys() == {1, 2, 3, 4, 5}
    assert all(clip.path.exists() for clip in clips if clip.path)
    assert mirex_mood.logmel(clips[0]).decibels.shape[1] == mirex_mood.BANDS
