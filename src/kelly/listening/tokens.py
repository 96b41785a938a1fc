"""From text to tokens that know where they came from.

Conventions: a token's `start` and `end` are character offsets in the text as given (end exclusive). Words keep their
inner apostrophes and lose their hyphens (heart-broken is two words); a contraction gives two tokens with one place.
Emoji and emoticons are tokens of their own; marks are the punctuation that ends a clause or a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from kelly.listening.morphology import expand, forms

__all__ = ["Token", "tokenize"]


class Token(NamedTuple):
    """A word, a sign (emoji, emoticon) or a mark.

    forms: the entries it may stand for, itself first, () for a mark; mark: the punctuation, "" for words and signs;
    loud: written in capitals; stretched: a letter three times in a row ("soooo").
    """

    start: int
    end: int
    forms: tuple[str, ...]
    mark: str = ""
    loud: bool = False
    stretched: bool = False


_APOSTROPHES = str.maketrans("’‘ʼ´`＇", "''''''")
_PIECE = re.compile(
    r"(?P<smile></?3+|[:;=]'?-?[()DPp/|*]+(?![\w/])|(?<!\w)(?:[xX]D+|D:|T_T|\^_?\^)(?!\w))"
    r"|(?P<word>(?:[^\W_][\u0300-\u036f]*)+(?:['’‘ʼ´`＇](?:[^\W_][\u0300-\u036f]*)+)*)"
    r"|(?P<sign>[\u2600-\u27bf\u2b50\u2b55\U0001f300-\U0001faff])"
    r"|(?P<mark>[.!?…。！？؟]+|\n+|\s[-–—]+\s|--+|[—,;:()，、；：،\[\]\"“”/|])"
)
_REPEATED = re.compile(r"(.)\1+")
_STRETCHED = re.compile(r"([^\W\d_])\1\1")


def tokenize(text: str) -> list[Token]:
    """The tokens of a text, in order. Linear in its length."""
    tokens: list[Token] = []
    for piece in _PIECE.finditer(text):
        start, end = piece.span()
        kind = piece.lastgroup
        if kind == "word":
            tokens += _words(piece.group(), start, end)
        elif kind == "mark":
            tokens.append(Token(start, end, (), piece.group().strip() or "\n"))
        else:
            tokens.append(Token(start, end, (_sign(piece.group()),)))
    return tokens


def _words(written: str, start: int, end: int) -> list[Token]:
    # Capitals are judged before folding; a lone "I" is no shout.
    loud = len(written) > 1 and written.isupper()
    stretched = _STRETCHED.search(written) is not None
    plain = unicodedata.normalize("NFKC", written).translate(_APOSTROPHES).casefold()
    parts = expand(plain) if len(plain) <= 40 else (forms(plain[:41]),)
    return [Token(start, end, part, "", loud, stretched) for part in parts]


def _sign(written: str) -> str:
    """An emoticon without its nose and its repeats (":-)))" is ":)"), an emoji as it is."""
    if len(written) == 1:
        return written
    return _REPEATED.sub(r"\1", written.replace("-", "").replace("=", ":"))
