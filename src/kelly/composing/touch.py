"""Touch: how hard a stroke can become.

Conventions: loudness is a velocity before it is held in 1..127, as a number. Up to `KNEE` it is played as it is; above,
a stroke grows ever less and never beyond `KNEE + ROOM`, so that the loudest strokes of a loud song still differ.
"""

from __future__ import annotations

import math

__all__ = ["KNEE", "ROOM", "pressed"]

KNEE, ROOM = 110.0, 13.0


def pressed(loudness: float) -> float:
    """The loudness that a hand brings about when it means `loudness`: at least 1, below 124, in the same order."""
    if loudness > KNEE:
        loudness = KNEE + ROOM * math.tanh((loudness - KNEE) / ROOM)
    return max(round(loudness, 6), 1.0)
