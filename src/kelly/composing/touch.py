"""Touch: how a written note is played, and how hard a stroke can become.

Conventions: loudness is a velocity before it is held in 1..127, as a number. Up to `KNEE` it is played as it is; above,
a stroke grows ever less and never beyond `KNEE + ROOM`, so that the loudest strokes of a loud song still differ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["KNEE", "ROOM", "Touch", "pressed"]

KNEE, ROOM = 110.0, 13.0


@dataclass(frozen=True, slots=True)
class Touch:
    """How a note is played: velocity, steps more than written; delay in beats; and, where it is known by how much
    players differ, the standard deviation of the velocity in steps.
    """

    velocity: float = 0.0
    delay: float = 0.0
    spread: float | None = None


def pressed(loudness: float) -> float:
    """The loudness that a hand brings about when it means `loudness`: at least 1, below 124, in the same order."""
    if loudness > KNEE:
        loudness = KNEE + ROOM * math.tanh((loudness - KNEE) / ROOM)
    return max(round(loudness, 6), 1.0)
