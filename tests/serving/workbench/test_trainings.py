"""Trainings over HTTP: begun, watched, ended and gone on with."""

import json
import os
import signal
import sys
from pathlib import Path

import anyio
import httpx2
import pytest

from kelly.serving.app import application
from kelly.serving.settings import Settings
from serving.workbench.bench import allow


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
    again = shared.calling.get(f"{at}/events", headers={"Last-Event-ID": "done"})
    assert (again.status_code, again.text) == (204, "")
    assert shared.told(at) == last  # on the same connection
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
    for answer in (shared.calling.get("/v1/trainings"), shared.calling.get("/v1/runs")):
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
