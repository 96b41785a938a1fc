"""kelly reperform: a file and a feeling go in, the same tune in that feeling comes out."""

import io

import pytest
import typer

from kelly.cli import reperforming, songs
from kelly.composing.report import read_report
from kelly.score import midi
from kelly.score.notes import DRUM_CHANNEL, Meter, Note, Part, Score

SCALE = (60, 64, 67, 65, 64, 62, 67, 60)
TUNE = tuple(Note(float(beat), 0.9, SCALE[beat % 8] + 12, 80) for beat in range(32))
ROW = (48, 52, 55), (53, 57, 60), (55, 59, 62), (48, 52, 55)
TRIADS = tuple(Note(4.0 * bar, 4.0, pitch, 60) for bar in range(8) for pitch in ROW[bar % 4])


@pytest.fixture(autouse=True)
def _app(monkeypatch):
    """An application of the commands that are tried here."""
    app = typer.Typer(name="kelly", add_completion=False, rich_markup_mode=None)
    for module in (songs, reperforming):
        module.register(app)
    monkeypatch.setattr("kelly.cli.main.app", app)


@pytest.fixture
def hymn(tmp_path):
    """A file of another's: a tune in C major and chords to it."""
    midi.write(Score((Part("Voice", 0, 52, TUNE), Part("Piano", 1, 0, TRIADS))), tmp_path / "hymn.mid")
    return "hymn.mid"


def test_a_file_is_performed_in_a_feeling_by_name_text_or_numbers(kelly, hymn):
    for asked in (["grief"], ["I miss you so much"], ["--vad", -0.9, 0.3, 0.25]):
        told = kelly("reperform", hymn, *asked, "-o", "out.mid", "--json").json
        assert told["parameters"]["mode"] == "aeolian"
        assert told["parameters"]["tempo"] == pytest.approx(60 + 120 * told["emotion"]["arousal"])
        assert told["files"] == {"midi": "out.mid", "wav": None, "stems": {}}
        sung = midi.read("out.mid").part("Melody").notes
        assert [note.onset for note in sung] == [note.onset for note in TUNE]
        assert {note.pitch % 12 for note in sung} == {0, 2, 3, 5, 7}


def test_the_song_is_told_as_compose_tells_it(kelly, hymn):
    done = kelly("reperform", hymn, "grief", "-o", "out.mid")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("grief: 96 BPM, C aeolian, ")
    assert "carried over from C ionian to C aeolian" in done.out
    assert done.out.splitlines()[-1] == "out.mid"


def test_what_json_tells_is_what_the_file_carries(kelly, hymn):
    told = kelly("reperform", hymn, "hope", "-o", "out.mid", "--json").json
    assert told.pop("files")
    assert read_report(midi.read("out.mid")) == told


def test_without_a_name_the_file_is_called_after_both_and_nothing_is_overwritten(kelly, hymn, tmp_path):
    for _ in range(2):
        assert kelly("reperform", hymn, "grief", "-q").code == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {hymn, "hymn-grief.mid", "hymn-grief-2.mid"}


def test_the_same_line_gives_the_same_bytes_and_another_seed_others(kelly, hymn, tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        kelly("reperform", hymn, "joy", "--seed", seed, "-o", f"{name}.mid")
    a, b, c = ((tmp_path / f"{name}.mid").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_what_is_asked_for_wins(kelly, hymn):
    asked = (
        "--key",
        "F",
        "--mode",
        "dorian",
        "--tempo",
        72,
        "--genre",
        "ambient",
        "--mute",
        "drums,bass",
        "--neural",
        0,
    )
    rule = ("--break", "room-noise", "--because", "the room was there", "--no-triggers")
    told = kelly("reperform", hymn, "rage", *asked, *rule, "-o", "out.mid", "--json").json
    music = told["parameters"]
    assert (music["key"], music["tempo"], music["genre"]) == ("F dorian", 72, "ambient")
    assert [one["name"] for one in told["rule_breaks"]] == ["room-noise"]
    assert {part.name for part in midi.read("out.mid").parts}.isdisjoint({"Drums", "Bass"})


def test_a_song_of_kellys_is_performed_over_its_own_chords(kelly):
    first = kelly("compose", "--emotion", "hope", "--bars", 24, "-o", "song.mid", "--json").json
    again = kelly(
        "reperform", "song.mid", "--vad", 0.3, 0.45, 0.4, "--mode", first["parameters"]["mode"], "--json"
    ).json
    assert [section["numerals"] for section in again["sections"]] == [row["numerals"] for row in first["sections"]]
    assert again["files"]["midi"].startswith("song-")


def test_quiet_prints_nothing(kelly, hymn):
    done = kelly("reperform", hymn, "calm", "-o", "out.mid", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_a_text_may_come_from_standard_input(kelly, hymn, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"I miss you so much")))
    assert kelly("reperform", hymn, "-", "-o", "out.mid", "--json").json["parameters"]["mode"] == "aeolian"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "give one feeling: TEXT_OR_NAME or --vad; got none"),
        (("grief", "--vad", 0, 0.5, 0.5), "got TEXT_OR_NAME and --vad"),
        (("gleefulnes",), "did you mean"),
        (("--vad", 2, 0.5, 0.5), "valence"),
        (("grief", "-o", "out.wav"), "-o takes a file ending in .mid or .midi"),
        (("grief", "--key", "H"), "key must be a note name"),
        (("grief", "--tempo", 4000), "tempo must lie in 20..400"),
        (("grief", "--break", "room-noise"), "needs one --because"),
    ],
)
def test_what_is_asked_wrongly_is_told_in_one_line(kelly, hymn, tmp_path, arguments, complaint):
    done = kelly("reperform", hymn, *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert complaint in done.err
    assert [path.name for path in tmp_path.iterdir()] == [hymn]


@pytest.mark.parametrize(
    ("score", "complaint"),
    [
        (
            Score((Part("Voice", 0, 52, TUNE),), meters=(Meter(0.0, 3, 4),)),
            "4/4 throughout to be performed again; got 3/4",
        ),
        (Score((Part("Voice", 0),)), "it has none"),
        (Score((Part("Kit", DRUM_CHANNEL, 0, (Note(0.0, 1.0, 36, 90),)),)), "it has drums alone"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_in_one_line(kelly, tmp_path, score, complaint):
    midi.write(score, tmp_path / "odd.mid")
    done = kelly("reperform", "odd.mid", "joy")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert complaint in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["odd.mid"]


def test_a_file_that_is_missing_or_no_midi_is_an_error_of_files(kelly, tmp_path):
    (tmp_path / "no.mid").write_bytes(b"not a song")
    for name in ("no.mid", "nothing.mid"):
        done = kelly("reperform", name, "joy")
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
        assert name in done.err


def test_some_bars_alone_are_performed_and_all_others_stay(kelly, hymn):
    told = kelly("reperform", hymn, "grief", "--bars", "3-4", "-o", "out.mid", "--json").json
    before, after = midi.read(hymn), midi.read("out.mid")
    assert told == {
        "files": {"midi": "out.mid"},
        "notes": sum(len(part.notes) for part in after.parts),
        "seconds": round(after.duration, 2),
    }
    for part in before.parts:
        outside = [[n for n in one.part(part.name).notes if not 7.9 <= n.onset < 16] for one in (before, after)]
        assert outside[0] == outside[1]
    inside = [note for note in after.notes() if 7.9 <= note.onset < 15.9]
    assert len(inside) >= 8
    assert {note.onset for note in inside} >= {float(beat) for beat in range(8, 16)}, "the tune goes on"


@pytest.mark.parametrize("bars", ["8-9", "0-1", "3-2", "x", "1-2-3", ""])
def test_bars_that_are_not_there_get_one_line(kelly, hymn, tmp_path, bars):
    done = kelly("reperform", hymn, "grief", "--bars", bars)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["hymn.mid"]
