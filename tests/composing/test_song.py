"""compose takes a feeling in any form and answers with a song that tells how it was made."""

import json

import pytest

import kelly
from kelly.composing.report import read_report
from kelly.composing.song import compose
from kelly.composing.tables import parts
from kelly.emotion import thesaurus
from kelly.errors import FileError, UsageError
from kelly.score import midi
from kelly.score.notes import Score

GRIEF = thesaurus.lookup("grief").emotion


def test_text_reading_emotion_and_journey_are_all_feelings():
    text = "I am devastated"
    reading = kelly.feel(text)
    rounded = reading.emotion.rounded()
    songs = [compose(feeling, bars=4) for feeling in (text, reading, rounded, kelly.Journey(rounded))]
    assert len({song.score.parts for song in songs}) == 1
    assert songs[0].report["words"][0]["word"] == "devastated"


def test_side_b_may_be_a_name_a_text_or_an_emotion():
    for to in ("hope", "I am full of hope", thesaurus.lookup("hope").emotion):
        song = compose(GRIEF, to=to, arc="sudden-shift", bars=32)
        assert song.report["journey"]["arc"] == "sudden-shift"
        assert song.report["sections"][-1]["emotion"]["valence"] > 0.3


def test_the_report_has_the_promised_shape():
    report = compose("I miss you", bars=20, seed=3).report
    emotion = {"valence", "arousal", "dominance", "confidence", "intensity", "name", "category", "tier"}
    assert set(report["emotion"]) == emotion
    assert {"tempo", "velocity", "mode", "key", "register", "density", "genre"} <= set(report["parameters"])
    assert report["seed"] == 3
    assert report["readings"]
    assert [section["role"] for section in report["sections"]]
    assert all(set(r) == {"name", "severity", "reason", "asked"} for r in report["rule_breaks"])
    json.dumps(report, allow_nan=False)


def test_the_file_carries_version_seed_and_feeling(tmp_path):
    song = compose(GRIEF, bars=8, seed=11)
    read = read_report(midi.read(song.save(tmp_path / "x.mid")))
    assert read == json.loads(json.dumps(song.report))
    assert (read["version"], read["seed"], read["emotion"]["name"]) == (kelly.__version__, 11, "grief")


def test_the_numbers_in_the_file_compose_the_same_song():
    first = compose("I can't stop crying, but somehow I'm relieved", bars=24, seed=5, genre="ballad")
    told = first.report["emotion"]
    again = kelly.Emotion(*(told[axis] for axis in ("valence", "arousal", "dominance", "confidence", "intensity")))
    assert compose(again, **first.report["settings"]).score.parts == first.score.parts


def test_the_score_is_what_the_file_holds(tmp_path):
    song = compose(GRIEF, bars=24)
    read = {part.name: part.notes for part in midi.read(song.save(tmp_path / "x.mid")).parts}
    for part in song.score.parts:
        assert sorted(map(_in_ticks, part.notes)) == sorted(map(_in_ticks, read.get(part.name, ())))


def _in_ticks(note):
    return round(note.onset * 480), round(note.duration * 480), note.pitch, note.velocity


def test_a_formula_is_heard_in_the_file():
    song = compose(GRIEF, bars=24, triggers=False)
    assert [tempo.bpm for tempo in song.score.tempos] == [96.0]
    assert song.report["parameters"]["velocity"] == pytest.approx(60 + 67 * 0.25)


def test_half_time_is_remarked_upon():
    (remark,) = compose(GRIEF, tempo=150, genre="lo-fi", bars=8).report["remarks"]
    assert remark == "150 BPM lies outside lo-fi's 70-95: its patterns are played in half-time"


def test_muting_leaves_everyone_else_alone():
    full = compose(GRIEF, seed=7, bars=40)
    for part, row in parts().items():
        without = compose(GRIEF, seed=7, bars=40, mute=(part,))
        assert [p.notes for p in full.score.parts if p.name != row.title] == [p.notes for p in without.score.parts]


def test_an_unknown_part_cannot_be_muted():
    with pytest.raises(UsageError, match="mute takes one of chords, melody"):
        compose(GRIEF, mute=("kazoo",))


def test_what_is_no_feeling_is_refused():
    with pytest.raises(UsageError, match="a feeling is a text"):
        compose(42)


def test_a_damaged_report_is_an_error_and_a_missing_one_is_not():
    assert read_report(Score((), texts=("something else",))) is None
    with pytest.raises(FileError, match="damaged"):
        read_report(Score((), texts=('kelly {"emotion": ',)))
