"""Melody: how the top line moves, taken as the highest note of each strike."""

from __future__ import annotations

import numpy as np

from kelly.listening.traits.counts import Traits, middle, named, share
from kelly.listening.traits.sounded import Sounded

__all__ = ["measure"]

WIDEST = 13  # semitones; wider leaps count as this


def measure(piece: Sounded) -> Traits:
    """The traits of the top line and of the chords under it."""
    top = np.array([piece.pitches[notes[-1]] for notes in piece.struck])  # notes lie in order of pitch
    loud = np.array([piece.velocities[notes[-1]] for notes in piece.struck])
    mean = np.array([piece.velocities[notes].mean() for notes in piece.struck])
    size = np.array([len(notes) for notes in piece.struck])
    steps = np.diff(top)
    leaps = np.abs(steps)
    return {
        **middle("leap", leaps),
        "upwards": share(steps > 0),
        "repeated": share(steps == 0),
        "by step": share(leaps <= 2),
        "by leap": share(leaps >= 7),
        **named("leap", np.bincount(np.minimum(leaps, WIDEST), minlength=WIDEST + 1) / max(len(leaps), 1)),
        **middle("notes struck together", size),
        "chords struck": share(size >= 3),
        "top line louder": float((loud - mean).mean()),
    }
