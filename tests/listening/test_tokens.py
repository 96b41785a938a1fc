"""Tokens know their place, whatever quotes, widths, hyphens and emoji a text is written with."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.listening.tokens import tokenize


def words(text):
    return [token.forms[0] for token in tokenize(text) if not token.mark]


def test_contractions_are_two_words_with_one_place():
    tokens = tokenize("I can’t")
    assert [token.forms[0] for token in tokens] == ["i", "ca", "not"]
    assert "can" in tokens[1].forms
    assert {(token.start, token.end) for token in tokens[1:]} == {(2, 7)}
    assert words("dont wanna") == ["do", "not", "want", "to"]


def test_hyphens_part_words_and_quotes_do_not_stick():
    assert words("heart-broken 'happy' “sad” rock ‘n’ roll") == ["heart", "broken", "happy", "sad", "rock", "n", "roll"]


def test_full_width_letters_and_accents_are_read():
    assert words("ＳＡＤ fiance\u0301") == ["sad", "fiancé"]


def test_emoji_and_emoticons_are_signs():
    assert words("ok 😭 :-))) <333 </3 ❤️ 👍🏽") == ["ok", "😭", ":)", "<3", "</3", "❤", "👍", "🏽"]


def test_marks_end_clauses():
    assert [token.mark for token in tokenize("sad, no... why?!\nwell - so") if token.mark] == [
        ",",
        "...",
        "?!",
        "\n",
        "-",
    ]


def test_capitals_and_stretched_words_are_noticed():
    angry, so, i = tokenize("ANGRY sooo I")
    assert [token.loud for token in (angry, so, i)] == [True, False, False]
    assert [token.stretched for token in (angry, so, i)] == [False, True, False]
    assert "so" in so.forms


@given(st.text())
@settings(deadline=None, max_examples=200)
def test_tokens_lie_in_order_within_the_text(text):
    places = [(token.start, token.end) for token in tokenize(text)]
    assert places == sorted(places)
    assert all(0 <= start < end <= len(text) for start, end in places)
