import re
import sys

import pytest

COMMANDS = ("check", "manifest", "shard")


def test_the_group_lists_its_commands(kelly):
    told = kelly("data")
    assert told.code == 0
    assert all(f"\n  {command} " in told.out for command in COMMANDS)
    assert kelly("data", "--help").out == told.out


def test_an_unknown_command_is_told_those_of_the_group(kelly):
    assert kelly("data", "help").err == "kelly: no such command 'help'; commands are check, manifest, shard\n"


@pytest.mark.parametrize("command", [["data", command] for command in COMMANDS] + [["doctor"]])
def test_every_option_is_on_the_page_of_the_command_line(kelly, root, command):
    page = (root / "docs/reference/command-line.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^##+ kelly {' '.join(command)}\n(.*?)(?=^##)", page, re.MULTILINE | re.DOTALL)
    options = re.findall(r"--[a-z][a-z-]+", kelly(*command, "--help").out)
    assert [option for option in options if option not in section and option != "--help"] == []


def test_what_is_missing_is_one_line(kelly, monkeypatch):
    monkeypatch.setitem(sys.modules, "snowballstemmer", None)
    monkeypatch.delitem(sys.modules, "kelly.training.data.corpora.warriner", raising=False)
    done = kelly("data", "check", ".")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("kelly: this command needs the extra `train` (snowballstemmer is missing): pip install")
