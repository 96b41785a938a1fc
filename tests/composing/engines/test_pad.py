"""Pads hold the harmony: on the chord, tied where tones stay, each texture its own."""

from dataclasses import replace
from itertools import pairwise

import pytest

from kelly.composing.chance import stream
from kelly.composing.engines import pad
from kelly.composing.plan import figures

FIGURES = tuple(figures()["pad"])
NAMES = ("grief", "serenity", "hope", "rage")


@pytest.fixture(scope="module")
def play(player):
    """A function from (name of a feeling, figure) to the verse's context and its pad."""
    return player(pad, "pad")


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("name", NAMES)
def test_every_note_is_in_range_in_the_section_and_apart_from_its_like(name, figure, play, assert_playable):
    context, notes = play(name, figure)
    assert_playable(context, notes)


@pytest.mark.parametrize("figure", [f for f in FIGURES if f != "moving"])
@pytest.mark.parametrize("name", NAMES)
def test_what_sounds_belongs_to_the_chord(name, figure, play):
    context, notes = play(name, figure)
    for note in notes:
        over = [c for c in context.chords if c.onset < note.end - 1e-9 and c.end > note.onset + 1e-9]
        assert all(note.pitch % 12 in chord.symbol.pitch_classes for chord in over)


def test_a_pad_that_is_silent_plays_nothing_and_a_late_one_waits(play):
    context, _ = play("hope", "held")
    assert pad.play(replace(context, layers=()), stream(1, "pad")) == []
    for figure in FIGURES:
        _, notes = play("hope", figure, span=(16.0, 40.0))
        assert notes
        assert all(n.onset >= 16 and n.end <= 40 for n in notes)


def test_held_ties_what_stays(play):
    changes = []
    for seed in range(1, 5):
        context, notes = play("hope", "held", seed=seed)
        for before, after in pairwise(context.chords):
            common = set(before.symbol.pitch_classes) & set(after.symbol.pitch_classes)
            if common and after.onset % 16:
                changes.append(any(n.onset < after.onset < n.end for n in notes))
    assert sum(changes) / len(changes) > 0.8


def test_voices_move_by_small_steps(play):
    context, notes = play("hope", "held")
    sets = [sorted(n.pitch for n in notes if n.onset <= c.onset < n.end) for c in context.chords]
    moves = [min(abs(p - q) for q in before) for before, after in pairwise(sets) for p in after]
    assert sum(moves) / len(moves) < 2.5


def test_pulsing_strikes_far_more_often_than_held(play):
    for name in NAMES:
        onsets = [len({n.onset for n in play(name, figure)[1]}) for figure in ("pulsing", "held")]
        assert onsets[0] >= 2.5 * onsets[1]


def test_moving_has_one_voice_that_moves_while_others_stay(play):
    for name in NAMES:
        context, notes = play(name, "moving")
        inside = [c for c in context.chords if c.duration >= 4]
        moved = [c for c in inside if any(c.onset < n.onset < c.end for n in notes)]
        stayed = [c for c in inside if sum(n.onset <= c.onset and n.end >= c.end - 0.6 for n in notes) >= 2]
        assert len(moved) > 0.9 * len(inside)
        assert len(stayed) > 0.9 * len(inside)


def test_open_fifths_have_no_third(play):
    for name in NAMES:
        context, notes = play(name, "open-fifths")
        for chord in context.chords:
            heard = {n.pitch % 12 for n in notes if n.onset <= chord.onset < n.end}
            assert heard == {chord.symbol.root, chord.symbol.pitch_classes[2]}


def test_swelling_grows_within_a_phrase(play):
    _, notes = play("hope", "swelling")
    first, last = ([n for n in notes if low <= n.onset % 16 < low + 4] for low in (0, 12))
    assert len(last) > len(first)
    assert sum(n.velocity for n in last) / len(last) > sum(n.velocity for n in first) / len(first) + 4


def test_shimmer_lies_higher_and_enters_tone_by_tone(play):
    for name in NAMES:
        _, high = play(name, "shimmer")
        _, held = play(name, "held")
        assert sum(n.pitch for n in high) / len(high) > sum(n.pitch for n in held) / len(held) + 2
        assert len({n.onset for n in high}) > 0.8 * len(high)


def test_the_same_section_is_the_same_again(play):
    for figure in FIGURES:
        assert play("grief", figure) == play("grief", figure)
