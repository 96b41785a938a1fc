"""Files: what was there before stays until the new file is whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kelly.errors import FileError
from kelly.files import read_bytes, replacing, write_atomically


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "song.mid"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["song.mid"]


def test_a_failed_writer_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "song.mid"
    path.write_bytes(b"old")

    def interrupted():
        with replacing(path) as beside:
            beside.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["song.mid"]


def test_a_new_file_has_the_usual_permissions_and_keeps_its_suffix(tmp_path):
    with replacing(tmp_path / "roll.png") as beside:
        assert beside.suffix == ".png"
    plain = tmp_path / "plain"
    plain.touch()
    assert (tmp_path / "roll.png").stat().st_mode == plain.stat().st_mode


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_impossible_targets_are_refused_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    targets = [
        tmp_path,
        tmp_path / "none" / "x",
        tmp_path / "file" / "x",
        tmp_path / ("x" * 300),
        loop,
        "/dev/null",
        "a\0b",
        "",
    ]
    for target in targets:
        with pytest.raises(FileError) as caught:
            write_atomically(target, b"x")
        assert "\n" not in str(caught.value)
        assert ".kelly-" not in str(caught.value)
    assert names(tmp_path) == ["file", "loop"]


def test_a_read_only_folder_is_refused(tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.touch", refuse)
    with pytest.raises(FileError, match="Permission denied"):
        write_atomically(tmp_path / "x", b"x")


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "song.mid"
    path.write_bytes(b"old")
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from kelly.files import write_atomically\n"
        "from kelly.errors import FileError\n"
        "try: write_atomically(sys.argv[1], bytes(100000))\n"
        "except FileError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert "too large" in done.stdout
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["song.mid"]


def test_reading_refuses_what_is_missing_endless_or_too_long(tmp_path):
    (tmp_path / "long").write_bytes(bytes(11))
    for path in (tmp_path / "none", tmp_path, "/dev/zero", tmp_path / "long", "a\0b"):
        with pytest.raises(FileError, match="cannot read"):
            read_bytes(path, limit=10)
    (tmp_path / "short").write_bytes(b"abc")
    assert read_bytes(tmp_path / "short", limit=10) == b"abc"
