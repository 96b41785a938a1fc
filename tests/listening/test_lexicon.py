"""The lexicon's tables: sound, reachable and without contradictions."""

from collections import Counter

import pytest

from kelly.emotion.thesaurus import lookup
from kelly.listening.lexicon import Cue, Sense, longest, point
from kelly.listening.morphology import table
from kelly.listening.operators import OPERATORS, apply
from kelly.listening.tokens import tokenize

WOUNDS = {
    *(
        "loss",
        "betrayal",
        "rejection",
        "failure",
        "trauma",
        "loneliness",
        "shame",
        "fear",
        "anger",
        "longing",
        "regret",
    ),
    *("love", "relief", "triumph", "gratitude"),
}
FEELINGS = [*table("lexicon.csv"), *table("emoji.csv")]


def test_it_holds_everyday_english():
    assert len(FEELINGS) >= 1800
    assert sum(" " in row["entry"] for row in FEELINGS) >= 500


@pytest.mark.parametrize("files", [("lexicon.csv", "emoji.csv"), ("degrees.csv", "cues.csv"), ("forms.csv",)])
def test_no_entry_stands_twice(files):
    counts = Counter(next(iter(row.values())) for file in files for row in table(file))
    assert [entry for entry, count in counts.items() if count > 1] == []


def test_every_row_names_a_feeling_and_a_known_wound():
    for row in FEELINGS:
        assert not row["name"] or lookup(row["name"]).name == row["name"], row
        assert row["wound"] in WOUNDS | {""}, row
        assert 0 <= float(row["strength"] or 1) <= 1, row
        assert 0 < float(row["weight"] or 1) <= 1, row
        assert -1 <= float(row["valence"] or 0) <= 1, row
        assert all(0 <= float(row[axis] or 0) <= 1 for axis in ("arousal", "dominance")), row


def test_every_wound_has_words():
    assert {row["wound"] for row in FEELINGS} >= WOUNDS


def test_every_entry_can_be_found_as_it_is_written():
    kin = {"~kin": "sister", "~who": "him"}
    for row in FEELINGS:
        written = " ".join(kin.get(word, word) for word in row["entry"].split())
        tokens = tokenize(written)
        match = longest(tokens, 0)
        assert match is not None, row
        assert match.end == len(tokens), row


def test_the_longest_phrase_wins():
    match = longest(tokenize("broken heart"), 0)
    assert match is not None
    assert match.entry.entry == "broken heart"


def test_small_words_may_stand_inside_a_phrase():
    entries = {
        longest(tokenize(text), 0).entry.entry
        for text in ("heart racing", "heart was racing", "heart is absolutely racing", "heart's racing")
    }
    assert entries <= {"heart race", "heart be race"}


def test_own_coordinates_win_over_the_name():
    assert point(Sense("x", "sorrow", arousal=0.7)).vad == (-0.8, 0.7, 0.25)
    assert point(Sense("x", "sorrow", strength=0.5)).valence == pytest.approx(-0.4)


def test_words_of_degree_and_grammar_are_cues():
    assert isinstance(longest(tokenize("never"), 0).entry, Cue)
    assert longest(tokenize("great"), 0).degree is not None


@pytest.mark.parametrize("kind", OPERATORS)
def test_an_operator_never_makes_a_feeling_stronger(kind):
    for place in ((-0.8, 0.3, 0.25), (0.7, 0.7, 0.75), (0.5, 0.15, 0.65)):
        assert abs(apply(kind, place)[0]) <= abs(place[0])
