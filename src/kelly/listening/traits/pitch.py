"""Pitch: how high the notes lie, how widely, and which pitch classes they have relative to the tonic."""

from __future__ import annotations

import numpy as np

from kelly.listening.traits.counts import Traits, entropy, histogram, middle, named, spread
from kelly.listening.traits.key import key_of
from kelly.listening.traits.sounded import Sounded

__all__ = ["measure"]

REGISTERS = (0, 36, 48, 60, 72, 84, 128)


def measure(piece: Sounded) -> Traits:
    """The traits of pitch."""
    key = key_of(piece.classes)
    struck = np.bincount(piece.pitches % 12, minlength=12) / len(piece)
    return {
        **middle("pitch", piece.pitches),
        **spread("pitch", piece.pitches),
        "pitch range": float(np.ptp(piece.pitches)),
        "pitch by duration": float(np.average(piece.pitches, weights=piece.durations)),
        **histogram("register", piece.pitches, REGISTERS),
        **histogram("register by duration", piece.pitches, REGISTERS, piece.durations),
        **named("degree by duration", np.roll(piece.classes, -key.tonic)),
        **named("degree", np.roll(struck, -key.tonic)),
        **named("degree above the minor tonic", np.roll(piece.classes, -key.minor_tonic)),
        "pitch class entropy": entropy(piece.classes),
    }
