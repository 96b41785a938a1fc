"""Familiarity: English prose is known, however carelessly typed; other languages, noise and programs are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.listening.familiar import familiarity


@pytest.mark.parametrize(
    "text",
    [
        "I miss you",
        "I FEEL SO ALIVE!!!",
        "soooo happyyyy rn",
        "cant sleep, my head wont stop",
        "my dog dyed yestrday im so sad",
        "We're going to be all right, aren't we?",
        "It was 30 degrees (in the shade) and nobody complained",
    ],
)
def test_english_is_known(text):
    assert familiarity(text) > 0.8


@pytest.mark.parametrize(
    "text",
    [
        "heute ist ein trauriger Tag und ich weine",
        "je ne sais plus quoi faire sans toi",
        "no puedo dejar de llorar por ella",
        "ben seni çok özledim",
        "今日はとても嬉しい",
        "мне очень грустно сегодня",
        "qwlkej asdlkj zmxnc",
        "int main(void) { return 0; }",
        "SELECT * FROM songs WHERE mood = 'sad';",
        "<p class='x'>...</p>",
        "12345",
        "...",
    ],
)
def test_what_is_no_english_is_not(text):
    assert familiarity(text) < 0.4


@given(st.text())
def test_it_is_a_share(text):
    assert 0 <= familiarity(text) <= 1


def test_signs_alone_are_as_familiar_as_the_lexicon_says():
    assert familiarity("😭😭😭", told=True) == 1
    assert familiarity("🗿🧮") == 0
