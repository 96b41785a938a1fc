"""The thesaurus: 72 names in 8 categories and 3 tiers, eight blends, and look-ups that help those who mistype."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.emotion import thesaurus
from kelly.emotion.space import NEUTRAL, Emotion, distance
from kelly.errors import UnknownNameError, UsageError

unit = st.floats(0, 1)
emotions = st.builds(Emotion, st.floats(-1, 1), unit, unit)


def answer(text):
    """The label of the node that a text finds, or the text of the error."""
    try:
        return thesaurus.lookup(text).label
    except UsageError as error:
        return str(error)


def test_there_are_72_names_in_eight_categories_of_nine():
    assert len({node.name for node in thesaurus.names()}) == 72
    assert Counter(node.category for node in thesaurus.names()) == dict.fromkeys(thesaurus.CATEGORIES, 9)


def test_there_are_216_nodes_and_every_name_has_three_tiers():
    assert len({node.label for node in thesaurus.nodes()}) == 216
    assert Counter(node.tier for node in thesaurus.nodes()) == {"full": 72, "mid": 72, "low": 72}


def test_there_are_eight_blends_with_their_own_intensity():
    stated = {node.name: node.emotion.intensity for node in thesaurus.blends()}
    assert len(stated) == 8
    assert stated["tender grief"] == 0.75
    assert all(node.blend for node in thesaurus.blends())


@pytest.mark.parametrize(
    ("name", "vad"),
    [
        ("grief", (-0.9, 0.3, 0.25)),
        ("rage", (-0.8, 1, 0.9)),
        ("ecstasy", (1, 1, 0.85)),
        ("anxious hope", (0.1, 0.65, 0.28)),
    ],
)
def test_names_lie_where_the_table_puts_them(name, vad):
    assert thesaurus.lookup(name).emotion.vad == vad


@pytest.mark.parametrize(("tier", "factor"), [("full", 1), ("mid", 0.6), ("low", 0.3)])
def test_a_tier_scales_the_distance_from_neutral(tier, factor):
    for node in thesaurus.names():
        scaled = thesaurus.lookup(node.name, tier).emotion
        moved = [c + factor * (x - c) for c, x in zip(NEUTRAL.vad, node.emotion.vad, strict=True)]
        assert scaled.vad == pytest.approx(moved)


@pytest.mark.parametrize("written", ["grief", "GRIEF", "  Grief ", "grief:full"])
def test_a_name_may_be_written_in_any_case(written):
    assert thesaurus.lookup(written).name == "grief"


@pytest.mark.parametrize("written", ["tender grief", "Tender-Grief", "tender_grief", "tender   grief"])
def test_a_name_of_two_words_may_be_joined_in_any_way(written):
    assert thesaurus.lookup(written).name == "tender grief"


def test_every_synonym_leads_to_a_name_and_hides_none():
    known = {node.name for node in (*thesaurus.names(), *thesaurus.blends())}
    assert set(thesaurus.synonyms().values()) <= known
    assert known.isdisjoint(thesaurus.synonyms())
    assert {thesaurus.lookup(word).name for word in thesaurus.synonyms()} <= known


def test_the_label_of_every_node_finds_it_again():
    assert [thesaurus.lookup(node.label) for node in thesaurus.nodes()] == list(thesaurus.nodes())


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [("greif", "grief"), ("happyness", "happiness"), ("meloncholy", "melancholy"), ("wraht", "wrath")],
)
def test_a_mistyped_name_is_answered_with_the_one_that_was_meant(mistyped, meant):
    with pytest.raises(UnknownNameError, match=rf'"{mistyped}"; did you mean .*\b{meant}\b.*all 72'):
        thesaurus.lookup(mistyped)


@given(st.text(max_size=200))
def test_any_text_is_found_or_refused_in_one_line(text):
    said = answer(text)
    assert len(said.splitlines()) == 1
    assert len(said) < 300


@pytest.mark.parametrize(("name", "tier"), [("grief", "huge"), ("grief:huge", "full"), ("grief:low", "mid")])
def test_a_tier_that_is_none_or_is_named_twice_is_refused(name, tier):
    with pytest.raises(UsageError, match="tier"):
        thesaurus.lookup(name, tier)


def test_a_category_holds_its_nine_names_and_an_unknown_one_is_refused():
    assert [node.name for node in thesaurus.by_category("Anger")][:2] == ["rage", "fury"]
    with pytest.raises(UnknownNameError, match="joy, sadness, anger"):
        thesaurus.by_category("greed")


@given(emotions, st.integers(1, 72))
def test_the_nearest_names_come_in_order_and_none_nearer_is_left_out(emotion, k):
    chosen = thesaurus.nearest(emotion, k)
    away = [distance(node.emotion, emotion) for node in chosen]
    others = [distance(node.emotion, emotion) for node in thesaurus.names() if node not in chosen]
    assert len(chosen) == k
    assert all(one <= other + 1e-9 for one, other in pairwise(away))
    assert not others or min(others) >= away[-1] - 1e-9


def test_every_name_is_nearest_to_itself():
    points = {node.emotion.vad: node.name for node in reversed(thesaurus.names())}
    for node in thesaurus.names():
        assert thesaurus.nearest(node.emotion)[0].name == points[node.emotion.vad]


@pytest.mark.parametrize("k", [0, -1, 73])
def test_fewer_than_one_or_more_than_all_names_cannot_be_asked(k):
    with pytest.raises(UsageError, match=r"k must lie in 1\.\.72"):
        thesaurus.nearest(NEUTRAL, k)


@given(emotions)
def test_neighbours_are_the_names_within_three_tenths(emotion):
    near = {node.name for node in thesaurus.names() if distance(node.emotion, emotion) <= 0.3}
    assert {node.name for node in thesaurus.neighbours(emotion)} == near


def test_a_node_is_described_by_itself_unless_another_stands_on_its_place():
    for node in (*thesaurus.nodes(), *thesaurus.blends()):
        assert distance(thesaurus.describe(node.emotion).emotion, node.emotion) < 1e-9


def test_the_full_tier_is_said_before_a_weaker_one():
    assert thesaurus.describe(Emotion(-0.9, 0.3, 0.25)).label == "grief"
    assert thesaurus.describe(thesaurus.lookup("grief:low").emotion).label == "grief:low"
