import io
import json
from dataclasses import replace

import pytest

from kelly import compose
from kelly.composing.report import TAG
from kelly.score import midi
from kelly.score.notes import Marker, Note, Part, Score

ONE_NOTE = Score((Part("Piano", 0, 0, (Note(0.0, 0.5, 60, 90),)),))


@pytest.fixture
def anothers(tmp_path):
    """A file that Kelly has not composed."""
    midi.write(ONE_NOTE, tmp_path / "other.mid")
    return tmp_path / "other.mid"


def test_a_song_is_explained_from_its_file_alone(kelly, tmp_path):
    asked = ("--break", "room-noise", "--because", "the room was there", "--key", "F", "--bars", 4, "-o", "song.mid")
    made = kelly("compose", "I miss you so much", *asked, "--json").json
    told = kelly("explain", tmp_path / "song.mid")
    assert told.code == 0
    for fact in (
        f"with seed {made['seed']}",
        made["emotion"]["name"],
        f"{made['parameters']['tempo']:g} BPM (60 + 120 x arousal {made['emotion']['arousal']:.2f})",
        f"{made['parameters']['key']} (key as you asked)",
        made["sections"][0]["role"],
        " ".join(made["sections"][0]["chords"][:4]),
        "room-noise",
        "the room was there",
        "miss you",
    ):
        assert fact in told.out


def test_explain_as_json_is_what_compose_told(kelly, song):
    told = kelly("explain", song, "--json").json
    again = kelly("compose", "I miss you so much", "--bars", 4, "--seed", 7, "-o", song, "--json").json
    heard = [section.pop("heard") for section in told["sections"]]
    assert told == again
    assert all(-1 <= one["valence"] <= 1 and 0 <= one["arousal"] <= 1 for one in heard)


def test_what_was_asked_and_what_is_heard_stand_side_by_side(kelly, song):
    for command in (("explain", song), ("show", song, "-o", "roll.png")):
        lines = [line for line in kelly(*command).out.splitlines() if "->" in line]
        assert len(lines) == 1
        assert "bar   1  verse       valence" in lines[0]
        assert "off by" in lines[0]


def test_a_file_without_a_report_cannot_be_explained(kelly, anothers):
    done = kelly("explain", anothers)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert "no report" in done.err


@pytest.mark.parametrize(
    "report",
    [
        "{",
        "[]",
        '{"emotion": {}, "rule_breaks": [{"name": 3}]}',
        '{"emotion": {}, "rule_breaks": 7}',
        '"emotion"',
        '{"emotion": 3}',
        '{"emotion": {"name": 1}, "sections": "no", "parameters": []}',
    ],
)
def test_a_damaged_report_is_one_line(kelly, tmp_path, report):
    midi.write(Score(ONE_NOTE.parts, texts=(TAG + report,)), tmp_path / "bad.mid")
    for command in (["explain", "bad.mid"], ["show", "bad.mid", "-o", "x.png"], ["render", "bad.mid", "-o", "x.wav"]):
        done = kelly(*command)
        assert done.err.count("\n") <= 1
        assert "Traceback" not in done.err
        assert "unexpected" not in done.err
        if command[0] == "explain":
            assert done.code == 1
            assert "damaged" in done.err


@pytest.mark.parametrize("name", ["roll.png", "roll.svg"])
def test_a_picture_is_drawn(kelly, song, tmp_path, name):
    assert kelly("show", song, "-o", name).out.splitlines()[-1] == name
    assert (tmp_path / name).read_bytes().lstrip()[:5] in (b"\x89PNG\r", b"<?xml")


def test_a_file_of_anothers_is_drawn_too(kelly, anothers, tmp_path):
    assert kelly("show", anothers, "-o", "roll.png").code == 0
    assert (tmp_path / "roll.png").exists()


def test_a_midi_file_is_rendered(kelly, anothers, tmp_path):
    done = kelly("render", anothers, "-o", "out.wav", "--stems", "st", "--json")
    assert done.json == {
        "files": [{"midi": str(anothers), "wav": "out.wav", "stems": {"Piano": "st/piano.wav"}}],
    }
    assert (tmp_path / "out.wav").read_bytes()[:4] == b"RIFF"
    assert (tmp_path / "st/piano.wav").read_bytes()[:4] == b"RIFF"


def test_a_folder_is_rendered_file_by_file(kelly, tmp_path):
    (tmp_path / "songs").mkdir()
    for name in ("a.mid", "b.midi", "not.txt"):
        midi.write(ONE_NOTE, tmp_path / "songs" / name)
    (tmp_path / "songs/broken.mid").write_bytes(b"MThd")
    done = kelly("render", "songs", "-o", "out")
    assert done.code == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.wav", "b.wav"]
    assert done.out.split() == ["out/a.wav", "out/b.wav"]
    assert "songs/broken.mid" in done.err
    assert done.err.splitlines()[-1] == "kelly: 1 of 3 files could not be rendered"


def test_files_that_are_there_can_be_skipped(kelly, tmp_path):
    (tmp_path / "songs").mkdir()
    (tmp_path / "out").mkdir()
    for name in ("a", "b"):
        midi.write(ONE_NOTE, tmp_path / f"songs/{name}.mid")
    (tmp_path / "out/a.wav").write_bytes(b"mine")
    assert kelly("render", "songs", "-o", "out", "--skip-existing").out == "out/b.wav\n"
    assert (tmp_path / "out/a.wav").read_bytes() == b"mine"


def test_names_of_parts_cannot_lead_out_of_the_folder_of_stems(kelly, tmp_path):
    note = (Note(0.0, 0.25, 60, 90),)
    parts = (Part("../../escape", 0, 0, note), Part("../../Escape!", 1, 0, note), Part("", 2, 0, note))
    midi.write(Score(parts), tmp_path / "odd.mid")
    assert kelly("render", "odd.mid", "-o", "o.wav", "--stems", "deep/st").code == 0
    names = {path.name for path in (tmp_path / "deep/st").iterdir()}
    assert {"escape.wav", "escape-2.wav"} < names
    assert len(names) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "o.wav", "odd.mid"]


def test_two_files_for_one_name_are_refused(kelly, tmp_path):
    (tmp_path / "songs").mkdir()
    for name in ("a.mid", "a.midi"):
        midi.write(ONE_NOTE, tmp_path / "songs" / name)
    done = kelly("render", "songs", "-o", "out")
    assert done.code == 2
    assert "a.wav" in done.err
    midi.write(ONE_NOTE, tmp_path / "one.mid")
    assert kelly("render", "one.mid", "-o", "st/piano.wav", "--stems", "st").code == 2
    assert not (tmp_path / "st").exists()


def test_a_score_without_notes_is_neither_drawn_nor_rendered(kelly, tmp_path):
    midi.write(Score((Part("Piano", 0),), markers=(Marker(0.0, "a"),)), tmp_path / "empty.mid")
    for command in (["show", "empty.mid", "-o", "x.png"], ["render", "empty.mid", "-o", "x.wav"]):
        done = kelly(*command)
        assert (done.code, done.err.count("\n")) == (1, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["empty.mid"]


def test_progress_is_shown_on_a_terminal_only_and_never_on_standard_output(kelly, anothers, monkeypatch):
    assert kelly("render", anothers, "-o", "out.wav").err == ""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

        def reconfigure(self, **_):
            pass

    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", screen)
    assert kelly("render", anothers, "-o", "out.wav").out == "out.wav\n"
    assert "rendering other.mid" in screen.getvalue()


@pytest.mark.parametrize("damage", [lambda told: told.pop("sections"), lambda told: told["sections"][0].pop("emotion")])
def test_a_damaged_report_keeps_nobody_from_the_picture(kelly, tmp_path, damage):
    song = compose("so sad", bars=4)
    damage(told := json.loads(json.dumps(song.report)))
    midi.write(replace(song.score, texts=(TAG + json.dumps(told),)), tmp_path / "odd.mid")
    done = kelly("show", "odd.mid", "-o", "roll.png")
    assert (done.code, done.out) in {(0, "roll.png\n"), (1, "")}
    assert done.err.count("\n") == done.code
    assert (tmp_path / "roll.png").exists() == (done.code == 0)
