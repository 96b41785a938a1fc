"""The attacks end as documented, each against the same service, which is well after every one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from serving.conftest import serving

ATTACKS = Path(__file__).parents[2] / "attacks"
SHARED = {"against", "midi", "sounds"}
NAMES = sorted(path.stem for path in ATTACKS.glob("*.py") if path.stem not in SHARED)
MORE = {"many_connections": ["2000"]}
TOKEN = "correct-horse-battery-staple"  # noqa: S105 - of a service that lives for a minute
QUICK = {
    "answer": "5s",
    "head": "1s",
    "pause": "1s",
    "waiting": "10",
    "upload": "2MB",
    "connections": "200",
    "uploads": "8",
    "watchers": "8",
}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    limits = [f"--limit={name}={value}" for name, value in QUICK.items()]
    with serving(tmp_path_factory.mktemp("attacked"), *limits, KELLY_TOKEN=TOKEN) as served:
        served.ready()
        yield served


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_is_refused_as_documented(attacked, name, monkeypatch):
    monkeypatch.setenv("KELLY_TOKEN", TOKEN)
    before = attacked.log.stat().st_size
    command = [sys.executable, ATTACKS / f"{name}.py", attacked.url, *MORE.get(name, [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.startswith(f"{name}: refused as documented: "), done.stdout + done.stderr
    assert (done.returncode, done.stderr) == (0, "")
    with attacked.caller() as caller:
        assert caller.get("/healthz").json()["status"] == "ok"
    assert attacked.process.poll() is None
    assert '"level": "error"' not in attacked.log.read_text()[before:]  # which whoever attacks could fill the log with


def test_after_all_of_them_the_log_holds_nothing_that_was_sent(attacked):
    said = attacked.log.read_text()
    for word in ("so sad", "alert(1)", "gotcha", "passwd", "evil.example", "kept-to-itself", TOKEN, "Traceback"):
        assert word not in said
    assert all(line.startswith("{") for line in said.splitlines()[1:])
    assert '"event": "unexpected"' not in said


def test_every_attack_is_in_the_table():
    table = (ATTACKS / "README.md").read_text()
    assert re.findall(r"^\| \[(\w+)\]\(\1\.py\) \| .+ \| .+ \|$", table, re.MULTILINE) == NAMES
