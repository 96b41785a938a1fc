"""Word forms: the right bases are found, and the tempting wrong ones are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.listening.morphology import expand, forms


@pytest.mark.parametrize(
    ("word", "base"),
    [
        ("crying", "cry"),
        ("cried", "cry"),
        ("cries", "cry"),
        ("hated", "hate"),
        ("hoping", "hope"),
        ("sobbing", "sob"),
        ("happier", "happy"),
        ("saddest", "sad"),
        ("happily", "happy"),
        ("terribly", "terrible"),
        ("emptiness", "empty"),
        ("broke", "break"),
        ("wept", "weep"),
        ("losses", "loss"),
        ("lovin", "love"),
        ("happyyyy", "happy"),
        ("his", "my"),
        ("grandma", "~kin"),
        ("sisters", "~kin"),
    ],
)
def test_a_form_leads_to_its_base(word, base):
    assert base in forms(word)


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("staring", "star"),
        ("number", "numb"),
        ("butter", "but"),
        ("hoping", "hop"),
        ("noted", "not"),
        ("bored", "bear"),
    ],
)
def test_a_form_leads_nowhere_else(word, other):
    assert other not in forms(word)


def test_contractions_open():
    assert [part[0] for part in expand("isn't")] == ["is", "not"]
    assert [part[0] for part in expand("gonna")] == ["going", "to"]
    assert [part[0] for part in expand("she's")] == ["she", "is"]


@given(st.text(max_size=60))
def test_the_word_itself_comes_first_and_nothing_twice(word):
    found = forms(word)
    assert word.startswith(found[0])
    assert len(found) == len(set(found))
