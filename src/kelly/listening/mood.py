"""Mood: a feeling given as a name or said in words, wherever a user may do either.

Conventions: a name of the thesaurus ("hope", "grief:low") wins over the same word read as a text.
"""

from __future__ import annotations

from kelly.emotion.space import Emotion
from kelly.emotion.thesaurus import lookup
from kelly.errors import UnknownNameError
from kelly.listening.words import feel

__all__ = ["mood"]


def mood(text: str) -> Emotion:
    """The feeling of a name, or the one that is read in a text.

    Raises: UnknownNameError, with the nearest names, when it is no name and holds no word of feeling; UsageError, the
    tier of a name is none.
    """
    try:
        return lookup(text).emotion
    except UnknownNameError:
        reading = feel(text)
        if not reading.words:
            raise
        return reading.emotion
