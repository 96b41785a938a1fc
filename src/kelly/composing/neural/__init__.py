"""What the trained networks say to the engines, each module for one of them.

Conventions: `Plan.neural` is the dial, 0 (the rules alone) to 1. At 0 nothing here is asked, no network is loaded, and
a song is what the rules make of it, byte for byte. A network weighs what the rules allow; it never lifts what they, the
user or the five formulas have fixed. Where a network is missing the rules play alone: `kelly.models.networks` has said
so, and the song's report repeats it. Draws come from streams of their own, so that turning the dial does not reshuffle
what the rules draw.
"""

from __future__ import annotations

from kelly.models.networks import (
    DynamicsEngine,
    GroovePredictor,
    HarmonyPredictor,
    MelodyTransformer,
    shipped,
)

__all__ = ["ASKED", "missing"]

ASKED = (HarmonyPredictor, MelodyTransformer, DynamicsEngine, GroovePredictor)


def missing() -> tuple[str, ...]:
    """The titles of the networks that are asked and are not there."""
    return tuple(kind.network.title for kind in ASKED if shipped(kind) is None)
