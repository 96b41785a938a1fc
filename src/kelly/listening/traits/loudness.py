"""Loudness: how hard the notes are struck, high and low, and how much that changes."""

from __future__ import annotations

import numpy as np

from kelly.listening.traits.counts import Traits, histogram, middle, spread
from kelly.listening.traits.sounded import Sounded

__all__ = ["measure"]

MIDDLE_C = 60


def measure(piece: Sounded) -> Traits:
    """The traits of loudness."""
    velocities = piece.velocities
    strikes = np.array([velocities[notes].mean() for notes in piece.struck])
    low = piece.pitches < MIDDLE_C
    varies = np.ptp(velocities) > 0 and np.ptp(piece.pitches) > 0
    return {
        **middle("velocity", velocities),
        **spread("velocity", velocities, (5, 10, 25, 50, 75, 90, 95)),
        "velocity range": float(np.ptp(velocities)),
        **histogram("velocity", velocities, np.arange(0, 129, 16)),
        **middle("velocity change", np.abs(np.diff(strikes))),
        "louder when higher": float(np.corrcoef(piece.pitches, velocities)[0, 1]) if varies else 0.0,
        "velocity below middle C": float(velocities[low].mean() if low.any() else velocities.mean()),
        "velocity above middle C": float(velocities[~low].mean() if not low.all() else velocities.mean()),
        "notes a second below middle C": float(low.sum()) / piece.length,
        "notes a second above middle C": float((~low).sum()) / piece.length,
        "no dynamics": float(np.ptp(velocities) == 0),
    }
