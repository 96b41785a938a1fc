"""The life of jobs, whatever happens in whatever order: the store does what a page of Python says it does."""

from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from kelly.serving.store import jobs, songs, tables
from kelly.serving.store.jobs import ENDED
from kelly.serving.store.tables import new_id

EXAMPLES = {"sqlite": 30, "postgresql": 8}
LEASES = st.sampled_from([60.0, -1.0])  # one that holds, and one that has run out when it is given
keys = st.sampled_from("abc")
some = st.randoms(use_true_random=False)


@dataclass
class Known:
    """What should be known of a job."""

    key: str
    state: str = "queued"
    owner: str | None = None
    holds: bool = False
    attempts: int = 0
    stopping: bool = False
    song: str | None = None

    def end(self, state, song=None):
        self.state, self.owner, self.holds, self.song = state, None, False, song


class Life(RuleBasedStateMachine):
    """Jobs that are asked for, taken, lost, finished and cancelled in any order."""

    def __init__(self, store):
        super().__init__()
        self.store = store
        self.known, self.songs, self.owners, self.seen = {}, {}, [], {}

    def of_key(self, key):
        return next((song for song, made in self.songs.items() if made == key), None)

    def held(self, name, owner):
        return self.known[name].state == "running" and self.known[name].owner == owner

    def told(self, name, told, *, held):
        """Who has a job is told how it stands, and nobody else is."""
        job = self.known[name]
        assert (None if told is None else (told.id, told.state, told.song)) == (
            (name, job.state, job.song) if held else None
        )

    @rule(key=keys)
    def add(self, key):
        job = self.store.write_now(jobs.added, "compose", key, {"feeling": {}}, 1.0)
        self.known[job.id] = Known(key)
        if (song := self.of_key(key)) is not None:
            self.known[job.id].end("done", song)

    @rule(seconds=LEASES)
    def claim(self, seconds):
        owner = new_id()
        taken = self.store.write_now(jobs.claimed, owner, seconds)
        for name, job in self.known.items():
            if not (job.state == "queued" or (job.state == "running" and not job.holds)):
                continue
            job.attempts += 1
            if job.stopping:
                job.end("cancelled")
            elif (song := self.of_key(job.key)) is not None:
                job.end("done", song)
            else:
                job.state, job.owner, job.holds = "running", owner, seconds > 0
                self.owners.append((name, owner))
            assert (taken.id, taken.state, taken.owner, taken.attempts) == (name, job.state, job.owner, job.attempts)
            return
        assert taken is None

    @precondition(lambda self: self.owners)
    @rule(some=some)
    def finish(self, some):
        name, owner = some.choice(self.owners)
        job, song = self.known[name], songs.made("compose", "Title", b"MThd", None, self.known[name].key)
        told = self.store.write_now(jobs.finished, name, owner, song)
        held = self.held(name, owner)
        if held and job.stopping:
            job.end("cancelled")
        elif held:
            if self.of_key(job.key) is None:
                self.songs[song.id] = job.key
            job.end("done", self.of_key(job.key))
        self.told(name, told, held=held)

    @precondition(lambda self: self.owners)
    @rule(some=some)
    def fail(self, some):
        name, owner = some.choice(self.owners)
        told = self.store.write_now(jobs.failed, name, owner, {"status": 500})
        if held := self.held(name, owner):
            self.known[name].end("failed")
        self.told(name, told, held=held)

    @precondition(lambda self: self.owners)
    @rule(some=some, counts=st.booleans())
    def give_back(self, some, counts):
        name, owner = some.choice(self.owners)
        job = self.known[name]
        told = self.store.write_now(jobs.given_back, name, owner, counts=counts)
        if held := self.held(name, owner):
            job.attempts -= not (counts or job.stopping)
            job.end("cancelled" if job.stopping else "queued")
        self.told(name, told, held=held)

    @precondition(lambda self: self.owners)
    @rule(some=some, progress=st.floats(0, 1))
    def progress(self, some, progress):
        name, owner = some.choice(self.owners)
        self.store.write_now(jobs.progressed, name, owner, "composing", progress)

    @precondition(lambda self: self.owners)
    @rule(some=some, seconds=LEASES)
    def renew(self, some, seconds):
        name, owner = some.choice(self.owners)
        self.store.write_now(jobs.renewed, [owner], seconds)
        if self.held(name, owner):
            self.known[name].holds = seconds > 0

    @precondition(lambda self: self.known)
    @rule(some=some)
    def cancel(self, some):
        name = some.choice(list(self.known))
        job = self.known[name]
        self.store.write_now(jobs.cancelled, name)
        if job.state == "queued":
            job.end("cancelled")
        elif job.state == "running":
            job.stopping = True

    @precondition(lambda self: self.songs)
    @rule(some=some)
    def forget(self, some):
        name = some.choice(list(self.songs))
        assert self.store.write_now(songs.removed, name)
        del self.songs[name]

    @invariant()
    def the_store_knows_the_same(self):
        rows, kept, wanted = self.store.read_now(self.all_of_it)
        assert rows.keys() == self.known.keys()
        for name, job in self.known.items():
            there = rows[name]
            told = Known(job.key, there.state, there.owner, job.holds, there.attempts, there.stopping, there.song)
            assert told == job
            assert (there.request is None) == (there.ended is not None) == (there.state in ENDED)
            assert (there.lease is None) == (there.owner is None) == (there.state != "running")
            assert there.revision >= self.seen.get(name, 0)
            self.seen[name] = there.revision
        assert {song.id: song.key for song in kept} == self.songs
        assert len(set(self.songs.values())) == len(self.songs)  # a song for each key
        running = {job.owner for job in self.known.values() if job.state == "running" and not job.stopping}
        assert wanted == running

    def all_of_it(self, connection):
        rows = {row.id: row for row in connection.execute(tables.jobs.select())}
        wanted = jobs.wanted(connection, [owner for _, owner in self.owners])
        return rows, songs.page(connection, 1000), wanted


def test_jobs_live_as_they_should(store, emptied):
    kind = store.engine.dialect.name

    def begin():
        store.write_now(emptied)
        return Life(store)

    some = settings(
        max_examples=EXAMPLES[kind], stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(begin, settings=some)
