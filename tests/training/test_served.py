"""A training and a check of corpora as `kelly serve` starts them: the real ones, on a corpus in small."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from kelly.score import midi
from kelly.score.notes import Meter, Note, Part, Score, Tempo
from small import groove


def wait(until, seconds=600.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if told := until():
            return told
        time.sleep(0.1)
    raise AssertionError(f"it did not come true in {seconds} seconds")


@pytest.fixture(scope="module")
def calling(tmp_path_factory):
    """A caller of `kelly serve`."""
    place = tmp_path_factory.mktemp("served")
    command = [Path(sys.executable).with_name("kelly"), "serve", "--port", "0", "--folder", str(place / "data")]
    log = place / "log"
    with log.open("wb") as errors:
        surroundings = os.environ | {"KELLY_TOKEN": "", "XDG_CACHE_HOME": str(place / "cache"), "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(command, stderr=errors, env=surroundings)
    try:
        url = wait(lambda: process.poll() is not None or re.match(r"kelly: (http://\S+)", log.read_text()))
        with httpx2.Client(base_url=url[1], timeout=60) as caller:
            yield caller
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Groove in small, with something to learn: the slow takes, one of them to choose by, swing more than others."""
    place = tmp_path_factory.mktemp("corpora")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(groove, "TAKES", (*groove.TAKES, (2, 1, 3, "rock", 140, "beat", "4-4", "train")))
        groove.write(place)
    notes = (Note(i / 4 + 0.08 * (i % 2), 0.1, 42, 120 if i % 4 == 0 else 90) for i in range(groove.HITS))
    slow = Score((Part("", 9, notes=tuple(notes)),), tempos=(Tempo(0.0, 80),), meters=(Meter(0.0),))
    for path in (place / "groove").rglob("*_80_*.mid"):
        midi.write(slow, path)
    return place


def test_a_training_is_stopped_goes_on_and_is_done(calling, root):
    recipe = {"epochs": 20, "batch": 1, "keep": "last", "chance_after": 20}
    asked = {"model": "groove", "data": str(root), "device": "cpu", "settings": {"recipe": recipe}}
    answer = calling.post("/v1/trainings", json=asked)
    at = answer.headers["location"]
    told = lambda: calling.get(at).json()  # noqa: E731 - one line's worth
    wait(lambda: told()["epoch"] >= 3 or told()["state"] != "running")
    calling.delete(at)
    stopped = wait(lambda: (now := told())["state"] != "running" and now)
    assert (stopped["state"], stopped["epochs"]) == ("stopped", 20), stopped
    calling.post("/v1/trainings", json={"run": stopped["id"]})
    ended = wait(lambda: (now := told())["state"] != "running" and now)
    assert (ended["state"], ended["epoch"]) == ("done", 20), ended
    assert [row["epoch"] for row in ended["curve"]] == [*range(1, 21)]
    assert ended["curve"][: stopped["epoch"] - 1] == stopped["curve"][: stopped["epoch"] - 1]
    (run,) = calling.get("/v1/runs").json()["runs"]
    assert (run["training"], run["network"], run["best"]) == (ended["id"], "groove", ended["best"])


def test_a_recipe_that_is_none_fails_with_its_reason(calling, root):
    asked = {"model": "groove", "data": str(root), "device": "cpu", "settings": {"epoch": 3}}
    at = calling.post("/v1/trainings", json=asked).headers["location"]
    ended = wait(lambda: (now := calling.get(at).json())["state"] != "running" and now)
    assert (ended["state"], ended["code"]) == ("failed", 2)
    assert ended["detail"].startswith("settings.yaml is no recipe: epoch")


def test_corpora_are_checked(calling, root):
    (found,) = calling.post("/v1/corpora/checks", json={"root": str(root)}).json()["corpora"]
    assert (found["name"], found["folder"], found["files"]) == ("groove", "groove", 7)
    assert "more than one split" in found["faults"][0]
    missing = calling.post("/v1/corpora/checks", json={"root": str(root), "corpora": ["asap"]})
    assert (missing.status_code, missing.json()["detail"][:35]) == (422, "no asap corpus in the folder: expec")
    strange = calling.post("/v1/corpora/checks", json={"root": str(root), "corpora": ["tuba"]})
    assert (strange.status_code, "corpus must be one of" in strange.json()["detail"]) == (422, True), strange.text
