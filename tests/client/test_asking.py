"""What is asked over the network is what is asked here: feelings and wishes arrive as they were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kelly
from kelly.client.asking import source_of, variation, wanted
from kelly.client.wire import Question
from kelly.composing.intent import loads, reference
from kelly.emotion.journey import Arc, Stretch, arcs
from kelly.errors import UnknownNameError, UsageError
from kelly.serving.requests import checked_wanted, feeling_of, side_of, wishes_of
from kelly.serving.schemas.songs import Variation, Wanted

GRIEF = kelly.Emotion(-0.9, 0.3, 0.25)
INTENT = """
title: "Für dich \U0001f600"
root: {core_event: I lost her, longing: one more day}
intent: {primary_mood: grief, to: hope, secondary_tension: 0.4, vulnerability: high, narrative_arc: slow-reveal}
technical:
  bars: 8
  tempo_range: [60, 80]
  groove_feel: laid-back
  progressions: {verse: F-C-Am-Dm}
  rule_to_break: [{rule: avoid-tonic-resolution, why: it is not over}]
  mute: [drums]
"""

axes = st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)
emotions = st.builds(kelly.Emotion, *axes)
stretches = st.builds(
    Stretch, st.sampled_from(["intro", "verse", "of my own"]), st.integers(1, 64), st.floats(0, 1), st.floats(0, 1)
)
forms = st.sampled_from([*arcs().values()]) | st.builds(
    Arc, st.sampled_from(["mine", "classic"]), st.lists(stretches, min_size=1, max_size=4).map(tuple)
)
points = st.lists(st.tuples(st.floats(0, 1), emotions), min_size=2, max_size=5).map(
    lambda rows: sorted(rows, key=lambda row: row[0])
)
journeys = st.builds(kelly.Journey, emotions, emotions, forms) | st.builds(kelly.Journey.through, points, forms)


def arrived(asked):
    """What a service makes of what it is asked: plain data, as it checks them."""
    sent = Question("POST", "/v1/songs", body=asked).sent()["content"]
    plain = Wanted.model_validate_json(sent).model_dump(mode="json", exclude_none=True, exclude_unset=True)
    checked_wanted(plain)
    return plain


@given(feeling=emotions | journeys)
def test_a_feeling_arrives_to_the_last_digit(feeling):
    assert feeling_of(arrived({"feeling": source_of(feeling)})["feeling"]) == feeling


@given(journey=journeys)
def test_a_journey_from_one_side_to_the_other_arrives_by_the_names_of_its_arc(journey):
    plain = arrived(wanted(journey, None, None, {}))
    feeling, side = feeling_of(plain["feeling"]), side_of(plain.get("to"))
    if isinstance(feeling, kelly.Emotion):
        feeling = kelly.Journey(feeling, side, plain["arc"])
    assert feeling == journey


@pytest.mark.parametrize("text", ["I can't stop crying, but somehow I'm relieved", "asdf", "so HAPPY!!! " * 90])
@pytest.mark.parametrize("explain", [False, True])
def test_a_reading_composes_what_it_does_here(text, explain):
    reading = kelly.feel(text, explain=explain)
    there = feeling_of(arrived({"feeling": source_of(reading)})["feeling"])
    assert kelly.compose(there, bars=4) == kelly.compose(reading, bars=4)


@pytest.mark.parametrize(
    "text", ["I lost her \U0001f494. Years went by. Now I am full of hope!", "I am sad.", "Chorus:\nso happy\n\nalone"]
)
def test_a_story_composes_what_it_does_here(text):
    story = kelly.read_story(text)
    there = feeling_of(arrived({"feeling": source_of(story)})["feeling"])
    here, made = kelly.compose(story, bars=24), kelly.compose(there, bars=24)
    assert (made.score, made.report) == (here.score, here.report)


def test_of_a_story_only_what_a_report_tells_is_sent():
    story = kelly.read_story(
        "I lost her. " + "We walked along the river and spoke of nothing at all that mattered " * 3
    )
    sent = Question("POST", "/", body=source_of(story)).sent()["content"]
    assert story.summary.text.encode() not in sent


@pytest.mark.parametrize("intent", [loads(INTENT), reference(), kelly.compose(GRIEF, bars=4).intent])
def test_a_song_intent_arrives_whole(intent):
    assert feeling_of(arrived({"feeling": source_of(intent)})["feeling"]) == intent


def test_wishes_arrive_as_they_were():
    wishes = {
        "Seed": np.int64(7),
        "tempo": np.float32(90),
        "progressions": {"verse": ("F", "C", "Am")},
        "breaks": {"avoid-tonic-resolution": "it is not over"},
        "mute": ("drums", "bass"),
        "triggers": False,
        "key": None,
    }
    given = wishes_of(arrived(wanted("sad", "the sea at night, far away", "slow-reveal", wishes)))
    assert kelly.compose("sad", bars=4, **given) == kelly.compose("sad", bars=4, **wishes)


def test_what_is_asked_wrongly_is_refused_before_anything_is_sent():
    with pytest.raises(UnknownNameError, match="did you mean tempo"):
        wanted("sad", None, None, {"tempi": 90})
    with pytest.raises(UsageError, match="a feeling is a text"):
        wanted(3, None, None, {})
    with pytest.raises(UsageError, match="side B"):
        wanted("sad", 3, None, {})
    with pytest.raises(UsageError, match="taken away"):
        wanted(reference(), None, None, {"key": None})
    with pytest.raises(UsageError, match="sampling"):
        variation("vary", None, 0, 0.5, part="melody")
    for strange in (float("nan"), object()):
        with pytest.raises(UsageError):
            Question("POST", "/", body=wanted("sad", None, None, {"tempo": strange})).sent()


def test_a_variation_arrives_as_it_was():
    sampling = kelly.Sampling(0.5, 3, 0.9, 1.0, 2.0)
    asked = variation("infill", kelly.Journey(GRIEF), 3, sampling, first=1, last=2)
    plain = Variation.model_validate(asked).model_dump(mode="json", exclude_none=True)
    assert feeling_of(plain["feeling"]) == kelly.Journey(GRIEF)
    assert kelly.Sampling(**plain["sampling"]) == sampling
    assert (plain["first"], plain["last"], plain["seed"]) == (1, 2, 3)
