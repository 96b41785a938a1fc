"""Fills: what the drummer plays at a section's end to lead into the next.

Conventions: time in beats from the section's start, pitch as General MIDI percussion number, velocity 1..127.
Decides how hot the section's fill is (one of four rows of `fills.json`, after the rise in energy and `drive`) and how
it grows. A row is one bar that ends with the layer: a short layer plays its tail. Twelve or twenty-four steps are
triplets.
Leaves the place to `arrangement`, the crash that follows to `drums` in the next section.
"""

from __future__ import annotations

from numpy.random import Generator

from kelly.composing.context import BAR, Context
from kelly.composing.patterns import drive, kit, lay, table
from kelly.composing.seams import silent_from
from kelly.score.notes import Note

__all__ = ["play"]


def play(context: Context, rng: Generator) -> list[Note]:
    """Play the fill of one section.

    Parameters: context, the section and the one that follows; rng, this engine's own stream.
    Returns: notes in time order within the part's layer, never past the section's end.
    """
    layer = context.layer
    if layer is None:
        return []
    row = table("fills.json")["kinds"][context.section.figures["fill"]][_heat(context)]
    length = BAR / context.section.pulse
    first = layer.end - length  # where the row begins, so that it ends with the layer
    until = min(layer.end, silent_from(context))
    hits = lay(row, max(layer.onset - first, 0.0), length, length / len(row))
    notes: list[Note] = []
    for hit in hits:
        onset = first + hit.onset
        if onset < until - 1e-6:
            growth = (onset - layer.onset) / max(layer.duration, 1e-6)
            notes += _stroke(hit.symbol, onset, min(0.8 * hit.duration, layer.end - onset), growth, context)
    return sorted(notes)


def _heat(context: Context) -> int:
    """0..3: how much the fill makes of the way into the next section."""
    rise = context.next.energy - context.energy if context.next else 0.0
    heat = 0.65 * drive(context) + (0.9 if rise > 0 else 0.2) * rise + 0.1
    return min(max(int(round(heat, 6) * 4), 0), 3)


def _stroke(symbol: str, onset: float, length: float, growth: float, context: Context) -> list[Note]:
    """The drums of one character, louder towards the end of the fill."""
    pitches = kit(context.plan.genre.name)
    notes: dict[int, Note] = {}
    for drum, weight in table("fills.json")["legend"][symbol].items():
        velocity = context.velocity(weight - 0.6 + 1.1 * growth)
        notes[pitches[drum]] = Note(onset, min(length, 0.25), pitches[drum], velocity)
    return list(notes.values())
