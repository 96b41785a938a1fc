"""Tidying: what people type becomes what the word model's tokenizer knows, and nothing ever breaks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.models.words.tidy import tidy


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("I'm so 😂", "I'm so face with tears of joy"),
        ("thumbs 👍🏽 up", "thumbs thumbs up sign up"),
        ("see https://example.org/x?y=1 now", "see now"),
        ("@anna hi", "@user hi"),
        ("mail a@b.org", "mail a@b.org"),
        ("Sooooo goooood", "Soo good"),
        ("why??????", "why??"),
        ("don’t “go”", 'don\'t "go"'),
        ("a\\nb\n\nc", "a b c"),
        ("Tom &amp; Ann", "Tom & Ann"),
        ("   ", ""),
    ],
)
def test_a_text_is_tidied(typed, read):
    assert tidy(typed) == read


@given(st.text())
def test_tidying_gives_one_line_and_never_fails(text):
    assert "\n" not in tidy(text)


def test_tidying_is_linear():
    assert len(tidy("a" * 100_000)) == 2
