"""Answers quote the motif, changed: each change is heard, and none talks over the melody."""

from dataclasses import replace
from itertools import combinations, pairwise

import pytest

from kelly.composing.chance import stream
from kelly.composing.counterpoint import roughness, sounding
from kelly.composing.engines import variation
from kelly.composing.motif import TRANSFORMS
from kelly.composing.plan import figures
from kelly.score.notes import Note

NAMES = ("grief", "serenity", "hope", "rage", "worry")


@pytest.fixture(scope="module")
def play(player):
    """A function from (name of a feeling, figure) to the verse's context and its answers."""
    return player(variation, "variation")


def test_every_way_of_developing_a_motif_is_a_figure():
    assert set(figures()["variation"]) == set(TRANSFORMS)


@pytest.mark.parametrize("figure", TRANSFORMS)
@pytest.mark.parametrize("name", NAMES)
def test_one_note_at_a_time_in_range_and_in_the_section(name, figure, play):
    context, notes = play(name, figure, occurrence=1)
    assert notes
    assert all(a.end <= b.onset + 1e-9 for a, b in pairwise(notes))
    assert all(context.low <= n.pitch <= context.high for n in notes)
    assert all(n.onset >= 0 and n.duration > 0 and n.end <= context.section.beats for n in notes)


@pytest.mark.parametrize("figure", TRANSFORMS)
@pytest.mark.parametrize("name", NAMES)
def test_it_fits_the_harmony_and_goes_with_the_melody(name, figure, play):
    context, notes = play(name, figure, occurrence=1)
    for note in notes:
        assert note.pitch % 12 in context.scale_at(note.onset)
        leader = sounding(context.parts["melody"], note.onset)
        assert leader is None or roughness(note.pitch, leader.pitch) <= 0.5


def test_alone_it_lands_on_the_chord_on_strong_beats(play):
    for name in NAMES:
        for figure in TRANSFORMS:
            context, notes = play(name, figure, melody=())
            strong = [n for n in notes if n.onset % 2 == 0]
            assert all(n.pitch % 12 in context.chord_at(n.onset).symbol.pitch_classes for n in strong)


def test_every_figure_is_heard_apart_from_the_others(play):
    rows = {figure: play("hope", figure, melody=())[1] for figure in TRANSFORMS}
    for one, other in combinations(rows, 2):
        assert [(n.onset, n.pitch) for n in rows[one]] != [(n.onset, n.pitch) for n in rows[other]], (one, other)


def test_figures_do_what_their_names_say(play):
    counts = {f: sum(len(play(n, f, melody=())[1]) for n in NAMES) for f in TRANSFORMS}
    assert counts["diminish"] > counts["retrograde"] > counts["augment"]
    assert counts["ornament"] > counts["retrograde"] > counts["simplify"]
    _, late = play("hope", "displace", melody=())
    _, plain = play("hope", "retrograde", melody=())
    assert min(n.onset % 16 for n in late) == min(n.onset % 16 for n in plain) + 0.5


def test_it_answers_where_the_melody_rests(play):
    for name in NAMES:
        onsets = [phrase + at for phrase in (0.0, 16.0, 32.0, 48.0) for at in range(8)]
        sung = tuple(Note(onset, 0.5, 64, 90) for onset in [*onsets, 62.0])
        _, notes = play(name, "transpose", melody=sung, occurrence=1)
        assert all(n.onset % 16 >= 8 for n in notes)


def test_at_first_only_the_second_half_is_answered_and_later_all_of_it(play):
    for figure in ("transpose", "invert"):
        context, first = play("hope", figure)
        assert all(n.onset >= context.section.beats / 2 for n in first)
    returning = [n for name in NAMES for n in play(name, "transpose", occurrence=1)[1]]
    assert any(n.onset < 32 for n in returning)


def test_it_plays_only_where_its_layer_lies(play):
    context, _ = play("hope", "invert")
    assert variation.play(replace(context, layers=()), stream(1, "variation")) == []
    for figure in TRANSFORMS:
        _, notes = play("hope", figure, span=(16.0, 40.0), occurrence=1)
        assert all(n.onset >= 16 and n.end <= 40 for n in notes)


def test_aroused_feelings_answer_more_often(play):
    def rate(name):
        rows = [play(name, "transpose", seed=seed, occurrence=1) for seed in range(1, 7)]
        return sum(len(notes) / c.section.bars for c, notes in rows)

    assert rate("melancholy") < rate("worry") < rate("rage")


def test_the_same_section_is_the_same_again(play):
    for figure in TRANSFORMS:
        assert play("grief", figure) == play("grief", figure)
