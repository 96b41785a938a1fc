"""A reading that was told as plain data is read back as far as it was told."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kelly
from kelly.errors import UsageError
from kelly.listening.retelling import reading_of

TEXTS = ["I miss her so much, and I'm glad she's free", "grief", "asdf qwer", "NEVER happy!!!", "so sad. " * 200]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("explain", [False, True])
def test_a_reading_tells_the_same_when_it_is_read_back(text, explain):
    reading = kelly.feel(text, explain=explain)
    again = reading_of(json.loads(json.dumps(reading.as_dict())), text)
    assert again.as_dict() == reading.as_dict()
    assert (again.text, again.heard, again.reader) == (text, reading.heard, reading.reader)
    assert again.emotion.vad == pytest.approx(reading.emotion.vad, abs=5e-5)
    assert [one.node for one in again.alternatives] == [one.node for one in reading.alternatives]


def test_a_spread_that_is_not_told_is_without_end():
    silence = reading_of({"emotion": {"valence": 0, "arousal": 0.3, "dominance": 0.5, "confidence": 0}})
    assert silence.spreads == (math.inf,) * 3
    assert not silence.heard


TOLD = kelly.feel("I am not so happy, and so alone", explain=True).as_dict()
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@st.composite
def damaged(draw):
    """A reading as it is told, with something else in one place."""
    told = place = json.loads(json.dumps(TOLD))
    while True:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or draw(st.booleans()):
            place[key] = draw(JUNK)
            return told
        place = place[key]


@given(told=damaged() | JUNK)
def test_what_is_no_reading_is_refused_and_what_is_one_can_be_composed_from(told):
    try:
        reading = reading_of(told)
    except UsageError as error:
        assert "as Kelly tells one" in str(error)  # noqa: PT017 - either is right
    else:
        json.dumps(reading.as_dict(), ensure_ascii=False, allow_nan=False).encode()
