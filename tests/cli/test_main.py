import os
import signal
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
        (["feell", "sad"], "no such command 'feell' (did you mean feel?)"),
        (["help"], "no such command 'help'; commands are feel, emotions, listen, compose, demo, render, explain, show"),
        (["I miss her"], "put feel or compose before a text"),
        (["feel"], "give one text: TEXT or --timeline; got none"),
        (["feel", "so", "sad"], "put a text of several words in quotes"),
        (["emotions", "joy"], "unexpected extra argument(s) (joy)\n"),
        (["compose", "sad", "--bars", "many"], "invalid value for '--bars': it should be a valid integer; got 'many'"),
        (["compose", "--vad", "0.1", "b", "0.2"], "invalid value for '--vad': it should be a valid number; got 'b'"),
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
    def broken(*_, **__):
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("kelly.listening.words.feel", broken)
    done = kelly("feel", "sad")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "unexpected RuntimeError: two lines (kelly --debug" in done.err
    assert "Traceback" in kelly("--debug", "feel", "sad").err


def test_an_interrupt_ends_quietly_with_130(kelly, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("kelly.listening.words.feel", interrupted)
    done = kelly("feel", "sad")
    assert (done.code, done.out) == (130, "")
    assert "Traceback" not in done.err


def test_a_reader_that_goes_away_is_no_reason_to_complain():
    with subprocess.Popen([KELLY, "emotions", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_full_disk_behind_standard_output_is_one_line():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([KELLY, "emotions"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "kelly: cannot write to standard output: No space left on device\n")


def test_closed_streams_are_no_reason_to_fail():
    done = subprocess.run([KELLY, "feel", "sad"], check=False, preexec_fn=lambda: (os.close(1), os.close(2)))
    assert done.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_song_that_is_called_off_leaves_nothing_behind(tmp_path, number):
    """The signal comes while the files are being filled: their beginnings lie beside the targets by then."""
    asked = ["compose", "I miss her", "--minutes", "10", "-o", "song.mid", "--wav", "song.wav", "--stems", "stems"]
    with subprocess.Popen([KELLY, *asked], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not list(tmp_path.glob(".kelly-*")) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (128 + number, b"", b"")
    assert list(tmp_path.rglob("*")) == []


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

    assert min(took() for _ in range(5)) < 0.6  # a tenth of a second where nobody else works


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
