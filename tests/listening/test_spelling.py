"""Slips of the fingers are mended before the network reads; words, names and all other signs stay as they are."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.listening.spelling import spelt

RANKS = {word: rank for rank, word in enumerate(["the", "for", "form", "final", "life", "lie", "screamed"])}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("teh", "the"),  # two swapped
        ("finnal", "final"),  # one doubled
        ("screamd", "screamed"),  # one missing
        ("lifxe", "life"),  # one added
        ("finel", "final"),  # one wrong
        ("lief", "life"),  # fingers swap letters more often than they miss one
        ("TEH", "the"),
    ],
)
def test_a_slip_is_mended(typed, meant):
    assert spelt(f"so {typed}!", RANKS) == f"so {meant}!"


@pytest.mark.parametrize("text", ["happy", "I met Finel today", "x9teh", "teh's", "zzzzzz", "téh", ""])
def test_what_is_no_slip_stays(text):
    assert spelt(text, RANKS) == text


@given(st.text(max_size=200))
def test_only_words_change(text):
    letters = re.compile(r"[A-Za-z]+")
    assert letters.sub("", spelt(text, RANKS)) == letters.sub("", text)
