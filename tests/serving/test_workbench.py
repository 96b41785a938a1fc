"""Trainings and checks over HTTP: begun, watched, ended and gone on with, whatever becomes of the service meanwhile.

A stand-in trains in place of `kelly train`, as fast as a test lets it; the real one is in tests/training.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx2
import pytest

from kelly.serving.app import application
from kelly.serving.children import Children, Identity, alive, ended, identity
from kelly.serving.problems import RefusedError
from kelly.serving.settings import Settings
from kelly.serving.trainings import Trainings
from kelly.serving.work import OverlongError

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


def wait(until, seconds=60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if told := until():
            return told
        time.sleep(0.03)
    raise AssertionError(f"it did not come true in {seconds} seconds")


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
        return wait(lambda: fits(told := self.told(at)) and told)

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


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("bench")) as served:
        yield served


@pytest.fixture
def root(tmp_path):
    """Corpora of which nothing is learned until the test allows it."""
    place = tmp_path / "my corpora"
    place.mkdir()
    allow(place, 0)
    yield place
    allow(place, 1000)


def allow(root, epochs):
    (root / "allowed").write_text(str(epochs))


def events(calling, at, then=lambda _: None):
    """What is told of a training until it ends; `then` is called with each."""
    told = []
    with calling.stream("GET", f"{at}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data:"):
                told.append(json.loads(line.removeprefix("data:")))
                then(told[-1])
    return told


def test_a_training_tells_its_epochs_until_it_is_done(shared, root):
    at = shared.begin(root, seed=7, settings={"recipe": {"epochs": 4}})
    told = events(shared.calling, at, lambda one: allow(root, one["epoch"] + 1))
    assert {one["epoch"] for one in told} >= {1, 2, 3, 4}
    assert all(one["eta"] is None for one in told if not one["epoch"])
    assert all(0 < one["eta"] < 60 for one in told if 0 < one["epoch"] < 3)
    last = told[-1]
    assert last == shared.told(at)
    assert (last["state"], last["epoch"], last["epochs"], last["code"], last["eta"]) == ("done", 4, 4, 0, None)
    assert (last["loss"], last["dev_loss"], last["best"]) == (2, 2.25, 2.25)
    assert last["curve"][1] == {"epoch": 2, "loss": 4, "dev_loss": 4.5}
    assert (last["model"], last["seed"], last["settings"]) == ("groove", 7, {"recipe": {"epochs": 4}})
    assert last["said"] == "epoch 4 of 4: loss 2.0000, dev loss 2.2500"
    assert 0 < last["seconds"] < 60


def test_a_training_comes_after_all_else_and_knows_no_token(shared, root):
    allow(root, 9)
    labels = root / "labels.npz"
    labels.touch()
    shared.until(shared.begin(root, model="harmony", labels=str(labels), device="cpu"))
    about = json.loads((root / "about.json").read_text())
    assert about["nice"] == min(19, os.nice(0) + 10)
    assert about["leads"]
    assert about["token"] is None
    assert (about["--labels"], about["--device"], about["--tracking"]) == (str(labels), "cpu", "none")


def test_a_training_that_fails_says_why_and_can_go_on(shared, root):
    (root / "fails").write_text(f"Traceback ...\nkelly: no groove corpus in {root}: expected {root}/groove/info.csv\n")
    at = shared.begin(root)
    told = shared.until(at, "failed")
    assert (told["code"], told["detail"]) == (1, "no groove corpus in the folder: expected groove/info.csv")
    (root / "fails").unlink()
    allow(root, 9)
    assert shared.go_on(at).status_code == 202
    assert shared.until(at)["detail"] is None


def test_a_training_is_stopped_and_goes_on_where_it_was(shared, root):
    at = shared.begin(root)
    allow(root, 2)
    before = shared.until(at, "running", epoch=2)
    shared.calling.delete(at)
    stopped = shared.until(at, "stopped")
    assert stopped["ended"] >= stopped["created"]
    again = shared.calling.delete(at)
    assert (again.status_code, again.json()["type"]) == (409, "urn:kelly:problem:conflict")
    answer = shared.go_on(at)
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    assert shared.go_on(at).status_code == 409
    allow(root, 3)
    done = shared.until(at)
    assert done["curve"][:2] == before["curve"]
    assert done["seconds"] > stopped["seconds"]
    assert shared.go_on(at).status_code == 409


def test_a_training_that_does_not_hear_is_killed(shared, root):
    (root / "deaf").touch()
    at = shared.begin(root)
    shared.until(at, "running", said="cannot hear")
    assert shared.calling.delete(at).json()["stopping"]
    assert shared.until(at, "stopped")["code"] == -signal.SIGKILL


def test_a_training_that_another_killed_has_failed(shared, root):
    at = shared.begin(root)
    os.kill(shared.child(at), signal.SIGKILL)
    assert "signal 9" in shared.until(at, "failed")["detail"]


def of(served, at):
    """The process of a training."""
    place = at.rpartition("/")[2]
    told = served.folder / "runs" / place / "process.json" if hasattr(served, "folder") else None
    return told and json.loads(told.read_text())["child"]["pid"]


def test_so_many_trainings_run_at_the_same_time(shared, root):
    places = [shared.begin(root, seed=seed) for seed in range(2)]
    refused = shared.calling.post("/v1/trainings", json={"model": "groove", "data": str(root)})
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    allow(root, 9)
    for at in places:
        shared.until(at)


def test_a_request_with_a_key_begins_one_training(shared, root):
    key, asked = {"Idempotency-Key": "once"}, {"model": "groove", "data": str(root)}
    one, two = (shared.calling.post("/v1/trainings", json=asked, headers=key) for _ in range(2))
    assert one.headers["location"] == two.headers["location"]
    other = shared.calling.post("/v1/trainings", json=asked | {"seed": 1}, headers=key)
    assert (other.status_code, "another" in other.json()["detail"]) == (422, True)
    allow(root, 9)
    shared.until(one.headers["location"])


def test_trainings_come_in_pages(shared, root):
    allow(root, 9)
    made = []
    for seed in range(3):
        made.append(shared.begin(root, seed=seed).rpartition("/")[2])
        shared.until(f"/v1/trainings/{made[-1]}")
    found, before = [], None
    while len(found) < 3:
        page = shared.calling.get("/v1/trainings", params={"limit": 1} | ({"before": before} if before else {})).json()
        found += [one["id"] for one in page["trainings"]]
        before = page["next"]
    assert found == made[::-1]


def test_no_answer_names_a_path(shared, root):
    (root / "fails").write_text(f"kelly: {root}/deep/file.csv and /usr/lib/python3/secret.py are no use")
    shared.until(shared.begin(root, settings={"begin": f"{root}/runs/one"}), "failed")
    (root / "fails").unlink()
    allow(root, 9)
    shared.until(shared.begin(root))
    (root / "answer").write_text(json.dumps({"corpora": [{"folder": str(root / "groove"), "faults": [f"{root}/a b"]}]}))
    check = shared.calling.post("/v1/corpora/checks", json={"root": str(root)})
    assert check.json() == {"corpora": [{"folder": "groove", "faults": ["a b"]}]}
    for answer in (check, shared.calling.get("/v1/trainings"), shared.calling.get("/v1/runs")):
        assert str(root) not in answer.text
        assert "/usr/" not in answer.text
        assert str(Path(sys.prefix)) not in answer.text


WRONG = [
    {"model": "groove", "data": "corpora"},
    {"model": "groove", "data": "/"},
    {"model": "groove", "data": "/no/such\0place"},
    {"model": "groove", "data": __file__},
    {"model": "groove"},
    {"model": "tuba", "data": str(Path(__file__).parent)},
    {"model": "groove", "data": str(Path(__file__).parent), "device": "abacus"},
    {"model": "groove", "data": str(Path(__file__).parent), "labels": "labels.npz"},
    {"model": "groove", "data": str(Path(__file__).parent), "settings": {"recipe": {"a": {"too": "deep"}}}},
    {"model": "groove", "data": str(Path(__file__).parent), "settings": {"a": ["x" * 1000] * 200}},
    {"model": "groove", "data": str(Path(__file__).parent), "seed": -1},
    {"run": "0" * 24, "seed": 1},
]


@pytest.mark.parametrize("asked", WRONG)
def test_what_cannot_be_trained_is_refused_at_once(shared, asked):
    answer = shared.calling.post("/v1/trainings", json=asked)
    assert answer.status_code == 422
    assert str(Path(__file__).parent) not in answer.text
    assert "tuba" not in answer.text


def test_what_is_not_there_is_told(shared):
    missing = f"/v1/trainings/{'0' * 24}"
    answers = [shared.calling.get(missing), shared.calling.get(f"{missing}/events"), shared.calling.delete(missing)]
    assert [answer.status_code for answer in [*answers, shared.go_on(missing)]] == [404] * 4


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
    was killed too, one is done, and of one a stranger has the process id.
    """
    base, kinds = tmp_path_factory.mktemp("killed"), ("goes on", "killed", "done", "stranger")
    for kind in kinds:
        (base / kind).mkdir()
        allow(base / kind, 0)
    with bench(base, trainings=4) as served:
        places = {kind: served.begin(base / kind) for kind in kinds}
        served.end(signal.SIGKILL)
    children = {kind: served.child(at) for kind, at in places.items()}
    for kind in ("killed", "stranger"):
        os.kill(children[kind], signal.SIGKILL)
    allow(base / "done", 9)
    wait(lambda: not any(identity(children[kind]).mark for kind in kinds[1:]))
    with subprocess.Popen(["sleep", "600"]) as stranger:
        noted = served.place(places["stranger"]) / "process.json"
        noted.write_text(noted.read_text().replace(str(children["stranger"]), str(stranger.pid)))
        with bench(base, trainings=1) as served:
            yield served, places, base, stranger
        stranger.kill()
    allow(base / "goes on", 9)


@needs_proc
def test_trainings_that_ended_unseen_are_told_by_what_they_left(after_a_kill):
    served, places, _, _ = after_a_kill
    states = {kind: served.told(at)["state"] for kind, at in places.items()}
    assert states == {"goes on": "running", "killed": "stopped", "done": "done", "stranger": "stopped"}


@needs_proc
def test_a_stranger_with_the_same_process_id_is_left_alone(after_a_kill):
    served, places, _, stranger = after_a_kill
    assert served.calling.delete(places["stranger"]).status_code == 409
    assert stranger.poll() is None


@needs_proc
def test_a_training_outlives_a_service_that_was_killed(after_a_kill):
    served, places, base, _ = after_a_kill
    assert served.go_on(places["killed"]).status_code == 429  # there is room for one
    allow(base / "goes on", 1)
    served.until(places["goes on"], "running", epoch=1)
    served.calling.delete(places["goes on"])
    served.until(places["goes on"], "stopped", epoch=1)
    allow(base / "killed", 9)
    assert served.go_on(places["killed"]).status_code == 202
    served.until(places["killed"])


def test_a_folder_that_somebody_wrote_into_is_no_mistake_of_the_service(shared, root):
    allow(root, 9)
    at = shared.begin(root)
    whole = shared.until(at)
    for name in ("ended.json", "process.json", "run.json", "metrics.csv", "train.log", "training.json"):
        path = shared.place(at) / name
        before = path.read_bytes()
        for damage in (
            b"",
            b"{}",
            b"[" * 99_999,
            b'{"code": "0", "at": "then", "created": 1e999, "epochs": 1' + b"0" * 999 + b"}",
        ):
            path.write_bytes(damage)
            answers = [shared.calling.get(place) for place in (at, "/v1/trainings", "/v1/runs")]
            assert {answer.status_code for answer in answers} <= {200, 404}
        path.write_bytes(before)
    assert shared.told(at) == whole


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


async def _answers(app, client, **headers):
    transport = httpx2.ASGITransport(app=app, client=client)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as calling:
        posted = [await calling.post(f"/v1/{at}", json={}) for at in ("trainings", "corpora/checks")]
        return [one.status_code for one in [*posted, await calling.get("/v1/trainings")]]


@pytest.mark.parametrize("header", ["Forwarded", "Via", "X-Forwarded-For", "X-Real-IP"])
def test_trainings_are_for_callers_on_the_machine_alone(tmp_path, header):
    here, public = (application(Settings(tmp_path, local=local)) for local in (True, False))
    asked = [(public, ("127.0.0.1", 1)), (here, ("10.0.0.7", 1)), (here, ("::ffff:10.0.0.7", 1)), (here, None)]
    for app, client in asked:
        assert anyio.run(_answers, app, client) == [403] * 3
    proxied = httpx2.Headers({header: "10.0.0.7"})
    assert anyio.run(lambda: _answers(here, ("127.0.0.1", 1), **proxied)) == [403] * 3
    assert anyio.run(_answers, here, ("::ffff:127.0.0.1", 1))[0] == 422


def test_a_check_that_finds_nothing_says_why(shared, root):
    asked = {"root": str(root), "corpora": ["groove"]}
    (root / "fails").write_text(f"kelly: no groove corpus in {root}: expected groove/info.csv there")
    answer = shared.calling.post("/v1/corpora/checks", json=asked)
    assert answer.status_code == 422
    assert answer.json()["detail"] == "no groove corpus in the folder: expected groove/info.csv there"
    (root / "fails").write_text("kelly: this command needs the extra `train` (torch is missing): pip install torch")
    answer = shared.calling.post("/v1/corpora/checks", json=asked)
    assert (answer.status_code, "pip install" in answer.json()["detail"]) == (503, True)
    (root / "fails").unlink()
    (root / "answer").write_text("[" * 100_000)
    assert shared.calling.post("/v1/corpora/checks", json=asked).status_code == 422
    for wrong in ({"root": "corpora"}, {"root": str(root), "corpora": ["--write-sums"]}):
        assert shared.calling.post("/v1/corpora/checks", json=wrong).status_code == 422


def test_a_check_that_takes_too_long_is_ended(shared, root):
    (root / "slow").touch()
    answer = shared.calling.post("/v1/corpora/checks", json={"root": str(root)}, headers={"Request-Timeout": "1"})
    assert answer.status_code == 504, answer.text


def test_an_answer_is_given_up_with_all_that_works_on_it(tmp_path):
    noted = tmp_path / "pid"
    code = (
        "import pathlib, subprocess, sys, time\n"
        f"child = subprocess.Popen(['sleep', '60'])\npathlib.Path({str(noted)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)"
    )

    async def asked():
        with pytest.raises(OverlongError):
            await Children(1).answer([sys.executable, "-c", code], 2.0)

    anyio.run(asked)
    if Path("/proc").exists():
        wait(lambda: not identity(int(noted.read_text())).mark)


def test_one_check_runs_at_a_time(shared, root):
    (root / "slow").touch()
    (root / "answer").write_text('{"corpora": []}')
    told = []

    async def both():
        async with httpx2.AsyncClient(base_url=shared.calling.base_url, timeout=60) as calling:

            async def ask():
                answer = await calling.post("/v1/corpora/checks", json={"root": str(root)})
                told.append(answer.status_code)
                (root / "slow").unlink(missing_ok=True)

            async with anyio.create_task_group() as group:
                group.start_soon(ask)
                group.start_soon(ask)

    anyio.run(both)
    assert told == [429, 200]
