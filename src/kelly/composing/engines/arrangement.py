"""Arrangement: which parts play in a section, from when to when, and how full they are.

Conventions: times in beats from the section's start, levels 0..1. A part enters when the section's energy passes its
threshold. Decides entrances, exits and the room for fills and transitions from role, energy and feeling. Leaves what
the parts play to their engines, and the roles and energies themselves to the journey's arc.
"""

from __future__ import annotations

from numpy.random import Generator

from kelly.composing.chance import uniform
from kelly.composing.context import BAR, PHRASE, Context, Layer
from kelly.composing.tables import parts

__all__ = ["play"]

# Energy at which a part joins, before the feeling has its say.
THRESHOLDS = {
    "chords": 0.0,
    "melody": 0.1,
    "bass": 0.25,
    "pad": 0.3,
    "counter": 0.55,
    "strings": 0.5,
    "tension": 0.45,
    "variation": 0.5,
}
QUIET_ROLES = ("intro", "breakdown", "interlude")


def play(context: Context, rng: Generator) -> list[Layer]:
    """Decide the layers of one section.

    Parameters: context, the section with its energy and feeling; rng, this engine's own stream.
    Returns: one layer for each part that plays, in the order of `parts.csv`.
    """
    drawn = {part: uniform(-0.06, 0.06, rng) for part in parts()}
    return [
        Layer(start, end - start, part, round(level, 3))
        for part in parts()
        for start, end, level in [_span(part, context, drawn[part])]
        if end > start
    ]


def _span(part: str, context: Context, drawn: float) -> tuple[float, float, float]:
    """From when to when a part plays, and its level; an empty span when it is silent."""
    if part in ("fills", "transitions"):
        return _seam(part, context, drawn)
    surplus = context.energy - _threshold(part, context) - drawn
    if part == "melody" and context.section.role in QUIET_ROLES and not context.plan.is_loop:
        surplus -= 0.3
    if surplus < 0:
        return 0.0, 0.0, 0.0
    start, end = _entrance(part, context, surplus), _exit(part, context, surplus)
    return start, end, min(1.0, 0.55 + 0.6 * surplus)


def _threshold(part: str, context: Context) -> float:
    """The energy that brings a part in: complexity thickens, a calm feeling wants pads and no drums."""
    feeling, wanted = context.feeling, context.parameters
    if part == "drums":
        opening = 0.25 if context.section.role in QUIET_ROLES else 0.0
        return context.plan.genre.energy_of_drums + 0.25 * (0.4 - feeling.arousal) + opening
    shift = 0.2 * (0.6 - context.plan.complexity)
    if part == "pad":
        shift += 0.3 * (feeling.arousal - 0.4)
    if part == "strings":
        shift += 0.15 * (0.5 - feeling.intensity)
    if part == "tension":
        shift += 0.8 * (0.5 - wanted.dissonance)
    if part == "variation":  # an answer wants to be heard where the song comes back
        shift += -0.1 if context.section.occurrence else 0.1
    return THRESHOLDS[part] + shift


def _entrance(part: str, context: Context, surplus: float) -> float:
    """Parts that barely join come in later, by whole phrases; the first verse lets the drums wait."""
    phrases = context.section.bars // 4
    if phrases < 2 or part in ("chords", "melody") or context.section.role == "outro":
        return 0.0
    waits = part in ("drums", "counter", "strings", "variation") and context.section.occurrence == 0
    opening = context.section.index == 0
    late = surplus < 0.12 or (waits and opening) or part in ("counter", "variation")
    return PHRASE * (phrases // 2) if late else 0.0


def _exit(part: str, context: Context, surplus: float) -> float:
    """In the outro the parts leave one by one, the fuller ones later; what makes a last chord stays to the end."""
    end = context.section.beats
    if context.section.role != "outro" or part in ("chords", "melody", "bass", "pad") or context.section.bars < 8:
        return end
    if surplus < 0.2:
        return end - PHRASE
    return end if part == "drums" else end - BAR  # the drums have the last stroke


def _seam(part: str, context: Context, drawn: float) -> tuple[float, float, float]:
    """Room at the section's end for a fill, or for what leads over to the next section."""
    end = context.section.beats
    rise = 0.0 if context.next is None else context.next.energy - context.energy
    if context.next is None or context.section.bars < 2:
        return 0.0, 0.0, 0.0
    level = min(1.0, max(0.2, 0.5 + rise + drawn))
    if part == "transitions":
        length = 2 * BAR if abs(rise) >= 0.2 and context.section.bars >= 8 else BAR
        return end - length, end, level
    if context.layer_of("drums") is None and context.energy < context.plan.genre.energy_of_drums:
        return 0.0, 0.0, 0.0
    return end - (BAR if rise >= 0.3 else BAR / 2), end, level
