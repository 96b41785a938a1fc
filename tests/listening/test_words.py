"""Reading words with the learned reader: the scale, the names, what is not known, what moved the reading."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.emotion.code import decode
from kelly.emotion.thesaurus import blends, names
from kelly.errors import UsageError
from kelly.listening import words
from kelly.listening.words import LONGEST, explained, feel, feel_all
from kelly.models.words.model import shipped

pytestmark = pytest.mark.skipif(shipped() is None, reason="the word model is not built: see docs/how-to/train-words.md")


@pytest.fixture(scope="module")
def told(benchmark):
    """The sentences of the feelings told, and the benchmark that scores them."""
    return benchmark("words", "feelings")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("I am devastated", (-1, 0), (-0.7, 1)),
        ("I'm over the moon", (0.7, 0.7), (1, 1)),
        ("dozing in the sun", (-1, 0), (1, 0.25)),
        ("I can't stop crying since she died", (-1, 0), (-0.5, 0.6)),
        ("I am not happy at all", (-1, 0), (-0.1, 1)),
        ("I'm not afraid any more", (0, 0), (1, 1)),
    ],
)
def test_plain_words_keep_kellys_scale(text, low, high):
    emotion = feel(text).emotion
    assert low[0] <= emotion.valence <= high[0]
    assert low[1] <= emotion.arousal <= high[1]


def test_readings_reach_over_the_whole_scale(told):
    points = np.array([feel(row["text"]).emotion.vad for row in told.rows()])
    assert points[:, 0].std() >= 0.45
    assert points[:, 1].std() >= 0.2


@pytest.mark.parametrize("node", [*names(), *blends()], ids=lambda node: node.name)
def test_what_is_one_entry_of_the_lexicon_is_not_guessed(node):
    reading = feel(node.name)
    assert reading.emotion.vad == pytest.approx(node.emotion.vad, abs=0.2 if node.name == "interest" else 1e-9)
    assert reading.emotion.confidence > 0.7


def test_names_are_weighed_all_eighty_of_them():
    reading = feel("My heart is racing and I want to run away from here")
    assert [name for name, _ in reading.names] == [node.name for node in (*names(), *blends())]
    assert math.fsum(weight for _, weight in reading.names) == pytest.approx(1)
    heaviest = max(reading.names, key=lambda pair: pair[1])[0]
    assert reading.alternatives[0].node.name == heaviest


def test_what_happened_is_named():
    assert feel("My father died last winter").wound == "loss"
    assert feel("We won the final!").wound == "triumph"
    assert feel("I had soup for lunch").wound is None
    assert feel("He swore he loved me and lied to me for years").wound == "betrayal"


@pytest.mark.parametrize(
    "text",
    [
        "ich bin so traurig heute und weiß nicht warum",
        "estoy muy feliz porque gané el partido",
        "asdf qwer zxcv lkjh",
        "def f(x): return [y * 2 for y in x if y > 0]",
        "我今天很难过",
        "12345 67890",
    ],
)
def test_what_is_not_known_is_no_mood(text):
    reading = feel(text)
    assert reading.emotion.confidence <= 0.35
    assert reading.emotion.intensity <= 0.35
    assert not reading.heard


def test_plain_facts_are_heard_as_nothing_much():
    assert feel("The meeting starts at ten and the room is on the second floor").emotion.intensity < 0.4


def test_the_code_says_what_the_reading_says():
    reading = feel("I miss the sea and the people I loved there")
    back = decode(reading.code)
    assert back.emotion.vad == pytest.approx(reading.emotion.vad, abs=1e-6)
    assert back.spreads == pytest.approx(reading.spreads, rel=0.15)


def test_company_does_not_change_a_reading():
    texts = ["I am so proud of you", "ok", "Nothing hurts today and I can hardly believe it, after all those months"]
    for alone, together in zip(map(feel, texts), feel_all(texts), strict=True):
        assert alone.emotion.vad == pytest.approx(together.emotion.vad, abs=1e-4)
        assert alone.spreads == pytest.approx(together.spreads, abs=1e-4)


def test_an_explanation_points_at_the_words_that_matter():
    reading = explained(feel("The table in the kitchen is brown and I am utterly heartbroken"))
    worst = min(reading.influences, key=lambda influence: influence.valence)
    assert worst.text == "heartbroken"
    assert worst.valence < -0.2
    assert all(reading.text[one.start : one.end] == one.text for one in reading.influences)


def test_a_negation_is_seen_to_turn_the_reading():
    reading = feel("I am not happy", explain=True)
    assert next(one for one in reading.influences if one.text == "not").valence < -0.2


def test_a_long_text_is_read_to_its_end():
    calm = "We sat in the garden and drank our tea in peace. " * 20
    grim = "Then they told me that my brother was dead, and I screamed until I had no voice. " * 20
    assert feel(calm).emotion.valence > feel(calm + grim).emotion.valence + 0.3


def test_a_text_of_several_passages_is_read_as_fully_as_a_sentence():
    reading = feel("We sat in the garden and drank our tea in peace. The bees hummed and nobody hurried. " * 9)
    assert reading.reader == "learned"
    assert math.fsum(weight for _, weight in reading.names) == pytest.approx(1)
    assert all(0 < spread < 0.6 for spread in reading.spreads)
    assert reading.code.shape == (64,)


def test_what_is_not_known_has_a_wide_spread():
    assert min(feel("asdf qwer zxcv lkjh").spreads) > max(feel("I am so happy today").spreads)


@pytest.mark.parametrize(("text", "side"), [("terrifed", -1), ("hapiness", 1), ("Devestated!", -1)])
def test_a_word_alone_is_heard_through_a_slip(text, side):
    emotion = feel(text).emotion
    assert emotion.valence * side > 0.4
    assert emotion.confidence > 0.35


@pytest.mark.parametrize("text", ["triste", "felicidad", "asdfgh", "qwertz", "traurig", "verdrietig"])
def test_a_word_alone_of_no_english_is_no_mood(text):
    assert feel(text).emotion.confidence <= 0.35


@pytest.mark.parametrize(("text", "side"), [(":( :(", -1), ("<3 <3 <3", 1), ("💔", -1)])
def test_signs_alone_are_heard(text, side):
    assert feel(text).emotion.valence * side > 0.2


def test_without_the_word_model_the_lexicon_reads(monkeypatch):
    monkeypatch.setattr(words, "shipped", lambda: None)
    reading = feel("I am so happy today", explain=True)
    assert reading.reader == "lexicon"
    assert reading.emotion.valence > 0.5


@pytest.mark.parametrize("text", ["", "   ", None, 3, "a" * (LONGEST + 1), "bell \x07"])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(UsageError, match="text must"):
        feel(text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text):
    try:
        reading = feel(text)
    except UsageError:
        return
    assert all(spread > 0 for spread in reading.spreads)
    assert reading.as_dict()["reader"] in {"learned", "lexicon"}
