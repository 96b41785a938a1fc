import errno
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.errors import FileError, KellyError, UnknownNameError, UsageError
from kelly.training.data import preparing
from kelly.training.data.parallel import cores, mapped
from kelly.training.data.preparing import Item, cache_folder, prepared
from small import jobs


@pytest.fixture
def items(tmp_path):
    """Five items with files of their own."""
    for i in range(5):
        (tmp_path / f"{i}.txt").write_bytes(bytes(range(1, i + 2)))
    return [Item(tmp_path / f"{i}.txt") for i in range(5)]


@pytest.fixture
def run(tmp_path):
    """Prepare items in a cache; the notes are in `run.notes`."""

    def prepare(items, function=jobs.letters, version=1, **options):
        prepare.notes = []
        cache = tmp_path / "cache"
        return list(prepared(items, function, cache, version=version, note=prepare.notes.append, **options))

    return prepare


@pytest.fixture
def ray(monkeypatch):
    """A cluster that works when it is asked for a result, and counts what it was sent."""
    sent = []

    def remote(function):
        return SimpleNamespace(remote=lambda *given: sent.append(given) or (lambda: function(*given)))

    stub = SimpleNamespace(
        init=lambda **_: None,
        remote=remote,
        get=lambda promise: promise(),
        cluster_resources=lambda: {"CPU": 3.0},
        sent=sent,
    )
    monkeypatch.setitem(sys.modules, "ray", stub)
    return stub


def computed(items):
    """How often each item was computed."""
    marks = [item.path.with_suffix(".made") for item in items]
    return [len(mark.read_text()) if mark.exists() else 0 for mark in marks]


def test_arrays_come_in_the_order_of_the_items(items, run):
    assert [arrays["file"].tolist() for arrays in run(items)] == [list(range(1, n + 2)) for n in range(5)]


def test_what_was_prepared_is_not_computed_again(items, run):
    first = run(items[:3])
    second = run(items)
    assert computed(items) == [1] * 5
    assert [arrays["file"].tolist() for arrays in second[:3]] == [arrays["file"].tolist() for arrays in first]


def test_a_moved_file_is_known_again_and_a_changed_one_is_not(items, run, tmp_path):
    run(items[:2])
    moved = Item(items[0].path.rename(tmp_path / "elsewhere.txt"))
    items[1].path.write_bytes(b"\x09")
    assert [arrays["file"].tolist() for arrays in run([moved, items[1]])] == [[1], [9]]
    assert computed([moved, items[1]]) == [0, 2]


def test_other_parameters_and_another_version_are_computed_anew(items, run):
    run(items[:1])
    (arrays,) = run([Item(items[0].path, {"factor": 3})])
    assert arrays["file"].tolist() == [3]
    run(items[:1], version=2)
    assert computed(items[:1]) == [3]


def test_an_item_needs_no_file(run):
    with pytest.raises(FileError, match=r'1 of 1 items could not be prepared; the first: {"tonic": 3}: never'):
        run([Item(parameters={"tonic": 3})], jobs.refused)


@given(st.data())
def test_a_damaged_result_is_never_believed(tmp_path_factory, data):
    place = tmp_path_factory.mktemp("damage")
    item = Item(place / "a.txt")
    item.path.write_bytes(b"some text")
    options = {"cache": place, "version": 1, "note": print}
    (whole,) = prepared([item], jobs.letters, **options)
    (kept,) = place.rglob("*.npz")
    content = bytearray(kept.read_bytes())
    if data.draw(st.booleans()):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    else:
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    kept.write_bytes(content)
    (again,) = prepared([item], jobs.letters, **options)
    assert set(again) == set(whole)
    assert np.array_equal(again["file"], whole["file"])


def test_a_failed_item_leaves_a_gap_and_is_told(items, run):
    items[1].path.write_bytes(b"")
    items[3].path.unlink()
    arrays = run(items)
    assert [one is None for one in arrays] == [False, True, False, True, False]
    assert run.notes[0] == f"{items[1].path}: there is nothing in it"
    assert str(items[3].path) in run.notes[1]
    assert run.notes[2] == "2 of 5 items could not be prepared"


def test_of_many_failures_the_first_are_told(items, run):
    items[0].path.write_bytes(b"")
    run([items[0]] * 30 + items[1:])
    assert len(run.notes) == preparing.MOST_TOLD + 1
    assert run.notes[-1] == "30 of 34 items could not be prepared"


def test_it_is_an_error_when_all_fail(items, run):
    with pytest.raises(FileError, match=r"5 of 5 items could not be prepared; the first: .*: never"):
        run(items, jobs.refused)


def test_nothing_to_prepare_is_no_error(run):
    assert run([]) == []


@pytest.mark.parametrize("options", [{"workers": 2}, {"engine": "ray"}, {"engine": "ray", "workers": 1}])
def test_results_and_files_are_the_same_however_they_are_computed(items, run, options, tmp_path, ray):
    alone = run(items)
    files = {path: path.read_bytes() for path in (tmp_path / "cache").rglob("*.npz")}
    for path in files:
        path.unlink()
    together = run(items, **options)
    assert {path: path.read_bytes() for path in (tmp_path / "cache").rglob("*.npz")} == files
    assert [a["file"].tolist() for a in alone] == [b["file"].tolist() for b in together]
    assert bool(ray.sent) == ("engine" in options)


def test_a_cluster_is_sent_only_what_keeps_it_busy(ray):
    results = mapped(jobs.double, iter(range(100)), workers=0, engine="ray", chunk=2)
    assert [next(results) for _ in range(2)] == [0, 2]
    assert len(ray.sent) == 12
    assert list(results) == list(range(4, 200, 2))


def test_a_cluster_without_ray_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(KellyError, match=r"pip install ray$"):
        list(mapped(jobs.double, [1], engine="ray"))


def test_a_worker_that_is_killed_is_one_line():
    with pytest.raises(KellyError, match="ended from outside"):
        list(mapped(jobs.killed, [1], workers=2))


@pytest.mark.parametrize("options", [{"workers": -1}, {"chunk": 0}])
def test_impossible_numbers_are_refused(options):
    with pytest.raises(UsageError, match="or more"):
        mapped(jobs.double, [1], **options)


def test_an_unknown_engine_is_refused(items, run):
    with pytest.raises(UnknownNameError, match="local, ray"):
        run(items, engine="spark")
    assert cores() >= 1


@pytest.mark.parametrize("function", [lambda _: {}, jobs.objects])
def test_what_cannot_be_sent_or_kept_is_refused(items, run, function):
    with pytest.raises(UsageError, match=r"top of a module|objects"):
        run(items, function)


def test_parameters_must_be_such_as_json_knows(run):
    with pytest.raises(UsageError, match="JSON"):
        run([Item(parameters={"path": Path()})], jobs.refused)


def test_a_full_disk_stops_the_run(items, run, monkeypatch):
    def full(*_):
        raise FileError("no space left") from OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(preparing, "write_atomically", full)
    with pytest.raises(FileError, match="no space left"):
        run(items)
    assert computed(items) == [1, 0, 0, 0, 0]


def test_a_cache_that_cannot_be_made_is_named(items, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="cannot make the folder"):
        prepared(items, jobs.letters, tmp_path / "file", version=1, note=print)


def test_results_are_kept_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "kelly"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "kelly"


def test_a_bar_is_drawn_on_a_terminal_only(items, run, monkeypatch, capsys):
    run(items)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    run(items)
    assert "preparing" in capsys.readouterr().err
