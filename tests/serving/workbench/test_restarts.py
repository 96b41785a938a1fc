"""Trainings and services that come and go: who watches whom, and what is told of an end that nobody saw."""

import os
import signal
import subprocess

import anyio
import pytest

from kelly.serving.children import Children, Identity, alive, ended, identity
from kelly.serving.problems import RefusedError
from kelly.serving.trainings import Trainings
from serving.conftest import wait
from serving.workbench.bench import STAND_IN, allow, bench, needs_proc


@needs_proc
def test_services_that_share_a_folder_share_its_trainings(shared, root):
    at, asked = shared.begin(root), {"model": "groove", "data": str(root), "seed": 0, "device": "cpu"}
    name, other = at.rpartition("/")[2], Trainings(shared.folder / "runs", STAND_IN, 1, 1.0)
    assert other.found(name).state == "running"
    with pytest.raises(RefusedError, match="1 of at most 1"):
        other.begin(asked)
    other.end()
    anyio.run(other.watch)  # its end is no end of what another watches
    assert shared.told(at)["state"] == "running"
    another = Trainings(shared.folder / "runs", STAND_IN, 1, 1.0)
    another.stop(name)
    assert shared.until(at, "stopped")["code"] == -signal.SIGTERM
    assert another.found(name).state == "stopped"


def test_a_program_that_cannot_be_started_is_told(tmp_path):
    asked = {"model": "groove", "data": "/data", "seed": 0, "device": "cpu"}
    trainings = Trainings(tmp_path, ["/no/such/kelly"], 1, 1.0)
    with pytest.raises(RefusedError, match="cannot be started") as refused:
        trainings.begin(asked)
    assert (refused.value.status, "such" in str(refused.value)) == (503, False)
    assert trainings.page(9) == []
    with pytest.raises(RefusedError, match="cannot be started"):
        anyio.run(Children(1).answer, ["/no/such/kelly"], 9.0)


def test_a_service_that_ends_stops_its_trainings(tmp_path, root):
    with bench(tmp_path / "bench") as served:
        at = served.begin(root)
        allow(root, 1)
        served.until(at, "running", epoch=1)
        served.end(signal.SIGTERM)
    with bench(tmp_path / "bench") as served:
        assert served.told(at)["state"] == "stopped"
        allow(root, 9)
        assert served.go_on(at).status_code == 202
        assert [row["epoch"] for row in served.until(at)["curve"]] == [1, 2, 3]


@pytest.fixture(scope="module")
def after_a_kill(tmp_path_factory):
    """A service that follows one that was killed, with what became of that one's trainings meanwhile: one goes on, one
    will fail, one was killed too, one is done, and of one a stranger has the process id.
    """
    base, kinds = tmp_path_factory.mktemp("killed"), ("goes on", "will fail", "killed", "done", "stranger")
    for kind in kinds:
        (base / kind).mkdir()
        allow(base / kind, 0)
    with bench(base, trainings=5) as served:
        places = {kind: served.begin(base / kind) for kind in kinds}
        served.end(signal.SIGKILL)
    children = {kind: served.child(at) for kind, at in places.items()}
    for kind in ("killed", "stranger"):
        os.kill(children[kind], signal.SIGKILL)
    allow(base / "done", 9)
    wait(lambda: not any(identity(children[kind]).mark for kind in kinds[2:]), 60)
    with subprocess.Popen(["sleep", "600"]) as stranger:
        noted = served.place(places["stranger"]) / "process.json"
        noted.write_text(noted.read_text().replace(str(children["stranger"]), str(stranger.pid)))
        with bench(base, trainings=1) as served:
            yield served, places, base, stranger
        stranger.kill()
    for kind in kinds[:2]:
        allow(base / kind, 9)


@needs_proc
def test_trainings_that_ended_unseen_are_told_by_what_they_left(after_a_kill):
    served, places, _, _ = after_a_kill
    states = {kind: served.told(at)["state"] for kind, at in places.items()}
    ended = {"killed": "stopped", "done": "done", "stranger": "stopped"}
    assert states == ended | {"goes on": "running", "will fail": "running"}


@needs_proc
def test_a_training_that_was_taken_up_and_fails_says_why(after_a_kill):
    served, places, base, _ = after_a_kill
    (base / "will fail/fails").write_text(f"kelly: {base}/will is damaged")
    told = served.until(places["will fail"], "failed")
    assert (told["code"], told["detail"]) == (None, "will is damaged")
    assert told["ended"] >= told["created"]


@needs_proc
def test_a_stranger_with_the_same_process_id_is_left_alone(after_a_kill):
    served, places, _, stranger = after_a_kill
    assert served.calling.delete(places["stranger"]).status_code == 409
    assert stranger.poll() is None


@needs_proc
def test_a_training_outlives_a_service_that_was_killed(after_a_kill):
    served, places, base, _ = after_a_kill
    served.calling.delete(places["will fail"])  # unless it has
    wait(lambda: served.told(places["will fail"])["state"] != "running", 60)
    assert served.go_on(places["killed"]).status_code == 429  # there is room for one
    allow(base / "goes on", 1)
    served.until(places["goes on"], "running", epoch=1)
    served.calling.delete(places["goes on"])
    served.until(places["goes on"], "stopped", epoch=1)
    allow(base / "killed", 9)
    assert served.go_on(places["killed"]).status_code == 202
    served.until(places["killed"])


def test_what_cannot_be_told_from_others_is_not_ended():
    with subprocess.Popen(["sleep", "60"]) as stranger:
        for mark in ("", "another boot 1"):
            ended(Identity(stranger.pid, mark), at_once=True)
        assert stranger.poll() is None
        stranger.kill()


@needs_proc
def test_a_process_is_told_from_all_others():
    with subprocess.Popen(["sleep", "60"]) as child:
        one = identity(child.pid)
        assert alive(one)
        assert not alive(identity(2**22 - 1))
        child.kill()
        wait(lambda: not alive(one))  # though nobody has asked for its exit code yet
