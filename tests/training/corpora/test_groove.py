import os
from collections import Counter
from pathlib import Path

import pytest

from kelly.errors import CorpusError, FileError, MissingCorpusError
from kelly.score.notes import Meter
from kelly.training.data.corpora import groove
from small import groove as small


@pytest.fixture
def root(tmp_path):
    small.write(tmp_path)
    return tmp_path


def takes(root):
    return {take.id: take for take in groove.load(root)}


def test_a_take_says_who_played_what_and_how_fast(root):
    take = takes(root)["drummer1/session1/2"]
    assert (take.drummer, take.session) == ("drummer1", "drummer1/session1")
    assert (take.style, take.substyle, take.kind, take.bpm) == ("latin", "brazilian-baiao", "fill", 96)
    assert (take.meter, take.duration) == (Meter(0.0, 4, 4), 6.0)


def test_a_style_without_a_substyle_has_none(root):
    assert takes(root)["drummer1/session1/1"].substyle == ""


def test_the_official_splits_are_kept(root):
    assert Counter(take.split for take in takes(root).values()) == {"train": 4, "dev": 1, "test": 1}


def test_no_group_is_cut_though_drummers_are(root):
    splits = {}
    for take in groove.load(root):
        splits.setdefault(take.group, set()).add(take.split)
    assert all(len(found) == 1 for found in splits.values())
    assert len({take.split for take in groove.load(root) if take.drummer == "drummer1"}) > 1


def test_a_folder_with_the_test_split_alone_will_do(tmp_path):
    place = small.write(tmp_path, splits=("test",))
    assert [take.split for take in groove.load(place)] == ["test"]


def test_hits_keep_their_distance_from_the_metronome(root):
    score = groove.read(takes(root)["drummer1/session1/1"])
    notes = list(score.notes())
    assert len(notes) == small.HITS
    assert score.tempos[0].bpm == 80
    assert [notes[0].onset, notes[1].onset] == pytest.approx([0, 0.27], abs=1 / 480)


def test_a_damaged_or_missing_take_is_named(root):
    take = next(groove.load(root))
    take.path.write_bytes(b"MThd")
    with pytest.raises(FileError, match=take.path.name):
        groove.read(take)
    take.path.unlink()
    with pytest.raises(FileError, match=take.path.name):
        groove.read(take)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (",80,beat", ",8,beat", "bpm of drummer1/session1/1 must lie in 20..400"),
        (",80,beat", ",fast,beat", "bpm of drummer1/session1/1"),
        (",beat,", ",break,", "must be one of beat, fill; got 'break'"),
        ("4-4,", "4/4,", "must be like 4-4; got '4/4'"),
        (",train", ",dev", "must be one of train, validation, test"),
        (",6.0,", ",-1,", "duration"),
        ("time_signature,", "meter,", "lacks time_signature"),
    ],
)
def test_a_wrong_row_is_named(root, old, new, told):
    path = root / "groove/info.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(CorpusError, match=r"info\.csv") as error:
        list(groove.load(root))
    assert told in str(error.value)


def test_a_missing_corpus_says_where_to_get_it(tmp_path):
    with pytest.raises(MissingCorpusError, match=r"magenta\.tensorflow\.org"):
        list(groove.load(tmp_path))


@pytest.mark.skipif("KELLY_CORPORA" not in os.environ, reason="KELLY_CORPORA names no folder of corpora")
def test_the_whole_corpus_is_as_it_is_described():
    found = list(groove.load(Path(os.environ["KELLY_CORPORA"])))
    assert len({take.id for take in found}) == len(found)
    assert Counter(take.split for take in found) >= Counter(groove.CORPUS.counts)
    assert all(take.path.exists() for take in found)
