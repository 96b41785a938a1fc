"""Runners: what becomes of a job when its worker, its replica or the store fails it."""

from contextlib import asynccontextmanager

import anyio
import pytest
from sqlalchemy.exc import OperationalError

from kelly.errors import FileError
from kelly.serving import running
from kelly.serving.metrics import Metrics
from kelly.serving.running import Runners
from kelly.serving.store import jobs, songs
from kelly.serving.store.jobs import ATTEMPTS, ENDED
from kelly.serving.store.store import Store
from kelly.serving.tasks import Made
from kelly.serving.work import BrokenError

MADE = Made("Title", b"MThd", {"emotion": None})
SOON = 20.0  # seconds in which it must come true


class Crew:
    """Workers that do what a test wants."""

    def __init__(self, work, size=2):
        self.work, self.size, self.begun, self.ended, self.metrics = work, size, 0, 0, Metrics()

    async def run(self, _seconds, _task, *_arguments):
        self.begun += 1
        try:
            return await self.work()
        except anyio.get_cancelled_exc_class():
            self.ended += 1
            raise

    def told(self):
        """How many jobs came to what end, as the metrics have it."""
        (family,) = self.metrics.jobs.collect()
        return {one.labels["outcome"]: one.value for one in family.samples}


async def made():
    return MADE


async def broken():
    raise BrokenError(500, "it could not be worked out: the worker ended")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(running, "_BEAT", 0.05)
    monkeypatch.setattr(running, "_GLANCE", 0.1)


@asynccontextmanager
async def replica(store, crew, lease=15.0, grace=5.0):
    """A replica that runs as long as the block; the crew counts."""
    runners = Runners(store, crew, crew.metrics, lease)
    async with anyio.create_task_group() as group:
        group.start_soon(runners.run, grace)
        yield runners
        runners.end()


async def true(until):
    """Wait until something is true of the store, or of the crew."""
    with anyio.fail_after(SOON):
        while not (told := until()):  # noqa: ASYNC110 - the store tells nobody
            await anyio.sleep(0.02)
    return told


def test_every_job_is_done_once(store, queued, job):
    names = [queued(str(number)).id for number in range(12)]
    crew = Crew(made)

    async def main():
        async with replica(store, crew), replica(store, crew):
            await true(lambda: all(job(name).state == "done" for name in names))

    anyio.run(main)
    assert crew.begun == len(names)
    assert len(store.read_now(songs.page, 100)) == len(names)


def test_a_job_that_ends_its_worker_each_time_fails_after_some_tries_and_holds_up_no_other(store, queued, job):
    name = queued("poison").id
    crew = Crew(broken, size=1)

    async def main():
        async with replica(store, crew):
            await true(lambda: job(name).state in ENDED)
            crew.work = made
            other = queued("other").id
            await true(lambda: job(other).state == "done")

    anyio.run(main)
    assert job(name).state == "failed"
    assert job(name).problem["detail"] == "it could not be worked out: the worker ended"
    assert crew.begun == ATTEMPTS + 1
    assert crew.told() == {"again": ATTEMPTS - 1, "failed": 1, "done": 1}


def test_a_job_that_ended_the_service_each_time_is_not_tried_again(store, queued, claimed, job):
    name = queued("poison").id
    for _ in range(ATTEMPTS):
        claimed(-1)
    crew = Crew(made)

    async def main():
        async with replica(store, crew):
            await true(lambda: job(name).state in ENDED)

    anyio.run(main)
    assert (job(name).state, crew.begun) == ("failed", 0)
    assert "each time" in job(name).problem["detail"]


def test_a_variation_of_a_song_that_was_forgotten_meanwhile_says_so(store, job):
    name = store.write_now(jobs.added, "vary", "a", {}, 10.0, "0" * 24).id

    async def main():
        async with replica(store, Crew(made)):
            await true(lambda: job(name).state in ENDED)

    anyio.run(main)
    assert (job(name).state, job(name).problem["status"]) == ("failed", 404)
    assert "gone" in job(name).problem["detail"]


def test_a_job_that_is_asked_to_stop_is_ended_soon(store, queued, job):
    name = queued().id
    crew = Crew(anyio.sleep_forever)

    async def main():
        async with replica(store, crew):
            await true(lambda: crew.begun)
            store.write_now(jobs.cancelled, name)
            await true(lambda: job(name).state == "cancelled")

    anyio.run(main)
    assert crew.ended == 1
    assert crew.told() == {"cancelled": 1}


def test_a_job_that_is_asked_to_stop_when_it_is_all_but_done_is_counted_as_cancelled(store, queued, job):
    name = queued().id

    async def work():
        store.write_now(jobs.cancelled, name)
        return MADE

    crew = Crew(work)

    async def main():
        async with replica(store, crew):
            await true(lambda: job(name).state == "cancelled")

    anyio.run(main)
    assert crew.told() == {"cancelled": 1}


def test_jobs_that_end_by_being_taken_are_counted(store, queued, claimed, job, song):
    stopping = queued("a").id
    claimed(-1)
    store.write_now(jobs.cancelled, stopping)
    made_meanwhile = queued("b").id
    store.write_now(songs.added, song("b"))
    crew = Crew(made)

    async def main():
        async with replica(store, crew):
            await true(lambda: job(stopping).ended and job(made_meanwhile).ended)

    anyio.run(main)
    assert (job(stopping).state, job(made_meanwhile).state, crew.begun) == ("cancelled", "done", 0)
    assert crew.told() == {"cancelled": 1, "done": 1}


def test_an_error_of_our_own_is_logged_and_tells_no_place(store, queued, job, caplog):
    name = queued().id

    async def work():
        raise FileError("cannot write /srv/kelly/song: No space left on device")

    async def main():
        async with replica(store, Crew(work)):
            await true(lambda: job(name).state in ENDED)

    with caplog.at_level("ERROR", "kelly.serving"):
        anyio.run(main)
    assert job(name).problem["detail"] == "something went wrong that is not your fault"
    assert [(record.getMessage(), record.job) for record in caplog.records] == [("a job failed", name)]


def test_a_job_that_another_took_over_is_let_go(store, queued, claimed, job):
    name = queued().id
    crew = Crew(anyio.sleep_forever)

    async def main():
        async with replica(store, crew, lease=60.0):
            await true(lambda: crew.begun)
            store.write_now(jobs.renewed, [job(name).owner], -1)
            claimed()
            await true(lambda: crew.ended)

    anyio.run(main)
    assert (job(name).state, job(name).attempts) == ("running", 2)
    assert crew.told() == {"lost": 1}


def test_a_job_that_takes_longer_than_its_lease_stays_where_it_is(store, queued, claimed, job):
    name = queued().id
    crew = Crew(lambda: slept(2.5))
    tried = []

    async def main():
        async with replica(store, crew, lease=1.0):
            await true(lambda: crew.begun)
            while job(name).state == "running" and not crew.ended:
                tried.append(claimed())
                await anyio.sleep(0.05)

    anyio.run(main)
    assert set(tried) == {None}
    assert (job(name).state, crew.begun) == ("done", 1)


async def slept(seconds):
    await anyio.sleep(seconds)
    return MADE


def test_a_service_that_ends_gives_back_what_it_has_begun(store, queued, job):
    name = queued().id
    crew = Crew(anyio.sleep_forever)

    async def main():
        async with replica(store, crew, grace=0.1):
            await true(lambda: crew.begun)

    anyio.run(main)
    assert (job(name).state, job(name).attempts, crew.ended) == ("queued", 0, 1)
    assert crew.told() == {"again": 1}


def test_a_service_that_ends_lets_what_runs_come_to_its_end(store, queued, job):
    name, waits = queued("a").id, queued("b").id
    crew = Crew(lambda: slept(0.3), size=1)

    async def main():
        async with replica(store, crew):
            await true(lambda: crew.begun)

    anyio.run(main)
    assert (job(name).state, job(waits).state) == ("done", "queued")


class Gone(Store):
    """A store that cannot be reached for a while, for what a test names."""

    def __init__(self, store):
        self.engine, self.url, self.there, self.away, self.asked = store.engine, store.url, store, [], 0

    async def write(self, work, *args, **kwargs):
        return await self._asked(self.there.write, work, *args, **kwargs)

    async def read(self, work, *args, **kwargs):
        return await self._asked(self.there.read, work, *args, **kwargs)

    async def tidy(self):
        pass

    async def _asked(self, ask, work, *args, **kwargs):
        self.asked += 1
        if work in self.away:
            raise OperationalError("", {}, Exception("away"))
        return await ask(work, *args, **kwargs)


def test_a_store_that_is_away_for_a_moment_costs_no_work(store, queued, job):
    name = queued().id
    gone = Gone(store)
    crew = Crew(lambda: slept(0.3))

    async def main():
        async with replica(gone, crew):
            await true(lambda: crew.begun)
            gone.away = [jobs.renewed, jobs.wanted, jobs.finished, jobs.claimed]
            await anyio.sleep(0.8)
            assert job(name).state == "running"
            gone.away = []
            await true(lambda: job(name).state == "done")

    anyio.run(main)
    assert (crew.begun, crew.ended) == (1, 0)


def test_a_replica_that_cannot_renew_its_lease_ends_its_work_when_others_may_begin_it(store, queued, job):
    name = queued().id
    gone = Gone(store)
    crew = Crew(anyio.sleep_forever)

    async def main():
        async with replica(gone, crew, lease=0.5):
            await true(lambda: crew.begun)
            gone.away = [jobs.renewed, jobs.wanted, jobs.claimed, jobs.given_back]
            await true(lambda: crew.ended)
            crew.work, gone.away = made, []
            await true(lambda: job(name).state == "done")

    anyio.run(main)
    assert (crew.begun, crew.ended) == (2, 1)


def test_a_song_that_the_store_cannot_keep_fails_its_job_alone(store, queued, job):
    name = queued("odd").id
    crew = Crew(lambda: odd(object()))

    async def main():
        async with replica(store, crew):
            await true(lambda: job(name).state in ENDED)
            crew.work = made
            other = queued("other").id
            await true(lambda: job(other).state == "done")

    anyio.run(main)
    assert job(name).problem["detail"] == "something went wrong that is not your fault"


async def odd(what):
    return Made("Title", b"MThd", {"odd": what})


def test_a_new_job_is_begun_at_once(store, queued, job, monkeypatch):
    monkeypatch.setattr(running, "_GLANCE", 60.0)

    async def main():
        async with replica(store, Crew(made)) as runners:
            for number in range(10):
                name = queued(str(number)).id
                runners.wake()
                await true(lambda name=name: job(name).state == "done")

    anyio.run(main)


def test_a_replica_with_nothing_to_do_asks_little_however_many_runners_it_has(store):
    gone = Gone(store)

    async def main():
        async with replica(gone, Crew(made, size=64)):
            await anyio.sleep(1.0)

    anyio.run(main)
    assert gone.asked <= 15  # ten glances, and what is tidied
