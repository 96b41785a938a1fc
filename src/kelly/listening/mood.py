"""Mood: a feeling given as a name or said in words, wherever a user may do either.

Conventions: a name of the thesaurus ("hope", "grief:low") wins over the same word read as a text.
"""

from __future__ import annotations

from kelly.emotion.space import Emotion
from kelly.emotion.thesaurus import lookup
from kelly.errors import UnknownNameError, UsageError
from kelly.listening.words import feel
from kelly.names import quoted

__all__ = ["mood"]


def mood(text: str) -> Emotion:
    """The feeling of a name, or the one that is read in a text.

    Raises: UnknownNameError, with the nearest names, one word that is neither; UsageError, a text without a word of
    feeling, or a tier that is none.
    """
    try:
        return lookup(text).emotion
    except UnknownNameError:
        reading = feel(text)
        lone = len(text.split()) == 1
        if reading.words or (reading.heard and not lone):  # a lone word that no lexicon knows is a misspelt name
            return reading.emotion
        if lone:
            raise
        allowed = "it takes the name of a feeling or a text that tells one"
        raise UsageError(f"no feeling is heard; {allowed}; got {quoted(text)}") from None
