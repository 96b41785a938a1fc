"""Rows of steps: what a row says is what is laid, from the section's start, and busier sections take busier rows."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.composing.chance import stream
from kelly.composing.patterns import Hit, bar_rows, drive, kit, lay, lay_bars, level, table
from kelly.composing.tables import genres

ROWS = ("0" * 16, "1" * 16, "2" * 16, "3" * 16)


@pytest.fixture(scope="module")
def context(contexts_of):
    return next(c for c in contexts_of("hope", "bass", seed=1) if c.section.bars == 16)


def test_a_row_repeats_and_its_dashes_hold():
    hits = lay("X--.x.", 0.0, 2.0, 0.25)
    assert hits == [Hit(0.0, 0.75, "X"), Hit(1.0, 0.25, "x"), Hit(1.5, 0.5, "X")]


@settings(max_examples=60)
@given(
    st.text(".-xX", min_size=1, max_size=32), st.floats(0, 20), st.floats(0, 20), st.sampled_from([0.125, 0.25, 0.5])
)
def test_hits_are_laid_in_order_inside_their_span_and_apart(row, start, length, step):
    hits = lay(row, start, start + length, step)
    assert all(start - 1e-6 <= h.onset and h.onset + h.duration <= start + length + 1e-6 for h in hits)
    assert all(a.onset + a.duration <= b.onset + 1e-6 for a, b in pairwise(hits))


def test_a_late_entry_falls_in_with_the_others():
    whole, late = lay("X.x-x...", 0.0, 16.0, 0.25), lay("X.x-x...", 5.0, 16.0, 0.25)
    assert late == [hit for hit in whole if hit.onset >= 5.0]


def test_bars_take_their_own_rows():
    assert [h.symbol for h in lay_bars(["x---" * 4, "y---" * 4], 2.0, 6.0, 0.25)] == ["x", "x", "y", "y"]


def test_density_energy_and_returning_drive(context):
    wanted = context.parameters

    def at(density=0.6, energy=0.5, occurrence=0):
        section = replace(context.section, parameters=replace(wanted, density=density), energy=energy)
        return replace(context, section=replace(section, occurrence=occurrence))

    assert drive(at(density=0.3, energy=0.0)) == 0.0
    assert drive(at(density=1.0, energy=1.0)) == 1.0
    assert drive(at(density=0.5)) < drive(at(density=0.7))
    assert drive(at(energy=0.2)) < drive(at(energy=0.8))
    assert drive(at()) < drive(at(occurrence=1))
    assert [level(at(density=d, energy=0.0)) for d in (0.3, 0.6, 0.85, 1.0)] == [0, 1, 2, 2]


def test_first_bars_keep_the_row_and_fourth_bars_mostly_leave_it(context):
    rows = [bar_rows(ROWS, context, stream(seed, "rows")) for seed in range(20)]
    usual = ROWS[level(context)]
    assert all(bars[bar] == usual for bars in rows for bar in (0, 4, 8, 12))
    assert sum(bars[3] != usual for bars in rows) > 10


@pytest.mark.parametrize("genre", tuple(genres()))
def test_every_drum_that_is_asked_for_is_in_the_kit(genre):
    drums = kit(genre)
    rows = table("drums.json")["grooves"][genre]
    assert len(rows) == 4
    assert all(name in drums for row in rows for name in row)
    assert all(name in drums for strokes in table("fills.json")["legend"].values() for name in strokes)
    assert all(35 <= pitch <= 81 for pitch in drums.values())
