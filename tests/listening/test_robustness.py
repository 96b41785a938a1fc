"""Robustness of the reader of words: a feeling written otherwise, what is no English, any text at all, endless ones.

The texts are in `benchmarks/words/robustness.csv`; `robustness.py` beside it says what its kinds are.
"""

import csv
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly import feel
from kelly.errors import UsageError
from kelly.listening import words
from kelly.models.words.model import shipped

learned = pytest.mark.skipif(shipped() is None, reason="the word model is not built: see docs/how-to/train-words.md")

WRITTEN = ("base", "paraphrase", "typos", "upper", "lower", "emoji", "hashtags")
KINDS = {**dict.fromkeys(WRITTEN, 60), "language": 40, "script": 8, "gibberish": 30, "code": 30, "fact": 30}
NUMBERS = ("valence", "arousal", "dominance", "confidence", "intensity")
LONGEST = 100_000  # characters


@pytest.fixture(scope="module")
def rows(root):
    with (root / "benchmarks/words/robustness.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def heard(rows):
    """Lists of (number of the base sentence, text, feeling), by kind."""
    found = {kind: [] for kind in KINDS}
    for row in rows:
        found[row["kind"]].append((row["base"], row["text"], feel(row["text"]).emotion))
    return found


def test_the_set_is_whole(heard):
    assert {kind: len({text for _, text, _ in found}) for kind, found in heard.items()} == KINDS
    for kind in WRITTEN:
        assert [base for base, _, _ in heard[kind]] == [str(number) for number in range(1, 61)]
    for (_, plain, _), (_, loud, _), (_, quiet, _) in zip(heard["base"], heard["upper"], heard["lower"], strict=True):
        assert loud == plain.upper()
        assert quiet == "".join(c for c in plain.lower() if c.isalpha() or c == " ")


def test_the_sentences_that_are_rewritten_are_heard_on_the_right_side(heard):
    right = [(emotion.valence > 0) == (not 15 < int(base) <= 45) for base, _, emotion in heard["base"]]
    assert sum(right) >= 0.85 * len(right)  # a reader that hears one thing in everything would pass what follows


@learned
@pytest.mark.parametrize(
    ("kind", "least"),
    [("paraphrase", 0.8), ("typos", 0.85), ("upper", 0.95), ("lower", 0.95), ("emoji", 0.95), ("hashtags", 0.95)],
)
def test_a_feeling_written_otherwise_keeps_its_side(heard, kind, least):
    plain = {base: emotion.valence for base, _, emotion in heard["base"]}
    turned = [text for base, text, emotion in heard[kind] if sign(emotion.valence) != sign(plain[base])]
    assert len(plain) - len(turned) >= least * len(plain), turned


def sign(value):
    return (value > 0) - (value < 0)


@learned
@pytest.mark.parametrize("kind", ["language", "script", "gibberish", "code"])
def test_what_it_does_not_know_it_hardly_trusts(heard, kind):
    sure = {text: emotion.confidence for _, text, emotion in heard[kind]}
    trusted = {text: confidence for text, confidence in sure.items() if confidence > 0.35}
    assert len(trusted) <= 0.05 * len(sure), trusted
    assert max(sure.values()) <= 0.6, trusted


# Code points that make emoji together, so that broken ones come too.
EMOJI = "😀😭❤\ufe0f👩\u200d👧🏽🏳🌈🇩🇪1\u20e3🫠☠💔:()"
WORDS = """I you we am is not n't never no nothing so very barely happy sad afraid furious calm love hate died cry won
my can't stop don't but although and if wish used to be home the of it , . ! ? !!! ... ; : - -- ( ) " ' ’ “ ” # @
& AND SO HAPPY soooo lol :) :-( </3 <3 😀 😭 #blessed @someone https://example.com/a?b=c 3.14 10:30 1,000 50% a.m. e.g.
Dr. ich bin traurig estoy feliz 悲しい грусть حزين ﬁ ℌ Ⅷ xkqz === {} [0] <b> NULL"""
ODD = ["\n", "\t", "\u00a0", "\u200b", "\ufeff", "e\u0301", "❤\ufe0f", "👩\u200d👧", "word" * 30]
characters = st.characters(exclude_categories=("Cs", "Cc"))  # unassigned and private ones stay
soup = st.lists(st.sampled_from([*WORDS.split(), *ODD]), max_size=40)


def check_any(text):
    """A text is refused when it is blank and only then; a reading of it holds together."""
    if not text.strip():
        with pytest.raises(UsageError):
            feel(text)
        return
    reading = feel(text)
    assert all(math.isfinite(getattr(reading.emotion, number)) for number in NUMBERS)
    assert math.isclose(sum(alternative.weight for alternative in reading.alternatives), 1, abs_tol=1e-6)
    assert all(text[word.start : word.end] == word.word for word in reading.words)


@given(st.text(characters, max_size=200))
@settings(deadline=None, max_examples=4000)
def test_any_characters_are_read(text):
    check_any(text)


@given(st.text(st.sampled_from(EMOJI) | characters, max_size=200))
@settings(deadline=None, max_examples=2000)
def test_any_emoji_among_characters_are_read(text):
    check_any(text)


@given(soup, st.sampled_from([" ", " ", ""]))
@settings(deadline=None, max_examples=4000)
def test_any_soup_of_words_is_read(pieces, between):
    check_any(between.join(pieces)[:200])


@pytest.mark.parametrize(
    "text",
    [
        "I am so happy today my friend. " * 300 + "I am sad.",
        "I am so sad today, my friend. " * 30 + "\x85",
        "happy " * 110 + "sad" + " and sad" * 40,
        "sad\n" * 750,
        "😭" * 700,
    ],
)
def test_words_of_a_long_text_stand_where_they_say(text):
    check_any(text)
    (reading,) = words.feel_all([text])
    assert all(text[word.start : word.end] == word.word for word in reading.words)


@pytest.mark.parametrize("text", ["", " ", "\n\t \u00a0\u3000", "so sad " * 20_000])
def test_what_is_blank_or_too_long_is_refused_in_one_line(text):
    with pytest.raises(UsageError) as caught:
        feel(text)
    assert "\n" not in str(caught.value)


@learned
def test_a_text_is_heard_the_same_alone_and_among_others(rows):
    texts = [row["text"] for row in rows]
    texts += [" ".join(texts[:9]), " ".join(texts), "sad", "sad", "!"]  # neighbours of all lengths, and twins
    together, reversed_ = words.feel_all(texts), words.feel_all(texts[::-1])[::-1]
    for text, one, other in zip(texts, together, reversed_, strict=True):
        (alone,) = words.feel_all([text])
        for reading in (one, other):
            assert numbers(reading) == pytest.approx(numbers(alone), abs=1e-4), text
            assert (names(reading), reading.wound) == (names(alone), alone.wound), text


def numbers(reading):
    feeling = [getattr(reading.emotion, number) for number in NUMBERS]
    return feeling + [alternative.weight for alternative in reading.alternatives]


def names(reading):
    return [alternative.node.name for alternative in reading.alternatives]


ENDLESS = {
    "one word": "sad",
    "twenty words": "I walked home through the rain and thought of all the letters that I never dared to send you",
    "no full stop": "the rain keeps falling and I miss you and " * 2_400,
    "commas": "I was happy, then I was not, " * 3_500,
    "10,000 equal words": "happy " * 10_000,
    "one word of 5,000 letters": "w" + "o" * 4_998 + "e",
    "one word of 98,000 letters": "sadness" * 14_000,
    "marks alone": "!?" * 50_000,
    "brackets": "(" * LONGEST,
    "emoji": "😭" * LONGEST,
    "Chinese": "我很难过" * 25_000,
    "noise": "x7#q" * 25_000,
    "combining marks": "e\u0301\u0323" * 33_000,
}


@pytest.mark.usefixtures("heard")  # warm by then
@pytest.mark.parametrize("piece", ENDLESS.values(), ids=ENDLESS)
def test_no_sentence_takes_longer_than_a_fifth_of_a_second_or_fifty_ordinary_ones_where_those_are_slow(piece):
    assert quickest(piece) < max(0.2, 50 * quickest("I miss her so much that I cannot sleep at night any more"))


def quickest(piece):
    """The seconds that the quickest of three readings takes."""
    taken = []
    for mark in "(-*":  # another text each time, so that none can be remembered
        start = time.process_time()  # of all threads; the machine may have other work
        feel(f"{mark}{piece}"[:LONGEST])
        taken.append(time.process_time() - start)
    return min(taken)
