import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kelly._version import __version__

COMMANDS = ("feel", "emotions", "compose", "demo", "render", "explain", "show")
KELLY = Path(sys.executable).with_name("kelly")


def test_help_names_every_command_and_is_the_answer_to_nothing(kelly):
    told = kelly("--help")
    assert told.code == 0
    assert all(f"\n  {command} " in told.out for command in COMMANDS)
    assert kelly().out == told.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(kelly, command):
    told = kelly(command, "-h")
    assert told.code == 0
    assert told.out.startswith(f"Usage: kelly {command} ")


def test_the_version_is_told(kelly):
    assert kelly("--version").out == f"kelly {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["compose", "sad", "--wavv", "x.wav"], "no such option: --wavv (did you mean --wav?)"),
        (["feell", "sad"], "no such command 'feell'"),
        (["feel"], "missing argument"),
        (["feel", "so", "sad"], "put a text of several words in quotes"),
        (["compose", "sad", "--bars", "many"], "--bars"),
        (["compose", "--vad", "0.1", "0.2"], "--vad"),
    ],
)
def test_a_wrong_command_line_gets_one_line_and_exit_code_2(kelly, arguments, complaint):
    done = kelly(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("kelly: ")
    assert done.err.count("\n") == 1
    assert complaint in done.err


def test_an_error_of_ours_is_one_line_and_shows_its_place_only_when_asked(kelly, monkeypatch):
    def broken(_):
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("kelly.listening.words.feel", broken)
    done = kelly("feel", "sad")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "unexpected RuntimeError: two lines (kelly --debug" in done.err
    assert "Traceback" in kelly("--debug", "feel", "sad").err


def test_an_interrupt_ends_quietly_with_130(kelly, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("kelly.listening.words.feel", interrupted)
    done = kelly("feel", "sad")
    assert (done.code, done.out) == (130, "")
    assert "Traceback" not in done.err


def test_a_reader_that_goes_away_is_no_reason_to_complain():
    with subprocess.Popen([KELLY, "emotions", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_what_a_terminal_cannot_show_is_escaped():
    latin = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(
        [KELLY, "feel", "so happy \N{SLIGHTLY SMILING FACE}"], capture_output=True, check=True, env=latin
    )
    assert b"\\U0001f642" in done.stdout


def test_help_comes_at_once():
    def took():
        start = time.perf_counter()
        subprocess.run([KELLY, "--help"], capture_output=True, check=True)
        return time.perf_counter() - start

    assert min(took() for _ in range(5)) < 0.3


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], {"numpy", "rich", "pydantic"}),
        (["compose", "sad", "-q", "-o", "x.mid"], {"matplotlib", "soundfile"}),
    ],
)
def test_what_is_not_needed_is_not_loaded(tmp_path, arguments, unwanted):
    code = f"import sys; from kelly.cli.main import main; main({arguments}); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert unwanted.isdisjoint(done.stderr.split())
