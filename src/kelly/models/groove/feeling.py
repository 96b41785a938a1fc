"""The feeling that the groove network is asked with: a point, as the emotion code that it was trained with.

Conventions: the network learned from drummers, of whom no feeling is known but what tempo, loudness and style tell
(`kelly.training.data.grooves`); their codes were all written with the spreads and the confidence given here, and so is
a question. Tempo and loudness are known exactly, and their spreads only let neighbours share what they know; a style
says little about valence, whose spread is four times as wide. Nine in ten of the bars it learned from lie within
`KNOWN`; what lies outside is asked as the nearest feeling within (`held`), since of corners it knows nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kelly.emotion.code import Gaussian, encode
from kelly.emotion.space import Emotion

__all__ = ["CONFIDENCE", "KNOWN", "SPREADS", "code", "held"]

SPREADS = (0.2, 0.05, 0.05)  # valence -1..1; arousal and dominance 0..1: 6 BPM and 3.4 velocity steps
CONFIDENCE = 1.0
KNOWN = ((-0.2, 0.6), (0.15, 0.7), (0.0, 0.65))  # valence, arousal, dominance


def code(emotion: Emotion) -> npt.NDArray[np.float64]:
    """The code (64,) that asks the network for the groove of a feeling, whose confidence plays no part.

    Examples
    --------
    >>> code(Emotion(0.5, 0.4, 0.3))[:4].round(3).tolist()
    [0.5, -0.2, -0.4, 1.0]
    """
    return encode(Gaussian(emotion.with_confidence(CONFIDENCE), SPREADS))


def held(emotion: Emotion) -> Emotion:
    """The feeling nearest to one among those that the network knows.

    Examples
    --------
    >>> held(Emotion(-0.9, 1.0, 0.5)).vad
    (-0.2, 0.7, 0.5)
    """
    return Emotion(*(min(max(value, low), high) for value, (low, high) in zip(emotion.vad, KNOWN, strict=True)))
