"""Hearing a score: what feeling a MIDI file or a composed song carries, as a whole and as it goes on.

Conventions: the symbolic recogniser hears valence and arousal from what can be counted in the notes (`traits`), as the
listeners of its corpora would; no corpus tells dominance, so that is how hard the notes are struck, by the formula
velocity = 60 + 67 * dominance read backwards, with a wide spread. Times are seconds of the score's own tempo.
Percussion is not heard.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.emotion.space import NEUTRAL, Emotion, clipped
from kelly.emotion.thesaurus import describe
from kelly.listening.naming import called, certainty
from kelly.listening.reading import Alternative, Reading
from kelly.listening.traits.all import FEWEST, traits
from kelly.listening.traits.sounded import Sounded, sounded
from kelly.models.symbolic.heads import LEAST, SLOTS, spans, summed
from kelly.models.symbolic.model import SymbolicRecognizer, shipped
from kelly.score import midi
from kelly.score.notes import Score

__all__ = ["Passage", "follow", "hear", "listen", "placed", "point", "reading"]

Floats = npt.NDArray[np.float64]

LOWEST, REACH = 60.0, 67.0  # velocity of dominance 0, and how many more is dominance 1
OF_DOMINANCE, WITHOUT_DYNAMICS = 0.2, 0.3  # spreads


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a score and how it is heard: start and end in seconds, and the reading."""

    start: float
    end: float
    reading: Reading


def listen(path: str | os.PathLike[str]) -> Reading:
    """Hear what feeling a MIDI file carries.

    Returns: a Reading; of a file of fewer than four notes it is neutral, with confidence 0 and infinite spreads.
    Raises: FileError, the file cannot be read or is no MIDI, or Kelly was built without the recogniser.

    See Also
    --------
    kelly.feel : the same of words.
    """
    return hear(midi.read(path), os.fspath(path))


def hear(score: Score, name: str = "") -> Reading:
    """Hear what feeling a score carries. Parameters: score; name, what the reading calls it. Raises: FileError."""
    piece, model = sounded(score), shipped()
    if len(piece) < FEWEST:
        return _silence(name)
    return reading(_heads(piece, model), piece, model.config["scale"], name)


def placed(piece: Sounded, model: SymbolicRecognizer) -> tuple[Emotion, tuple[float, float, float]] | None:
    """Where a recogniser hears a piece, and the spreads of that; None of one of fewer than four notes."""
    return point(_heads(piece, model), piece, model.config["scale"]) if len(piece) >= FEWEST else None


def _heads(piece: Sounded, model: SymbolicRecognizer) -> Floats:
    windows = [window for _, _, window in _windows(piece)]
    heads = model.predict(np.array([traits(one) for one in (piece, *windows)], np.float32))
    return summed(heads[0], heads[1:])


def follow(score: Score, name: str = "") -> list[Passage]:
    """Hear a score as it goes on: a passage of twenty seconds every ten. Raises: FileError, as `listen`."""
    piece, model = sounded(score), shipped()
    if len(piece) < FEWEST:
        return []
    return [_passage(start, end, window, model, name) for start, end, window in _windows(piece)]


def reading(heads: npt.ArrayLike, piece: Sounded, scale: Mapping[str, Any], name: str = "") -> Reading:
    """The reading of a piece.

    Parameters: heads (6,), as `kelly.models.symbolic.heads` lays them out; piece, whose loudness tells dominance;
    scale, the recogniser's own numbers; name.
    """
    emotion, spreads = point(heads, piece, scale)
    told = emotion.with_confidence(certainty(spreads))
    names, alternatives = called(told, spreads)
    return Reading(name, told, alternatives, (), spreads=spreads, names=names, reader="symbolic")


def point(heads: npt.ArrayLike, piece: Sounded, scale: Mapping[str, Any]) -> tuple[Emotion, tuple[float, float, float]]:
    """Where heads put a piece on Kelly's scale, and the spreads of that.

    What both corpora say is brought to one unit (the root mean square over their songs) and averaged; a piece at one
    such unit is heard at `reach` from the middle of the axis.
    """
    row = np.asarray(heads, np.float64)
    units = (row[SLOTS["signs"]] / scale["signs"] + row[SLOTS["ratings"]] / scale["ratings"]) / 2
    reach = np.array(scale["reach"])
    valence, arousal = np.array([0.0, 0.5]) + reach * units
    off = reach * np.exp(row[SLOTS["errors"]]) / scale["ratings"] * scale["errors"]
    dominance = (float(piece.velocities.mean()) - LOWEST) / REACH
    flat = np.ptp(piece.velocities) == 0
    return clipped(valence, arousal, dominance), (
        float(off[0]),
        float(off[1]),
        WITHOUT_DYNAMICS if flat else OF_DOMINANCE,
    )


def _windows(piece: Sounded) -> list[tuple[float, float, Sounded]]:
    cut = [(start, end, piece.between(start, end)) for start, end in spans(piece.length)]
    return [(float(start), min(float(end), piece.length), window) for start, end, window in cut if len(window) >= LEAST]


def _passage(start: float, end: float, window: Sounded, model: SymbolicRecognizer, name: str) -> Passage:
    heads = model.predict(traits(window)[None])[0]
    return Passage(start, end, reading(heads, window, model.config["scale"], name))


def _silence(name: str) -> Reading:
    nothing = NEUTRAL.with_confidence(0.0)
    return Reading(
        name, nothing, (Alternative(describe(nothing), 1.0),), (), spreads=(math.inf,) * 3, reader="symbolic"
    )
