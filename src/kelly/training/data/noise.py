"""Noise: a text as it comes out of careless fingers.

Conventions: what is changed follows from the text alone, so that the same text is misspelt the same way in every run.
"""

from __future__ import annotations

import hashlib
import re

import numpy as np

__all__ = ["misspelt"]

_WORD = re.compile(r"[^\W\d_]{4,}")


def misspelt(text: str) -> str:
    """The text with a slip in about one of seven of its longer words: two letters exchanged, one left out or doubled.

    Examples
    --------
    >>> misspelt("nothing") != "nothing"
    True
    """
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))
    words = list(_WORD.finditer(text))
    count = min(len(words), 1 + len(words) // 7)
    for i in sorted(rng.permutation(len(words))[:count].tolist(), reverse=True):
        start, end = words[i].span()
        at, kind = start + 1 + int(rng.integers(end - start - 2)), int(rng.integers(3))
        slip = (text[at + 1] + text[at], text[at + 1], text[at] * 2 + text[at + 1])[kind]
        text = text[:at] + slip + text[at + 2 :]
    return text
