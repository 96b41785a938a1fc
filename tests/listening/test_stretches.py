"""Passages that feel alike become sections: the form follows the feelings, and a lyric's own headings before them."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.emotion.journey import arc
from kelly.emotion.space import Emotion
from kelly.listening.stretches import Heard, centre, formed

GRIEF, HOPE, RAGE, CALM = (
    Emotion(-0.9, 0.3, 0.25),
    Emotion(0.6, 0.6, 0.73),
    Emotion(-0.8, 1, 0.9),
    Emotion(0.5, 0.15, 0.6),
)
UNHEARD = Heard(Emotion(0, 0.3, 0.5, 0.1), 0.02, 40)


def heard(*feelings, length=40, weight=0.6, **more):
    return [Heard(feeling, weight, length, **more) for feeling in feelings]


def felt(passages):
    journey, _ = formed(passages)
    return [journey.at(place).vad for place in journey.arc.centres()]


def roles(passages):
    return [stretch.role for stretch in formed(passages)[0].arc.stretches]


@pytest.mark.parametrize("passages", [heard(GRIEF), heard(GRIEF) * 30, heard(GRIEF, Emotion(-0.85, 0.33, 0.3)) * 9])
def test_one_feeling_is_an_ordinary_journey_over_the_classic_arc(passages):
    journey, places = formed(passages)
    assert not journey.points
    assert not journey.moves
    assert journey.arc == arc("classic")
    assert places[0] == pytest.approx(0.5 / len(passages))


def test_two_feelings_are_two_ways_of_the_song_with_the_length_of_their_text():
    found = felt([*heard(GRIEF, GRIEF, GRIEF), *heard(HOPE)])
    assert found[0] == GRIEF.vad
    assert found[-1] == HOPE.vad
    journey, _ = formed([*heard(GRIEF, GRIEF, GRIEF), *heard(HOPE)])
    grieving = sum(s.bars for s, vad in zip(journey.arc.stretches, found, strict=True) if vad == GRIEF.vad)
    assert grieving == pytest.approx(0.75 * journey.arc.bars, abs=4)


def test_a_song_begins_and_ends_in_what_is_felt_there():
    journey, places = formed(heard(GRIEF, GRIEF, RAGE, RAGE, CALM, CALM))
    assert (journey.start, journey.end) == (GRIEF.rounded(), CALM.rounded())
    assert [journey.at(place).vad for place in places[1::2]] == [
        pytest.approx(f.vad, abs=0.35) for f in (GRIEF, RAGE, CALM)
    ]


def test_one_unheard_sentence_among_sad_ones_does_not_jump_to_neutral():
    sad = heard(GRIEF) * 4
    assert set(felt([*sad, UNHEARD, *sad])) == {GRIEF.vad}


def test_a_mixture_is_what_is_felt_most_and_not_lukewarm_between():
    mixed = heard(GRIEF, HOPE, GRIEF, HOPE, GRIEF)
    assert centre(mixed).vad == pytest.approx(GRIEF.vad, abs=0.03)
    alike = heard(Emotion(0.5, 0.5, 0.5), Emotion(0.6, 0.5, 0.5))
    assert centre(alike).valence == pytest.approx(0.55, abs=0.01)


def test_what_weighs_more_is_felt_more():
    assert centre([*heard(GRIEF, GRIEF, weight=0.2), *heard(HOPE, weight=0.6)]).vad == pytest.approx(HOPE.vad, abs=0.03)


def test_the_strongest_is_the_chorus_and_a_last_quiet_one_the_outro():
    passages = heard(CALM, GRIEF, GRIEF, RAGE, RAGE, GRIEF, CALM, CALM)
    journey, _ = formed(passages)
    by_role = {stretch.role: stretch.energy for stretch in journey.arc.stretches}
    assert by_role["chorus"] == max(by_role.values()) == 1.0
    assert journey.arc.stretches[-1].role == "outro"
    assert journey.arc.stretches[-1].energy <= 0.5


def test_a_song_that_ends_at_its_height_has_no_outro():
    assert roles(heard(CALM, CALM, GRIEF, GRIEF, RAGE, RAGE))[-1] == "chorus"


def test_a_cut_goes_rather_where_a_paragraph_ends():
    between = Emotion(-0.15, 0.45, 0.5)
    for border in (3, 4):
        row = heard(GRIEF, GRIEF, GRIEF, between, HOPE, HOPE, HOPE)
        row[border] = Heard(row[border].feeling, 0.6, 40, opens=True)
        _, places = formed(row)
        journey, _ = formed(row)
        starts = np.cumsum([0, *(stretch.bars for stretch in journey.arc.stretches)]) / journey.arc.bars
        middle = (places[border - 1] + places[border]) / 2
        assert np.abs(starts - middle).min() < 0.06


def test_a_lyric_keeps_the_form_that_it_names():
    named = [
        ("verse", GRIEF),
        ("chorus", GRIEF),
        ("verse", GRIEF),
        ("chorus", GRIEF),
        ("bridge", HOPE),
        ("chorus", GRIEF),
    ]
    passages = [one for role, feeling in named for one in (*heard(feeling, role=role), *heard(feeling) * 3)]
    journey, places = formed(passages)
    assert [stretch.role for stretch in journey.arc.stretches] == [role for role, _ in named]
    assert [journey.arc.index(place) for place in places] == [i for i in range(6) for _ in range(4)]
    verse, chorus = journey.arc.stretches[:2]
    assert chorus.energy > verse.energy


def test_text_before_the_first_heading_is_a_verse():
    assert roles([*heard(GRIEF), *heard(HOPE, role="chorus")])[0] == "verse"


rows = st.lists(
    st.builds(
        Heard,
        st.builds(Emotion, st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
        st.floats(0.01, 1.2),
        st.integers(1, 400),
        st.booleans(),
        st.sampled_from(["", "", "", "", "", "chorus", "verse", "intro"]),
    ),
    min_size=1,
    max_size=40,
)


@given(rows)
@settings(max_examples=150, deadline=None)
def test_any_passages_give_a_song_of_whole_phrases(passages):
    journey, places = formed(passages)
    assert journey.arc.bars == arc("classic").bars
    assert all(stretch.bars % 4 == 0 for stretch in journey.arc.stretches)
    assert all(0.2 <= stretch.energy <= 1 for stretch in journey.arc.stretches)
    assert len(places) == len(passages)
    assert list(places) == sorted(places)
    assert 0 < places[0] <= places[-1] < 1
    assert formed(passages) == (journey, places)
    if journey.points:
        assert "chorus" in roles(passages) or any(one.role for one in passages)


def test_a_novel_takes_no_longer_than_a_moment():
    start = time.perf_counter()
    formed(heard(GRIEF, HOPE, RAGE, CALM) * 600)
    assert time.perf_counter() - start < 2
