"""Motifs: a short figure of steps, and the eleven ways to develop it.

Conventions: onset and duration in beats from the motif's start; `degree` counts scale steps from the note the motif is
hung on (0), upwards positive. Every transform returns a motif of the same length unless it says otherwise, and never an
empty one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from numpy.random import Generator

from kelly.composing.chance import chance, pick
from kelly.composing.mapping import Parameters

__all__ = ["TRANSFORMS", "Motif", "Step", "invent", "transform"]

TAU = 2 * math.pi
BAR = 4.0


@dataclass(frozen=True, slots=True)
class Step:
    """One note of a motif: onset and duration in beats, scale steps from the motif's anchor."""

    onset: float
    duration: float
    degree: int


@dataclass(frozen=True, slots=True)
class Motif:
    """A figure of steps in time order, `length` beats long."""

    steps: tuple[Step, ...]
    length: float


# Rhythms of two beats by their number of notes; the rarer, off-beat ones want syncopation.
CELLS: dict[int, tuple[tuple[float, ...], ...]] = {
    1: ((2.0,),),
    2: ((1.0, 1.0), (1.5, 0.5), (0.5, 1.5)),
    3: ((0.5, 0.5, 1.0), (1.0, 0.5, 0.5), (0.75, 0.75, 0.5), (0.5, 1.0, 0.5)),
    4: ((0.5, 0.5, 0.5, 0.5), (0.75, 0.25, 0.5, 0.5), (0.5, 0.25, 0.25, 1.0), (0.25, 0.75, 0.5, 0.5)),
    6: ((0.5, 0.25, 0.25, 0.5, 0.25, 0.25), (0.25, 0.25, 0.5, 0.25, 0.25, 0.5)),
}
CONTOURS: dict[str, Callable[[float], float]] = {
    "ascending": lambda x: 2 * x - 1,
    "descending": lambda x: 1 - 2 * x,
    "arch": lambda x: 1 - 8 * (x - 0.5) ** 2,
    "inverse-arch": lambda x: 8 * (x - 0.5) ** 2 - 1,
    "static": lambda x: 0.0 * x,
    "wave": lambda x: math.sin(TAU * x),
    "spiral": lambda x: (0.3 + 0.7 * x) * math.sin(2 * TAU * x),
    "jagged": lambda x: (0.9, -0.2, 0.5, -0.8, 0.3, -0.5, 0.6, -0.9)[int(x * 7.999)],
    "collapse": lambda x: 0.8 - 0.4 * x if x < 0.6 else 0.56 - 3.9 * (x - 0.6),
}


def contour(name: str, x: float) -> float:
    """Height in -1..1 of the contour called `name` at `x` in 0..1 of its length."""
    return round(CONTOURS[name](min(max(x, 0.0), 1.0)), 6)


def invent(wanted: Parameters, shape: str, rng: Generator) -> Motif:
    """A new motif of two bars for a feeling's parameters, in the contour called `shape`.

    The first bar states a rhythm, the second answers with it, simpler at its end so that it can breathe. Calm ones come
    in after the beat, lean over the bar line and lead on with an upbeat.
    """
    first = _rhythm(wanted, rng) + _rhythm(wanted, rng)
    answer = first[: len(first) // 2 + 1]
    answer = (*answer, 4.0 - sum(answer)) if sum(answer) < 4 else (*_rhythm(wanted, rng), 2.0)
    lengths = [*first, *answer]
    # Few notes cannot climb far without leaping.
    reach = min(1.5 + 2.5 * (wanted.melodic_range - 12) / 12 + 1.5 * wanted.leap, 0.33 * len(lengths))
    steps: list[Step] = []
    onset = 0.0
    for length in lengths:
        height = reach * contour(shape, onset / 8)
        wander = pick((-1, 0, 0, 1), rng) if chance(0.3 + wanted.leap, rng) else 0
        steps.append(Step(onset, length, round(height) + wander))
        onset += length
    return Motif(tuple(_centred(_breathed(_restless(steps, shape, rng), wanted, rng))), 8.0)


def _breathed(steps: list[Step], wanted: Parameters, rng: Generator) -> list[Step]:
    """The square edges of a calm motif rounded off: a late start, a tie over the bar line, an upbeat to what comes."""
    calm = 1 - (wanted.density - 0.3) / 0.7
    late, tie, lead = pick((0.5, 0.5, 1.0), rng), chance(0.7 * calm, rng), chance(0.25 + 0.4 * calm, rng)
    breathed = list(steps)
    if chance(0.8 * calm, rng) and breathed[0].duration > late:
        breathed[0] = replace(breathed[0], onset=late, duration=breathed[0].duration - late)
    bar = next((i for i, step in enumerate(breathed) if step.onset == BAR and i), None)
    if tie and bar is not None and breathed[bar - 1].duration > 0.5:
        before, after = breathed[bar - 1], breathed[bar]
        breathed[bar - 1] = replace(before, duration=before.duration - 0.5)
        breathed[bar] = replace(after, onset=BAR - 0.5, duration=after.duration + 0.5)
    last = breathed[-1]
    if lead and last.duration >= 2:
        count = 1 if calm > 0.6 or last.degree == steps[0].degree else 2
        onset = 8 - 0.5 * count
        way = 1 if steps[0].degree > last.degree else -1
        upbeat = [Step(onset + 0.5 * k, 0.5, steps[0].degree - way * (count - k)) for k in range(count)]
        breathed[-1:] = [replace(last, duration=last.duration - 0.5 * count - 0.5), *upbeat]
    return breathed


def _centred(steps: list[Step]) -> list[Step]:
    """Hung so that its degrees lie about the anchor."""
    middle = round(sum(step.degree * step.duration for step in steps) / sum(step.duration for step in steps))
    return [replace(step, degree=step.degree - middle) for step in steps]


def _rhythm(wanted: Parameters, rng: Generator) -> tuple[float, ...]:
    """Two beats of rhythm: how many notes follows the density, where they lie the syncopation."""
    target = 0.4 + 4.2 * (wanted.density - 0.3) ** 1.1 if wanted.density > 0.3 else 0.4
    count = pick({n: math.exp(-((n - 1 - target) ** 2) / 0.9) for n in CELLS}, rng)
    row = CELLS[count]
    uneven = max(wanted.syncopation, 0.55 - 0.3 * wanted.density)
    return row[0] if len(row) == 1 or not chance(uneven, rng) else pick(row[1:], rng)


def _restless(steps: list[Step], shape: str, rng: Generator) -> list[Step]:
    """No tone is said three times running, unless the contour is static."""
    if shape == "static":
        return steps
    for i in range(2, len(steps)):
        if steps[i].degree == steps[i - 1].degree == steps[i - 2].degree:
            steps[i] = replace(steps[i], degree=steps[i].degree + pick((-1, 1), rng))
    return steps


def _ornament(motif: Motif, rng: Generator) -> Motif:
    """Long notes turn to their upper or lower neighbour and back."""
    steps: list[Step] = []
    for step in motif.steps:
        if step.duration < 1 or not chance(0.6, rng):
            steps.append(step)
            continue
        turn = pick((-1, 1), rng)
        first = step.duration - 0.5
        steps += [
            replace(step, duration=first),
            Step(step.onset + first, 0.25, step.degree + turn),
            Step(step.onset + first + 0.25, 0.25, step.degree),
        ]
    return replace(motif, steps=tuple(steps))


def _simplify(motif: Motif, rng: Generator) -> Motif:
    """Only the notes on whole beats (and always the first) are left, and are held longer."""
    kept = [s for i, s in enumerate(motif.steps) if i == 0 or s.onset % 1 == 0]
    return replace(motif, steps=_held(kept, motif.length))


def _rhythmic(motif: Motif, rng: Generator) -> Motif:
    """The same tones in the rhythm read backwards."""
    lengths = [step.duration for step in motif.steps][::-1]
    onsets = [motif.length - step.onset - step.duration for step in motif.steps][::-1]
    steps = (
        Step(max(onset, 0.0), length, step.degree)
        for onset, length, step in zip(onsets, lengths, motif.steps, strict=True)
    )
    return replace(motif, steps=tuple(steps))


def _transpose(motif: Motif, rng: Generator) -> Motif:
    """A sequence: the figure a second, third or fourth higher or lower."""
    shift = pick((-3, -2, -1, 1, 2, 3), rng)
    return replace(motif, steps=tuple(replace(s, degree=s.degree + shift) for s in motif.steps))


def _invert(motif: Motif, rng: Generator) -> Motif:
    """Mirrored about its first note."""
    axis = 2 * motif.steps[0].degree
    return replace(motif, steps=tuple(replace(s, degree=axis - s.degree) for s in motif.steps))


def _retrograde(motif: Motif, rng: Generator) -> Motif:
    """The tones backwards in the same rhythm."""
    degrees = [step.degree for step in motif.steps][::-1]
    return replace(motif, steps=tuple(replace(s, degree=d) for s, d in zip(motif.steps, degrees, strict=True)))


def _augment(motif: Motif, rng: Generator) -> Motif:
    """Twice as slow; what does not fit into the length is left out."""
    steps = [Step(2 * s.onset, 2 * s.duration, s.degree) for s in motif.steps if 2 * s.onset < motif.length]
    return replace(motif, steps=_clipped(steps, motif.length))


def _diminish(motif: Motif, rng: Generator) -> Motif:
    """Twice as fast, said twice."""
    half = motif.length / 2
    once = [Step(s.onset / 2, s.duration / 2, s.degree) for s in motif.steps if s.duration >= 0.5]
    once = once or [Step(s.onset / 2, s.duration / 2, s.degree) for s in motif.steps]
    return replace(motif, steps=tuple(once + [replace(s, onset=s.onset + half) for s in once]))


def _fragment(motif: Motif, rng: Generator) -> Motif:
    """Its first half, said twice, the second time a step away."""
    half = motif.length / 2
    head = [s for s in motif.steps if s.onset < half]
    head = list(_clipped(head, half))
    shift = pick((-1, 1), rng)
    return replace(motif, steps=tuple(head + [Step(s.onset + half, s.duration, s.degree + shift) for s in head]))


def _extend(motif: Motif, rng: Generator) -> Motif:
    """Its last note is led on by steps to the end of the length."""
    last = motif.steps[-1]
    turn = pick((-1, 1), rng)
    free = motif.length - last.onset
    if free < 1:
        return _ornament(motif, rng)
    tail = [Step(last.onset + free * i / 4, free / 4, last.degree + turn * i) for i in range(4)]
    return replace(motif, steps=(*motif.steps[:-1], *tail))


def _displace(motif: Motif, rng: Generator) -> Motif:
    """Half a beat late."""
    steps = [replace(s, onset=s.onset + 0.5) for s in motif.steps if s.onset + 0.5 < motif.length]
    return replace(motif, steps=_clipped(steps, motif.length))


TRANSFORMS: dict[str, Callable[[Motif, Generator], Motif]] = {
    "ornament": _ornament,
    "simplify": _simplify,
    "rhythmic": _rhythmic,
    "transpose": _transpose,
    "invert": _invert,
    "retrograde": _retrograde,
    "augment": _augment,
    "diminish": _diminish,
    "fragment": _fragment,
    "extend": _extend,
    "displace": _displace,
}


def transform(motif: Motif, how: str, rng: Generator) -> Motif:
    """The motif developed in one of the ways of `TRANSFORMS`."""
    return TRANSFORMS[how](motif, rng)


def _clipped(steps: list[Step], length: float) -> tuple[Step, ...]:
    return tuple(replace(s, duration=min(s.duration, length - s.onset)) for s in steps)


def _held(steps: list[Step], length: float) -> tuple[Step, ...]:
    ends = [step.onset for step in steps[1:]] + [length]
    return tuple(replace(s, duration=min(end - s.onset, 2.0)) for s, end in zip(steps, ends, strict=True))
