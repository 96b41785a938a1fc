"""A service whose trainings and checks are a stand-in's, as fast as a test lets them; the real ones are in
tests/training.
"""

import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from serving.conftest import wait

STAND_IN = (sys.executable, str(Path(__file__).with_name("stand_in.py")))
START = """
import json, sys
from pathlib import Path
from kelly.serving import server
from kelly.serving.app import application
from kelly.serving.settings import Settings

asked = json.loads(sys.argv[1])
settings = Settings(Path(asked.pop("folder")), command=tuple(asked.pop("command")), workers=1, **asked)
settings.folder.mkdir(parents=True, exist_ok=True)
server.serve(application(settings), "127.0.0.1", 0, lambda text: print(text, flush=True))
"""
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system has no /proc")


@dataclass
class Bench:
    """A service whose trainings are the stand-in's."""

    process: subprocess.Popen
    calling: httpx2.Client
    folder: Path

    def begin(self, root, **asked):
        """The place of a training that was begun."""
        answer = self.calling.post("/v1/trainings", json={"model": "groove", "data": str(root)} | asked)
        assert answer.status_code == 202, answer.text
        assert answer.headers["location"] == answer.json()["links"]["self"]
        return answer.headers["location"]

    def go_on(self, at):
        return self.calling.post("/v1/trainings", json={"run": at.rpartition("/")[2]})

    def told(self, at):
        return self.calling.get(at).json()

    def until(self, at, state="done", **values):
        """A training, once it is as it should be."""
        fits = lambda told: told["state"] == state and all(told[name] == values[name] for name in values)  # noqa: E731
        return wait(lambda: fits(told := self.told(at)) and told, 60)

    def place(self, at):
        """The folder of a training."""
        return self.folder / "runs" / at.rpartition("/")[2]

    def child(self, at):
        """The process of a training."""
        return json.loads((self.place(at) / "process.json").read_text())["child"]["pid"]

    def end(self, number):
        self.process.send_signal(number)
        self.process.wait(30)


@contextmanager
def bench(folder, **settings):
    """A service on loopback, which ends with the block."""
    asked = {"folder": str(folder / "data"), "command": STAND_IN, "trainings": 2, "grace": 1.0} | settings
    folder.mkdir(exist_ok=True)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", START, json.dumps(asked)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=os.environ | {"KELLY_TOKEN": "sesame, open the door"},
        )
    try:
        url = re.match(r"(http://\S+)", process.stdout.readline())
        assert url, (folder / "log").read_text()
        with httpx2.Client(base_url=url[1], timeout=60) as calling:
            yield Bench(process, calling, folder / "data")
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()


def allow(root, epochs):
    (root / "allowed").write_text(str(epochs))
