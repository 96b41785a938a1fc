import errno
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.cli.writing import folder, slug, write_together
from kelly.errors import FileError, SoundError, UsageError
from kelly.files import make_folder, write_atomically


def text(content):
    return lambda path: write_atomically(path, content)


def failing(error):
    def write(_):
        raise error

    return write


def test_all_files_are_there_when_all_goes_well(tmp_path):
    write_together((tmp_path / name, text(name.encode())) for name in "abc")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"a", "b": b"b", "c": b"c"}


@pytest.mark.parametrize(
    "error", [SoundError("no"), OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
)
def test_when_the_last_fails_none_is_there_and_what_was_there_stands(tmp_path, error):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises((SoundError, FileError, KeyboardInterrupt)):
        write_together([(tmp_path / "a", text(b"new")), (tmp_path / "b", failing(error))])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


def test_an_error_names_the_target_and_not_the_file_beside_it(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(FileError) as caught:
        write_together([(tmp_path / "song.wav", text(b"x"))])
    assert str(caught.value) == f"cannot write {tmp_path / 'song.wav'}: No space left on device"


def test_two_files_of_one_name_are_refused(tmp_path):
    with pytest.raises(UsageError):
        write_together([(tmp_path / "a", text(b"1")), (tmp_path / "x/../a", text(b"2"))])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_made_for_nothing_goes_again_and_one_that_was_there_stays(tmp_path):
    (tmp_path / "old").mkdir()
    for name in ("old", "new"):
        with pytest.raises(SoundError), folder(tmp_path / name):
            raise SoundError("no")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    with folder(tmp_path / "new"), folder(None):
        pass
    assert (tmp_path / "new").is_dir()


def test_a_folder_cannot_stand_where_a_file_is(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileError, match="cannot make the folder"):
        make_folder(tmp_path / "file")


@given(st.text(), st.lists(st.text(), max_size=3))
def test_a_slug_is_a_plain_new_file_name(name, others):
    taken = [slug(other) for other in others]
    made = slug(name, taken)
    assert made not in taken
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert made[0] != "-"
    assert len(made) < 100


def test_a_slug_keeps_the_letters_under_accents():
    assert slug("Klävier Été") == "klavier-ete"
