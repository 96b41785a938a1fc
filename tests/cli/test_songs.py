import io
import json

import pytest

from kelly.composing.report import read_report
from kelly.composing.tables import genres
from kelly.score import midi

QUICK = ("--bars", 4)


def test_a_song_is_written_and_told(kelly, tmp_path):
    done = kelly("compose", "I miss you so much", *QUICK, "-o", "song.mid")
    assert done.code == 0
    assert done.err == ""
    assert done.out.splitlines()[-1] == "song.mid"
    assert " BPM, " in done.out
    assert [path.name for path in tmp_path.iterdir()] == ["song.mid"]


def test_json_is_one_object_that_follows_the_schema(kelly):
    told = kelly("compose", "--emotion", "grief", *QUICK, "-o", "song.mid", "--json").json
    assert (told["emotion"]["name"], told["emotion"]["tier"], told["seed"]) == ("grief", "full", 0)
    assert {"tempo", "velocity", "mode", "key"} <= set(told["parameters"])
    assert [section["bars"] for section in told["sections"]] == [4]
    assert isinstance(told["readings"], list)
    assert isinstance(told["rule_breaks"], list)
    assert told["files"] == {"midi": "song.mid", "wav": None, "stems": {}}


def test_what_json_tells_is_what_the_file_carries(kelly):
    told = kelly("compose", "--emotion", "hope", *QUICK, "-o", "song.mid", "--json").json
    assert told.pop("files")
    assert read_report(midi.read("song.mid")) == told


def test_the_same_line_gives_the_same_bytes_and_another_seed_others(kelly, tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        kelly("compose", "--emotion", "awe", *QUICK, "--seed", seed, "-o", f"{name}.mid")
    a, b, c = ((tmp_path / f"{name}.mid").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_a_feeling_may_be_three_numbers_and_they_may_be_negative(kelly):
    told = kelly("compose", "--vad", -0.9, 0.3, 0.25, *QUICK, "--feel", -0.4, "-o", "song.mid", "--json").json
    assert [told["emotion"][axis] for axis in ("valence", "arousal", "dominance")] == [-0.9, 0.3, 0.25]
    assert told["parameters"]["feel"] == -0.4


def test_what_is_asked_for_wins_over_the_feeling(kelly):
    asked = ("--key", "F", "--mode", "lydian", "--tempo", 72, "--genre", "ambient")
    music = kelly("compose", "--emotion", "rage", *QUICK, *asked, "-o", "s.mid", "--json").json["parameters"]
    assert (music["key"], music["tempo"], music["genre"]) == ("F lydian", 72, "ambient")


def test_without_a_name_the_file_is_called_after_the_feeling_and_nothing_is_overwritten(kelly, tmp_path):
    for _ in range(2):
        assert kelly("compose", "--emotion", "grief", *QUICK, "-q").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grief-2.mid", "grief.mid"]


def test_a_song_of_nothing_heard_is_not_called_after_a_feeling(kelly, tmp_path):
    kelly("compose", "xyzzy plugh", *QUICK)
    assert [path.name for path in tmp_path.iterdir()] == ["neutral.mid"]


def test_help_names_every_genre(kelly):
    told = " ".join(kelly("compose", "--help").out.split())
    assert ", ".join(list(genres())[:-1]) + " or " + list(genres())[-1] in told


def test_a_file_named_with_o_is_overwritten(kelly, tmp_path):
    (tmp_path / "song.mid").write_bytes(b"old")
    assert kelly("compose", "--emotion", "grief", *QUICK, "-o", "song.mid").code == 0
    assert (tmp_path / "song.mid").read_bytes()[:4] == b"MThd"


def test_a_song_leads_to_a_name_or_a_text(kelly):
    by_name = kelly("compose", "so sad", "--to", "hope", "--arc", "slow-reveal", "-o", "a.mid", "--json").json
    assert by_name["journey"]["to"]["name"] == "hope"
    assert by_name["journey"]["arc"] == "slow-reveal"
    by_text = kelly("compose", "so sad", "--to", "I am so happy now", *QUICK, "-o", "b.mid", "--json").json
    assert by_text["journey"]["to"]["valence"] > 0.3


def test_a_rule_is_broken_with_its_reason(kelly):
    done = kelly(
        "compose", "--emotion", "hope", *QUICK, "--break", "mono-collapse", "--because", "no room", "-o", "s.mid"
    )
    assert "mono-collapse" in done.out
    assert "no room" in done.out


def test_feelings_break_no_rules_when_told_so(kelly):
    told = kelly("compose", "--emotion", "rage", *QUICK, "--no-triggers", "-o", "s.mid", "--json").json
    assert told["rule_breaks"] == []


def test_muted_parts_are_not_in_the_file(kelly):
    done = kelly("compose", "--emotion", "hope", *QUICK, "--mute", "drums, Fills", "--mute", "bass", "-o", "s.mid")
    assert done.code == 0
    names = {part.name for part in midi.read("s.mid").parts}
    assert names.isdisjoint({"Drums", "Fills", "Bass"})
    assert "Melody" in names


def test_an_intent_is_composed_and_its_wishes_give_way_to_the_command_line(kelly, tmp_path):
    (tmp_path / "song.yaml").write_text(
        "title: Ours\nintent: {primary_mood: grief}\n"
        "technical: {tempo: 90, minutes: 1, rule_to_break: {rule: room-noise, why: the room was there}}\n"
    )
    asked = ("--bars", 4, "--tempo", 70, "--break", "mono-collapse", "--because", "no room")
    told = kelly("compose", "--intent", "song.yaml", *asked, "-o", "s.mid", "--json").json
    assert told["title"] == "Ours"
    assert (told["parameters"]["tempo"], told["parameters"]["bars"]) == (70, 4)
    asked_for = [rule["name"] for rule in told["rule_breaks"] if rule["asked"]]
    assert sorted(asked_for) == ["mono-collapse", "room-noise"]


STORY = "My mother died, and I was devastated. I cried every night.\n\nNow I am so happy. I am full of hope and joy."


@pytest.fixture
def story(tmp_path):
    (tmp_path / "story.txt").write_text(STORY, encoding="utf-8")
    return "story.txt"


def test_a_story_drives_a_song_section_by_section(kelly, story):
    told = kelly("compose", "--story", story, "--bars", 32, "-o", "s.mid", "--json").json
    first, *_, last = told["sections"]
    assert last["emotion"]["valence"] - first["emotion"]["valence"] >= 0.5
    assert told["parameters"]["bars"] == 32
    explained = kelly("explain", "s.mid").out
    begin, end = explained.index("My mother died"), explained.index("hope and joy")
    assert explained.index("Sections (story)") < begin < end < explained.index("Rules broken")
    assert "story: " in kelly("compose", "--story", story, "--bars", 32, "-o", "s.mid").out


def test_a_story_from_standard_input_is_the_same_song(kelly, story, tmp_path, monkeypatch):
    assert kelly("compose", "--story", story, *QUICK, "-o", "a.mid").code == 0
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(STORY.encode())))
    assert kelly("compose", "--story", "-", *QUICK, "-o", "b.mid").code == 0
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--to", "hope"), "it takes no --to and no --arc; got --to"),
        (("--arc", "spiral"), "it takes no --to and no --arc; got --arc"),
        (("--to", "hope", "--arc", "spiral"), "got --to and --arc"),
        (("so sad",), "got TEXT and --story"),
        (("--emotion", "grief"), "got --emotion and --story"),
        (("--intent", "song.yaml"), "got --intent and --story"),
        (("--vad", 0, 0.5, 0.5), "got --vad and --story"),
        (("--bars", 8, "--minutes", 2), "not both"),
    ],
)
def test_what_contradicts_a_story_is_told_in_one_line(kelly, story, tmp_path, arguments, complaint):
    done = kelly("compose", "--story", story, *arguments, "-o", "s.mid")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert complaint in done.err
    assert not (tmp_path / "s.mid").exists()


def test_sound_and_stems_are_written_with_the_notes(kelly, tmp_path):
    done = kelly(
        "compose", "--emotion", "calm", "--bars", 1, "-o", "s.mid", "--wav", "s.wav", "--stems", "st", "--json"
    )
    files = done.json["files"]
    assert files["wav"] == "s.wav"
    assert (tmp_path / "s.wav").read_bytes()[:4] == b"RIFF"
    stems = sorted(path.name for path in (tmp_path / "st").iterdir())
    assert stems
    assert sorted(files["stems"].values()) == [f"st/{name}" for name in stems]
    played = {part.name for part in midi.read("s.mid").parts if part.notes}
    assert set(files["stems"]) == played


def test_quiet_prints_nothing(kelly):
    done = kelly("compose", "--emotion", "calm", *QUICK, "-o", "s.mid", "--quiet")
    assert (done.out, done.err) == ("", "")


@pytest.fixture
def no_sound(monkeypatch):
    """Rendering takes seconds; here it writes a second of silence."""
    import numpy as np

    from kelly.sound.audio import Audio

    silence = Audio(np.zeros((2, 44100), dtype=np.float32), 44100)
    monkeypatch.setattr("kelly.composing.sounding.render", lambda *_, **__: silence)


@pytest.mark.usefixtures("no_sound")
def test_the_demo_writes_two_songs_with_sound_picture_and_report(kelly, tmp_path):
    done = kelly("demo", "-o", "out/demo")
    assert done.code == 0
    names = sorted(path.name for path in (tmp_path / "out/demo").iterdir())
    kinds = ("json", "mid", "png", "txt", "wav")
    assert names == [f"{song}.{kind}" for song in ("kelly", "sentence") for kind in kinds]
    assert all(f"out/demo/{name}" in done.out for name in names)
    report = json.loads((tmp_path / "out/demo/kelly.json").read_text(encoding="utf-8"))
    assert report["title"] == "Kelly"
    assert '"Kelly", composed by Kelly' in (tmp_path / "out/demo/kelly.txt").read_text(encoding="utf-8")


def test_tries_without_a_fit_are_refused(kelly):
    done = kelly("compose", "so sad", "--tries", 4)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "--tries is for --fit" in done.err
