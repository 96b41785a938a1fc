"""Spelling: slips of the fingers mended before the network reads.

Conventions: a word is mended when it is in no vocabulary and one slip away from a word that is in one: two letters
swapped, or one missing, doubled, added or wrong. Names (words with a capital inside a sentence) stay as they are. What
is shown to people is always the text as they wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import ascii_lowercase

from kelly.listening.familiar import known

__all__ = ["spelt"]

_WORD = re.compile(r"(?<![\w'’])[A-Za-z]{3,}(?![\w'’])")


def spelt(text: str, ranks: Mapping[str, int]) -> str:
    """A text with its slips mended.

    Parameters: text; ranks, the words that may have been meant, with their ranks, the commonest first.

    Examples
    --------
    >>> spelt("I screamd, teh end", {"the": 0, "end": 1, "screamed": 2})
    'I screamed, the end'
    """

    def mend(found: re.Match[str]) -> str:
        word = found[0]
        named = word[0].isupper() and not word.isupper() and bool(text[: found.start()].strip())
        if named or known(word.lower()) or word.lower() in ranks:
            return word
        return min(_meant(word.lower(), ranks), default=(0, 0, word))[2]

    return _WORD.sub(mend, text)


def _meant(word: str, ranks: Mapping[str, int]) -> list[tuple[int, int, str]]:
    """The words that are one slip away: how unlikely the slip is, how rare the word is, the word."""
    return [(likely, ranks[other], other) for other, likely in _slips(word).items() if other in ranks]


def _slips(word: str) -> dict[str, int]:
    """What one slip makes of a word; fingers swap and double letters (0) more often than they err otherwise (1)."""
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    wrong = {
        a + letter + b[1:] for a, b in cuts[1:] if b for letter in ascii_lowercase
    }  # a first letter is seldom wrong
    added = {a + letter + b for a, b in cuts[1:] for letter in ascii_lowercase}
    less = {a + b[1:] for a, b in cuts if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    doubled = {a + a[-1] + b for a, b in cuts if a} | {a + b[1:] for a, b in cuts if a and b and a[-1] == b[0]}
    return dict.fromkeys(wrong | added | less, 1) | dict.fromkeys(swapped | doubled, 0)
