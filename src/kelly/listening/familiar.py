"""Familiarity: whether a text is English prose at all, before anything is read into it.

Conventions: a number in 0..1. A word is known when it stands in the vocabulary (words of everyday comments, counted
when the word model was trained) or in the lexicon's tables. Signs of programs and markup count against a text; emoji,
names and numbers count neither way. Another language, a keyboard's noise and source code come out near 0.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from unicodedata import category

from kelly.listening.morphology import expand, table

__all__ = ["familiarity", "known"]

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_USUAL = 0.15  # share of little words from which on a text is taken for English
_CODE = re.compile(
    r"[{}<>=\\|^`]|\w\(|\(\)|[+*/%]\s|\w[._]\w+\(|\w_\w|::|->|//|\$\w|[a-z][.:][a-zA-Z]|\w,\w|[;{}]\s*$"
    r"|[a-z]:\d|\[\d+\]|\b0x|\b(?:CREATE TABLE|INSERT INTO|NOT NULL|PRIMARY KEY|ORDER BY|GROUP BY)\b",
    re.MULTILINE,
)
_LONE = frozenset("aiurkno")  # letters that people write for words


def familiarity(text: str, *, told: bool = False) -> float:
    """How far a text is English prose, 0..1.

    Parameters: text; told, whether the lexicon found something in it: that decides where there are signs alone.
    """
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    if not words:
        return float(told)
    share = sum(map(known, words)) / len(words)
    little = sum(word in _little() for word in words) / len(words)
    # Other languages share words with English, but not the little ones, of which hardly a sentence is free.
    prose = _rise(share, 0.3, 0.6) if little >= _USUAL else _rise(share, 0.6, 0.9)
    return prose * (1 - _rise(len(_CODE.findall(text)) / len(words), 0.1, 0.3)) * _rise(_lettered(text), 0.5, 0.7)


def _lettered(text: str) -> float:
    """The share of letters among what is written, emoji and marks of speech apart."""
    signs = [c for c in text if not c.isspace() and not _emoji(c) and c not in ".,!?'’\"“”…-"]
    return sum(c.isalpha() for c in signs) / len(signs) if signs else 0.0


def _emoji(sign: str) -> bool:
    return sign > "\u2000" and category(sign) == "So"


def _rise(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))


def known(word: str) -> bool:
    """Whether a word in small letters is known, or each word inside it ("can't" has two) has a form that is."""
    words = _vocabulary()
    if len(word) == 1:
        return word in _LONE
    return word in words or all(any(form in words for form in forms) for forms in expand(word))


@cache
def _vocabulary() -> frozenset[str]:
    """Every word that the vocabulary or the lexicon's tables know."""
    entries = " ".join(row["entry"] for row in table("lexicon.csv"))
    counted = resources.files("kelly.models.words").joinpath("vocabulary.txt").read_text(encoding="utf-8")
    return frozenset(entries.lower().split()) | frozenset(counted.split())


@cache
def _little() -> frozenset[str]:
    return frozenset(row["word"] for row in table("little.csv"))
