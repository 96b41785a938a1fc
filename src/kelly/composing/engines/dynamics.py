"""Dynamics: how loud a part is over a section (CC 11).

Conventions: time in beats from the section's start, CC 11 in 40..127, one value a beat at most and only where it
changes.
Decides the way from the level in which the section before ended to that of the next, in the figure drawn for the
section, as far as the plan's `dynamics` allows. Two neighbours share the level of their seam, so that nothing jumps
but what means to (terraced, subito). Leaves velocities to the engines, gates and fades at a seam to `transitions`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from numpy.random import Generator

from kelly.composing.context import Context, Plan
from kelly.composing.seams import seam
from kelly.score.notes import Control

__all__ = ["play"]

EXPRESSION, SOFTEST, LOUDEST, RESTING = 11, 40, 127, 100
SWELLING = {"strings": 1.4, "pad": 1.3, "counter": 1.1, "bass": 0.6, "drums": 0.4, "fills": 0.4}
LEAN = {"crescendo": 0.12, "diminuendo": -0.14, "hairpin": -0.06}

# A level at a share of the section: (share 0..1, beat, level of the start, own level, level of the end) -> level 0..1.
Shape = Callable[[float, float, float, float, float], float]


def play(context: Context, rng: Generator) -> list[Control]:
    """Shape the loudness of one part in one section.

    Parameters: context, the section, its neighbours and the part; rng, this engine's own stream.
    Returns: controls in time order from the section's start to its end or its seam; none when the part is silent.
    """
    if context.layer is None:
        return []
    way = seam(context)
    until = way.onset if way is not None and way.gated else context.section.beats
    controls: list[Control] = []
    for beat in range(math.ceil(until)):
        value = _value(float(beat), context)
        if not controls or controls[-1].value != value:
            controls.append(Control(float(beat), EXPRESSION, value))
    return controls


def _value(beat: float, context: Context) -> int:
    """The controller's value at a beat."""
    plan, section = context.plan, context.section
    start, end = _seam_level(plan, section.index - 1), _seam_level(plan, section.index)
    # The last beat of a section already has the level of the seam.
    share = min(beat / max(section.beats - 1, 1), 1.0)
    straight = start + (end - start) * share
    shaped = SHAPES[section.figures["loudness"]](share, beat, start, _level(plan, section.index), end)
    level = straight + (shaped - straight) * SWELLING.get(context.part, 1.0)
    full = SOFTEST + (LOUDEST - SOFTEST) * min(max(level, 0.0), 1.0)
    value = RESTING + min(1.4 * plan.dynamics, 1.0) * (full - RESTING)
    return int(min(max(round(round(value, 4)), SOFTEST), LOUDEST))


def _level(plan: Plan, index: int) -> float:
    """How loud a section is for itself, 0..1."""
    return 0.3 + 0.65 * plan.sections[index].energy


def _seam_level(plan: Plan, index: int) -> float:
    """The level at the end of section `index`: between it and the next, where its figure leans."""
    if index < 0:
        return _level(plan, 0)
    section = plan.sections[index]
    lean = LEAN.get(section.figures["loudness"], 0.0)
    if index + 1 == len(plan.sections):
        return _level(plan, index) + (0.0 if plan.is_loop else min(lean, -0.1))
    return (_level(plan, index) + _level(plan, index + 1)) / 2 + lean


def _flat(share: float, beat: float, start: float, own: float, end: float) -> float:
    """At its own level, but for the way in and out."""
    if share < 0.15:
        return start + (own - start) * share / 0.15
    return own if share < 0.85 else own + (end - own) * (share - 0.85) / 0.15


def _crescendo(share: float, beat: float, start: float, own: float, end: float) -> float:
    """Softer at first than a straight way, so that the end is a growth."""
    low = min(start, own, end - 0.15)
    return start + (low - start) * share / 0.2 if share < 0.2 else low + (end - low) * (share - 0.2) / 0.8


def _diminuendo(share: float, beat: float, start: float, own: float, end: float) -> float:
    """Up to its own level at once, then away."""
    high = max(start, own, end + 0.15)
    return start + (high - start) * share / 0.2 if share < 0.2 else high + (end - high) * (share - 0.2) / 0.8


def _hairpin(share: float, beat: float, start: float, own: float, end: float) -> float:
    """Open to the middle and closed again."""
    return start + (end - start) * share + 0.22 * (1 - abs(2 * share - 1))


def _terraced(share: float, beat: float, start: float, own: float, end: float) -> float:
    """A level a phrase, by turns a step above and below, nothing between."""
    return own + (0.09 if int(beat // 16) % 2 else -0.06)


def _subito(share: float, beat: float, start: float, own: float, end: float) -> float:
    """Held back, and loud from one beat to the next."""
    return own - 0.25 if share < 0.5 else own + 0.1


def _swell(share: float, beat: float, start: float, own: float, end: float) -> float:
    """Breathes in every two bars."""
    return start + (end - start) * share + 0.13 * (1 - math.cos(math.tau * beat / 8)) / 2


SHAPES: dict[str, Shape] = {
    "flat": _flat,
    "crescendo": _crescendo,
    "diminuendo": _diminuendo,
    "hairpin": _hairpin,
    "terraced": _terraced,
    "subito": _subito,
    "swell": _swell,
}
