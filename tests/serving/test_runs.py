"""Runs over HTTP: whatever folders hold, they are listed with their curves or as damaged, and name no path."""

import json
import os
from itertools import pairwise
from pathlib import Path

import anyio
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.cli.main import main
from kelly.serving import runs
from kelly.serving.app import application
from kelly.serving.paths import plain, without
from kelly.serving.settings import Settings

HARMONY = {"network": "harmony", "seed": 3, "data": "0" * 64, "epochs": 30, "rate": 0.001, "begin": "/srv/me/runs/one"}
WORDS = {"seed": 0, "teachers": {"teacher-1": "0" * 64}, "data": "0" * 64, "rounds": 5, "batch": 48}
TABLE = "epoch,loss,dev_loss\n1,2.5,3\n2,2.25,nan\n3,2,2.75\n"


def run(place, told=HARMONY, table=TABLE, age=0, finished=False):
    place.mkdir(parents=True)
    text = told if isinstance(told, str) else json.dumps(told)
    (place / "run.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    os.utime(place / "run.json", (1e9 - age, 1e9 - age))
    if table is not None:
        (place / "metrics.csv").write_text(table)
    if finished:
        (place / "weights.safetensors").touch()
    return place


def asked(settings, **parameters):
    """A page of the runs that a service tells of."""

    async def page():
        transport = httpx2.ASGITransport(app=application(settings), client=("10.0.0.7", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as calling:
            return await calling.get("/v1/runs", params=parameters)

    answer = anyio.run(page)
    assert answer.status_code == 200, answer.text
    assert "/home" not in answer.text
    assert str(settings.folder) not in answer.text
    return answer.json()


def test_runs_are_told_with_their_curves(tmp_path):
    run(tmp_path / "runs/a", finished=True)
    run(tmp_path / "hand/b", WORDS, "round,intensity,loss\n1,.5,2\n", age=10)
    run(tmp_path / "single", HARMONY | {"seed": True}, None, age=20)
    told = asked(Settings(tmp_path, runs=(tmp_path / "hand", tmp_path / "single", tmp_path / "missing")))["runs"]
    assert [(one["network"], one["seed"], one["state"]) for one in told] == [
        ("harmony", 3, "done"),
        ("words", 0, "unfinished"),
        ("harmony", None, "unfinished"),
    ]
    first, second, third = told
    assert (first["best"], first["epochs"], second["epochs"]) == (2.75, 30, 5)
    assert first["curve"][1:] == [
        {"epoch": 2, "loss": 2.25, "dev_loss": None},
        {"epoch": 3, "loss": 2, "dev_loss": 2.75},
    ]
    assert first["settings"] == {"epochs": 30, "rate": 0.001, "begin": "one"}
    assert second["curve"] == [{"epoch": 1, "loss": 2, "dev_loss": None, "intensity": 0.5}]
    assert third["curve"] == []
    assert len({one["id"] for one in told}) == 3


def test_runs_come_in_pages_each_once(tmp_path):
    for age in range(5):
        run(tmp_path / f"runs/{age}", HARMONY | {"seed": age}, age=age // 2)
    (tmp_path / "again").symlink_to(tmp_path / "runs")
    settings, found, before = Settings(tmp_path, runs=(tmp_path / "again",)), [], None
    while True:
        page = asked(settings, limit=2, **({"before": before} if before else {}))
        found += [one["seed"] for one in page["runs"]]
        before = page["next"]
        if before is None:
            break
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert {*found[:2]} == {0, 1}


DAMAGED = {
    "no JSON": ("{", TABLE),
    "no object": ("[]", TABLE),
    "too deep": ('{"a": ' + "[" * 300 + "]" * 300 + "}", TABLE),
    "far too deep": ("[" * 100_000, TABLE),
    "too large": (json.dumps({"a": "x" * 200_000}), TABLE),
    "an empty table": (HARMONY, ""),
    "another table": (HARMONY, "name,size\nx,1\n"),
    "no numbers": (HARMONY, "epoch,loss\n1,much\n"),
    "a short row": (HARMONY, "epoch,loss\n1\n"),
    "an empty row": (HARMONY, "epoch,loss\n\n1,2\n"),
    "a column twice": (HARMONY, "epoch,loss,loss\n1,2,3\n"),
    "no CSV": (HARMONY, 'epoch,loss\n"1"2,"3\n'),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_run_is_listed_as_that_beside_the_others(tmp_path, kind):
    told, table = DAMAGED[kind]
    run(tmp_path / "runs/bad", told, table)
    run(tmp_path / "runs/good", age=10)
    (tmp_path / "runs/nothing").mkdir()
    (tmp_path / "runs/file").touch()
    bad, good = asked(Settings(tmp_path))["runs"]
    assert (bad["state"], bad["network"], bad["curve"]) == ("damaged", None, [])
    assert (good["state"], len(good["curve"])) == ("unfinished", 3)


def test_a_run_whose_table_alone_is_left_is_damaged(tmp_path):
    place = run(tmp_path / "runs/a")
    (place / "run.json").unlink()
    (tmp_path / "runs/b").mkdir()
    (tmp_path / "runs/b/run.json").mkdir()
    assert [one["state"] for one in asked(Settings(tmp_path))["runs"]] == ["damaged"] * 2


def test_what_is_no_number_or_no_character_is_told_as_json_can(tmp_path):
    told = (
        '{"network": ["harmony"], "epochs": -1, "rate": NaN, "warmup": 1e999, "name": "\\ud800", "batch": 1' + "0" * 99
    )
    run(tmp_path / "runs/a", told + "}")
    (one,) = asked(Settings(tmp_path))["runs"]
    assert (one["network"], one["epochs"], one["state"]) == (None, None, "unfinished")
    assert (one["settings"]["rate"], one["settings"]["warmup"], one["settings"]["name"]) == (None, None, "?")


def test_a_long_curve_is_thinned_to_its_end(tmp_path):
    rows = "".join(f"{epoch},1,{5000 - epoch}\n" for epoch in range(1, 4322))
    run(tmp_path / "runs/a", table="epoch,loss,dev_loss\n" + rows)
    (one,) = asked(Settings(tmp_path))["runs"]
    epochs = [row["epoch"] for row in one["curve"]]
    assert (len(epochs) <= 200, epochs[-1], one["best"]) == (True, 4321, 679)
    assert len({later - earlier for earlier, later in pairwise(epochs)}) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


@given(
    st.binary(max_size=99)
    | st.dictionaries(st.sampled_from([*HARMONY, *WORDS]), json_values).map(json.dumps).map(str.encode),
    st.binary(max_size=99)
    | st.text('epochlsdv_,123.e-\n"', max_size=99).map(lambda text: f"epoch,loss\n{text}".encode()),
)
def test_any_folder_is_read(tmp_path_factory, told, table):
    place = tmp_path_factory.mktemp("run")
    (place / "run.json").write_bytes(told)
    (place / "metrics.csv").write_bytes(table)
    found = runs.read(place)
    assert found.state in {"damaged", "unfinished"}
    json.dumps([found.settings, found.curve, found.epochs], allow_nan=False).encode()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "no groove corpus in /data/my corpora: expected groove/info.csv",
            "no groove corpus in the folder: expected groove/info.csv",
        ),
        ("/data/my corpora/groove/info.csv is empty", "groove/info.csv is empty"),
        ("/data/my corpora.bak/x", "my corpora.bak/x"),
        (
            "cannot read '/usr/lib/x.py' (/etc/passwd), see https://example.org/a/b",
            "cannot read 'x.py' (passwd), see https://example.org/a/b",
        ),
        ("sqlite:////srv/me/runs/mlflow.db is locked", "mlflow.db is locked"),
        (r"C:\Data\me\run.json is damaged", "run.json is damaged"),
        ("~/corpora and ~me/corpora", "corpora and ~me/corpora"),
        ("1 / 2, 3/4 and/or TV/radio", "1 / 2, 3/4 and/or TV/radio"),
        ("epoch 1 of 3: loss 2.2414, dev loss 1.9545", "epoch 1 of 3: loss 2.2414, dev loss 1.9545"),
    ],
)
def test_paths_are_taken_out_of_what_is_said(said, told):
    assert without([Path("/data/my corpora")])(said) == told


@given(st.text(), st.lists(st.text(min_size=1).filter(lambda name: "\0" not in name), max_size=2))
def test_any_text_can_be_told(text, names):
    told = without(Path("/") / name.strip("/.") for name in names)(text)
    json.dumps(plain(told, str)).encode()


def test_a_folder_of_runs_that_is_not_there_is_refused_at_the_start(tmp_path, capsys):
    assert main(["serve", "--runs", str(tmp_path / "missing"), "--folder", str(tmp_path / "data")]) == 2
    assert "--runs" in capsys.readouterr().err
