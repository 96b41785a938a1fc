"""Jobs: each is run by one at a time, ends once, and is not lost with who ran it."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from kelly.serving.store import jobs, songs
from kelly.serving.store.jobs import ATTEMPTS, ENDED, LONGEST


def test_jobs_are_taken_in_the_order_they_came(queued, claimed):
    asked = [queued(key).id for key in "abc"]
    assert [claimed().id for _ in asked] == asked
    assert claimed() is None


def test_a_job_is_taken_by_one_alone_however_many_reach_for_it(store, queued, claimed):
    asked = {queued(str(number)).id for number in range(20)}
    with ThreadPoolExecutor(6) as pool:
        taken = [job.id for job in pool.map(lambda _: claimed(), range(30)) if job is not None]
    assert sorted(taken) == sorted(asked)
    assert store.read_now(jobs.waiting) == 0


def test_a_job_whose_owner_has_gone_is_taken_up_by_another(queued, claimed, job):
    name = queued().id
    first, second = claimed(-1), claimed()
    assert (first.id, second.id, second.attempts) == (name, name, 2)
    assert claimed() is None
    assert job(name).owner == second.owner


def test_a_job_whose_lease_was_given_by_a_clock_that_was_put_back_is_taken_up(queued, claimed):
    name = queued().id
    claimed(LONGEST + 3600)
    assert claimed().id == name


def test_a_lease_that_is_renewed_does_not_end(store, queued, claimed):
    queued()
    first = claimed(-1)
    store.write_now(jobs.renewed, [first.owner], 60)
    assert claimed() is None


def test_who_lost_a_job_can_no_longer_say_anything_of_it(store, queued, claimed, job, song):
    name = queued().id
    lost, _ = claimed(-1), claimed()
    before = job(name)
    assert store.read_now(jobs.wanted, [lost.owner]) == frozenset()
    store.write_now(jobs.renewed, [lost.owner], 60)
    store.write_now(jobs.progressed, name, lost.owner, "composing", 0.9)
    assert not store.write_now(jobs.given_back, name, lost.owner, counts=True)
    assert not store.write_now(jobs.failed, name, lost.owner, {})
    assert not store.write_now(jobs.finished, name, lost.owner, song())
    assert job(name) == before
    assert store.read_now(songs.page, 10) == []


def test_a_job_ends_with_its_song_and_forgets_what_was_asked(store, queued, claimed, job, song):
    name = queued().id
    made = song()
    told = store.write_now(jobs.finished, name, claimed().owner, made)
    assert told == (ended := job(name))
    assert (ended.state, ended.progress, ended.song, ended.request) == ("done", 1.0, made.id, None)
    assert store.read_now(songs.found, made.id) == made


def test_a_job_cannot_end_twice(store, queued, claimed, song):
    name = queued().id
    owner = claimed().owner
    assert store.write_now(jobs.finished, name, owner, song())
    assert not store.write_now(jobs.finished, name, owner, song())
    assert not store.write_now(jobs.failed, name, owner, {})
    assert len(store.read_now(songs.page, 10)) == 1


def test_what_was_asked_for_twice_at_the_same_time_makes_one_song(store, queued, claimed, job, song):
    names = [queued("same").id for _ in range(3)]
    running = [claimed(), claimed()]
    for one in running:
        assert store.write_now(jobs.finished, one.id, one.owner, song("same"))
    assert claimed() == job(names[2])  # which is done without work
    assert {job(name).state for name in names} == {"done"}
    assert len({job(name).song for name in names}) == 1
    assert len(store.read_now(songs.page, 10)) == 1
    assert queued("same").state == "done"


def test_jobs_for_the_same_that_finish_at_the_same_time_make_one_song(store, queued, claimed, song):
    """In PostgreSQL, where all may look before any writes."""
    for number in range(5):
        running = [claimed() for _ in [queued(f"same {number}") for _ in range(4)]]
        together = Barrier(len(running))

        def finish(one, together=together):
            together.wait(20)
            return store.write_now(jobs.finished, one.id, one.owner, song(one.key))

        with ThreadPoolExecutor(len(running)) as pool:
            assert len({ended.song for ended in pool.map(finish, running)}) == 1
    assert len(store.read_now(songs.page, 100)) == 5


def test_a_job_that_waits_is_cancelled_at_once(store, queued, claimed):
    name = queued().id
    assert store.write_now(jobs.cancelled, name).state == "cancelled"
    assert claimed() is None


def test_a_job_that_runs_is_asked_to_stop_and_stopped_by_who_runs_it(store, queued, claimed, job):
    name = queued().id
    owner = claimed().owner
    assert store.read_now(jobs.wanted, [owner]) == {owner}
    asked = store.write_now(jobs.cancelled, name)
    assert (asked.state, asked.stage) == ("running", "stopping")
    store.write_now(jobs.progressed, name, owner, "composing", 0.5)
    assert job(name).stage == "stopping"
    assert store.read_now(jobs.wanted, [owner]) == frozenset()
    assert store.write_now(jobs.given_back, name, owner, counts=False) == job(name)
    assert job(name).state == "cancelled"


def test_a_job_that_is_cancelled_at_the_moment_it_is_finished_is_cancelled(store, queued, claimed, job, song):
    name = queued().id
    owner = claimed().owner
    store.write_now(jobs.cancelled, name)
    assert store.write_now(jobs.finished, name, owner, song()) == job(name)
    assert job(name).state == "cancelled"
    assert store.read_now(songs.page, 10) == []


def test_a_job_that_is_cancelled_while_the_service_ends_does_not_wait_again(store, queued, claimed, job):
    name = queued().id
    owner = claimed().owner
    store.write_now(jobs.cancelled, name)
    store.write_now(jobs.given_back, name, owner, counts=False)
    assert job(name).state == "cancelled"


def test_a_job_whose_owner_has_gone_before_it_could_stop_is_cancelled_by_the_next(store, queued, claimed, job):
    name = queued().id
    claimed(-1)
    store.write_now(jobs.cancelled, name)
    assert claimed().state == "cancelled"
    assert claimed() is None
    assert job(name).state == "cancelled"


def test_cancelling_and_taking_at_the_same_time_leaves_nothing_behind(store, queued, claimed, job):
    names = [queued(str(number)).id for number in range(20)]

    def stop(name):
        return store.write_now(jobs.cancelled, name)

    with ThreadPoolExecutor(4) as pool:
        taken = [pool.submit(claimed) for _ in names]
        list(pool.map(stop, names))
    for one in filter(None, (each.result() for each in taken)):
        store.write_now(jobs.given_back, one.id, one.owner, counts=False)
    assert {job(name).state for name in names} == {"cancelled"}


def test_a_cancellation_that_meets_a_job_given_back_is_not_lost(store, queued, claimed, job):
    """In PostgreSQL, where both may look before either writes."""
    for number in range(10):
        name = queued(str(number)).id
        owner = claimed().owner
        with ThreadPoolExecutor(2) as pool:
            given = pool.submit(store.write_now, jobs.given_back, name, owner, counts=False)
            pool.submit(store.write_now, jobs.cancelled, name).result()
            given.result()
        assert job(name).state == "cancelled"


def test_a_job_that_ends_its_process_each_time_is_given_up(queued, claimed):
    queued()
    tries = [claimed(-1).attempts for _ in range(ATTEMPTS + 1)]
    assert tries == list(range(1, ATTEMPTS + 2))  # the last is there to fail it


def test_a_job_given_back_waits_in_its_old_place(store, queued, claimed, job):
    first, second = queued("a").id, queued("b").id
    owner = claimed().owner
    store.write_now(jobs.given_back, first, owner, counts=False)
    assert (job(first).state, job(first).attempts) == ("queued", 0)
    assert [claimed().id, claimed().id] == [first, second]


def test_every_change_is_news(store, queued, claimed, job, song):
    name = queued().id
    seen = [job(name).revision]
    owner = claimed().owner
    for change in (
        (jobs.progressed, name, owner, "composing", 0.5),
        (jobs.finished, name, owner, song()),
    ):
        seen.append(job(name).revision)
        store.write_now(*change)
    seen.append(job(name).revision)
    assert seen == sorted(set(seen))
    assert job(name).state in ENDED


def test_what_people_write_is_kept_as_it_is(store, claimed):
    text = "so sad \0 \ud800 \U0001f600 'x' \\ \u2028"
    store.write_now(jobs.added, "compose", "a", {"feeling": {"text": text}}, 10.0)
    assert claimed().request == {"feeling": {"text": text}}


@pytest.mark.parametrize("ahead", [-3600.0, 3600.0])
def test_a_machine_whose_clock_is_wrong_takes_no_job_from_another(postgresql, monkeypatch, ahead):
    from kelly.serving.store.store import Store

    store = Store(postgresql())
    store.open()
    store.write_now(jobs.added, "compose", "a", {}, 10.0)
    assert store.write_now(jobs.claimed, "one", 15.0) is not None
    wrong = time.time() + ahead
    monkeypatch.setattr(jobs.time, "time", lambda: wrong)
    assert store.write_now(jobs.claimed, "two", 15.0) is None
    store.close()
