"""What an engine plays in a verse, as its tests ask for it."""

from dataclasses import replace
from itertools import pairwise

import pytest

from kelly.composing.chance import stream
from kelly.composing.context import Layer
from kelly.composing.tables import instruments

BY_NAME = {instrument.name: instrument for instrument in instruments()}


@pytest.fixture(scope="session")
def player(contexts_of):
    """A function from (engine, part) to one from (name of a feeling, figure) to the verse's context and its notes.

    The part plays throughout unless it is given a `span` of beats; `on` names an instrument, `figures` are the
    section's other figures, `melody` is heard instead of the song's own, and what else is given changes the section.
    """

    def play(engine, part):
        def played(name, figure, *, seed=1, span=None, on=None, figures=None, melody=None, **changes):
            context = next(c for c in contexts_of(name, part, seed=seed) if c.section.role == "verse")
            drawn = {**context.section.figures, part: figure, **(figures or {})}
            section = replace(context.section, figures=drawn, **changes)
            start, end = span or (0.0, section.beats)
            chosen = {part: BY_NAME[on]} if on else {}
            plan = replace(context.plan, instruments={**context.plan.instruments, **chosen})
            parts = context.parts if melody is None else {**context.parts, "melody": melody}
            layers = (Layer(start, end - start, part, 1.0),)
            context = replace(context, plan=plan, section=section, parts=parts, layers=layers)
            return context, engine.play(context, stream(seed, part, "verse"))

        return played

    return play


@pytest.fixture(scope="session")
def assert_playable():
    """A function that asserts: notes in order, in range, in the section, and apart from others of their pitch."""

    def check(context, notes):
        assert notes == sorted(notes)
        assert all(context.low <= n.pitch <= context.high for n in notes)
        assert all(n.onset >= 0 and n.duration > 0 and n.end <= context.section.beats for n in notes)
        for pitch in {n.pitch for n in notes}:
            same = [n for n in notes if n.pitch == pitch]
            assert all(a.end <= b.onset + 1e-9 for a, b in pairwise(same))

    return check
