"""What the tests of the command share: running it in this process, in a folder of its own, and a small song."""

import json
from dataclasses import dataclass

import pytest

from kelly.cli.main import main


@dataclass
class Done:
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def kelly(capsys, tmp_path, monkeypatch):
    """Run `kelly` with some arguments in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def song(kelly, tmp_path):
    """A file with a loop of four bars."""
    path = tmp_path / "song.mid"
    assert kelly("compose", "I miss you so much", "--bars", 4, "--seed", 7, "-o", path).code == 0
    return path
