"""`kelly continue`, `infill`, `vary` and `accompany` as people use them."""

import pytest

from kelly.composing.improvising import scores
from kelly.score import midi
from kelly.score.notes import Note, Part, Score
from small.scribe import Scribe


@pytest.fixture
def scribe(monkeypatch):
    """A transformer of chance; without it there is none."""
    network = Scribe(places=512)
    monkeypatch.setattr(scores.network, "shipped", lambda: network)


@pytest.fixture
def tune(tmp_path):
    notes = tuple(Note(float(n), 1.0, 60 + (0, 2, 4, 7, 4, 2, 0, 9)[n % 8], 80) for n in range(32))
    path = tmp_path / "tune.mid"
    midi.write(Score((Part("melody", 0, 0, notes),)), path)
    return path


@pytest.mark.usefixtures("scribe")
@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("continue", "--bars", 2), "tune-continued.mid"),
        (("infill", "--bars", "3-4"), "tune-infilled.mid"),
        (("infill", "--bars", 3), "tune-infilled.mid"),
        (("vary", "--part", "melody"), "tune-varied.mid"),
        (("vary", "--part", "melody", "--bars", "2-3"), "tune-varied.mid"),
        (("accompany",), "tune-accompanied.mid"),
    ],
)
def test_a_file_named_after_the_first_is_written(kelly, tune, tmp_path, command, name):
    verb, *options = command
    done = kelly(verb, tune, *options)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == name
    assert midi.read(tmp_path / name).end > 0
    assert kelly(verb, tune, *options).out.splitlines()[-1] == name.replace(".mid", "-2.mid"), "none is overwritten"


@pytest.mark.usefixtures("scribe")
def test_json_tells_the_file_and_its_size(kelly, tune):
    told = kelly("continue", tune, "--bars", 2, "-o", "more.mid", "--emotion", "joy", "--json").json
    assert told["files"] == {"midi": "more.mid"}
    assert told["notes"] >= 32


@pytest.mark.usefixtures("scribe")
@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("infill", "--bars", "9-12"), "bars must lie in 1..8, the first before the last; got 9-12"),
        (("infill", "--bars", "four"), '--bars must be FIRST-LAST, such as 9-12, or one bar; got "four"'),
        (("vary", "--part", "melody", "--bars", "8-9"), "bars must lie in 1..8, the first before the last; got 8-9"),
        (("continue", "--bars", 0), "bars must be an integer in 1..1000; got 0"),
        (("continue", "--temperature", "1e9"), "temperature must lie in 0..5"),
        (("continue", "--guidance", "-1"), "guidance must lie in 0..10; got -1"),
        (("continue", "--emotion", "joy", "--vad", 0, 0, 0), "give one feeling: --emotion or --vad; got both"),
        (("vary", "--part", "kazoo"), "part must be"),
        (("vary", "--part", "melody", "-o", "x.wav"), "-o takes a file ending in .mid or .midi; got 'x.wav'"),
    ],
)
def test_a_wrong_wish_gets_one_line_and_exit_code_2(kelly, tune, tmp_path, command, told):
    verb, *options = command
    done = kelly(verb, tune, *options)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert told in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["tune.mid"]


@pytest.mark.parametrize("data", [b"", b"MThd", b"not midi at all", b"MThd\x00\x00\x00\x06\x00\x02\x00\x01\x01\xe0"])
def test_a_file_that_is_no_midi_gets_one_line_and_exit_code_1(kelly, tmp_path, data):
    (tmp_path / "bad.mid").write_bytes(data)
    done = kelly("continue", "bad.mid")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)


def test_a_missing_transformer_is_told_in_one_line(kelly, tune, monkeypatch, tmp_path):
    monkeypatch.setattr("kelly.models.transformer.network.resources.files", lambda _: tmp_path)
    scores.network.shipped.cache_clear()
    done = kelly("continue", tune)
    scores.network.shipped.cache_clear()
    assert (done.code, done.err) == (1, "kelly: Kelly was built without the transformer\n")
