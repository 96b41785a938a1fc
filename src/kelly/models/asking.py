"""Asking: the feeling that the generating networks are asked with, brought to the scale of what they learned from.

Conventions: the networks of harmony, melody and dynamics learned from pieces whose feelings a recogniser read
(`kelly label`). Such readings spread less than the feelings that people ask for: songs of POP909 lie within .2 of each
other in valence where names lie within .5. So a feeling is standardised by how Kelly's names spread (`NAMES`), held
within `WIDEST` standard deviations, and put where it stands among the pieces of a corpus (`Pieces`, medians and
standard deviations of the labels of its train songs). The groove network has a scale of its own (`groove.feeling`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kelly.emotion.code import Gaussian, encode
from kelly.emotion.space import Emotion

__all__ = ["NAMES", "PIANO", "SONGS", "Pieces", "code"]

Triple = tuple[float, float, float]

# (mean, standard deviation) of valence, arousal and dominance: as Kelly's names spread around their middle.
NAMES = ((0.0, 0.5), (0.5, 0.2), (0.5, 0.2))
WIDEST = 2.0


@dataclass(frozen=True, slots=True)
class Pieces:
    """How feelings lie among the pieces of a corpus: means, deviations, and the spreads and confidence of a reading."""

    means: Triple
    deviations: Triple
    spreads: Triple
    confidence: float


SONGS = Pieces((0.33, 0.50, 0.39), (0.20, 0.075, 0.14), (0.27, 0.115, 0.2), 0.69)  # POP909
PIANO = Pieces((0.36, 0.68, 0.06), (0.28, 0.085, 0.0), (0.22, 0.09, 0.3), 0.70)  # ASAP, read with velocities flattened


def code(emotion: Emotion, pieces: Pieces) -> npt.NDArray[np.float64]:
    """The code (64,) that stands among the pieces of a corpus where a feeling stands among Kelly's names.

    Examples
    --------
    >>> code(Emotion(0.0, 0.5, 0.5), SONGS)[:4].round(2).tolist()
    [0.33, 0.0, -0.22, 0.38]
    """
    rows = zip(emotion.vad, NAMES, pieces.means, pieces.deviations, strict=True)
    valence, arousal, dominance = (
        mean + deviation * min(max((value - middle) / spread, -WIDEST), WIDEST)
        for value, (middle, spread), mean, deviation in rows
    )
    return encode(Gaussian(Emotion(valence, arousal, dominance, pieces.confidence), pieces.spreads))
