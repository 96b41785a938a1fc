"""A song of a story tells which sentence drives which section, in a file that stays small."""

import hashlib
import os
import subprocess
import sys

import pytest

from kelly.composing.report import read_report
from kelly.composing.song import compose
from kelly.composing.telling import LONGEST, MOST, told
from kelly.errors import UsageError
from kelly.listening.story import read_story
from kelly.score import midi

STORY = (
    "My mother died. I was devastated and I cried every night. I miss her so much.\n\n"
    "Then my daughter was born. I am so happy and proud! We are full of hope and joy."
)


@pytest.fixture(scope="module")
def song():
    return compose(read_story(STORY), seed=2)


def test_a_story_of_grief_that_ends_in_hope_ends_brighter_than_it_began(song):
    first, *_, last = song.report["sections"]
    assert last["emotion"]["valence"] - first["emotion"]["valence"] >= 0.5
    assert "aeolian" in first["key"]
    assert last["key"].split()[1] in ("ionian", "mixolydian", "lydian")


@pytest.mark.parametrize("hash_seed", ["0", "424242"])
def test_the_same_story_gives_the_same_bytes_in_every_process(song, hash_seed):
    code = (
        "import kelly, hashlib; from kelly.score.midi import to_bytes\n"
        f"print(hashlib.sha256(to_bytes(kelly.compose(kelly.read_story({STORY!r}), seed=2).score)).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(midi.to_bytes(song.score)).hexdigest()


def test_the_report_says_which_sentence_drives_which_section(song):
    rows = song.report["story"]
    assert [STORY[row["start"] : row["end"]] for row in rows] == [row["text"] for row in rows]
    assert [row["section"] for row in rows] == sorted(row["section"] for row in rows)
    assert rows[0]["section"] == 0
    assert rows[-1]["section"] == len(song.report["sections"]) - 1
    assert {"valence", "arousal", "dominance", "confidence", "name", "tier"} <= set(rows[0])
    for row in (rows[0], rows[-1]):
        felt = song.report["sections"][row["section"]]["emotion"]
        assert row["valence"] * felt["valence"] > 0


def test_the_song_is_called_after_what_is_felt_first_and_carries_its_story(song, tmp_path):
    assert song.report["title"].lower() == song.report["emotion"]["name"]
    assert read_report(midi.read(song.save(tmp_path / "x.mid"))) == song.report


def test_sections_keep_their_sentences_at_another_length():
    short = compose(read_story(STORY), bars=24).report
    assert {row["section"] for row in short["story"]} <= set(range(len(short["sections"])))
    assert short["story"][-1]["section"] == len(short["sections"]) - 1
    loop = compose(read_story(STORY), bars=8).report
    assert {row["section"] for row in loop["story"]} == {0}


def test_a_story_of_one_sentence_is_the_song_of_that_sentence():
    text = "I miss you so much"
    story, sentence = compose(read_story(text), bars=24), compose(text, bars=24)
    assert story.score.parts == sentence.score.parts
    assert [row["text"] for row in story.report["story"]] == [text]


def test_of_a_long_story_the_heaviest_sentences_of_every_section_are_told():
    story = read_story("I am so sad. The table is brown. " * 300 + "I am so happy! The chair is here. " * 300)
    kept = told(story)
    assert len(kept) == MOST
    assert {one.text for one in kept} <= {"I am so sad.", "I am so happy!"}
    song = compose(story)
    assert {row["section"] for row in song.report["story"]} == set(range(len(song.report["sections"])))
    assert len(midi.to_bytes(song.score)) < 120_000


def test_a_long_sentence_is_told_on_one_line_and_cut():
    (one,) = told(read_story("I was so \t sad that " + "all the long days " * 12))
    assert len(one.text) <= LONGEST
    assert one.text.startswith("I was so sad that")
    assert one.text.endswith("…")


def test_a_story_without_a_feeling_says_so():
    report = compose(read_story("The meeting starts at ten. The chair is here."), bars=20).report
    assert report["title"] == "Neutral"
    assert report["remarks"] == ["no word of the text names a feeling that Kelly knows: it is composed as neutral"]


@pytest.mark.parametrize("wish", [{"to": "hope"}, {"arc": "spiral"}])
@pytest.mark.parametrize("text", [STORY, "I am sad."])
def test_a_story_has_its_own_way(text, wish):
    with pytest.raises(UsageError, match="has its own way and form"):
        compose(read_story(text), **wish)
