"""Seams: how one section leads into the next.

Conventions: `rise` is the next section's energy minus this one's, `turn` the change of valence; times in beats from
the start of the section that ends. What the players make of a seam is theirs: `transitions` sounds it and moves the
controllers, drums, fills, bass and chords fall silent where it wants silence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from kelly.composing.chance import pick, stream
from kelly.composing.context import Context, Section
from kelly.composing.tables import affinity, load_rows

__all__ = ["Seam", "kinds", "seam", "silent_from"]

SILENT = ("cut", "drop", "silence")
STARTLING = (*SILENT, "stutter")  # what wears off when it comes at every seam
GATED = (*SILENT, "breakdown", "crossfade", "stutter")


@dataclass(frozen=True, slots=True)
class Seam:
    """A way out of a section: its kind, and where it begins and ends in beats."""

    kind: str
    onset: float
    end: float

    @property
    def silent(self) -> bool:
        """Whether nobody plays from its onset on."""
        return self.kind in SILENT

    @property
    def gated(self) -> bool:
        """Whether it moves the loudness of all parts by itself."""
        return self.kind in GATED

    @property
    def duration(self) -> float:
        """Length in beats."""
        return self.end - self.onset


@dataclass(frozen=True, slots=True)
class _Row:
    rise: float
    turn: float
    home: tuple[float, float, float]
    beats: float


@cache
def kinds() -> dict[str, _Row]:
    """The ten kinds of transition by name: the rise, turn and feeling they suit, and their length in beats."""
    return {
        row["kind"]: _Row(
            float(row["rise"]),
            float(row["turn"]),
            (float(row["valence"]), float(row["arousal"]), float(row["dominance"])),
            float(row["beats"]),
        )
        for row in load_rows("transitions.csv")
    }


def seam(context: Context) -> Seam | None:
    """The seam at the end of a section, or None when the arrangement wants none or the song ends here.

    A pure function of the plan: every engine that asks is told the same.
    """
    layer, following = context.layer_of("transitions"), context.next
    if layer is None or following is None:
        return None
    section = context.section
    weights = {name: _fit(section, following, row) * _rarity(name, context) for name, row in kinds().items()}
    kind = pick(weights, stream(context.plan.seed, "seam", section.role, following.role, section.index))
    beats = min(kinds()[kind].beats, section.beats / 2)
    return Seam(kind, max(section.beats - beats, layer.onset), section.beats)


def _rarity(kind: str, context: Context) -> float:
    """How far a kind is held back: a hole is a held breath before the fullest section, and a habit before every one."""
    sections = context.plan.sections
    fullest = max(sections, key=lambda section: section.energy)
    return 0.3 if kind in STARTLING and context.next is not fullest else 1.0


def _fit(section: Section, following: Section, row: _Row) -> float:
    """How well a kind suits the way from one section to the next, 0..1."""
    rise = following.energy - section.energy - row.rise
    turn = following.feeling.valence - section.feeling.valence - row.turn
    return math.exp(-(rise**2) / (2 * 0.2**2) - turn**2 / (2 * 0.5**2)) * affinity(following.feeling, row.home, 0.25)


def silent_from(context: Context) -> float:
    """The beat from which nobody plays; the section's end when nothing hushes it."""
    found = seam(context)
    return found.onset if found is not None and found.silent else context.section.beats
