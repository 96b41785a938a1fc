"""Frames: a lone word says little to a sentence encoder, so it is read in several short frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["FRAMES", "framed", "frames"]

FRAMES = ("{}", "the word {}", "how does {} make you feel", "people think of {} as")


def frames(text: str) -> list[str]:
    """The forms in which a tidied text is read: a lone word in all frames, any other text as it is."""
    return [frame.format(text) for frame in FRAMES] if text.isalpha() else [text]


def framed(texts: Sequence[str], read: Callable[[list[str]], npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Read tidied texts in their frames. Returns: for each text, the mean of what `read` gives for its forms (rows)."""
    forms = [frames(text) for text in texts]
    rows = read([form for several in forms for form in several])
    ends = accumulate((len(several) for several in forms), initial=0)
    return np.stack([rows[start:end].mean(0) for start, end in pairwise(ends)])
