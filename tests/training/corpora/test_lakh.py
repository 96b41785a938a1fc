import pytest

from kelly.errors import CorpusError, FileError, MissingCorpusError
from kelly.training.data.corpora import lakh
from kelly.training.data.tenths import split_by_hash
from small import lakh as small


@pytest.fixture
def root(tmp_path):
    small.write(tmp_path)
    return tmp_path


def files(root):
    return {file.id: file for file in lakh.load(root)}


def test_a_file_is_listed_once_wherever_it_stands(root):
    found = list(lakh.load(root))
    assert sorted(file.id for file in found) == sorted(small.SUMS)


def test_a_matched_file_belongs_to_its_first_track(root):
    found = files(root)
    assert found[small.SUMS[0]].group == found[small.SUMS[1]].group == "TRAAAGR128F425B14B"
    assert found[small.SUMS[3]].track == "TRZZZXY128F92D2A1B"


def test_an_unmatched_file_stands_alone(root):
    file = files(root)[small.SUMS[7]]
    assert (file.group, file.track) == (file.id, None)


@pytest.mark.parametrize(("part", "count"), [("lmd_matched", 4), ("lmd_full", 8)])
def test_either_part_alone_will_do(tmp_path, part, count):
    place = small.write(tmp_path, parts=(part,))
    assert len(list(lakh.load(place))) == len(list(lakh.load(tmp_path))) == count


def test_a_matched_file_is_in_one_split_with_and_without_the_full_collection(tmp_path):
    alone, both = tmp_path / "alone", tmp_path / "both"
    small.write(alone, parts=("lmd_matched",))
    small.write(both)
    every = files(both)
    assert all(file.split == every[name].split for name, file in files(alone).items())


def test_the_split_is_that_of_the_track(root):
    found = files(root)
    assert all(file.split == split_by_hash("lakh", file.group) for file in found.values())
    assert found[small.SUMS[0]].split == found[small.SUMS[1]].split


def test_a_file_is_read_and_a_damaged_one_is_named(root):
    file = files(root)[small.SUMS[5]]
    assert {note.pitch for note in lakh.read(file).notes()} == {65}
    file.path.write_bytes(b"<html>not found</html>")
    with pytest.raises(FileError, match=file.id):
        lakh.read(file)


@pytest.mark.parametrize("name", ["song.mid", f"{'g' * 32}.mid"])
def test_a_file_that_is_not_named_by_its_sum_is_refused(root, name):
    folder = root / "lakh/lmd_full/0"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"")
    with pytest.raises(CorpusError, match="MD5"):
        list(lakh.load(root))


def test_other_parts_of_the_collection_are_not_enough(tmp_path):
    (tmp_path / "lakh/lmd_aligned").mkdir(parents=True)
    with pytest.raises(CorpusError, match="lmd_matched or lmd_full"):
        list(lakh.load(tmp_path))


def test_a_missing_corpus_says_where_to_get_it(tmp_path):
    with pytest.raises(MissingCorpusError, match=r"colinraffel\.com"):
        list(lakh.load(tmp_path))
