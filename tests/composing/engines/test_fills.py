"""Fills: fifteen ways into the next section, hotter the more it rises."""

from dataclasses import replace

import pytest

from kelly.composing.chance import stream
from kelly.composing.context import Layer
from kelly.composing.engines import fills
from kelly.composing.patterns import table
from kelly.composing.plan import figures
from kelly.composing.tables import genres

KINDS = tuple(figures()["fill"])


@pytest.fixture(scope="module")
def play(contexts_of):
    """A function from a kind of fill to its notes at the end of the verse, with energies before and after."""
    verse = next(c for c in contexts_of("hope", "fills", seed=1) if c.section.role == "verse")

    def played(kind, energy=0.5, following=0.8, density=0.7, beats=4.0, genre="rock", pulse=1.0):
        wanted = replace(verse.parameters, density=density)
        fill = {**verse.section.figures, "fill": kind}
        section = replace(verse.section, figures=fill, energy=energy, parameters=wanted, pulse=pulse)
        rows = [replace(s, energy=following) if s.index == section.index + 1 else s for s in verse.plan.sections]
        plan = replace(verse.plan, sections=tuple(rows), genre=genres()[genre])
        layer = Layer(section.beats - beats, beats, "fills", 1.0)
        context = replace(verse, plan=plan, section=section, layers=(layer,))
        return context, fills.play(context, stream(1, "fills", "verse"))

    return played


def test_there_are_fifteen_kinds_of_four_intensities():
    rows = table("fills.json")["kinds"]
    assert tuple(rows) == KINDS
    assert len(KINDS) == 15
    assert all(len(row) == 4 for row in rows.values())


@pytest.mark.parametrize("genre", tuple(genres()))
@pytest.mark.parametrize("kind", KINDS)
def test_a_fill_lies_in_its_layer_and_strikes_each_drum_once(kind, genre, play):
    for beats, pulse in ((4.0, 1.0), (2.0, 1.0), (4.0, 0.5), (2.0, 2.0)):
        context, notes = play(kind, beats=beats, genre=genre, pulse=pulse)
        layer = context.layer
        assert all(layer.onset - 1e-9 <= n.onset and n.end <= layer.end + 1e-9 for n in notes)
        assert all(35 <= n.pitch <= 81 and 1 <= n.velocity <= 127 and n.duration > 0 for n in notes)
        assert len({(n.onset, n.pitch) for n in notes}) == len(notes)


@pytest.mark.parametrize("kind", KINDS)
def test_a_greater_rise_makes_a_hotter_fill(kind, play):
    def strokes(following, density):
        return len({n.onset for n in play(kind, 0.4, following, density)[1]})

    assert 0 < strokes(0.2, 0.3) < strokes(1.0, 0.9)
    assert strokes(0.4, 0.6) <= strokes(0.9, 0.6)


def test_every_kind_sounds_its_own_way(play):
    rows = {tuple((n.onset, n.pitch) for n in play(kind)[1]) for kind in KINDS}
    assert len(rows) == 15


def test_it_grows_towards_the_next_section(play):
    _, notes = play("snare-roll", following=1.0, density=1.0)
    half = len(notes) // 2
    assert sum(n.velocity for n in notes[half:]) > 1.05 * sum(n.velocity for n in notes[:half])


def test_toms_run_down_or_climb_as_named(play):
    toms = {41: 0, 45: 1, 47: 2, 50: 3}
    for kind, way in (("tom-run", -1), ("tom-climb", 1)):
        heights = [toms[n.pitch] for n in play(kind, density=0.5)[1] if n.pitch in toms]
        assert (heights[-1] - heights[0]) * way > 0


def test_triplets_divide_the_beat_by_three(play):
    onsets = {round(n.onset * 3, 6) for n in play("triplets")[1]}
    assert all(onset == int(onset) for onset in onsets)
    assert any(onset % 3 for onset in onsets)


def test_without_a_layer_there_is_no_fill(contexts_of):
    context = contexts_of("hope", "fills", seed=1)[0]
    assert fills.play(replace(context, layers=()), stream(1, "fills")) == []
