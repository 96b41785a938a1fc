"""`kelly backup` and `kelly restore`: one file, and back, with one line when something is amiss."""

import pytest

from kelly.serving import backup
from kelly.serving.store import songs
from kelly.serving.store.store import Store


@pytest.fixture
def data(tmp_path):
    """The folder of a service with two songs."""
    folder = tmp_path / "data"
    folder.mkdir()
    store = Store(f"sqlite:///{folder / 'kelly.db'}")
    store.open()
    for key in "ab":
        store.write_now(songs.added, songs.made("compose", "Title", b"MThd", {}, key))
    store.close()
    return folder


def kept(folder):
    store = Store(f"sqlite:///{folder / 'kelly.db'}")
    found = store.read_now(songs.page, 10)
    store.close()
    return found


def test_a_backup_is_made_and_put_back(kelly, data, tmp_path):
    made = kelly("backup", "a.zip", "--folder", data)
    assert (made.code, made.err) == (0, "")
    assert made.out.startswith("a.zip: 2 songs, 0 jobs, 0 preferences (")
    back = kelly("restore", "a.zip", "--folder", "other")
    assert (back.code, back.out, back.err) == (0, "a.zip: 2 songs, 0 jobs, 0 preferences restored\n", "")
    assert kept(tmp_path / "other") == kept(data)


def test_what_was_done_is_told_as_json(kelly, data, tmp_path):
    made = kelly("backup", "a.zip", "--folder", data, "--json").json
    assert (made["rows"]["songs"], made["bytes"]) == (2, (tmp_path / "a.zip").stat().st_size)
    back = kelly("restore", "a.zip", "--folder", "other", "--json").json
    assert (back["rows"]["songs"], back["other_weights"]) == (2, [])


def test_quiet_is_quiet(kelly, data):
    assert kelly("backup", "a.zip", "--folder", data, "--quiet").out == ""
    assert kelly("restore", "a.zip", "--folder", "other", "--quiet").out == ""


def test_a_store_with_songs_is_not_replaced_unawares(kelly, data):
    kelly("backup", "a.zip", "--folder", data)
    before = kept(data)
    refused = kelly("restore", "a.zip", "--folder", data)
    assert (refused.code, refused.out) == (1, "")
    assert "--replace" in refused.err
    assert kelly("restore", "a.zip", "--folder", data, "--replace").code == 0
    assert kept(data) == before


def test_other_weights_are_told_of(kelly, data, monkeypatch):
    kelly("backup", "a.zip", "--folder", data)
    other = dict.fromkeys(backup.weights(), "0" * 64)
    monkeypatch.setattr(backup, "weights", lambda: other)
    back = kelly("restore", "a.zip", "--folder", "other")
    assert back.code == 0
    assert back.err.startswith("kelly: other weights than when it was made: dynamics, ")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["backup", "a.tar"], 2, "kelly backup takes a file ending in .zip; got 'a.tar'"),
        (["backup", "a.zip", "--folder", "missing"], 1, "there is no store"),
        (["backup", "missing/a.zip", "--folder", "data"], 1, "does not exist"),
        (["backup", "a.zip", "--store", "mysql://me:secret@here/x"], 2, "a store is sqlite:///FILE or postgresql://"),
        (["backup", "a.zip", "--store", "postgresql://me:secret@127.0.0.1:1/x"], 1, "cannot be read"),
        (["backup", "a.zip", "--store", "postgresql://me:sec@ret@127.0.0.1:1/x"], 2, "written %40"),
        (["restore", "missing.zip"], 1, "cannot restore missing.zip: No such file or directory"),
        (["restore", "data"], 1, "cannot restore data: Is a directory"),
        (["restore", "data/kelly.db", "--folder", "other"], 1, "no backup of Kelly's"),
        (["restore", "whole.zip", "--store", "postgresql://me:secret@127.0.0.1:1/x"], 1, "cannot be written"),
    ],
)
def test_what_is_amiss_is_told_in_one_line_without_a_password(arguments, code, told, kelly, data):
    pytest.importorskip("psycopg")
    kelly("backup", "whole.zip", "--folder", data)
    refused = kelly(*arguments)
    assert (refused.code, refused.out) == (code, "")
    assert told in refused.err
    assert refused.err.count("\n") == 1
    assert "sec" not in refused.err
    assert "ret" not in refused.err.replace("directory", "")
