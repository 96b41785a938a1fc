"""Checks of corpora over HTTP: what they find, and that they end."""

import json
import re
import sys
from pathlib import Path

import anyio
import httpx2
import pytest

from kelly.serving.children import Children, identity
from kelly.serving.work import OverlongError
from serving.conftest import wait

FOUND = {
    "name": "groove",
    "title": "Groove MIDI Dataset",
    "licence": "CC BY 4.0",
    "group": "drummer",
    "counts": {"train": 3},
    "known_counts": {"train": 897},
    "groups": {"train": 1},
    "files": 3,
    "sums": "",
    "warnings": [],
    "remarks": [],
}


def test_a_check_tells_what_it_found_and_no_path(shared, root):
    found = FOUND | {"folder": str(root / "groove"), "faults": [f"{root}/a b"]}
    (root / "answer").write_text(json.dumps({"corpora": [found]}))
    answer = shared.calling.post("/v1/corpora/checks", json={"root": str(root)})
    assert answer.json() == {"corpora": [FOUND | {"folder": "groove", "faults": ["a b"]}]}


def test_a_check_that_nobody_waits_for_is_ended_and_counts_as_no_failure(shared, root):
    def counted(status):
        told = re.findall(
            rf'requests_total{{.*/corpora/checks",status="{status}"}} (\S+)', shared.calling.get("/metrics").text
        )
        return sum(map(float, told))

    (root / "slow").touch()
    left, failed = counted(499), counted(503)
    with pytest.raises(httpx2.TimeoutException):
        shared.calling.post("/v1/corpora/checks", json={"root": str(root)}, timeout=1)
    other = root / "other"
    other.mkdir()
    (other / "answer").write_text('{"corpora": []}')
    wait(lambda: shared.calling.post("/v1/corpora/checks", json={"root": str(other)}).status_code == 200, 10)
    assert (counted(499), counted(503)) == (left + 1, failed)


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
    for unfit in ("[" * 100_000, json.dumps({"corpora": [{"name": "groove"}]})):
        (root / "answer").write_text(unfit)
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
