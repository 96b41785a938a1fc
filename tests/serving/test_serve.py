"""The command `kelly serve`: what it refuses before it listens, and how it ends."""

import socket
import time
from urllib.parse import urlsplit

import pytest

from kelly.cli.main import main
from kelly.serving.connections import LINGER
from serving.conftest import serving, wait


@pytest.fixture
def refused(capsys, tmp_path, monkeypatch):
    """The exit code and the one line of a `kelly serve` that does not start."""
    monkeypatch.delenv("KELLY_TOKEN", raising=False)

    def run(*options):
        code = main(["serve", "--folder", str(tmp_path), *map(str, options)])
        said = capsys.readouterr().err
        assert said.count("\n") == 1, said
        return code, said

    return run


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--host", "::"), "token"),
        (("--host", "192.0.2.7"), "token"),
        (("--store", "mysql://kelly@here/kelly"), "sqlite:///FILE or postgresql://"),
        (("--store", "nonsense"), "sqlite:///FILE or postgresql://"),
        (("--log", "loud"), "debug, info, warning, error"),
        (("--replicas", "1-2"), "--ray"),
        (("--ray", "--replicas", "4-1", "--port", 1), "LEAST-MOST"),
        (("--port", 70_000), "65535"),
        (("--name", "kelly.example:8000"), "without a port"),
        (("--name", "http://kelly.example"), "without a port"),
        (("--name", ""), "without a port"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(refused, options, said):
    code, line = refused(*options)
    assert code == 2
    assert said in line


def test_a_short_token_is_refused(refused, tmp_path):
    (tmp_path / "token").write_text("secret\n")
    code, line = refused("--token-file", tmp_path / "token")
    assert (code, "16 characters" in line, "secret" in line) == (2, True, False)


def test_a_port_that_is_taken_is_told(refused, service):
    code, line = refused("--port", service.url.rpartition(":")[2])
    assert code == 1
    assert "cannot listen" in line


def test_a_password_in_a_url_is_never_told(refused):
    code, line = refused("--store", "postgresql://kelly:hunter2@127.0.0.1:1/kelly")
    assert code == 1
    assert "hunter2" not in line


def test_a_name_is_the_same_however_it_is_written(tmp_path):
    with serving(tmp_path, "--name", "Kelly.Example") as served, served.caller() as caller:
        for host, status in (("kelly.example", 200), ("KELLY.example:80", 200), ("kelly.example.evil", 421)):
            assert caller.get("/healthz", headers={"Host": host}).status_code == status


def test_a_service_whose_workers_cannot_start_ends_and_says_so(tmp_path):
    with serving(tmp_path, "--limit", "memory=1MB") as served:
        assert served.process.wait(60) == 1
        said = served.log.read_text()
    assert '"event": "the service failed"' in said
    assert said.endswith("kelly: the service failed: its log tells why\n")
    assert "Traceback" not in said.splitlines()[-1]


def test_what_runs_is_given_its_time_once_when_the_service_ends(tmp_path):
    with serving(tmp_path, "--limit", "grace=2s", "--limit", "pause=60s") as served:
        served.ready()
        there = urlsplit(served.url)
        with socket.create_connection((there.hostname, there.port)) as one:
            one.sendall(b"POST /v1/feelings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
            one.sendall(b"Content-Length: 5\r\n\r\n")
            with served.caller() as caller:
                wait(lambda: "kelly_requests_underway 2.0" in caller.get("/metrics").text)
            began = time.monotonic()
            assert served.end() == 0
            assert 2 <= time.monotonic() - began < 2 + LINGER + 3
