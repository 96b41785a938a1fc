"""A second voice beside the first: in its rests, consonant under it, never in its place."""

from dataclasses import replace
from itertools import pairwise

import pytest

from kelly.composing.chance import stream
from kelly.composing.counterpoint import roughness, sounding
from kelly.composing.engines import counter_melody
from kelly.composing.plan import figures

FIGURES = tuple(figures()["counter"])
NAMES = ("grief", "serenity", "hope", "rage", "worry")


@pytest.fixture(scope="module")
def play(player):
    """A function from (name of a feeling, figure) to the verse's context and its second voice."""
    return player(counter_melody, "counter")


def together(context, notes):
    """Pairs of a note and the melody's note that sounds where it starts."""
    pairs = [(n, sounding(context.parts["melody"], n.onset)) for n in notes]
    return [(n, leader) for n, leader in pairs if leader is not None]


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("name", NAMES)
def test_one_note_at_a_time_in_range_and_in_the_section(name, figure, play):
    context, notes = play(name, figure)
    assert notes
    assert all(a.end <= b.onset + 1e-9 for a, b in pairwise(notes))
    assert all(context.low <= n.pitch <= context.high for n in notes)
    assert all(n.onset >= 0 and n.duration > 0 and n.end <= context.section.beats for n in notes)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("name", NAMES)
def test_it_never_sings_what_the_melody_sings(name, figure, play):
    context, notes = play(name, figure)
    for note in notes:
        for other in context.parts["melody"]:
            if other.onset < note.end - 1e-9 and note.onset < other.end - 1e-9:
                assert other.pitch != note.pitch


@pytest.mark.parametrize("figure", [f for f in FIGURES if f != "ostinato"])
@pytest.mark.parametrize("name", NAMES)
def test_it_says_less_than_the_melody(name, figure, play):
    context, notes = play(name, figure)
    assert len(notes) < len(context.parts["melody"])


# A held tone cannot please every note of the melody above it.
@pytest.mark.parametrize(
    ("figure", "share"), [("parallel", 0.7), ("contrary", 0.7), ("imitation", 0.7), ("oblique", 0.6)]
)
def test_strong_beats_are_consonant_with_the_melody(figure, share, play):
    rough = [
        roughness(n.pitch, leader.pitch)
        for name in NAMES
        for n, leader in together(*play(name, figure))
        if n.onset % 2 == 0
    ]
    assert sum(r <= 0.15 for r in rough) / len(rough) > share
    assert sum(r >= 0.75 for r in rough) / len(rough) < 0.05


@pytest.mark.parametrize("figure", FIGURES)
def test_strong_beats_fit_the_harmony(figure, play):
    if figure != "pedal":
        hits = [
            n.pitch % 12 in context.scale_at(n.onset)
            for context, notes in (play(name, figure) for name in NAMES)
            for n in notes
            if n.onset % 2 == 0
        ]
        assert all(hits)


def directions(context, notes):
    """Signs of the moves of both voices where the second follows the first note for note (1 same way, -1 opposite)."""
    melody = {n.onset: n.pitch for n in context.parts["melody"]}
    joined = [n for n in notes if n.onset in melody]
    moves = [
        (b.pitch - a.pitch) * (melody[b.onset] - melody[a.onset])
        for a, b in pairwise(joined)
        if b.onset // 16 == a.onset // 16
    ]
    return [1 if move > 0 else -1 for move in moves if move]


def test_parallel_goes_with_the_melody_and_contrary_against_it(play):
    with_it = [d for name in NAMES for d in directions(*play(name, "parallel"))]
    against = [d for name in NAMES for d in directions(*play(name, "contrary"))]
    assert sum(with_it) / len(with_it) > 0.6
    assert sum(against) / len(against) < -0.6


def test_parallel_keeps_to_thirds_sixths_and_their_octaves(play):
    intervals = [
        abs(n.pitch - leader.pitch) % 12
        for name in NAMES
        for n, leader in together(*play(name, "parallel"))
        if n.onset == leader.onset
    ]
    assert sum(i in (3, 4, 8, 9) for i in intervals) / len(intervals) > 0.75


def test_oblique_holds_while_the_melody_moves(play):
    for name in NAMES:
        context, notes = play(name, "oblique")
        assert sum(n.duration for n in notes) / len(notes) >= 3
        assert len(notes) <= len(context.chords)


def test_imitation_repeats_the_melodys_rhythm_later(play):
    for name in NAMES:
        context, notes = play(name, "imitation")
        struck = {n.onset for n in context.parts["melody"]}
        echoed = [n.onset - 4 in struck or n.onset - 2 in struck for n in notes]
        assert sum(echoed) / len(echoed) > 0.85
        assert len(notes) >= 6


def test_a_pedal_stays_on_one_tone_and_an_ostinato_comes_back_bar_by_bar(play):
    for name in NAMES:
        _, notes = play(name, "pedal")
        assert len({n.pitch for n in notes}) == 1
        _, notes = play(name, "ostinato")
        bars = [tuple(n.onset % 4 for n in notes if n.onset // 4 == bar) for bar in range(16)]
        assert max(bars.count(bar) for bar in bars) >= 10


def test_rests_of_the_melody_are_filled(play):
    def spoken(name, figure):
        context, notes = play(name, figure)
        return sum(sounding(context.parts["melody"], n.onset) is None for n in notes)

    assert sum(spoken(name, figure) for name in NAMES for figure in ("parallel", "contrary", "imitation")) >= 25


def test_without_a_melody_it_holds_guide_tones(play):
    for figure in FIGURES:
        context, notes = play("hope", figure, melody=())
        assert notes
        assert all(n.pitch % 12 in context.scale_at(n.onset) for n in notes)


def test_it_plays_only_where_its_layer_lies(play):
    context, _ = play("hope", "parallel")
    assert counter_melody.play(replace(context, layers=()), stream(1, "counter")) == []
    for figure in FIGURES:
        _, notes = play("hope", figure, span=(16.0, 40.0))
        assert notes
        assert all(n.onset >= 16 and n.end <= 40 for n in notes)


def test_aroused_feelings_say_more(play):
    for figure in ("parallel", "contrary", "ostinato"):
        rates = [len(notes) / c.section.bars for c, notes in (play(n, figure) for n in ("melancholy", "hope", "rage"))]
        assert rates == sorted(rates)
        assert rates[0] < rates[-1]


def test_the_same_section_is_the_same_again(play):
    for figure in FIGURES:
        assert play("grief", figure) == play("grief", figure)
