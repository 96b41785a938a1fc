"""What the tests of the service share: a service in a process of its own, as a user starts it, and a caller."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from serving.postgresql import started


@dataclass
class Served:
    """A service that runs: its process, address, folder and log."""

    process: subprocess.Popen
    url: str
    folder: Path
    log: Path

    def caller(self, **options):
        """Whoever calls it."""
        return httpx2.Client(base_url=self.url, timeout=60, **options)

    def ready(self):
        """Wait until all is loaded."""
        with self.caller() as caller:
            wait(lambda: caller.get("/readyz").status_code == 200, 60)

    def end(self, number=signal.SIGTERM, seconds=40):
        """End it by its process id, and give its exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


def wait(until, seconds=30.0):
    """Wait until something is true, and give it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if told := until():
            return told
        time.sleep(0.05)
    raise AssertionError(f"it did not come true in {seconds} seconds")


@contextmanager
def serving(folder, *options, **environment):
    """A service with these options, which ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log.jsonl"
    command = [
        Path(sys.executable).with_name("kelly"),
        "serve",
        "--port",
        "0",
        "--folder",
        str(folder / "data"),
        *options,
    ]
    with log.open("wb") as errors:
        process = subprocess.Popen(command, stderr=errors, env=os.environ | {"KELLY_TOKEN": ""} | environment)
    try:

        def address():
            assert process.poll() is None, log.read_text()
            return re.match(r"kelly: (http://\S+)", log.read_text())

        yield Served(process, wait(address)[1], folder / "data", log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """A service for all tests that leave it as it is."""
    with serving(tmp_path_factory.mktemp("service")) as served:
        served.ready()
        yield served


@pytest.fixture
def caller(service):
    """Whoever calls that service."""
    with service.caller() as calling:
        yield calling


@dataclass
class Jobs:
    """A caller that waits for jobs."""

    calling: httpx2.Client

    def ended(self, answer, seconds=60):
        """The job of an answer, once it has ended."""
        assert answer.status_code == 202, answer.text
        at = answer.headers["location"]
        return wait(lambda: (job := self.calling.get(at).json())["ended"] and job, seconds)

    def song(self, seconds=60, **asked):
        """The id of a song that was composed."""
        wanted = {"feeling": {"emotion": "grief"}, "bars": 4} | asked
        job = self.ended(self.calling.post("/v1/songs", json=wanted), seconds)
        assert job["state"] == "done", job
        return job["song"]


@pytest.fixture
def jobs(caller):
    """Jobs of that service."""
    return Jobs(caller)


@pytest.fixture(scope="session")
def postgresql():
    """Makes an empty database of PostgreSQL and gives its URL; skips where there is no PostgreSQL."""
    with started() as database:
        yield database
