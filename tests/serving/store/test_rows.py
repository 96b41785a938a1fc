"""Songs, answers, results and preferences: kept as they came, once, and no longer than they are of use."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from functools import partial

import anyio
import pytest
import sqlalchemy as sql

from kelly.errors import UsageError
from kelly.serving.store import answers, jobs, preferences, results, songs, tables, tidying
from kelly.serving.store.answers import Answer, Once, once
from kelly.serving.store.jobs import Job
from kelly.serving.store.preferences import Preference
from kelly.serving.store.songs import Song


@pytest.mark.parametrize(("row", "table"), [(Song, tables.songs), (Job, tables.jobs), (Preference, tables.preferences)])
def test_a_row_is_read_as_it_is_written(row, table):
    assert [field.name for field in fields(row)] == list(table.columns.keys())


def test_a_song_comes_back_as_it_was(store):
    odd = "Ünïcode 🎵 'quoted' \\ \r\n" + "long " * 1000
    made = songs.made("import", odd, bytes(range(256)), {"text": "\0\ud800", "number": 1e-300}, "k", "0" * 24)
    store.write_now(songs.added, made)
    assert store.read_now(songs.found, made.id) == made


def test_of_each_key_one_song_is_kept(store, song):
    first, again, other, brought = song("a"), song("a"), song("b"), song(None)
    assert store.write_now(songs.added, first) == store.write_now(songs.added, again) == first
    for one in (other, brought, replace(brought, id="0" * 24)):
        assert store.write_now(songs.added, one) == one
    assert len(store.read_now(songs.page, 10)) == 4


def test_ids_of_songs_that_are_gone_are_known_however_many_there_are(store, song, monkeypatch):
    monkeypatch.setattr(songs, "_MANY", 3)
    there = [store.write_now(songs.added, song(str(number))).id for number in range(7)]
    store.write_now(songs.removed, there[3])
    assert store.read_now(songs.gone, [*there, "0" * 24]) == {there[3], "0" * 24}
    assert store.read_now(songs.gone, []) == set()


def test_a_title_with_a_nul_is_kept_without_it(store):
    made = songs.made("import", "a\0b", b"", None)
    store.write_now(songs.added, made)
    assert store.read_now(songs.found, made.id).title == "ab"


def test_pages_show_every_song_once_the_newest_first(store, song):
    now = time.time()
    made = [replace(song(str(number)), created=now + number // 3) for number in range(10)]
    for one in made:
        store.write_now(songs.added, one)
    shown, before = [], None
    while page := store.read_now(songs.page, 3, before):
        shown += page
        before = page[-1].created, page[-1].id
    assert shown == sorted(made, key=lambda one: (one.created, one.id), reverse=True)


def test_preferences_come_in_pages(store):
    made = [store.write_now(preferences.added, "0" * 24, "1" * 24, "second", {"valence": 0.5}) for _ in range(3)]
    first = store.read_now(preferences.page, 2)
    rest = store.read_now(preferences.page, 2, (first[-1].created, first[-1].id))
    assert sorted(first + rest, key=lambda one: one.id) == sorted(made, key=lambda one: one.id)


def ask(store, *asked, made=None):
    """The answers to requests for a job, all sent at the same time; `made` takes note of each job."""

    def make(connection):
        job = jobs.added(connection, "compose", tables.new_id(), {}, 1.0)
        if made is not None:
            made.append(job.id)
        return Answer(202, {"id": job.id}, f"/v1/jobs/{job.id}")

    told = []

    async def one(same):
        told.append(await once(store, same, make))

    async def all_of_them():
        async with anyio.create_task_group() as group:
            for same in asked:
                group.start_soon(one, same)

    anyio.run(all_of_them)
    return told


def test_a_request_sent_again_is_answered_as_before(store):
    made = []
    first, second = (ask(store, Once("k", "f"), made=made) for _ in range(2))
    assert first == second
    assert store.read_now(jobs.waiting) == len(made) == 1


def test_a_request_sent_many_times_at_once_is_done_once(store):
    told = ask(store, *[Once("k", "f")] * 12)
    assert len({one.place for one in told}) == 1
    assert store.read_now(jobs.waiting) == 1


def test_a_key_belongs_to_one_request(store):
    ask(store, Once("k", "f"))
    with pytest.raises(ExceptionGroup) as told:
        ask(store, Once("k", "g"))
    assert [str(error) for error in told.value.exceptions] == [
        "an idempotency key belongs to one request; this one came with another before"
    ]


def test_a_request_that_was_refused_may_be_sent_again(store):
    def refuse(_):
        raise UsageError("no")

    with pytest.raises(UsageError):
        anyio.run(partial(once, store, Once("k", "f"), refuse))
    assert ask(store, Once("k", "f"))[0].status == 202


def test_a_key_is_free_again_after_a_day(store, monkeypatch):
    first = ask(store, Once("k", "f"))
    later = time.time() + answers.KEPT + 1
    monkeypatch.setattr(answers.time, "time", lambda: later)
    assert ask(store, Once("k", "g")) != first


def test_a_result_that_two_find_at_the_same_time_is_kept_once(store):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.write_now(results.kept, "k", {"a": 1}), range(16)))
    assert store.read_now(results.found, "k") == {"a": 1}


def test_results_are_kept_up_to_a_number_the_newest_ones(store, monkeypatch):
    monkeypatch.setattr(results, "MOST", 5)
    for number in range(9):
        store.write_now(results.kept, str(number), {})
    kept = [number for number in range(9) if store.read_now(results.found, str(number)) is not None]
    assert kept == [4, 5, 6, 7, 8]


def test_ended_jobs_go_after_thirty_days_and_their_songs_stay(store, queued, claimed, song, job, monkeypatch):
    name, waits = queued("a").id, queued("b").id
    made = song()
    store.write_now(jobs.finished, name, claimed().owner, made)
    ask(store, Once("k", "f"))
    assert store.write_now(tidying.tidied) == 0
    later = time.time() + tidying.JOBS + 1
    monkeypatch.setattr(tidying.time, "time", lambda: later)
    assert store.write_now(tidying.tidied) == 2
    assert job(name) is None
    assert job(waits).state == "queued"
    assert store.read_now(songs.found, made.id) == made
    assert store.read_now(count, tables.answers) == 0


def test_much_goes_in_many_steps(store, queued, monkeypatch):
    monkeypatch.setattr(tidying, "_MOST", 3)
    monkeypatch.setattr(tidying, "JOBS", -1.0)
    for number in range(7):
        store.write_now(jobs.cancelled, queued(str(number)).id)
    steps = iter(lambda: store.write_now(tidying.tidied), 0)
    assert list(steps) == [3, 3, 1]


def count(connection, table):
    return connection.execute(sql.select(sql.func.count()).select_from(table)).scalar_one()
