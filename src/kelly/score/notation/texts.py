"""Texts: what of a name or a marker can stand on a page."""

from __future__ import annotations

import re

__all__ = ["clean"]

FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0


def clean(text: str) -> str:
    """A text on one line, without the characters that XML cannot hold."""
    return " ".join(FORBIDDEN.sub("", text).split())
