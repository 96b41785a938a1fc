"""Tidying: what people type, as the word model's tokenizer can read it.

Conventions: the same function runs before training and before every reading. The tokenizer is blind to case and has
hardly any emoji, so an emoji becomes its Unicode name ("face with tears of joy").
"""

from __future__ import annotations

import html
import re
import unicodedata

__all__ = ["tidy"]

_LINK = re.compile(r"https?://\S+|www\.\S+")
_HANDLE = re.compile(r"(?<!\w)@\w+")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_MARKS = re.compile(r"([!?.,…~*_=-])\1{2,}")
_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "\u00b4": "'", "`": "'", "–": "-", "—": " - ", "\u200d": "", "\ufe0f": ""}
)
_SIGN = re.compile("[\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]")
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff]")


def tidy(text: str) -> str:
    r"""A text as the word model reads it.

    Links go, handles become "@user", signs and emoji become their names, a letter that stands three times or more
    stands twice, and white space (and a written "\n") becomes one space.

    Examples
    --------
    >>> tidy("Sooooo   happy 😂 @anna https://a.b/c")
    'Soo happy face with tears of joy @user'
    """
    text = html.unescape(text).replace("\\n", " ").translate(_PLAIN)
    text = _HANDLE.sub("@user", _LINK.sub(" ", text))
    text = _SIGN.sub(_named, _SKIN.sub("", text))
    text = _MARKS.sub(r"\1\1", _STRETCHED.sub(r"\1\1", text))
    return " ".join(text.split())


def _named(sign: re.Match[str]) -> str:
    return f" {unicodedata.name(sign[0], '').lower()} "
