import numpy as np
import pytest

from kelly.errors import CorpusError, FileError
from kelly.score import midi
from kelly.score.notes import Note, Part, Score
from kelly.training.data.corpora import emopia
from small import emopia as small


@pytest.fixture
def root(tmp_path):
    small.write(tmp_path)
    return tmp_path


def test_a_clip_has_its_song_its_split_and_its_quadrant(root):
    clips = {clip.path.stem: clip for clip in emopia.load(root)}
    assert (clips["Q2_b_b_0"].group, clips["Q2_b_b_0"].split, clips["Q2_b_b_0"].quadrant) == ("b_b", "train", 2)
    assert (clips["Q3_b_b_1"].valence, clips["Q3_b_b_1"].arousal) == (-1, -1)
    assert {clip.split for clip in clips.values()} == {"train", "dev", "test"}


def test_no_id_tells_the_label_and_none_occurs_twice(root):
    ids = [clip.id for clip in emopia.load(root)]
    assert len(set(ids)) == len(ids)
    assert not any(f"Q{n}" in name for name in ids for n in range(1, 5))


def test_a_folder_with_the_test_split_alone_will_do(tmp_path):
    place = small.write(tmp_path, splits=("test",))
    assert [clip.split for clip in emopia.load(place)] == ["test"]


def test_a_clip_is_read_as_notes(root):
    assert len(list(emopia.read(next(emopia.load(root))).notes())) == 16


def test_beats_are_tracked_and_not_those_of_the_file(root):
    clip = next(emopia.load(root))
    notes = tuple(Note(1.2 * i, 1.0, 48 + 12 * (i % 2), 60) for i in range(40))  # one each .6 s
    midi.write(Score((Part("piano", 0, notes=notes),)), clip.path)
    found = emopia.beats(clip)
    assert np.diff(found.times) == pytest.approx(0.6, abs=0.02)
    assert len(found.times) >= 38


def test_a_damaged_clip_is_named(root):
    clip = next(emopia.load(root))
    clip.path.write_bytes(b"MThd")
    with pytest.raises(FileError, match=clip.path.name):
        emopia.read(clip)


@pytest.mark.parametrize(("old", "new"), [("Q2_b_b_0,Q2", "Q2_b_b_0,Q3"), ("Q2_b", "Q5_b"), ("fname", "name")])
def test_a_wrong_row_is_named(root, old, new):
    path = root / "emopia/split/train.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(CorpusError, match=r"train\.csv"):
        list(emopia.load(root))


def test_a_corpus_without_splits_is_refused(root):
    for path in (root / "emopia/split").iterdir():
        path.unlink()
    with pytest.raises(CorpusError, match=r"train\.csv, val\.csv or test\.csv"):
        list(emopia.load(root))
