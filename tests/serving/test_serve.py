"""The command `kelly serve`: what it refuses before it listens, and how it ends."""

import pytest

from kelly.cli.main import main


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
