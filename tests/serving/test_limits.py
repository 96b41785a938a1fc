"""Limits: as text, on the page about security, and of what works in processes of its own."""

import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.cli import serving as command
from kelly.errors import KellyError, UsageError
from kelly.listening.words import LONGEST
from kelly.score.midi import LONGEST_FILE
from kelly.serving.connections import FILES, LINGER, PIECE
from kelly.serving.schemas.common import DEEPEST
from kelly.serving.settings import Settings, limited, limits, shown
from kelly.serving.sockets import PIECES
from kelly.serving.work import BrokenError, Crew, MishapError, OverlongError
from serving.conftest import wait

PAGE = (Path(__file__).parents[2] / "docs/explanation/security.md").read_text(encoding="utf-8")
MIB = 2**20
PLENTY = 2**30


@given(st.sampled_from(sorted(limits())), st.data())
def test_a_limit_is_read_back_as_it_is_shown(name, data):
    unit = limits()[name]
    values = st.floats(0.001, 1e6).map(lambda value: round(value, 3)) if unit == "seconds" else st.integers(1, 10**6)
    settings = replace(Settings(), **{name: data.draw(values)})
    assert limited(Settings(), [f"{name}={shown(unit, getattr(settings, name))}"]) == settings


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("upload=10MB", "upload", 10_000_000),
        ("upload=1.5 MiB", "upload", 1_572_864),
        ("body=4096", "body", 4096),
        ("answer=2min", "answer", 120.0),
        ("lag=50ms", "lag", 0.05),
        ("connections=1,000", "connections", 1000),
        ("trickle=1KB/s", "trickle", 1000),
        (" Upload = 1kb ", "upload", 1000),
    ],
)
def test_a_limit_is_written_as_people_write_it(text, name, value):
    assert getattr(limited(Settings(), [text]), name) == value


@pytest.mark.parametrize("name", ["upload", "answer", "connections"])
@pytest.mark.parametrize("value", ["", "0", "-1", "x", "1x", "nan", "inf", "1e9", "1MB1", "0.0", "9" * 40, "٣"])
def test_what_is_no_limit_is_refused(name, value):
    with pytest.raises(UsageError, match=f"such as {name}="):
        limited(Settings(), [f"{name}={value}"])


@pytest.mark.parametrize("text", ["token=x", "folder=x", "hosts=1", "upload", "=1", "uplaod=1"])
def test_only_limits_are_set(text):
    with pytest.raises(UsageError):
        limited(Settings(), [text])


def test_the_page_about_security_tells_every_limit_as_it_is():
    told = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", PAGE, re.MULTILINE))
    assert told == {name: shown(unit, getattr(Settings(), name)) for name, unit in limits().items()}


def test_the_page_tells_the_other_numbers_as_they_are():
    said = " ".join(PAGE.split())
    for promise in (
        f"without a token of {command._SHORTEST} characters or more",
        f"A text may have {LONGEST:,} characters, a MIDI file {LONGEST_FILE // MIB} MiB,",
        f"a song intent {DEEPEST} levels, a message of a WebSocket {PIECES:,} pieces.",
        f"is read {PIECE // 1024} KiB at a time",
        f"may go on sending for {LINGER:g} seconds",
        f"| `upload` | 64 MiB | request with a file, in up to {('', 'one', 'two', 'three', 'four')[FILES]} parts |",
    ):
        assert promise in said


def ran(task, *arguments, seconds=30.0, memory=PLENTY, file=None):
    """What a task gives in a worker; and then a worker must still be well."""

    async def run():
        crew = Crew(1, memory, file)
        try:
            return await crew.run(seconds, task, *arguments)
        finally:
            assert await crew.run(60.0, len, "abc") == 3

    return anyio.run(run)


def test_a_worker_that_takes_too_much_memory_is_refused_alone():
    with pytest.raises(BrokenError, match="more than 1 GiB of memory") as caught:
        ran(bytes, 4 * PLENTY)
    assert caught.value.status == 422
    with pytest.raises(BrokenError, match="more than 1 GiB of memory"):
        ran(eval, "[bytes(2**20) for _ in iter(int, 1)]")  # which grows for ever


def test_a_worker_that_takes_too_long_is_ended():
    began = time.monotonic()
    with pytest.raises(OverlongError, match=r"longer than 0\.5 seconds"):
        ran(time.sleep, 30, seconds=0.5)
    assert time.monotonic() - began < 25


def test_a_worker_that_writes_too_much_is_refused(tmp_path):
    with pytest.raises(UsageError, match="what comes of it is larger"):
        ran(Path.write_bytes, tmp_path / "large", bytes(2 * MIB), file=MIB)


@pytest.mark.parametrize("task", [os._exit, sys.exit])
def test_a_worker_that_ends_itself_ends_nobody_else(task):
    with pytest.raises((BrokenError, MishapError)):
        ran(task, 3)


def test_what_a_worker_leaves_behind_is_removed():
    left = Path(ran(tempfile.mkdtemp))
    assert left.parent.name.startswith("kelly-")
    assert not left.parent.exists()


def test_what_a_worker_of_a_killed_service_leaves_behind_is_removed_too(tmp_path):
    code = (
        "import anyio, time; from kelly.serving.work import Crew; anyio.run(Crew(1, 2**30).run, 60.0, time.sleep, 60)"
    )
    killed = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(tmp_path)})
    wait(lambda: list(tmp_path.iterdir()))
    killed.kill()
    killed.wait()
    wait(lambda: not list(tmp_path.iterdir()))


def test_what_goes_wrong_in_a_worker_is_told_without_its_text():
    with pytest.raises(MishapError) as caught:
        ran(int, "my words")
    assert "my words" not in str(caught.value)
    assert caught.value.kind == "builtins.ValueError"
    with pytest.raises(KellyError, match="longer"):
        ran(eval, "(_ for _ in ()).throw(__import__('kelly.errors').errors.UsageError('it lasts longer'))")


def test_a_worker_is_the_first_to_go_when_memory_runs_out_and_leaves_no_core():
    if not Path("/proc/self/oom_score_adj").exists():
        pytest.skip("the system has no such thing")
    assert int(ran(Path.read_text, Path("/proc/self/oom_score_adj"))) == 500
    assert re.search(r"core file size +0 ", ran(Path.read_text, Path("/proc/self/limits")))


def test_what_a_worker_says_on_standard_error_does_not_stop_it():
    assert ran(eval, "sum(__import__('os').write(2, b'x' * 1000) for _ in range(500))") == 500_000
