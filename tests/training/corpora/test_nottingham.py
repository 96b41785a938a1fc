import pytest

from kelly.errors import CorpusError, FileError
from kelly.score import midi
from kelly.score.notes import Note, Part, Score
from kelly.training.data.corpora import nottingham
from kelly.training.data.leadsheet import Change, Key
from small import nottingham as small


@pytest.fixture
def tunes(tmp_path):
    small.write(tmp_path)
    return {tune.id: tune for tune in nottingham.load(tmp_path)}


def test_variants_of_a_tune_are_one_group(tunes):
    assert tunes["jigs1"].group == tunes["jigs2"].group == "ladys jig"
    assert tunes["waltzes10"].title == "A and A's Waltz"
    assert len({tune.group for tune in tunes.values()}) == 3


def test_without_the_books_a_tune_is_its_own_group(tmp_path):
    small.write(tmp_path, tunes=("jigs1", "jigs2"), books=False)
    assert {(tune.group, tune.title) for tune in nottingham.load(tmp_path)} == {("jigs1", ""), ("jigs2", "")}


def test_a_tune_is_melody_chords_key_and_meter(tunes):
    content = nottingham.read(tunes["jigs1"])
    assert content.melody[0] == Note(2.0, 1.0, 67, 90)
    assert content.sheet.changes[:2] == (Change(3.0, 3.0, "43 47 50"), Change(6.0, 3.0, "38 42 45"))
    assert content.sheet.keys == (Key(0.0, 7, minor=False),)
    assert content.sheet.meters[0].bar_length == 3


def test_minor_stays_minor(tunes):
    assert nottingham.read(tunes["waltzes10"]).sheet.keys[0].minor


def test_a_tune_may_have_no_chords(tunes):
    content = nottingham.read(tunes["waltzes2"])
    assert content.sheet.changes == ()
    assert len(content.melody) == 12


def test_what_is_no_tune_is_named(tunes):
    notes = (Note(0.0, 1.0, 60, 90),)
    midi.write(Score(tuple(Part(name, 0, notes=notes) for name in "abc")), tunes["jigs1"].path)
    with pytest.raises(CorpusError, match=r"jigs1\.mid.*it has 3"):
        nottingham.read(tunes["jigs1"])
    tunes["jigs2"].path.write_bytes(b"MThd")
    with pytest.raises(FileError, match=r"jigs2\.mid"):
        nottingham.read(tunes["jigs2"])
