"""Dynamics: loudness follows the song's energy in the drawn figure, without jumps that nobody asked for."""

from dataclasses import replace
from itertools import pairwise

import pytest

from kelly.composing.chance import stream
from kelly.composing.context import Layer
from kelly.composing.engines import dynamics
from kelly.composing.plan import figures
from kelly.composing.tables import parts

FIGURES = tuple(figures()["loudness"])
SMOOTH = tuple(figure for figure in FIGURES if figure not in ("terraced", "subito"))


@pytest.fixture(scope="module")
def song(contexts_of):
    return contexts_of("hope", "melody", seed=1)


def shaped(song, figure, part="melody", amount=0.6, energies=None):
    """The values of a part beat by beat, section by section, when every section has the figure."""
    rows = [
        replace(
            c.section,
            figures={**c.section.figures, "loudness": figure},
            energy=energies[c.section.index] if energies else c.energy,
        )
        for c in song
    ]
    plan = replace(song[0].plan, sections=tuple(rows), dynamics=amount)
    made = []
    for context, section in zip(song, rows, strict=True):
        layer = Layer(0.0, section.beats, part, 1.0)
        at = replace(context, plan=plan, section=section, layers=(layer,), part=part, row=parts()[part])
        made.append(dynamics.play(at, stream(1, "dynamics", part)))
    return made


def by_beat(controls, beats):
    values = {c.onset: c.value for c in controls}
    row, value = [], 0
    for beat in range(int(beats)):
        value = values.get(float(beat), value)
        row.append(value)
    return row


@pytest.mark.parametrize("part", ["melody", "strings", "bass"])
@pytest.mark.parametrize("figure", FIGURES)
def test_values_lie_in_range_at_most_one_a_beat_and_only_where_they_change(figure, part, song):
    for controls, context in zip(shaped(song, figure, part, 1.0), song, strict=True):
        assert controls[0].onset == 0
        assert all(c.controller == 11 and 40 <= c.value <= 127 and c.onset < context.section.beats for c in controls)
        assert all(a.value != b.value and b.onset - a.onset >= 1 for a, b in pairwise(controls))


@pytest.mark.parametrize("figure", SMOOTH)
def test_neighbours_meet_at_their_seam(figure, song):
    made = shaped(song, figure)
    for before, after in pairwise(made):
        assert abs(before[-1].value - after[0].value) <= 4


@pytest.mark.parametrize("figure", SMOOTH)
def test_nothing_jumps_within_a_section(figure, song):
    for controls in shaped(song, figure, amount=1.0):
        assert all(abs(a.value - b.value) <= 20 for a, b in pairwise(controls))


@pytest.mark.parametrize("figure", FIGURES)
def test_louder_where_the_song_has_more_energy(figure, song):
    quiet, loud = (shaped(song, figure, energies=[energy] * len(song)) for energy in (0.2, 0.9))
    for soft, strong, context in zip(quiet, loud, song, strict=True):
        beats = context.section.beats
        assert sum(by_beat(strong, beats)) > sum(by_beat(soft, beats)) + 10 * beats


def test_figures_move_as_their_names_say(song):
    index = next(c.section.index for c in song if c.section.bars == 16)
    level = [0.5] * len(song)
    rows = {f: by_beat(shaped(song, f, "strings", 1.0, level)[index], 64) for f in FIGURES}
    assert max(rows["flat"]) == min(rows["flat"])
    assert rows["crescendo"][-1] - min(rows["crescendo"]) >= 12
    assert max(rows["diminuendo"]) - rows["diminuendo"][-1] >= 12
    assert rows["hairpin"][32] - max(rows["hairpin"][0], rows["hairpin"][-1]) >= 15
    assert len(set(rows["terraced"])) == 2
    steps = [b - a for a, b in pairwise(rows["subito"])]
    assert max(steps) >= 20
    assert steps.count(0) >= len(steps) - 2
    turns = sum(
        (b - a) * (c - b) < 0 for a, b, c in zip(rows["swell"], rows["swell"][1:], rows["swell"][2:], strict=False)
    )
    assert turns >= 8


def test_strings_swell_more_than_the_bass(song):
    level = [0.5] * len(song)

    def reach(part):
        values = [c.value for row in shaped(song, "swell", part, energies=level)[1:-1] for c in row]
        return max(values) - min(values)

    assert reach("strings") > 1.5 * reach("bass")


def test_no_dynamics_is_one_level(song):
    for figure in FIGURES:
        assert {c.value for row in shaped(song, figure, amount=0.0) for c in row} == {100}


def test_a_silent_part_has_no_controls(song):
    assert dynamics.play(replace(song[0], layers=()), stream(1, "dynamics")) == []
