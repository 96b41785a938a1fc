"""Production broken: mud, mistuning, noise, distortion, mono.

Conventions: each leaves its trace in the score (doublings, controllers, bends, programs, a part of noise), so that a
workstation plays it too; what no MIDI file can say is added in the render by `kelly.sound.effects`. Controllers: 10
pan, 74 brightness, 93 chorus; bends in cents.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

from numpy.random import Generator

from kelly.composing.chance import sway, uniform
from kelly.composing.context import Plan
from kelly.composing.rulebreaks.edits import change, clusters, find, inside, map_parts, name_of, reset
from kelly.composing.theory import fold
from kelly.score.notes import Bend, Control, Note, Part, Score
from kelly.sound.effects import Effects

__all__ = [
    "SOUND",
    "distortion",
    "excessive_mud",
    "mono_collapse",
    "pitch_imperfection",
    "room_noise",
    "sounding",
]

PAN, BRIGHTNESS, CHORUS, VOLUME, REVERB = 10, 74, 93, 7, 91
MUDDY = ("chords", "pad", "strings")
LOWEST_MUD = 33
NOISE_PART, NOISE_CHANNEL, SEASHORE, NOISE_PITCH = "Room", 11, 122, 60
OVERDRIVEN, DISTORTED, SQUARE_BASS = 29, 30, 38
GUITAR_RANGE = (40, 86)
GUITARS, BASSES = range(24, 30), range(32, 38)


def excessive_mud(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """The lowest notes of chords, pad and strings are doubled an octave down, and their highs are closed."""
    for name in MUDDY:
        if find(score, name):
            floor = max(plan.instruments[name].low, LOWEST_MUD)
            score = change(score, name, partial(_muddied, floor=floor, plan=plan, severity=severity))
    return score


def _muddied(part: Part, *, floor: int, plan: Plan, severity: float) -> Part:
    lowest = [group[0] for group in (sorted(g, key=lambda n: n.pitch) for g in clusters(part.notes))]
    doubled = [replace(n, pitch=n.pitch - 12) for n in lowest if inside(n, plan.sections) and n.pitch - 12 >= floor]
    closed = reset(part, BRIGHTNESS, round(64 - 40 * severity))
    return replace(closed, notes=tuple(sorted([*part.notes, *doubled])))


def pitch_imperfection(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """Every pitched part has a small mistuning of its own and drifts around it: up to 15 to 40 cents in all."""
    reach = 15 + 25 * severity
    end = score.end

    def drifting(part: Part) -> Part:
        if part.is_drums:
            return part
        tuning, speed, phase = 0.4 * reach * _sign(rng), uniform(0.09, 0.17, rng), uniform(0.0, 1.0, rng)
        return replace(part, bends=_drift(part, end, tuning, 0.5 * reach, speed, phase, 0.1 * reach, rng))

    return map_parts(score, drifting)


def _sign(rng: Generator) -> float:
    return uniform(0.5, 1.0, rng) * (1 if rng.random() < 0.5 else -1)


def _drift(
    part: Part, end: float, tuning: float, depth: float, speed: float, phase: float, flutter: float, rng: Generator
) -> tuple[Bend, ...]:
    """A bend every beat: the part's own bends, plus a slow wave (`speed` in waves a beat) and a little flutter."""
    own = sorted(part.bends)
    places = sorted([*(float(beat) for beat in range(math.ceil(end) + 1)), *(bend.onset for bend in own)])
    bends, cents = [], 0.0
    for onset in places:
        while own and own[0].onset <= onset:
            cents = own.pop(0).cents
        wave = math.sin(2 * math.pi * (speed * onset + phase))
        bent = cents + tuning + depth * wave + flutter * sway(rng)
        bends.append(Bend(onset, float(round(min(max(bent, -200.0), 200.0)))))
    return tuple(bends)


def room_noise(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """A part of its own lies under the song from beginning to end: General MIDI's seashore, very softly."""
    notes = [Note(section.start, section.beats, NOISE_PITCH, 50) for section in plan.sections]
    level = round(28 + 44 * severity)
    controls = (Control(0.0, VOLUME, level), Control(0.0, PAN, 64), Control(0.0, REVERB, 0))
    room = Part(NOISE_PART, NOISE_CHANNEL, SEASHORE, tuple(notes), controls)
    return replace(score, parts=(*score.parts, room))


def distortion(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """Guitars, and the chords whatever plays them, turn to overdriven or distorted guitar; basses to a buzzing one."""
    guitar = DISTORTED if severity > 0.6 else OVERDRIVEN

    def driven(part: Part) -> Part:
        if part.is_drums:
            return part
        if part.program in GUITARS or name_of(part) == "chords":
            low, high = GUITAR_RANGE
            notes = (replace(note, pitch=fold(note.pitch, low, high)) for note in part.notes)
            return replace(part, program=guitar, notes=tuple(notes))
        return replace(part, program=SQUARE_BASS) if part.program in BASSES else part

    return map_parts(score, driven)


def mono_collapse(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """Every part stands in the middle, without the chorus that would widen it."""
    return map_parts(score, lambda part: reset(reset(part, CHORUS, 0), PAN, 64))


# What each break adds to the effects of the render: the field, and its value at severity 0 and 1.
SOUND = {
    "excessive-mud": ("mud_db", 4.0, 15.0),
    "room-noise": ("noise_floor_db", -62.0, -36.0),
    "distortion": ("drive", 0.3, 1.0),
    "mono-collapse": ("width", 0.0, 0.0),
}


def sounding(effects: Effects, name: str, severity: float) -> Effects:
    """The effects with what the break called `name` (a key of `SOUND`) adds at a severity."""
    field, least, most = SOUND[name]
    return replace(effects, **{field: round(least + (most - least) * severity, 3)})
