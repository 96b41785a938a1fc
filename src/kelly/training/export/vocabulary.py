"""The vocabulary of everyday English: words that stand in enough of GoEmotions' train comments.

Conventions: lower case, straight apostrophes, one word a line in alphabetical order; counted once a comment.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from kelly.training.data.corpora import goemotions

__all__ = ["vocabulary"]

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_ENOUGH = 4  # comments


def vocabulary(root: Path) -> list[str]:
    """The words of at least four train comments, in alphabetical order.

    Raises: CorpusError when the corpus is missing or not in its official layout.
    """
    counts: Counter[str] = Counter()
    for comment in goemotions.load(root):
        if comment.split == "train":
            counts.update(set(_WORD.findall(comment.text.lower().replace("’", "'"))))
    return sorted(word for word, count in counts.items() if count >= _ENOUGH)
