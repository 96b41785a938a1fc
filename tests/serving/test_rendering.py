"""Renderings: kept while they are asked for and their song is there, within bounds, whatever happens meanwhile."""

import os
import threading
import time
from dataclasses import replace

import anyio
import pytest

from kelly.serving import rendering
from kelly.serving.rendering import Renderings
from kelly.serving.store import songs
from kelly.serving.store.store import Store

SIZE = 100  # bytes of what a worker makes here


class Crew:
    """Workers that write some bytes."""

    def __init__(self):
        self.begun = 0

    async def run(self, _seconds, _task, _midi, _form, target):
        self.begun += 1
        await anyio.sleep(0.01)
        await anyio.Path(target).write_bytes(b"x" * SIZE)


@pytest.fixture
def store(tmp_path):
    made = Store(f"sqlite:///{tmp_path / 'kelly.db'}")
    made.open()
    yield made
    made.close()


@pytest.fixture
def song():
    return songs.made("compose", "Title", b"MThd", None)


@pytest.fixture
def crew():
    return Crew()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "renderings"


@pytest.fixture
def renderings(crew, folder):
    return Renderings(folder, 3 * SIZE, crew, 60.0)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def aged(path, seconds=3600.0):
    """Let a file be one that nobody asked for since then."""
    os.utime(path, (time.time() - seconds,) * 2)


def test_a_rendering_is_made_once_however_many_ask_for_it(renderings, crew, song):
    async def main():
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(renderings.of, song, "wav")
            group.start_soon(renderings.of, song, "svg")

    anyio.run(main)
    assert crew.begun == 2


def test_other_notes_are_another_rendering(renderings, song, folder):
    anyio.run(renderings.of, song, "wav")
    anyio.run(renderings.of, replace(song, midi=b"MThd other"), "wav")
    assert len(names(folder)) == 2


def test_the_folder_is_its_owners_alone(renderings, song, folder):
    anyio.run(renderings.of, song, "wav")
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_was_not_asked_for_longest_goes_when_there_is_too_much(renderings, song, folder):
    made = [anyio.run(renderings.of, replace(song, midi=bytes([number])), "wav") for number in range(3)]
    for number, path in enumerate(made):
        aged(path, 3600 - number)
    anyio.run(renderings.of, replace(song, midi=bytes([0])), "wav")
    new = anyio.run(renderings.of, replace(song, midi=b"new"), "wav")
    assert names(folder) == sorted(path.name for path in (made[0], made[2], new))


def test_what_was_asked_for_just_now_stays_until_it_is_read(renderings, song, folder, store):
    store.write_now(songs.added, song)
    for number in range(5):
        anyio.run(renderings.of, replace(song, midi=bytes([number])), "wav")
    assert len(names(folder)) == 5
    for path in folder.iterdir():
        aged(path)
    anyio.run(renderings.tidy, store)
    assert len(names(folder)) == 3


def test_files_that_come_and_go_meanwhile_do_no_harm(renderings, song, folder):
    anyio.run(renderings.of, song, "wav")
    for number in range(200):
        (folder / f"{number:024x}-a.svg").touch()
    done = threading.Event()

    def others():
        while not done.is_set():
            beside = folder / ".kelly-0.wav"
            beside.touch()
            beside.replace(folder / "a-a.wav")

    thread = threading.Thread(target=others)
    thread.start()
    try:
        for number in range(100):
            anyio.run(renderings.of, replace(song, midi=bytes([number])), "wav")
    finally:
        done.set()
        thread.join()


def test_what_belongs_to_no_song_any_more_goes(renderings, song, folder, store):
    """The song was deleted by another replica, or while it was rendered."""
    other = songs.made("compose", "Title", b"MThd", None)
    for one in (song, other):
        store.write_now(songs.added, one)
        anyio.run(renderings.of, one, "wav")
    store.write_now(songs.removed, song.id)
    anyio.run(renderings.tidy, store)
    assert [name.partition("-")[0] for name in names(folder)] == [other.id]


def test_what_a_worker_left_that_was_ended_goes_and_what_one_writes_stays(renderings, folder, store):
    folder.mkdir()
    for name in (".kelly-0.wav", ".kelly-1.wav"):
        (folder / name).touch()
    aged(folder / ".kelly-0.wav")
    anyio.run(renderings.tidy, store)
    assert names(folder) == [".kelly-1.wav"]


def test_it_is_tidied_from_the_start_and_again_and_again(renderings, song, folder, store, monkeypatch):
    monkeypatch.setattr(rendering, "_TIDY", 0.01)

    async def main():
        async with anyio.create_task_group() as group:
            group.start_soon(renderings.watch, store)
            for _ in range(2):
                path = anyio.Path(await renderings.of(song, "wav"))
                with anyio.fail_after(20):
                    while await path.exists():  # noqa: ASYNC110 - a file tells nobody
                        await anyio.sleep(0.01)
            group.cancel_scope.cancel()

    anyio.run(main)
    assert names(folder) == []


def test_a_store_that_is_away_does_not_end_the_watch(renderings, song, folder, store, monkeypatch, caplog):
    monkeypatch.setattr(rendering, "_TIDY", 0.01)
    anyio.run(renderings.of, song, "wav")
    store.write_now(lambda connection: connection.exec_driver_sql("ALTER TABLE songs RENAME TO away"))

    async def main():
        async with anyio.create_task_group() as group:
            group.start_soon(renderings.watch, store)
            with anyio.fail_after(20):
                while not caplog.records:  # noqa: ASYNC110
                    await anyio.sleep(0.01)
                assert names(folder)
                store.write_now(lambda connection: connection.exec_driver_sql("ALTER TABLE away RENAME TO songs"))
                while names(folder):  # noqa: ASYNC110
                    await anyio.sleep(0.01)
            group.cancel_scope.cancel()

    anyio.run(main)
    assert caplog.records[0].getMessage() == "renderings cannot be tidied"
