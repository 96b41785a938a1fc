"""A mood is a name or a sentence, and the name wins."""

import pytest

from kelly.emotion.thesaurus import lookup
from kelly.errors import UnknownNameError, UsageError
from kelly.listening.mood import mood
from kelly.listening.words import feel


def test_a_name_wins_over_the_word():
    assert mood("grief:low") == lookup("grief", "low").emotion


def test_what_is_no_name_is_read():
    text = "note to self: I am calm"
    assert mood(text) == feel(text).emotion


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean serenity"):
        mood("serenty")


def test_a_tier_that_is_none_is_not_read_as_text():
    with pytest.raises(UsageError, match="tier must be one of"):
        mood("grief:huge")
