"""Grooves: what drummers do to each sixteenth of a bar, and the feeling that their playing is taken to express.

Conventions: takes are those of Groove MIDI that are beats (no fills), in 4/4 and of `LEAST` hits or more, one for each
step of a bar. A hit belongs to the nearest sixteenth step; its offset from it is in sixteenths, positive is late; its
accent is its velocity minus the mean velocity of the hits of its bar. A groove's own profile is the median of both at
each step (what a mean absolute error asks for), 0 where nothing is struck.

Nobody asked the drummers what they felt. Arousal is the tempo by formula 1 turned round, A = (bpm - 60) / 120;
dominance the mean velocity of the take by formula 2, D = (velocity - 60) / 67, both clipped to 0..1; valence that of
the style in `groove_styles.csv`, a judgement of the usual keys and occasions of each, 0 where the style is not listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from kelly.composing import mapping
from kelly.emotion.space import Emotion, clipped
from kelly.models.groove.slots import STEP, STEPS, Groove
from kelly.score import midi
from kelly.training.data.corpora import groove
from kelly.training.data.layout import rows
from kelly.training.data.preparing import Arrays, Item
from kelly.training.tasks.context import Context

__all__ = ["LEAST", "Played", "errors", "hits", "load", "profile", "valences"]

Floats = npt.NDArray[np.float64]

LEAST = STEPS
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Played:
    """A take as it was played.

    Parameters: take, its record; and of each of its n hits: onsets (n,) in beats, velocities (n,) 1..127, bars (n,)
    from 0, steps (n,) 0..15, offsets (n,) in sixteenths, accents (n,) in velocity steps.
    """

    take: groove.Take
    onsets: Floats
    velocities: Floats
    bars: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    offsets: Floats
    accents: Floats

    @property
    def sixteenth(self) -> float:
        """The length of a sixteenth in milliseconds."""
        return 60_000 * STEP / self.take.bpm

    @property
    def emotion(self) -> Emotion:
        """The feeling that tempo, loudness and style tell."""
        return self.felt()

    def felt(self, faster: float = 0.0, louder: float = 0.0) -> Emotion:
        """The feeling of the take, had it been played with so much more arousal and dominance."""
        arousal = _inverse(mapping.tempo, self.take.bpm) + faster
        dominance = _inverse(mapping.velocity, float(self.velocities.mean())) + louder
        return clipped(valences().get(self.take.style, 0.0), arousal, dominance)


def load(root: Path, context: Context) -> list[Played]:
    """The takes below a root that a groove can be taken from, of all splits.

    Raises: CorpusError, the corpus is missing or not in its official layout; FileError, as `prepared`.
    """
    takes = [one for one in groove.load(root) if one.kind == "beat" and _is_common(one)]
    found = context.prepared([Item(take.path) for take in takes], hits, _VERSION)
    pairs = zip(takes, found, strict=True)
    return [_played(take, one) for take, one in pairs if one is not None and len(one["onsets"]) >= LEAST]


def hits(item: Item) -> Arrays:
    """Onsets in beats and velocities of the hits in a file. Raises: FileError, it is missing, damaged or no MIDI."""
    assert item.path is not None  # noqa: S101 - takes are files
    notes = sorted(midi.read(item.path).notes())
    onsets, velocities = (np.array([getattr(note, name) for note in notes]) for name in ("onset", "velocity"))
    return {"onsets": onsets.astype(np.float64), "velocities": velocities.astype(np.float64)}


def profile(takes: Sequence[Played]) -> Groove:
    """The median offset and accent of each step over all hits of some takes, 0 where there is none."""
    steps = np.concatenate([one.steps for one in takes])
    offsets = np.concatenate([one.offsets for one in takes]) * STEP
    return Groove(_medians(steps, offsets), _medians(steps, np.concatenate([one.accents for one in takes])))


def errors(take: Played, told: Groove) -> tuple[float, float]:
    """The mean absolute error over the hits of a take: of their timing in ms, and of their velocity.

    Parameters: take; told, the groove (16 offsets, 16 accents) that is said to be its.
    """
    timing = np.abs(take.offsets - told.offsets[take.steps] / STEP).mean() * take.sixteenth
    return float(timing), float(np.abs(take.accents - told.accents[take.steps]).mean())


@cache
def valences() -> Mapping[str, float]:
    """The valence, -1..1, of each style in the table."""
    with resources.as_file(resources.files("kelly.training.data").joinpath("groove_styles.csv")) as path:
        return MappingProxyType({row["style"]: float(row["valence"]) for row in rows(path, ("style", "valence"))})


def _is_common(take: groove.Take) -> bool:
    return (take.meter.numerator, take.meter.denominator) == (4, 4)


def _inverse(formula: Callable[[float], float], value: float) -> float:
    """The 0..1 from which a formula, a straight line, makes a value; clipped."""
    low, high = formula(0.0), formula(1.0)
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))


def _played(take: groove.Take, found: Arrays) -> Played:
    onsets, velocities = found["onsets"], found["velocities"]
    steps = np.rint(onsets / STEP).astype(np.int64)
    bars = steps // STEPS
    loudness = np.bincount(bars, velocities) / np.maximum(np.bincount(bars), 1)
    offsets, accents = onsets / STEP - steps, velocities - loudness[bars]
    return Played(take, onsets, velocities, bars, steps % STEPS, offsets, accents)


def _medians(steps: npt.NDArray[np.int64], values: Floats) -> Floats:
    return np.array([np.median(values[steps == step]) if (steps == step).any() else 0.0 for step in range(STEPS)])
