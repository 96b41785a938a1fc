"""Arrangement broken: who is loud, where the peak lies, how far soft and loud are apart.

Conventions: energies and severities 0..1, velocity and controller values 1..127. A break of the plan moves energies
before a note is written, so that density, layers and loudness follow; in a song of one section it has nothing to
move. A break of the score scales velocities and volumes and leaves pitch and time alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from numpy.random import Generator

from kelly.composing.chance import pick
from kelly.composing.context import Plan, Section
from kelly.composing.rulebreaks.edits import (
    VOLUME,
    change,
    map_parts,
    name_of,
    playing,
    scaled_control,
    section_at,
)
from kelly.composing.tables import parts
from kelly.composing.touch import pressed
from kelly.score.notes import Note, Part, Score

__all__ = [
    "buried_vocals",
    "extreme_dynamic_range",
    "premature_climax",
    "structural_mismatch",
    "unbalanced_dynamics",
]

PEAK_BEFORE = 1 / 3  # of the song
PUSHED = ("strings", "pad", "counter", "drums", "variation", "chords")
HELD_BACK = ("bass", "chords", "pad", "drums", "counter")


def structural_mismatch(plan: Plan, severity: float, rng: Generator) -> Plan:
    """The sections exchange their energies: the one that should be strongest becomes the weakest, and so on down."""
    energies = [section.energy for section in plan.sections]
    ranked = sorted(range(len(energies)), key=lambda i: (energies[i], i))
    mirrored = dict(zip(ranked, [energies[i] for i in reversed(ranked)], strict=True))
    share = 0.7 + 0.3 * severity
    return _with_energies(plan, [(1 - share) * energy + share * mirrored[i] for i, energy in enumerate(energies)])


def premature_climax(plan: Plan, severity: float, rng: Generator) -> Plan:
    """The peak moves into the first third of the song; everything after it stays well below and fades."""
    early = [s.index for s in plan.sections if s.progress < PEAK_BEFORE] or [0]
    top = max(section.energy for section in plan.sections)
    at = early[-1]
    later = len(plan.sections) - at - 1
    energies = [min(section.energy, 0.8 * top) for section in plan.sections[:at]] + [top]
    for i, section in enumerate(plan.sections[at + 1 :]):
        ceiling = top * (0.75 - (0.2 + 0.25 * severity) * i / max(later - 1, 1))
        energies.append(min(section.energy, ceiling))
    return _with_energies(plan, energies)


def _with_energies(plan: Plan, energies: Sequence[float]) -> Plan:
    sections = (replace(s, energy=round(e, 3)) for s, e in zip(plan.sections, energies, strict=True))
    return replace(plan, sections=tuple(sections))


def unbalanced_dynamics(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """One accompanying part is pushed far to the front, another one held far back."""
    present = playing(score, PUSHED, plan.sections)
    if not present:
        return score
    loud = pick(present[:3], rng)
    score = change(score, loud, lambda part: _louder(part, 1 + 0.7 * severity, plan.sections))
    for soft in playing(score, [name for name in HELD_BACK if name != loud], plan.sections)[:1]:
        score = change(score, soft, lambda part: _louder(part, 1 - 0.6 * severity, plan.sections))
    return score


def buried_vocals(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """The melody sinks far below its accompaniment, in velocity and in volume."""
    score = change(score, "melody", lambda part: _louder(part, 1 - 0.6 * severity, plan.sections))
    return map_parts(score, lambda part: part if name_of(part) in ("melody", "") else _raised(part, 1 + 0.2 * severity))


def _louder(part: Part, factor: float, sections: Sequence[Section]) -> Part:
    """Velocities and volume times a factor."""
    notes = (
        replace(note, velocity=_velocity(note.velocity * factor)) if section_at(note.onset, sections) else note
        for note in part.notes
    )
    return replace(_raised(part, factor), notes=tuple(notes))


def _raised(part: Part, factor: float) -> Part:
    row = parts()[name_of(part)]
    return replace(part, controls=scaled_control(part, VOLUME, row.volume, factor))


def _velocity(value: float) -> int:
    return int(min(max(round(value, 3), 1), 127) + 0.5)


def extreme_dynamic_range(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """Soft passages become softer and loud ones louder; the mean velocity of the passages stays what it was."""
    notes = [note for note in score.notes() if section_at(note.onset, plan.sections)]
    if not notes:
        return score
    mean = sum(note.velocity for note in notes) / len(notes)
    swing = _swing(plan.sections)

    def wanted(note: Note) -> float:
        section = section_at(note.onset, plan.sections)
        push = swing(section, note.onset) if section else 0.0
        return mean + (1 + severity) * (note.velocity - mean) + 70 * severity * push

    meant = {note: wanted(note) for note in notes}
    offset = 0.0

    def struck(note: Note) -> float:
        return pressed(max(meant[note] + offset, 8))

    for _ in range(6):  # clipping at the ends moves the mean; a few rounds bring it back
        got = sum(struck(note) for note in notes) / len(notes)
        offset += mean - got

    def swung(part: Part) -> Part:
        new = (replace(n, velocity=_velocity(struck(n))) if n in meant else n for n in part.notes)
        return replace(part, notes=tuple(new))

    return map_parts(score, swung)


def _swing(sections: Sequence[Section]) -> Callable[[Section, float], float]:
    """How far a moment lies above (or below) the middle of the song, -.5...5: by its section's energy.

    Where all sections are equally strong, each swells to its middle and sinks again.
    """
    energies = [section.energy for section in sections]
    low, high = min(energies), max(energies)
    if high - low < 0.05:
        return lambda section, onset: 0.5 - abs(2 * (onset - section.start) / section.beats - 1)
    return lambda section, _: (section.energy - low) / (high - low) - 0.5
