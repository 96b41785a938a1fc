"""Tension: a quiet part that rubs against the harmony where a phrase leans forward, and lets go again.

Conventions: times in beats from the section's start. A spot is a change of chord; the tones of tension lie before it or
on it and resolve into the chord they lead to (a cluster and a pedal do not).
Decides the means (figure), how much of it there is and when (the tension curve, the feeling's dissonance, energy):
cadences and phrase starts first, pleasant feelings little. Leaves the chords to `chords` and unresolved endings to the
rule-breaks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from numpy.random import Generator

from kelly.composing.chance import chance
from kelly.composing.context import PHRASE, Chord, Context, Layer
from kelly.composing.counterpoint import apart, harmony, note, step, tones
from kelly.composing.theory import nearest_pitch
from kelly.score.notes import Note

__all__ = ["play"]

# How tense a section is at `x` in 0..1 of its length.
CURVES: dict[str, Callable[[float], float]] = {
    "build": lambda x: 0.15 + 0.85 * x,
    "release": lambda x: 1 - 0.85 * x,
    "plateau": lambda x: 0.6 + 0 * x,
    "spike": lambda x: max(0.1, 1 - 4 * abs(x - 0.75)),
    "wave": lambda x: 0.5 - 0.4 * math.cos(4 * math.pi * x),
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A change of chord that may be made tense: the chords before and after it, how much tension it bears (0..1)."""

    before: Chord
    after: Chord
    amount: float

    @property
    def beat(self) -> float:
        """When the chord changes."""
        return self.after.onset


def play(context: Context, rng: Generator) -> list[Note]:
    """Write the tension of one section.

    Parameters: context, the section with its chords, feeling, figure and tension curve; rng, this engine's own stream.
    Returns: notes in time order, none overlapping another of its pitch, within the part's range and layer.
    """
    layer = context.layer
    if layer is None:
        return []
    spots = _chosen(context, rng)
    figure = FIGURES[context.section.figures["tension"]]
    return apart(heard for spot in spots for heard in figure(context, spot) if heard.onset < layer.end)


def _curve(context: Context, beat: float) -> float:
    """The section's tension at `beat`, 0..1, as its curve draws it."""
    share = beat / context.section.beats
    return round(CURVES[context.section.figures["tension-curve"]](share), 6)


def _amount(context: Context, beat: float) -> float:
    """How much tension a place bears, 0..1: its curve, the feeling's dissonance and unpleasantness, and energy."""
    pleasant = max(0.0, context.feeling.valence)
    appetite = context.parameters.dissonance * (1 - 0.65 * pleasant) * (0.7 + 0.5 * context.energy)
    return min(1.0, _curve(context, beat) * (0.2 + appetite))


def _chosen(context: Context, rng: Generator) -> list[Spot]:
    """The changes of chord that become tense: the most fitting one always, others by chance."""
    found = [
        Spot(before, after, _amount(context, after.onset))
        for before, after in pairwise(harmony(context))
        if before.symbol != after.symbol
    ]
    if not found:
        return []
    eagerness = 0.5 + 0.7 * context.parameters.density
    drawn = [chance(1.1 * eagerness * spot.amount * _relevance(spot), rng) for spot in found]
    first = max(range(len(found)), key=lambda i: (round(found[i].amount * _relevance(found[i]), 6), i))
    return [spot for i, spot in enumerate(found) if drawn[i] or i == first]


def _relevance(spot: Spot) -> float:
    """How much a change of chord matters to the phrase: cadences and new phrases most."""
    if spot.after.cadence or spot.beat % PHRASE == 0:
        return 1.0
    return 0.6 if spot.beat % (PHRASE / 2) == 0 else 0.35


def _centre(context: Context) -> float:
    """Where the part lies: about the register, but not so low that its rubs turn to mud."""
    return min(max(context.parameters.register - 1, context.low + 7, 60.0), context.high - 9)


def _near(context: Context, target: float, *classes: int) -> int:
    return nearest_pitch(target, [pc % 12 for pc in classes], context.low, context.high)


def _sound(context: Context, spot: Spot, onset: float, length: float, pitch: int, accent: float = 0.0) -> Note:
    """A note of this part: quiet, louder the tenser; within the part's layer and range."""
    layer: Layer | None = context.layer
    first, last = (layer.onset, layer.end) if layer else (0.0, context.section.beats)
    start = max(onset, first)
    inside = min(max(pitch, context.low), context.high)
    return note(context, start, min(onset + length, last), inside, 0.9 * spot.amount - 0.6 + accent)


def _run_up(spot: Spot, longest: float) -> float:
    """Beats of preparation before a change: at most half of the chord that is left."""
    return min(longest, spot.before.duration / 2)


def _rest(spot: Spot, longest: float = 2.0) -> float:
    """Beats that a resolution is held."""
    return min(longest, spot.after.duration)


def _resolved(context: Context, spot: Spot, pitches: list[int]) -> list[Note]:
    """Each pitch led to the nearest tone of the chord that follows, by the smallest step and no tone twice."""
    goals = []
    for pitch in pitches:
        goal = nearest_pitch(pitch, spot.after.symbol.pitch_classes, context.low, context.high)
        goals += [goal] if goal not in goals else []
    return [_sound(context, spot, spot.beat, _rest(spot), goal, -0.25) for goal in goals]


def _dominant(context: Context, spot: Spot) -> list[Note]:
    """The next chord's leading tone and dominant seventh, resolving in contrary motion to its root and third."""
    root, third = spot.after.symbol.root, spot.after.symbol.pitch_classes[1]
    leading = _near(context, _centre(context), root - 1)
    seventh = _near(context, leading + 6, root + 5)
    length = _run_up(spot, 2.0 if spot.amount > 0.45 else 1.0)
    held = [_sound(context, spot, spot.beat - length, length, p) for p in sorted({leading, seventh})]
    goals = (_near(context, leading + 1, root), _near(context, seventh - 1, third))
    return held + [_sound(context, spot, spot.beat, _rest(spot), goal, -0.25) for goal in sorted(set(goals))]


def _diminished(context: Context, spot: Spot) -> list[Note]:
    """The diminished seventh chord a semitone under the next root, in passing; three tones of it, or four."""
    root = spot.after.symbol.root - 1
    base = _near(context, _centre(context) - 4, root)
    pitches = [base + 3 * k for k in range(4 if spot.amount > 0.55 else 3) if base + 3 * k <= context.high]
    length = _run_up(spot, 2.0 if context.parameters.density < 0.5 else 1.0)
    held = [_sound(context, spot, spot.beat - length, length, p) for p in pitches]
    return held + _resolved(context, spot, pitches)


def _chromatic(context: Context, spot: Spot) -> list[Note]:
    """Semitones that creep to the next chord's third (or fifth): from below when the feeling is pleasant or strong."""
    classes = spot.after.symbol.pitch_classes
    goal = _near(context, _centre(context), classes[1 if spot.amount < 0.5 else 2])
    upward = context.feeling.valence > 0 or context.feeling.dominance > 0.6
    count = 2 + round(2 * spot.amount)
    pace = min(1.0 if context.parameters.density < 0.5 else 0.5, spot.before.duration / count)
    turn = -1 if upward else 1
    if not context.low <= goal + turn * count <= context.high:
        turn = -turn
    line = [_sound(context, spot, spot.beat - pace * k, pace, goal + turn * k, -0.1 * k) for k in range(count, 0, -1)]
    return [*line, _sound(context, spot, spot.beat, _rest(spot), goal, 0.1)]


def _suspension(context: Context, spot: Spot) -> list[Note]:
    """A tone of the last chord held into the next, where it is a step too high, and resolved on its weak half."""
    pair = _suspended(context, spot)
    if pair is None:
        return []
    held, goal = pair
    late = min(2.0, spot.after.duration / 2)
    early = _run_up(spot, 2.0)
    return [
        _sound(context, spot, spot.beat - early, early + late, held, 0.2),
        _sound(context, spot, spot.beat + late, late, goal, -0.3),
    ]


def _suspended(context: Context, spot: Spot) -> tuple[int, int] | None:
    """The tone to hold and the tone below it that it resolves to: of the chord before, or else of its scale."""
    after = spot.after.symbol.pitch_classes
    for classes in (spot.before.symbol.pitch_classes, context.scale_at(spot.before.onset)):
        pairs = [
            (held, held - fall)
            for held in tones(classes, context.low + 2, context.high)
            for fall in (1, 2)
            if held % 12 not in after and (held - fall) % 12 in after
        ]
        if pairs:
            centre = _centre(context) + 3
            return min(pairs, key=lambda pair: (round(abs(pair[0] - centre), 6), pair))
    return None


def _appoggiatura(context: Context, spot: Spot) -> list[Note]:
    """An accented neighbour from above on the change itself, melting into the chord tone under it."""
    ladder = tones(spot.after.symbol.pitch_classes, context.low, context.high - 2)
    lean = 0.5 if context.parameters.density > 0.65 else 1.0
    scale = context.scale_at(spot.beat)
    foreign = [p for p in ladder if step(p, 1, scale) % 12 not in spot.after.symbol.pitch_classes] or list(ladder)
    goal = min(foreign, key=lambda p: (round(abs(p - _centre(context) - 4), 6), p))
    return [
        _sound(context, spot, spot.beat, lean, step(goal, 1, scale), 0.5),
        _sound(context, spot, spot.beat + lean, _rest(spot, 3.0) - lean, goal, -0.3),
    ]


def _pedal(context: Context, spot: Spot) -> list[Note]:
    """A low drone through the change, tied over both chords: the tonic, the dominant where tension builds."""
    building = context.section.figures["tension-curve"] == "build" or context.section.role in (
        "build",
        "pre-chorus",
        "bridge",
    )
    tone = context.key.tonic + (7 if building else 0)
    pitch = _near(context, context.low + 6, tone)
    start = spot.before.onset
    drone = _sound(context, spot, start, spot.after.end - start, pitch)
    if spot.amount < 0.55 or pitch + 12 > context.high:
        return [drone]
    return [drone, _sound(context, spot, spot.beat, spot.after.duration, pitch + 12, -0.3)]


def _tritone(context: Context, spot: Spot) -> list[Note]:
    """The chord's root with its tritone, stabbed before the change; the upper tone gives way into the next chord."""
    root = _near(context, _centre(context) - 3, spot.before.symbol.root)
    upper = root + 6 if root + 6 <= context.high else root - 6
    length = _run_up(spot, 1.5)
    stabs = [(spot.beat - length, length)]
    if spot.amount > 0.5 and length >= 1:
        stabs = [(spot.beat - length, 0.4), (spot.beat - length + 0.5, length - 0.5)]
    held = [_sound(context, spot, onset, long, p, 0.2) for onset, long in stabs for p in sorted((root, upper))]
    goal = nearest_pitch(upper, spot.after.symbol.pitch_classes, context.low, context.high)
    return [*held, _sound(context, spot, spot.beat, _rest(spot, 1.0), goal, -0.2)]


def _cluster(context: Context, spot: Spot) -> list[Note]:
    """Neighbouring semitones about a tone of the chord, close together, cut off when the chord changes."""
    middle = _near(context, _centre(context) + 2, *spot.before.symbol.pitch_classes)
    width = (0, 1) if spot.amount < 0.35 else (-1, 0, 1) if spot.amount < 0.7 else (-1, 0, 1, 2)
    length = _run_up(spot, 1.0 + 2.0 * spot.amount)
    pitches = sorted({min(max(middle + k, context.low), context.high) for k in width})
    return [_sound(context, spot, spot.beat - length, length, p) for p in pitches]


FIGURES: dict[str, Callable[[Context, Spot], list[Note]]] = {
    "dominant": _dominant,
    "diminished": _diminished,
    "chromatic": _chromatic,
    "suspension": _suspension,
    "appoggiatura": _appoggiatura,
    "pedal": _pedal,
    "tritone": _tritone,
    "cluster": _cluster,
}
