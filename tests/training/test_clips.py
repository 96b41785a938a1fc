"""Clips: what of a corpus is heard, and what its listeners' answers come to on the axes of feeling."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from kelly.emotion import thesaurus
from kelly.errors import CorpusError, MissingCorpusError
from kelly.sound.features import FRAMES
from kelly.training.data import clips as module
from kelly.training.data.clips import CORPORA, Clip, bands, clips, gems, moods, there
from kelly.training.data.corpora.emotify import FEELINGS
from kelly.training.tasks.context import Context
from small import clips as small
from small import emotify as small_emotify
from small import ravdess as small_ravdess


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return small.write(tmp_path_factory.mktemp("corpora"))


@pytest.fixture
def context(tmp_path):
    return Context(cache=tmp_path / "cache")


def test_every_corpus_is_heard_in_the_same_frames(root, context):
    found = clips(root, context)
    assert {clip.corpus for clip in found} == set(CORPORA)
    assert len({(clip.corpus, clip.id) for clip in found}) == len(found) == 32
    for clip in found:
        assert clip.levels.shape[1] == 128
        assert len(clip.levels) == len(clip.felt)
        assert clip.levels.max() == 255
        assert clip.decibels.max() == pytest.approx(0, abs=1e-4)


def test_restless_music_is_told_to_be_more_aroused_in_every_corpus(root, context):
    found = clips(root, context)
    for corpus in CORPORA:
        arousal = {clip.id: clip.summary[1] for clip in found if clip.corpus == corpus}
        assert np.ptp(list(arousal.values())) > 0.1
        assert 0 <= min(arousal.values()) <= max(arousal.values()) <= 1


def test_listeners_choices_are_weighed_by_how_many_made_them(tmp_path, context):
    small_emotify.write(tmp_path)
    second = next(clip for clip in clips(tmp_path, context, ["emotify"]) if clip.id == "301")
    # Of three listeners, two said joyful activation, one of them tension too, and one power and tension... by hand:
    chosen = ("000000100", "000000110", "000001100")
    counts = {name: sum(row[i] == "1" for row in chosen) for i, name in enumerate(FEELINGS)}
    weighed = sum(np.array(gems()[name]) * count for name, count in counts.items() if count)
    assert second.summary == pytest.approx(weighed / sum(counts.values()))


def test_a_track_of_which_all_said_amazement_is_left_out(tmp_path, context, monkeypatch):
    monkeypatch.setattr(small_emotify, "RATERS", {2: ("100000000",), 3: ("000010000",)})
    small_emotify.write(tmp_path)
    assert [clip.id for clip in clips(tmp_path, context, ["emotify"])] == ["3"]
    assert "amazement" not in gems()
    assert set(gems()) < set(FEELINGS)


def test_moods_are_the_means_of_their_words_norms(root):
    told = moods(root, ["Boisterous", "Sweet"], pytest.fail)
    assert told["Sweet"] == pytest.approx(((8 - 5) / 4, (2 - 1) / 8))
    assert told["Boisterous"] == pytest.approx(((5 - 5) / 4, (6.5 - 1) / 8))


def test_without_the_norms_moods_are_those_of_the_thesaurus(tmp_path):
    notes = []
    told = moods(tmp_path, ["Brooding"], notes.append)
    places = [thesaurus.lookup(name).emotion.vad[:2] for name in ("gloom", "worry")]
    assert told["Brooding"] == pytest.approx(np.mean(places, 0))
    assert "thesaurus" in notes[0]


def test_a_mood_nobody_knows_and_norms_that_lack_a_word_are_errors(root):
    with pytest.raises(CorpusError, match="Purple"):
        moods(root, ["Sweet", "Purple"], print)
    with pytest.raises(CorpusError, match="poignant"):
        moods(root, ["Poignant"], print)


def test_every_mood_has_a_place_in_the_thesaurus_too(tmp_path):
    every = [row["mood"] for row in module._table("moods.csv")]
    assert len(moods(tmp_path, every, lambda _: None)) == len(every) == 28


def test_ratings_follow_the_bar_that_sounds_and_leave_the_warm_up_out(root, context):
    piece = next(clip for clip in clips(root, context, ["vgmidi"]) if clip.id == "p1")
    seconds = np.arange(len(piece.felt)) / FRAMES.frames_a_second
    known = np.isfinite(piece.felt).all(1)
    assert known.tolist() == ((seconds >= 4) & (seconds < 6)).tolist()  # six bars of a second, four of them warm-up
    assert piece.felt[known] == pytest.approx(np.tile([0.5, 0.75], (known.sum(), 1)))
    assert piece.summary == pytest.approx([0.5, 0.75])


def test_what_is_played_ends_where_it_is_cut(root, context, monkeypatch):
    monkeypatch.setattr(module, "CUT", 2.0)
    assert {len(clip.levels) for clip in clips(root, context, ["emopia"])} == {22}


def test_speech_is_told_by_the_emotion_that_was_asked_for(tmp_path, context):
    small_ravdess.write(tmp_path)
    spoken = clips(tmp_path, context, ["ravdess"])
    assert len(spoken) == 16
    angry = next(clip for clip in spoken if clip.id.startswith("03-01-05"))
    assert angry.summary == pytest.approx([-0.8, 1.0])


def test_bands_are_measured_over_clips_with_each_corpus_alike():
    levels = np.zeros((4, 128), np.uint8)
    levels[2:] = 255
    felt = np.zeros((4, 2))
    half = Clip("emotify", "1", "train", "1", levels, felt)
    full = [Clip("emopia", name, "train", name, np.full((9, 128), 255, np.uint8), felt) for name in "abc"]
    mean, deviation = bands([half, *full])
    assert mean == pytest.approx(np.full(128, -20))
    assert deviation == pytest.approx(np.full(128, np.sqrt(6400 / 4 - 400)))


def test_a_file_that_is_damaged_is_left_out_and_told(tmp_path, context):
    notes = []
    small_emotify.write(tmp_path, ".wav")
    (tmp_path / "emotify/emotifymusic/classical/1.wav").write_bytes(b"noise")
    found = clips(tmp_path, replace(context, note=notes.append), ["emotify"])
    assert [clip.id for clip in found] == ["2", "301"]
    assert any("1.wav" in note for note in notes)


def test_a_missing_corpus_is_one_clear_error(root, tmp_path, context):
    assert there(root) == CORPORA
    assert there(tmp_path) == ()
    with pytest.raises(MissingCorpusError, match="Emotify"):
        clips(tmp_path, context)


@pytest.mark.skipif("KELLY_CORPORA" not in os.environ, reason="KELLY_CORPORA names no folder of corpora")
def test_the_norms_hold_every_word_of_the_moods():
    every = [row["mood"] for row in module._table("moods.csv")]
    assert len(moods(Path(os.environ["KELLY_CORPORA"]), every, pytest.fail)) == 28
