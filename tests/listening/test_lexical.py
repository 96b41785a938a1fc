"""Reading words: quadrants of the sentence sets, negation and its kin, mixed feelings, wounds, and odd input."""

import csv
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.emotion.thesaurus import blends, names
from kelly.errors import UsageError
from kelly.listening.lexical import LONGEST
from kelly.listening.lexical import read as feel

HERE = Path(__file__).parent
HELD_OUT = 0.9  # 108 of 120, counted once, after all tuning


def sentences(file):
    with (HERE / file).open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


@pytest.fixture(scope="module")
def share_right(benchmark):
    """A function from a set's file to the share of its sentences that are heard as expected."""
    return benchmark("words").share_right


def test_the_regression_sentences_are_read_right(share_right):
    assert len(sentences("sentences.csv")) >= 320
    assert share_right("sentences.csv") >= 0.95


def test_the_held_out_sentences_stay_read_as_well_as_on_the_day_they_were_opened(share_right):
    assert share_right("sentences_holdout.csv") >= HELD_OUT


def test_no_sentence_is_in_both_sets():
    texts = [row["text"].casefold() for file in ("sentences.csv", "sentences_holdout.csv") for row in sentences(file)]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("node", [*names(), *blends()], ids=lambda node: node.name)
def test_a_name_of_the_thesaurus_reads_as_its_place(node):
    assert feel(node.name).emotion.vad == pytest.approx(node.emotion.vad, abs=0.2 if node.name == "interest" else 1e-9)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("I'm over the moon", (0.7, 0.7), (1, 1)),
        ("I am devastated", (-1, 0), (-0.7, 0.6)),
        ("dozing in the sun", (0.2, 0), (1, 0.25)),
        ("I am not happy", (-0.5, 0), (-0.1, 0.5)),
        ("I am not sad", (0, 0), (0.4, 0.5)),
        ("I have never felt so alive", (0.7, 0.7), (1, 1)),
        ("I have never been happier", (0.7, 0.7), (1, 1)),
        ("I can't stop crying", (-1, 0), (-0.6, 0.6)),
        ("I am no longer afraid", (0.2, 0), (0.6, 0.5)),
        ("not only sad but angry", (-1, 0.5), (-0.5, 1)),
        ("nothing makes me happy", (-0.6, 0), (-0.1, 0.5)),
        ("I don't hate it", (0.05, 0), (0.4, 0.5)),
        ("not without joy", (0.1, 0), (1, 1)),
        ("I used to be happy", (-0.6, 0), (-0.1, 0.5)),
        ("I wish I were happy", (-0.6, 0), (-0.1, 0.5)),
        ("happy? no.", (-0.6, 0), (-0.1, 0.5)),
        ("I can't look at her without smiling", (0.4, 0.5), (1, 1)),
        ("I was calm until he started shouting", (-1, 0.5), (-0.1, 1)),
    ],
)
def test_valence_and_arousal_lie_where_a_reader_would_put_them(text, low, high):
    emotion = feel(text).emotion
    assert low[0] <= emotion.valence <= high[0]
    assert low[1] <= emotion.arousal <= high[1]


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        ("I am extremely sad", "I am sad"),
        ("I am really sad", "I am very sad"),
        ("I am sad", "I am slightly sad"),
        ("I am slightly sad", "I am barely sad"),
        ("I am SAD", "I am sad"),
        ("soooo sad", "sad"),
        ("I miss you so much", "I miss you"),
    ],
)
def test_degrees_scale_the_distance_from_neutral(stronger, weaker):
    assert feel(stronger).emotion.valence < feel(weaker).emotion.valence


def test_degrees_add_up_as_the_domain_page_says():
    (word,) = feel("extremely, no: so deeply happy").words
    assert word.factor == pytest.approx(1.35)
    assert feel("barely happy").words[0].factor == pytest.approx(0.8)


def test_shouting_raises_arousal_and_emphasis():
    calm, loud, bangs = (feel(text) for text in ("I am tired of this", "I AM TIRED OF THIS", "I am tired of this!!!"))
    assert calm.emotion.arousal < bangs.emotion.arousal < loud.emotion.arousal
    assert calm.emphasis == 0 < bangs.emphasis < loud.emphasis <= 1


def test_but_gives_weight_to_what_follows():
    assert feel("The day was awful, but the evening was wonderful").emotion.valence > 0.2
    assert feel("The evening was wonderful, but the day was awful").emotion.valence < 0.2
    assert feel("Although I'm tired, I'm really happy").emotion.valence > 0


def test_mixed_feelings_are_told_with_weights_and_read_as_their_blend():
    reading = feel("I'm happy and sad at the same time")
    assert [alternative.node.name for alternative in reading.alternatives] == ["happiness", "sorrow"]
    assert sum(alternative.weight for alternative in reading.alternatives) == pytest.approx(1)
    assert reading.emotion.vad == next(node for node in blends() if node.name == "bittersweetness").emotion.vad


def test_a_reading_says_which_words_it_used_and_where():
    text = "I’m not happy, I’m HEART-BROKEN 😭"
    reading = feel(text)
    assert [word.word for word in reading.words] == ["happy", "HEART-BROKEN", "😭"]
    assert all(text[word.start : word.end] == word.word for word in reading.words)
    assert [word.negated for word in reading.words] == [True, False, False]
    assert sum(word.weight for word in reading.words) == pytest.approx(1)


def test_words_inside_words_are_left_alone():
    assert [word.word for word in feel("sorrow").words] == ["sorrow"]
    assert not feel("My hateful-sounding surname is Hatfield, from Maddington").words[1:]
    assert not feel("the number on the letter, the butter on the windowsill").words


def test_confidence_grows_when_words_agree_and_falls_when_they_do_not():
    alone, agreed, torn, none = (
        feel(text).emotion.confidence for text in ("sad", "sad and lonely and in tears", "sad, ecstatic", "a table")
    )
    assert none <= 0.2 < torn < agreed
    assert alone < agreed


@pytest.mark.parametrize(
    ("wound", "text"),
    [
        ("loss", "My father died last spring"),
        ("loss", "We buried my sister on Monday and I am so scared"),
        ("betrayal", "My best friend lied to me for years"),
        ("rejection", "I was dumped and I feel so low"),
        ("failure", "I failed the exam and got fired"),
        ("trauma", "I still have flashbacks of the crash"),
        ("loneliness", "I am so alone, nobody calls"),
        ("shame", "I'm ashamed of who I am"),
        ("fear", "I'm terrified of the operation"),
        ("anger", "I'm furious at all of them"),
        ("longing", "I used to be happy"),
        ("longing", "I miss you and I wish you were here"),
        ("regret", "I should have told him, I'm so sorry"),
        ("love", "I'm so in love with you"),
        ("relief", "I'm no longer afraid"),
        ("triumph", "We won the cup!"),
        ("gratitude", "I am grateful for my life"),
        (None, "I am happy"),
        (None, "I'm not angry"),
        (None, "The train leaves at seven"),
    ],
)
def test_the_wound_is_named(wound, text):
    reading = feel(text)
    assert reading.wound == wound
    assert bool(reading.wound_words) == (wound is not None)
    assert all(word in text for word in reading.wound_words)


@pytest.mark.parametrize(
    "text", ["", "   ", "\n\t", "\x00\x01\x02\xff", "happy\x00", 7, None, b"sad", "x" * (LONGEST + 1)]
)
def test_what_is_no_text_is_refused_in_one_line(text):
    with pytest.raises(UsageError, match=r"^text must [^\n]*got [^\n]*$"):
        feel(text)


@pytest.mark.parametrize(
    "text", ["أنا في البيت", "אני בבית", "今日は雨です", "?!", "12345", "ᚠᚢᚦ", "…", "\u200b\u200e"]
)
def test_what_it_cannot_read_it_hardly_trusts(text):
    reading = feel(text)
    assert reading.emotion.confidence <= 0.2
    assert reading.emotion.valence == 0
    assert not reading.words


def test_a_wish_and_an_end_need_no_word_of_feeling():
    assert feel("I wish things were different").wound == "longing"
    assert feel("We don't talk anymore").emotion.valence < 0


def test_what_is_denied_at_the_end_is_denied():
    assert feel("They say it gets better, but it doesn't").emotion.valence < 0
    assert feel("Everyone says I'm brave, but I don't believe it").emotion.valence < 0


def test_a_command_ends_nothing():
    assert feel("Stop yelling at me!").emotion.quadrant == "Q2"
    assert feel("I finally stopped crying").emotion.valence > 0


def test_emoji_alone_are_read():
    assert feel("😭😭😭").emotion.valence < -0.5
    assert feel(":-)))").emotion.valence > 0.5
    assert feel("🎉🥳").emotion.quadrant == "Q1"


PIECES = """I am not never so very happy sad , . ! ? but and without no longer wish used to be can't stop crying 😭 AND
:( until now although less anymore nor neither nothing don't believe it fading if only being lost my"""
pieces = st.sampled_from([*PIECES.split(), "\n"])


@given(st.text() | st.lists(pieces).map(" ".join))
@settings(deadline=None, max_examples=300)
def test_any_text_is_read_or_refused(text):
    try:
        reading = feel(text)
    except UsageError:
        return
    assert sum(alternative.weight for alternative in reading.alternatives) == pytest.approx(1)
    assert 1 <= len(reading.alternatives) <= 3
    assert all(text[word.start : word.end] == word.word for word in reading.words)
    assert reading == feel(text)


@pytest.mark.parametrize(
    "piece", ["happy but ", "not not ", "he has been so very ", "break my ", "a", "I was sad and now "]
)
def test_the_longest_text_takes_no_more_than_its_share_of_time(piece):
    text = (piece * LONGEST)[:LONGEST]
    feel("warm")
    start = time.process_time()
    feel(text)
    assert time.process_time() - start < 3  # one second on an idle core; quadratic code would take minutes
