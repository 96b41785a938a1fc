"""The intent of a story's song composes the same song, byte for byte; other songs' intents are a start for editing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kelly
from kelly.composing.intent import SongIntent, dumps, loads
from kelly.composing.report import read_report
from kelly.composing.retelling import intent_of
from kelly.composing.song import compose
from kelly.emotion import thesaurus
from kelly.emotion.journey import Arc, Journey, Stretch
from kelly.emotion.space import RANGES, Emotion
from kelly.listening.story import read_story
from kelly.score import midi

GRIEF, HOPE, RAGE = (thesaurus.lookup(name).emotion for name in ("grief", "hope", "rage"))
STORY = (
    "I lost her and I am devastated. He said: \N{ZERO WIDTH NO-BREAK SPACE}no!\n\n"
    "I hate you, I am furious!\n\nNow there is hope, and I am happy."
)
LYRIC = "[Verse]\nI cried all night\nyes: no\n\n[Chorus]\nI am so happy now\n- 'so' \"happy\"\n\n[Verse]\nI am sad\n"
WISHES = {
    "seed": 7,
    "key": "bb",
    "mode": "minor",
    "tempo": 71.5,
    "genre": "lofi",
    "bars": 40,
    "complexity": 0.1,
    "humanise": 0.31,
    "feel": -0.35,
    "dynamics": 0.9,
    "progressions": {"verse": ("F", "Bbm7")},
    "breaks": {"room-noise": "the  room"},
    "triggers": False,
    "mute": ("drums", "bass"),
}


def same(song):
    """Whether the song's intent, written to a file and read back, gives the song's bytes."""
    return midi.to_bytes(compose(loads(dumps(song.intent))).score) == midi.to_bytes(song.score)


@pytest.mark.parametrize("text", [STORY, LYRIC, "I am sad.", "The table is brown."])
@pytest.mark.parametrize("wishes", [{"bars": 24}, WISHES, {"minutes": 0.7, "seed": 1}])
def test_the_saved_intent_of_a_story_gives_the_same_bytes(text, wishes):
    assert same(compose(read_story(text), **wishes))


def test_a_story_of_default_length_and_a_long_one_too():
    assert same(compose(read_story(STORY)))
    assert same(compose(read_story((STORY + "\n\n" + LYRIC) * 40), bars=32))


@pytest.mark.parametrize(
    "arc", ["slow-reveal", Arc("mine", (Stretch("verse", 8, 0.4, 0.0), Stretch("solo", 12, 0.85, 1.0)))]
)
def test_a_journey_through_points_is_kept_with_its_form(arc):
    odd = Emotion(0.1234, 0.5678, 0.4321, 0.77, 0.99)
    assert same(compose(Journey.through([(0.1, GRIEF), (1 / 3, odd), (1 / 3, RAGE), (0.9, HOPE)], arc), bars=28))


def test_wishes_still_win_over_a_storys_intent():
    song = compose(compose(read_story(STORY), bars=40).intent, bars=24, tempo=90)
    assert song.report["parameters"]["bars"] == 24
    assert {section["tempo"] for section in song.report["sections"]} == {90}
    assert song.report["story"]


def test_the_intent_of_a_file_read_back_is_that_of_its_song(tmp_path):
    song = compose(read_story(STORY), bars=24)
    assert intent_of(read_report(midi.read(song.save(tmp_path / "x.mid")))) == song.intent


def test_other_songs_are_said_in_words():
    intent = compose("I am so angry at him", to="acceptance", bars=24).intent
    assert intent.story is None
    assert intent.intent.to == "acceptance:full"


points = st.tuples(st.floats(0, 1), st.builds(Emotion, st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1)))


@given(st.lists(points, min_size=2, max_size=8).map(lambda row: sorted(row, key=lambda point: point[0])))
@settings(max_examples=60, deadline=None)
def test_any_points_are_written_and_read_back(way):
    journey = Journey.through(way, "classic").rounded()
    told = [{"at": at, **{name: getattr(felt, name) for name in RANGES}} for at, felt in journey.points]
    report = {"title": "x", "settings": {}, "journey": {"arc": "classic", "points": told}}
    again = loads(dumps(intent_of(report)))
    assert isinstance(again, SongIntent)
    assert again.journey() == journey


def test_the_intent_of_a_story_is_public_too():
    assert isinstance(kelly.compose(kelly.read_story(STORY), bars=20).intent, kelly.SongIntent)
