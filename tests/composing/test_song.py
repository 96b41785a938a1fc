"""compose takes a feeling in any form and answers with a song that tells how it was made."""

import json

import pytest

import kelly
from kelly.composing.report import read_report
from kelly.composing.song import compose
from kelly.composing.tables import parts
from kelly.emotion import thesaurus
from kelly.emotion.journey import Arc, Stretch
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


def test_every_song_has_an_intent_that_composes():
    song = compose("I am so angry at him", to="acceptance", arc="descent", seed=4, genre="rock", bars=40)
    intent = song.intent
    assert intent.intent.narrative_arc == "descent"
    assert intent.technical.bars == 40
    again = compose(intent)
    assert again.report["parameters"]["genre"] == "rock"
    assert again.report["sections"][0]["chords"] == song.report["sections"][0]["chords"]


def test_wishes_win_over_an_intents_own_and_rules_add_up():
    intent = compose(GRIEF, bars=24, breaks={"distortion": "it hurts"}).intent
    song = compose(intent, minutes=0.5, breaks={"room-noise": "the room is empty"}, triggers=False)
    assert song.report["parameters"]["bars"] < 24
    assert {rule["name"] for rule in song.report["rule_breaks"]} >= {"distortion", "room-noise"}


def test_a_journey_with_breaks_and_mutes_is_composed_again_from_its_report():
    first = compose(
        kelly.Journey(GRIEF, thesaurus.lookup("rage").emotion, "sudden-shift"),
        seed=9, breaks={"dropped-beats": "the floor is gone"}, mute=("pad",), bars=48,
    )  # fmt: skip
    told = first.report["journey"]
    axes = ("valence", "arousal", "dominance", "confidence", "intensity")
    start, end = (kelly.Emotion(*(told[side][axis] for axis in axes)) for side in ("from", "to"))
    again = compose(kelly.Journey(start, end, told["arc"]), **first.report["settings"])
    assert midi.to_bytes(again.score) == midi.to_bytes(first.score)


def test_muted_parts_are_not_reported_as_playing():
    report = compose(GRIEF, bars=40, mute=("drums",)).report
    assert "drums" not in report["parameters"]["instruments"]
    assert all("drums" not in section["parts"] for section in report["sections"])


def test_where_beats_are_dropped_the_report_says_where_the_sections_lie():
    song = compose(GRIEF, breaks={"dropped-beats": "the floor is gone"})
    assert [s["start"] for s in song.report["sections"]] == [m.onset for m in song.score.markers]
    *before, last = song.report["sections"]
    assert last["start"] < 4 * sum(section["bars"] for section in before)


def test_a_text_without_a_feeling_says_so():
    report = compose("the meeting starts at ten", bars=4).report
    assert report["title"] == "Neutral"
    assert report["remarks"] == ["no word of the text names a feeling that Kelly knows: it is composed as neutral"]


def test_a_long_text_does_not_make_a_long_file():
    song = compose("I am so sad and happy and afraid and proud. " * 1500, bars=4)
    assert len(song.report["words"]) <= 40
    assert len(midi.to_bytes(song.score)) < 60_000


def test_minutes_hold_on_a_journey_too():
    for arc in ("spiral", "sudden-shift", "climb-to-climax"):
        song = compose(GRIEF, to="rage", arc=arc, minutes=2.0)
        assert song.report["parameters"]["seconds"] == pytest.approx(120, abs=8)


def test_a_length_that_no_song_has_is_refused():
    with pytest.raises(UsageError, match="at most 2000 bars"):
        compose(GRIEF, minutes=30, tempo=400)


def test_another_key_takes_an_intents_chords_along():
    verse = compose(kelly.compose(GRIEF, bars=20, key="F", mode="minor").intent, key="D").report["sections"][0]
    assert verse["key"] == "D aeolian"
    first = compose(GRIEF, bars=20, key="F", mode="minor").report["sections"][0]
    assert verse["numerals"] == first["numerals"]


def test_keys_are_written_as_the_user_wrote_them():
    for key in ("Gb", "F#", "Eb", "D#"):
        song = compose(GRIEF, to="rage", key=key, bars=40)
        assert {section["key"].split()[0] for section in song.report["sections"]} == {key}


def test_a_wish_that_does_not_exist_is_answered():
    with pytest.raises(UsageError, match="did you mean bars"):
        compose(GRIEF, bar=4)


def test_every_channel_says_how_loud_it_is_from_the_start():
    for part in compose(GRIEF, bars=8).score.parts:
        assert {7, 10, 11, 91} <= {c.controller for c in part.controls if c.onset == 0}


def test_a_song_shows_itself_in_a_line():
    assert repr(compose(GRIEF, bars=8, key="D", seed=3)) == "<Song 'Grief', D aeolian, 8 bars, seed 3>"


def test_an_intent_says_what_was_asked_and_leaves_the_feelings_own_rules_to_it():
    song = compose(thesaurus.lookup("rage").emotion, bars=24, breaks={"room-noise": "the room"}, humanise=0.7, feel=0.3)
    assert [rule.rule for rule in song.intent.technical.rule_to_break] == ["room-noise"]
    assert song.intent.settings().feel == 0.3
    assert song.intent.intent.vulnerability == "high"


def test_an_arc_of_the_users_own_making_still_has_an_intent():
    arc = Arc("mine", (Stretch("verse", 8, 0.4, 0.0), Stretch("solo", 16, 0.8, 1.0)))
    song = compose(kelly.Journey(GRIEF, thesaurus.lookup("hope").emotion, arc), bars=24)
    assert song.intent.intent.narrative_arc is None


def test_the_users_own_chords_are_not_touched_by_the_feeling():
    song = compose(thesaurus.lookup("rage").emotion, key="C", bars=24, progressions={"verse": ("C", "F", "G", "C")})
    verses = [s["chords"] for s in song.report["sections"] if s["role"] == "verse"]
    assert all(chords[:4] == ["C", "F", "G", "C"] for chords in verses)
    assert "modal-interchange" not in {rule["name"] for rule in song.report["rule_breaks"]}


def test_where_beats_are_dropped_chords_are_reported_where_they_sound():
    plain = compose(GRIEF, bars=48, triggers=False).report["sections"][1]
    cut = compose(GRIEF, bars=48, triggers=False, breaks={"dropped-beats": "the floor is gone"}).report["sections"][1]
    assert len(cut["onsets"]) == len(plain["onsets"])
    assert cut["onsets"][-1] < plain["onsets"][-1]


def test_wishes_may_be_written_in_any_case():
    assert compose(GRIEF, Bars=8).report["parameters"]["bars"] == 8
