"""A story is heard sentence by sentence, and leads where its sentences lead."""

import json
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kelly
from kelly.errors import UsageError
from kelly.listening.story import Passage, read_story
from kelly.listening.words import feel

STORY = (
    "My mother died. I was devastated and I cried every night. I miss her so much.\n\n"
    "Then my daughter was born. I am so happy and proud! We are full of hope and joy."
)


def test_a_story_leads_from_its_first_feelings_to_its_last():
    journey = read_story(STORY).journey()
    assert journey.start.valence < -0.4
    assert journey.end.valence > 0.4
    assert journey.points


def test_passages_are_the_sentences_as_written_and_read_one_by_one():
    story = read_story(STORY)
    assert [STORY[one.start : one.end] for one in story.passages] == [one.text for one in story.passages]
    assert [one.text for one in story.passages][:2] == ["My mother died.", "I was devastated and I cried every night."]
    for one in story.passages:
        assert one.reading.emotion.vad == pytest.approx(feel(one.text).emotion.vad, abs=1e-4)


def test_one_sentence_is_an_ordinary_journey():
    journey = read_story("I miss you so much").journey()
    assert not journey.points
    assert journey.arc.name == "classic"
    assert journey.start.vad == pytest.approx(feel("I miss you so much").emotion.vad, abs=0.006)


def test_what_says_nothing_weighs_little():
    weights = [Passage(text, 0, len(text), feel(text)).weight for text in ("xyzzy plugh", "I am devastated")]
    assert 0 < weights[0] < 0.2 * weights[1]


def test_the_summary_names_what_was_heard_with_weights_and_words_in_their_places():
    summary = read_story(STORY).summary
    assert sum(one.weight for one in summary.alternatives) == pytest.approx(1)
    assert min(one.node.emotion.valence for one in summary.alternatives) < 0
    assert max(one.node.emotion.valence for one in summary.alternatives) > 0
    assert sum(word.weight for word in summary.words) == pytest.approx(1)
    assert [STORY[word.start : word.end] for word in summary.words] == [word.word for word in summary.words]
    assert summary.wound in {one.reading.wound for one in read_story(STORY).passages}
    assert all(word in STORY for word in summary.wound_words)


def test_the_summary_of_contradictions_is_no_feeling_that_nobody_has():
    text = "I am full of rage. I am full of rage. I am so calm and peaceful."
    assert read_story(text).summary.emotion.valence < -0.4


def test_a_lyric_is_read_by_lines_and_keeps_its_form():
    text = "[Verse]\nI cried all night\nI miss you\n\n[Chorus]\nBut I am so happy now\nSo happy\n\n[Verse]\nI am sad\n"
    story = read_story(text)
    assert [one.text for one in story.passages][:2] == ["I cried all night", "I miss you"]
    roles = [stretch.role for stretch in story.journey().arc.stretches]
    assert [role for role, _ in groupby(roles)] == ["verse", "chorus", "verse"]


def test_a_story_as_data_has_the_promised_shape():
    told = read_story(STORY).as_dict()
    assert set(told) == {"summary", "passages", "journey"}
    assert {"emotion", "readings", "words"} <= set(told["summary"])
    assert {"text", "start", "end", "valence", "arousal", "dominance", "confidence", "name", "section"} <= set(
        told["passages"][0]
    )
    assert all(len(point) == 4 for point in told["journey"]["points"])
    assert [point[0] for point in told["journey"]["points"]] == sorted(point[0] for point in told["journey"]["points"])
    sections = [one["section"] for one in told["passages"]]
    assert sections == sorted(sections)
    assert sections[-1] < len(told["journey"]["stretches"])
    assert {"role", "bars", "energy", "valence", "name"} <= set(told["journey"]["stretches"][0])
    json.dumps(told, allow_nan=False)


def test_a_story_of_one_feeling_as_data_has_a_curve_too():
    points = read_story("I am so sad.").as_dict()["journey"]["points"]
    assert [point[0] for point in points] == [0, 1]
    assert points[0][1:] == points[1][1:]


@pytest.mark.parametrize("text", ["", " \n", "a" * 100_001, "sad\x00sad", 7, None])
def test_what_feel_refuses_a_story_refuses_in_the_same_words(text):
    with pytest.raises(UsageError) as said:
        feel(text)
    with pytest.raises(UsageError) as told:
        read_story(text)
    assert str(told.value) == str(said.value)


def test_the_longest_text_is_read():
    story = read_story(("I am so sad. " * 4000 + "I am so happy! " * 3000)[:100_000])
    assert story.passages[-1].end <= 100_000
    assert story.journey().start.valence < 0 < story.journey().end.valence


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\n. !?"), min_size=1, max_size=120))
@settings(max_examples=80, deadline=None)
def test_any_readable_text_is_a_story(text):
    if not text.strip():
        return
    story = read_story(text)
    assert [text[one.start : one.end] for one in story.passages] == [one.text for one in story.passages]
    assert len(story.places()) == len(story.passages)


def test_a_story_is_public():
    assert kelly.read_story("I am sad.").passages[0].text == "I am sad."
    assert isinstance(kelly.read_story("I am sad."), kelly.Story)
