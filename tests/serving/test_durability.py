"""What was acknowledged is not lost: services are killed with SIGKILL, and every job comes to its end all the same."""

import json
import signal
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from kelly.cli.main import main
from kelly.score import midi
from serving.conftest import serving, wait

JOBS, FEW = 100, 32
QUICK = ("--limit", "lease=2s", "--workers")


def wanted(seed):
    return {"feeling": {"emotion": "grief"}, "bars": 1, "seed": seed}


class Asking(threading.Thread):
    """Somebody who asks for songs one after the other until the service is gone; keeps what was acknowledged."""

    def __init__(self, url, seeds):
        super().__init__()
        self.url, self.seeds, self.acknowledged = url, seeds, {}

    def run(self):
        with suppress(httpx2.TransportError), httpx2.Client(base_url=self.url, timeout=60) as caller:
            for seed in self.seeds:
                answer = caller.post("/v1/songs", json=wanted(seed))
                if answer.status_code == 202:
                    self.acknowledged[seed] = answer.json()["id"]


def rows(folder, query):
    with sqlite3.connect(f"file:{folder / 'kelly.db'}?mode=ro", uri=True) as connection:
        told = connection.execute(query).fetchall()
    connection.close()
    return told


def done(folder):
    return rows(folder, "SELECT count(*) FROM jobs WHERE state = 'done'")[0][0]


def children(process):
    """The processes that a process has started, as (id, when they began)."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == process:
                found.add((int(stat.parent.name), fields[19]))
    return found


def lives(process):
    number, began = process
    with suppress(OSError):
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        return fields[0] != "Z" and fields[19] == began
    return False


def killed(served):
    """Kill a service, and see that its workers end by themselves."""
    workers = children(served.process.pid)
    assert workers
    served.end(signal.SIGKILL)
    wait(lambda: not any(map(lives, workers)), 20)


def test_kill_9_in_the_middle_of_a_hundred_jobs_loses_none_that_was_acknowledged(tmp_path):
    acknowledged = {}
    for _ in range(2):  # killed twice: while jobs are asked for, and while they are worked off
        with serving(tmp_path, *QUICK, "2") as served:
            until = done(served.folder) + JOBS // 4
            asking = Asking(served.url, [seed for seed in range(JOBS) if seed not in acknowledged])
            asking.start()
            wait(lambda until=until, folder=served.folder: done(folder) >= until, 120)
            killed(served)
            asking.join()
            acknowledged |= asking.acknowledged
        assert rows(served.folder, "PRAGMA integrity_check") == [("ok",)]
        assert set(acknowledged.values()) <= {name for (name,) in rows(served.folder, "SELECT id FROM jobs")}
    with serving(tmp_path, *QUICK, "2") as served, served.caller() as caller:
        for seed in set(range(JOBS)) - set(acknowledged):
            acknowledged[seed] = caller.post("/v1/songs", json=wanted(seed)).json()["id"]
        states = {name: wait(lambda name=name: ended(caller, name), 120) for name in acknowledged.values()}
        assert {job["state"] for job in states.values()} == {"done"}
        made = {job["song"] for job in states.values()}
        assert len(made) == JOBS
        for song in made:
            assert any(True for _ in midi.from_bytes(caller.get(f"/v1/songs/{song}.mid").content).notes())
        served.end()
    assert rows(served.folder, "PRAGMA integrity_check") == [("ok",)]
    assert rows(served.folder, "SELECT key FROM songs GROUP BY key HAVING count(*) > 1") == []


def ended(caller, name):
    job = caller.get(f"/v1/jobs/{name}").json()
    return job["ended"] and job


def halted(served, caller, names):
    """Stop a service in its tracks while it and another each run a job; the two jobs."""

    def both():
        served.process.send_signal(signal.SIGSTOP)
        running = {name for name in names if caller.get(f"/v1/jobs/{name}").json()["state"] == "running"}
        if len(running) == 2:
            return running
        served.process.send_signal(signal.SIGCONT)
        return None

    return wait(both, 60)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_a_killed_replica_had_begun_is_done_by_another(kind, request, tmp_path):
    url = f"sqlite:///{tmp_path / 'shared.db'}" if kind == "sqlite" else request.getfixturevalue("postgresql")()
    options = (*QUICK, "1", "--store", url)
    with serving(tmp_path / "one", *options) as one, serving(tmp_path / "two", *options) as two:
        asking = Asking(one.url, range(FEW))
        asking.run()
        assert len(asking.acknowledged) == FEW
        with two.caller() as caller:
            wait(lambda: any(ended(caller, name) for name in asking.acknowledged.values()), 60)
            begun = halted(one, caller, asking.acknowledged.values())
            killed(one)
            jobs = [wait(lambda name=name: ended(caller, name), 60) for name in asking.acknowledged.values()]
        assert {job["state"] for job in jobs} == {"done"}
        assert len({job["song"] for job in jobs}) == FEW
        told = [json.loads(line) for line in two.log.read_text().splitlines()[1:]]
        again = {line["job"] for line in told if line["event"] == "job" and line["attempt"] == 2}
        assert len(begun & again) == len(begun) - 1  # all but the one that the other had begun itself


def test_a_backup_of_a_service_that_works_holds_all_that_it_has_made(service, jobs, tmp_path):
    made = [jobs.song(seed=seed) for seed in range(3)]
    jobs.calling.post("/v1/songs", json={"feeling": {"emotion": "joy"}, "bars": 16, "seed": 9})
    assert main(["backup", str(tmp_path / "a.zip"), "--folder", str(service.folder), "--quiet"]) == 0
    assert main(["restore", str(tmp_path / "a.zip"), "--folder", str(tmp_path / "new"), "--quiet"]) == 0
    notes = dict(rows(tmp_path / "new", "SELECT id, midi FROM songs"))
    assert {song: notes.get(song) for song in made} == {
        song: jobs.calling.get(f"/v1/songs/{song}.mid").content for song in made
    }
