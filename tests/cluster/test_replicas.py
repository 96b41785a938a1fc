"""The same application on Ray Serve: two replicas over one store answer as one."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

import kelly
from kelly.score import midi
from serving.conftest import Jobs, wait

pytest.importorskip("ray")


@pytest.fixture(scope="module")
def replicas(tmp_path_factory):
    """Two replicas on this machine, and what they said when they ended."""
    folder = tmp_path_factory.mktemp("replicas")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).with_name("kelly"), "serve", "--ray", "--replicas", "2-2", "--workers", "1"]
    log = folder / "log"
    with log.open("wb") as said:
        process = subprocess.Popen([*command, "--port", str(port), "--folder", folder], stderr=said, stdout=said)
    try:
        wait(lambda: process.poll() is not None or re.search(r"kelly: http\S+ on Ray", log.read_text()), 180)
        assert process.poll() is None, log.read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(90) == 0


def test_two_replicas_answer_as_one(replicas):
    with httpx2.Client(base_url=replicas, timeout=60) as caller:
        song = Jobs(caller).song(feeling={"text": "I miss you so much"}, bars=4, seed=7)
        written = midi.to_bytes(kelly.compose("I miss you so much", bars=4, seed=7).score)
        for _ in range(8):  # whichever replica is asked
            assert caller.get(f"/v1/songs/{song}.mid").content == written
            told = caller.post("/v1/feelings", json={"text": "so happy"})
            assert told.json() == kelly.feel("so happy").as_dict()


def test_a_request_with_a_key_is_done_once_whoever_gets_it(replicas):
    asked, key = {"feeling": {"emotion": "hope"}, "bars": 1, "seed": 9}, {"Idempotency-Key": "one"}
    with httpx2.Client(base_url=replicas, timeout=60) as caller:
        made = {caller.post("/v1/songs", json=asked, headers=key).json()["id"] for _ in range(6)}
    assert len(made) == 1


def test_both_replicas_are_asked(replicas):
    with httpx2.Client(base_url=replicas, timeout=60) as caller:

        def both():
            counts = caller.get("/metrics").text
            return re.search(r"^kelly_process_start_time_seconds (\S+)", counts, re.MULTILINE)[1]

        assert len({both() for _ in range(40)}) == 2


def test_nobody_joins_the_cluster_without_its_token(replicas):  # noqa: ARG001 - which must run
    shown = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64}
    code = 'import ray; ray.init("auto")'
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | shown, timeout=120, check=False
    )
    assert done.returncode == 1
    assert "token" in done.stderr.lower()
