from collections import Counter

from kelly.training.data.layout import SPLITS
from kelly.training.data.splits import share
from kelly.training.data.tenths import split_by_hash


def test_a_tenth_of_the_groups_is_dev_and_a_tenth_test():
    counts = Counter(split_by_hash("deam", str(song)) for song in range(5000))
    assert set(counts) == set(SPLITS)
    assert 430 < counts["dev"] < 570
    assert 430 < counts["test"] < 570


def test_the_split_of_a_group_never_changes():
    assert [split_by_hash("deam", str(song)) for song in range(1, 7)] == [*["train"] * 5, "test"]


def test_the_split_is_where_the_hash_lies():
    shares = {song: share("deam", song) for song in map(str, range(300))}
    for split, low, high in (("test", 0.0, 0.1), ("dev", 0.1, 0.2), ("train", 0.2, 1.0)):
        assert {song for song in shares if split_by_hash("deam", song) == split} == {
            song for song, place in shares.items() if low <= place < high
        }


def test_corpora_are_cut_apart():
    assert any(split_by_hash("deam", str(song)) != split_by_hash("pmemo", str(song)) for song in range(50))
