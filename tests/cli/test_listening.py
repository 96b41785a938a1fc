"""`kelly listen`, `kelly compose --like` and `kelly feel --audio`: what a user gets of recordings, good and bad."""

import csv
import io
import os
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from kelly.cli import output
from kelly.emotion.space import clipped
from kelly.listening import sound
from kelly.listening.listen import journey
from kelly.models import ears
from kelly.score import midi
from kelly.score.notes import Note, Part, Score
from small.sounds import tone

AXES = ("valence", "arousal", "dominance")


def noise(path, seconds=3.0, level=0.1, rate=16_000, **options):
    """Write noise, or silence of level 0."""
    wave = level * np.random.default_rng(0).standard_normal(round(seconds * rate))
    soundfile.write(path, wave, rate, **options)
    return path


def rows(done):
    return list(csv.DictReader(io.StringIO(done.out)))


@pytest.fixture
def song(tmp_path):
    """A MIDI file of a scale, up and down."""
    notes = tuple(Note(step / 2, 0.5, 60 + abs(12 - step % 24), 80) for step in range(96))
    midi.write(Score((Part("piano", 0, notes=notes),)), tmp_path / "song.mid")
    return tmp_path / "song.mid"


@pytest.fixture
def wav(kelly, tmp_path):  # noqa: ARG001 - whose folder it is
    return noise(tmp_path / "noise.wav").name


def test_a_recording_is_told_with_its_kind_and_classes(kelly, wav):
    done = kelly("listen", wav, "--as", "music")
    assert (done.code, done.err) == (0, "")
    names = [line.split()[0] for line in done.out.splitlines()[1:]]
    assert set(names) >= {*AXES, "intensity", "confidence", "kind", "class", "rouses"}
    assert "kind       music (100%), 0:03" in done.out
    assert "rouses" not in kelly("listen", wav, "--as", "speech").out


def test_as_json_it_is_what_was_heard(kelly, wav):
    done = kelly("listen", wav, "--json")
    assert (done.code, done.err) == (0, "")
    heard = sound.listen(wav)
    assert done.json == {"file": wav, **heard.as_dict()}
    assert "timeline" not in done.json
    assert kelly("listen", wav, "--json", "--timeline").json["timeline"] == heard.as_dict(timeline=True)["timeline"]


def test_the_timeline_is_a_table_twice_a_second(kelly, wav):
    lines = kelly("listen", wav, "--timeline").out.splitlines()
    start = lines.index("   time  valence arousal dominance  feeling")
    assert [line.split()[0] for line in lines[start + 1 :]] == [f"0:0{n // 2}.{n % 2 * 5}" for n in range(6)]


@pytest.mark.parametrize("kind", ["speech", "Singing", "music"])
def test_the_kind_may_be_given(kelly, wav, kind):
    told = kelly("listen", wav, "--as", kind, "--json").json
    assert told["kind"] == kind.lower()
    assert told["kinds"][kind.lower()] == 1


def test_silence_is_told_as_such(kelly, tmp_path):
    noise(tmp_path / "silent.wav", level=0)
    done = kelly("listen", "silent.wav", "--timeline")
    assert done.code == 0
    assert done.out.startswith("neutral\n")
    assert done.out.count("  silence\n") == 6
    assert done.err == "kelly: silent.wav: too little sound to hear a feeling in\n"
    told = kelly("listen", "silent.wav", "--timeline", "--json").json
    assert told["emotion"]["confidence"] == 0
    assert told["spread"] == dict.fromkeys(AXES)
    assert {row[axis] for row in told["timeline"] for axis in (*AXES, "name")} == {None}
    table = rows(kelly("listen", "silent.wav", "--timeline", "--csv"))
    assert [row["time"] for row in table] == ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]
    assert {row["valence"] for row in table} == {""}
    (whole,) = rows(kelly("listen", "silent.wav", "--csv"))
    assert {name: cell for name, cell in whole.items() if cell} == {
        "file": "silent.wav",
        "seconds": "3.0",
        "confidence": "0.0",
    }
    assert "  kind       silence, 0:03\n" in done.out


def test_a_table_is_read_back_whatever_the_file_is_called(kelly, tmp_path):
    name = 'mum, "live".wav'
    noise(tmp_path / name)
    told = kelly("listen", name, "--json", "--timeline").json
    (whole,) = rows(kelly("listen", name, "--csv"))
    assert list(whole) == ["file", "kind", "seconds", *AXES, "confidence", "name", "primary", "arc"]
    assert whole["file"] == name
    assert [float(whole[axis]) for axis in AXES] == [told["emotion"][axis] for axis in AXES]
    assert (whole["kind"], whole["primary"], whole["arc"]) == (told["kind"], told["primary"], told["arc"])
    course = rows(kelly("listen", name, "--csv", "--timeline"))
    assert {row["file"] for row in course} == {name}
    assert [float(row["arousal"]) for row in course] == [row["arousal"] for row in told["timeline"]]


@pytest.mark.parametrize(
    ("felt", "name"),
    [((-0.9, 0.3, 0.25), "grief"), ((-0.27, 0.3, 0.425), "grief:low"), ((0.01, 0.31, 0.5), "neutral")],
)
def test_a_feeling_has_one_name_wherever_it_is_written(kelly, wav, monkeypatch, felt, name):
    heard = sound.listen(wav, "music")
    reading = replace(heard.reading, emotion=clipped(*felt).with_confidence(0.5))
    heard = replace(heard, reading=reading, course=np.tile(felt, (len(heard.times), 1)))
    monkeypatch.setattr("kelly.listening.sound.listen", lambda *_: heard)
    text = kelly("listen", wav, "--timeline").out.splitlines()
    assert text[0].split(" (")[0] == name
    assert {line.split()[-1] for line in text[-6:]} == {name}
    assert [row["name"] for row in rows(kelly("listen", wav, "--csv"))] == [name]
    assert {row["name"] for row in rows(kelly("listen", wav, "--csv", "--timeline"))} == {name}
    (tag,) = kelly("listen", wav, "--jams").json["annotations"][1]["data"]
    assert tag["value"] == name


def test_jams_is_one_object_of_one_recording(kelly, wav, tmp_path, song):
    done = kelly("listen", tmp_path / wav, "--jams")
    assert (done.code, done.err) == (0, "")
    assert done.json["file_metadata"]["title"] == wav
    assert len(done.json["annotations"][0]["data"]) == 6
    for path, what in ((song, "a MIDI file"), (tmp_path, "a folder")):
        refused = kelly("listen", path, "--jams")
        assert (refused.code, refused.out) == (2, "")
        assert refused.err == f"kelly: --jams is for one recording; {str(path)!r} is {what}\n"


def test_a_score_is_told_by_passages(kelly, song):
    done = kelly("listen", song, "--timeline")
    assert (done.code, done.err) == (0, "")
    assert "   from      to  valence" in done.out
    assert "kind" not in done.out
    told = kelly("listen", song, "--timeline", "--json").json
    assert told["reader"] == "symbolic"
    (whole,) = rows(kelly("listen", song, "--csv"))
    assert (whole["kind"], whole["seconds"], whole["arc"]) == ("score", "", "")
    course = rows(kelly("listen", song, "--csv", "--timeline"))
    assert [float(row["time"]) for row in course] == [row["start"] for row in told["passages"]]


def test_a_folder_is_heard_by_name_and_what_is_no_music_left_alone(kelly, tmp_path, song):
    noise(tmp_path / "b.flac")
    noise(tmp_path / "A.WAV", format="WAV")
    (tmp_path / "notes.txt").write_text("not to be heard")
    (tmp_path / "folder.wav").mkdir()
    names = ["A.WAV", "b.flac", song.name]
    done = kelly("listen", ".", "--json")
    assert (done.code, done.err) == (0, "")
    assert [one["file"] for one in done.json["files"]] == names
    assert [row["file"] for row in rows(kelly("listen", ".", "--csv"))] == names
    assert [line for line in kelly("listen", ".").out.splitlines() if line in names] == names


def test_a_folder_that_cannot_be_read_is_told_and_the_others_are_heard(kelly, tmp_path, monkeypatch):
    noise(tmp_path / "a.wav", 1)
    (tmp_path / "locked").mkdir()
    scandir = os.scandir

    def refuse(place):
        if os.fspath(place).endswith("locked"):
            raise PermissionError(13, "Permission denied", os.fspath(place))
        return scandir(place)

    monkeypatch.setattr("os.scandir", refuse)
    complaint = "kelly: cannot read the folder 'locked': Permission denied\n"
    done = kelly("listen", ".", "--csv")
    assert ([row["file"] for row in rows(done)], done.code) == (["a.wav"], 1)
    assert done.err.replace("./", "") == complaint
    done = kelly("listen", "locked")
    assert (done.code, done.out, done.err) == (1, "", complaint)


def test_the_rows_of_a_table_come_as_files_are_heard(kelly, tmp_path, monkeypatch):
    for name in ("a.wav", "b.wav"):
        noise(tmp_path / name, 1)
    written, listen = [], sound.listen

    def heard(path, kind):
        written.append(f"hearing {path}")
        return listen(path, kind)

    def echo(text, **_):
        written.append(text)

    monkeypatch.setattr("kelly.listening.sound.listen", heard)
    monkeypatch.setattr("typer.echo", echo)
    kelly("listen", ".", "--csv")
    assert [text.split(",")[0] for text in written] == ["hearing a.wav", "file", "hearing b.wav", "b.wav"]


@pytest.mark.parametrize(
    ("options", "out", "bar"),
    [((), False, True), (("--csv",), False, True), (("--csv",), True, False), (("-q",), False, False)],
)
def test_a_bar_is_shown_where_rows_do_not_show_how_far_it_is(kelly, wav, monkeypatch, options, out, bar):
    shown = []

    def progress(total, *, quiet):
        shown.append((total, not quiet))
        return output.progress(total, quiet=True)

    monkeypatch.setattr("kelly.cli.listening.progress", progress)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: out)
    assert kelly("listen", wav, *options).code == 0
    assert shown == [(1, bar)]


def test_quiet_prints_only_what_is_asked_for(kelly, tmp_path):
    noise(tmp_path / "silent.wav", level=0)
    midi.write(Score(()), tmp_path / "empty.mid")
    for name in ("silent.wav", "empty.mid"):
        assert kelly("listen", name).err.startswith(f"kelly: {name}: too ")
        done = kelly("listen", name, "--quiet")
        assert (done.code, done.out, done.err) == (0, "", "")
        for option in ("--json", "--csv"):
            done = kelly("listen", name, option, "-q")
            assert (name in done.out, done.err) == (True, "")
    done = kelly("listen", "silent.wav", "--jams", "-q")
    assert ([one["data"] for one in done.json["annotations"]], done.err) == ([[], []], "")
    assert kelly("listen", "none.wav", "-q").err == "kelly: cannot read 'none.wav': there is no such file\n"


@pytest.mark.parametrize("option", ["--json", "--csv", "--timeline"])
def test_one_bad_file_keeps_none_of_the_others_from_being_heard(kelly, tmp_path, option):
    for name in ("a.wav", "z.wav"):
        noise(tmp_path / name, 1)
    for name in ("broken.mp3", "empty.mid"):
        (tmp_path / name).write_bytes(b"not music" * (name[0] == "b"))
    done = kelly("listen", ".", option)
    assert done.code == 1
    assert all(name in done.out for name in ("a.wav", "z.wav"))
    assert "broken" not in done.out
    first, second = done.err.splitlines()
    assert first.startswith("kelly: cannot read 'broken.mp3'")
    assert "empty.mid" in second


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("noise.wav", "--json", "--csv"), 2, "three ways to print; give one"),
        (("noise.wav", "--json", "--jams"), 2, "three ways to print; give one"),
        (("noise.wav", "--csv", "--jams"), 2, "three ways to print; give one"),
        (("noise.wav", "--as", "speach"), 2, 'speech, singing, music; got "speach" (did you mean speech?)'),
        (("none.wav", "--as", "sining"), 2, 'got "sining" (did you mean singing?)'),
        (("song.mid", "--as", "sining", "--csv"), 2, 'got "sining" (did you mean singing?)'),
        ((".", "--as", "sining"), 2, 'got "sining" (did you mean singing?)'),
        (("song.mid", "--as", "music"), 2, "--as is for recordings; 'song.mid' is a MIDI file"),
        (("none.wav",), 1, "cannot read 'none.wav': there is no such file"),
        (("none.mid",), 1, "none.mid"),
        (("empty",), 2, "'empty' holds no file that can be heard: .wav, .flac, .ogg, .mp3, .aiff, .aif, .mid, .midi"),
        ((), 2, "missing argument 'FILE|FOLDER'"),
    ],
)
def test_a_wrong_command_is_told_in_one_line(kelly, wav, song, tmp_path, arguments, code, complaint):
    assert {wav, song.name} == {"noise.wav", "song.mid"}
    (tmp_path / "empty").mkdir()
    done = kelly("listen", *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    assert complaint in done.err


def claiming(path):
    """A WAV whose head claims four gigabytes, as one that was written to a pipe does."""
    data = bytearray(tone(path, 0.5).read_bytes())
    data[4:8], data[40:44] = b"\xff\xff\xff\xff", b"\xd0\xff\xff\xff"
    path.write_bytes(data)


def tagged(path):
    """An MP3 behind an ID3 tag that tells a wrong size."""
    path.write_bytes(b"ID3\x04\x00\x00\xff\xff\xff\xff" + b"x" * 50 + tone(path, 2, 16_000).read_bytes())


def written(samples, rate=8000, **options):
    return lambda path: soundfile.write(path, samples, rate, **options)


BAD = [
    ("empty.wav", lambda path: path.write_bytes(b""), 1, "it is empty (0 bytes)"),
    ("nothing.wav", written(np.zeros(0)), 1, "it holds no sound"),
    ("channels.wav", written(np.zeros((9, 1000))), 1, "at most 128 channels are read; it has 1000"),
    ("nan.wav", written([0.0, np.nan, 0.0], subtype="FLOAT"), 1, "samples must be numbers"),
    ("text.wav", lambda path: path.write_text("Dear Kelly, " * 99), 1, "it must be WAV, AIFF, FLAC"),
    ("dsd.wav", written(np.zeros(99), 2_822_400), 1, "its rate must lie in 1000..384000"),
    ("folder.wav", lambda path: path.mkdir(), 2, "'folder.wav' holds no file that can be heard"),
]
ODD = [
    ("claims.wav", claiming, 0.5),
    ("8-bit.wav", lambda path: noise(path, 0.5, subtype="PCM_U8"), 0.5),
    ("tag.mp3", tagged, 2),
]


@pytest.mark.parametrize(("name", "make", "code", "complaint"), BAD, ids=[name for name, *_ in BAD])
def test_what_cannot_be_heard_is_told_in_one_line(kelly, tmp_path, name, make, code, complaint):
    make(tmp_path / name)
    for options in ((), ("--json",), ("--csv", "--timeline")):
        done = kelly("listen", name, *options)
        assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
        assert done.err.startswith("kelly: ")
        assert complaint in done.err


@pytest.mark.parametrize(("name", "make", "seconds"), ODD, ids=[name for name, *_ in ODD])
def test_what_is_odd_is_heard_as_far_as_it_goes(kelly, tmp_path, name, make, seconds):
    make(tmp_path / name)
    done = kelly("listen", name, "--json")
    assert (done.code, done.err) == (0, "")
    assert done.json["seconds"] == pytest.approx(seconds, abs=0.2)


def test_without_its_ears_kelly_says_so(kelly, wav, monkeypatch):
    monkeypatch.setattr(ears, "_shipped", lambda _: None)
    done = kelly("listen", wav)
    assert (done.code, done.out, done.err) == (1, "", "kelly: Kelly was built without its ear for voice\n")


def test_a_song_is_composed_like_a_recording(kelly, wav, tmp_path):
    done = kelly("compose", "--like", wav, "--bars", 4, "-o", "like.mid", "--json")
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "like.mid").read_bytes().startswith(b"MThd")
    way = journey(wav)
    for side, felt in (("from", way.start), ("to", way.end)):
        told = done.json["journey"][side]
        assert [told[axis] for axis in AXES] == pytest.approx(felt.vad, abs=0.01)


def test_a_song_goes_the_way_of_what_it_is_like(kelly, tmp_path, monkeypatch):
    low, high = (-0.8, 0.2, 0.25), (0.7, 0.8, 0.75)
    noise(tmp_path / "noise.wav", 30)
    heard = sound.listen("noise.wav")
    course = np.repeat([low, high], len(heard.times) // 2, axis=0)
    monkeypatch.setattr("kelly.listening.sound.listen", lambda *_: replace(heard, course=course))
    way = kelly("compose", "--like", "noise.wav", "-o", "like.mid", "--json").json["journey"]
    assert [way["from"][axis] for axis in AXES] == pytest.approx(low, abs=0.1)
    assert [way["to"][axis] for axis in AXES] == pytest.approx(high, abs=0.1)
    assert len(way["points"]) >= 2


def test_a_song_may_be_like_another(kelly, song):
    done = kelly("compose", "--like", song, "--bars", 4, "-o", "like.mid", "--json")
    assert done.code == 0
    assert done.json["emotion"]["valence"] == pytest.approx(journey(song).start.valence, abs=0.01)


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("--like", "noise.wav", "--to", "joy"), 2, "--like goes its own way through the song"),
        (("--like", "noise.wav", "--arc", "spiral"), 2, "no --to and no --arc; got --arc"),
        (("sad", "--like", "noise.wav"), 2, "got TEXT and --like"),
        (("--like", "none.wav"), 1, "cannot read 'none.wav': there is no such file"),
        (("--like", "."), 1, "it is a folder"),
    ],
)
def test_a_song_is_like_one_recording_and_nothing_else(kelly, wav, tmp_path, arguments, code, complaint):
    done = kelly("compose", *arguments, "-o", "like.mid")
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    assert complaint in done.err
    assert [path.name for path in tmp_path.iterdir()] == [wav]


def test_words_and_the_voice_that_says_them_are_heard_as_one(kelly, wav):
    done = kelly("feel", "I am so happy", "--audio", wav, "--json")
    assert done.code == 0
    parts = done.json["from"]
    assert parts["words"]["emotion"] == kelly("feel", "I am so happy", "--json").json["emotion"]
    assert parts["voice"]["emotion"] == kelly("listen", wav, "--json").json["emotion"]
    for axis in AXES:
        low, high = sorted(part["emotion"][axis] for part in parts.values())
        assert low - 1e-4 <= done.json["emotion"][axis] <= high + 1e-4
    prose = kelly("feel", "I am so happy", "--audio", wav).out
    assert "  by words " in prose
    assert "  by voice " in prose


@pytest.mark.parametrize(
    ("kind", "noted"),
    [
        ("speech", ""),
        ("singing", ""),
        ("music", "kelly: noise.wav: it sounds like music, not like a voice alone, and is heard as music\n"),
    ],
)
def test_a_voice_is_heard_as_the_kind_it_is(kelly, wav, monkeypatch, kind, noted):
    listen = sound.listen
    monkeypatch.setattr("kelly.listening.sound.listen", lambda path, asked=None: listen(path, asked or kind))
    done = kelly("feel", "I am so happy", "--audio", wav, "--json")
    assert (done.code, done.err) == (0, noted)
    told = kelly("listen", wav, "--as", kind, "--json").json
    assert done.json["from"]["voice"] == {key: told[key] for key in ("emotion", "spread", "kind")}
    assert kelly("feel", "I am so happy", "--audio", wav, "--quiet").err == ""


def test_a_voice_that_contradicts_the_words_is_told(kelly, wav, monkeypatch):
    heard, words = sound.listen(wav, "speech"), kelly("feel", "I am so happy", "--json").json["emotion"]
    for valence, contrary in ((-1.0, True), (words["valence"], False)):
        felt = clipped(valence, words["arousal"], words["dominance"]).with_confidence(0.6)
        reading = replace(heard.reading, emotion=felt, spreads=(0.2, 0.2, 0.2))
        voice = replace(heard, reading=reading)
        monkeypatch.setattr("kelly.listening.sound.listen", lambda *_, voice=voice: voice)
        told = kelly("feel", "I am so happy", "--audio", wav, "--json").json
        assert (told["apart"]["valence"] > 2) is contrary
        assert told["apart"]["arousal"] < 0.1
        prose = kelly("feel", "I am so happy", "--audio", wav).out
        assert ("contrary   words and voice differ in valence\n" in prose) is contrary


def test_a_silent_voice_leaves_the_words_alone(kelly, tmp_path):
    noise(tmp_path / "silent.wav", level=0)
    told = kelly("feel", "I am so happy", "--audio", "silent.wav", "--json").json
    assert told["emotion"] == kelly("feel", "I am so happy", "--json").json["emotion"]
    assert set(told["apart"].values()) == {0}
    nothing = kelly("feel", "xyzzy plugh", "--audio", "silent.wav")
    assert nothing.code == 0
    assert nothing.err.endswith("kelly: no feeling is heard in the text; it is read as neutral\n")
    quiet = kelly("feel", "xyzzy plugh", "--audio", "silent.wav", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("sad", "--audio", "none.wav"), 1, "cannot read 'none.wav': there is no such file"),
        (("sad", "--audio", "song.mid"), 1, "cannot read 'song.mid': it must be WAV"),
        (("--audio", "none.wav"), 2, "give one text: TEXT or --timeline; got none"),
        (("--timeline", "story.txt", "--audio", "none.wav"), 2, "--audio is for TEXT"),
    ],
)
def test_a_voice_goes_with_a_text(kelly, song, arguments, code, complaint):
    assert song.name == "song.mid"
    done = kelly("feel", *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    assert complaint in done.err
