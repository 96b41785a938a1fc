"""Lead sheets: the key that holds at a time, the chords of a bar, texts that can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.errors import CorpusError, FileError
from kelly.score.notes import KeySignature
from kelly.training.data.leadsheet import Change, Key, bar_of, key_at, key_of, text_of

KEYS = (Key(4.0, 0, minor=False), Key(12.0, 9, minor=True))


@pytest.mark.parametrize(("onset", "tonic"), [(0.0, 0), (4.0, 0), (11.9, 0), (12.0, 9), (99.0, 9)])
def test_a_key_holds_until_the_next_and_the_first_from_the_start(onset, tonic):
    assert key_at(KEYS, onset).tonic == tonic


def test_without_keys_there_is_none():
    assert key_at((), 3.0) is None


def test_a_key_signature_is_a_key():
    assert key_of(KeySignature(2.0, "F#", minor=True)) == Key(2.0, 6, minor=True)
    with pytest.raises(CorpusError, match='got "H"'):
        key_of(KeySignature(2.0, "H", minor=True))


@given(st.lists(st.text("CDm7", min_size=1, max_size=3), max_size=8), st.floats(0, 1000), st.floats(0.25, 12))
def test_the_chords_of_a_bar_share_it_evenly(symbols, onset, length):
    bar = bar_of(symbols, onset, length)
    assert [change.symbol for change in bar] == symbols
    assert sum(change.duration for change in bar) == pytest.approx(length if symbols else 0)


def test_a_change_ends_where_its_length_says():
    assert Change(2.0, 1.5, "C").end == 3.5


def test_a_text_is_read_or_its_file_named(tmp_path):
    path = tmp_path / "song.txt"
    path.write_bytes(b"\xef\xbb\xbf# title: Caf\xc3\xa9\n")
    assert text_of(path) == "# title: Café\n"
    path.write_bytes(b"Caf\xe9")
    with pytest.raises(CorpusError, match=r"song\.txt"):
        text_of(path)
    with pytest.raises(FileError, match="none"):
        text_of(tmp_path / "none")
