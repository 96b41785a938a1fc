"""Tension rubs where the phrase leans forward, as its curve draws it, and resolves; kind feelings hear little of it."""

from dataclasses import replace
from itertools import pairwise

import pytest

from kelly.composing.chance import stream
from kelly.composing.engines import tension
from kelly.composing.plan import figures

FIGURES = tuple(figures()["tension"])
CURVES = tuple(figures()["tension-curve"])
NAMES = ("grief", "serenity", "hope", "rage", "dread")


@pytest.fixture(scope="module")
def play(player):
    """A function from (name of a feeling, figure, curve) to the verse's context and its tension."""
    played = player(tension, "tension")

    def drawn(name, figure, curve="plateau", **asked):
        return played(name, figure, on="bowed pad", figures={"tension-curve": curve}, **asked)

    return drawn


def chords_of(notes):
    """The pitches that sound together, by onset."""
    return {n.onset: sorted(m.pitch for m in notes if m.onset <= n.onset < m.end) for n in notes}


def foreign(context, note):
    """Whether a note is outside the chord it starts on."""
    return note.pitch % 12 not in context.chord_at(note.onset).symbol.pitch_classes


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("name", NAMES)
def test_every_note_is_in_range_in_the_section_and_apart_from_its_like(name, figure, play, assert_playable):
    context, notes = play(name, figure)
    assert notes
    assert_playable(context, notes)


@pytest.mark.parametrize("figure", [f for f in FIGURES if f != "pedal"])
def test_it_is_no_constant_noise(figure, play):
    for name in NAMES:
        context, notes = play(name, figure)
        rubbing = sum(n.duration for n in notes if foreign(context, n))
        assert rubbing < 0.75 * context.section.beats


def rub(context, notes):
    return sum(n.duration * n.velocity for n in notes) / context.section.beats / context.parameters.velocity


def test_harsh_feelings_bear_more_than_kind_ones(play):
    def amount(name):
        rows = [rub(*play(name, figure, seed=seed)) for figure in FIGURES for seed in range(1, 6)]
        return sum(rows)

    assert amount("serenity") < amount("grief")
    assert amount("joy") < amount("dread")


def halves(play, curve):
    """How much sounds in the first and in the second half of a section under a curve, over feelings and seeds."""
    early = late = 0.0
    for name in NAMES:
        for seed in range(1, 5):
            context, notes = play(name, "cluster", curve, seed=seed)
            middle = context.section.beats / 2
            early += sum(n.velocity * n.duration for n in notes if n.onset < middle)
            late += sum(n.velocity * n.duration for n in notes if n.onset >= middle)
    return early, late


def test_a_build_grows_and_a_release_lets_go(play):
    early, late = halves(play, "build")
    assert late > 1.5 * early
    early, late = halves(play, "release")
    assert early > 1.5 * late


def test_a_spike_is_late_and_brief(play):
    onsets = [
        n.onset / context.section.beats
        for name in NAMES
        for seed in range(1, 5)
        for context, notes in [play(name, "cluster", "spike", seed=seed)]
        for n in notes
    ]
    assert sum(0.55 <= x <= 0.95 for x in onsets) / len(onsets) > 0.6


def test_curves_differ(play):
    rows = [[play(name, "appoggiatura", curve)[1] for name in NAMES] for curve in CURVES]
    assert all(one != other for i, one in enumerate(rows) for other in rows[:i])


def test_a_dominant_has_the_leading_tone_before_its_chord(play):
    for name in NAMES:
        context, notes = play(name, "dominant")
        starts = {c.onset: c for c in context.chords}
        before = [n for n in notes if n.end in starts and n.onset not in starts]
        assert before
        roots = [starts[n.end].symbol.root for n in before]
        assert all((n.pitch - root) % 12 in (11, 5) for n, root in zip(before, roots, strict=True))


def test_diminished_chords_stack_minor_thirds(play):
    for name in NAMES:
        _, notes = play(name, "diminished")
        stacks = [tuple(b - a for a, b in pairwise(p)) for p in chords_of(notes).values()]
        assert any(stack[:2] == (3, 3) for stack in stacks)


def test_chromatic_lines_creep_by_semitones(play):
    for name in NAMES:
        _, notes = play(name, "chromatic")
        moves = [b.pitch - a.pitch for a, b in pairwise(notes) if abs(a.end - b.onset) < 1e-9]
        assert len(moves) >= 2
        assert sum(abs(move) == 1 for move in moves) / len(moves) > 0.8


def test_a_suspension_is_held_over_and_falls_by_step(play):
    for name in NAMES:
        context, notes = play(name, "suspension")
        changes = [c.onset for c in context.chords[1:]]
        over = [n for n in notes for at in changes if n.onset < at < n.end and foreign(context, replace(n, onset=at))]
        assert over
        for note in over:
            goals = [n.pitch for n in notes if abs(n.onset - note.end) < 1e-9]
            assert note.pitch - 1 in goals or note.pitch - 2 in goals


def test_an_appoggiatura_leans_and_falls_by_step_onto_the_chord(play):
    for name in NAMES:
        context, notes = play(name, "appoggiatura")
        leaning = [n for n in notes if any(n.onset == c.onset for c in context.chords)]
        assert leaning
        for note in leaning:
            goal = next(n for n in notes if n.onset == note.end)
            assert note.pitch - goal.pitch in (1, 2, 3)
            assert note.velocity > goal.velocity
            assert not foreign(context, goal)


def test_a_pedal_is_one_low_tone_of_the_key(play):
    for name in NAMES:
        context, notes = play(name, "pedal")
        assert {n.pitch % 12 for n in notes} == {context.key.tonic}
        assert min(n.pitch for n in notes) <= context.low + 12
        _, building = play(name, "pedal", "build")
        assert {n.pitch % 12 for n in building} == {(context.key.tonic + 7) % 12}


def test_a_tritone_and_a_cluster_are_what_they_are_called(play):
    for name in NAMES:
        together = chords_of(play(name, "tritone")[1]).values()
        assert any((b - a) % 12 == 6 for pitches in together for a, b in pairwise(pitches))
        together = [p for p in chords_of(play(name, "cluster")[1]).values() if len(p) > 1]
        assert together
        assert all(b - a == 1 for pitches in together for a, b in pairwise(pitches))


def test_it_plays_only_where_its_layer_lies(play):
    context, _ = play("dread", "cluster")
    assert tension.play(replace(context, layers=()), stream(1, "tension")) == []
    for figure in FIGURES:
        _, notes = play("dread", figure, span=(16.0, 48.0))
        assert notes
        assert all(n.onset >= 16 and n.end <= 48 for n in notes)


def test_the_same_section_is_the_same_again(play):
    for figure in FIGURES:
        assert play("grief", figure) == play("grief", figure)
