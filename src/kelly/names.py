"""Names: how a user may write them, and what is answered when there is nothing of that name.

Conventions: names are compared without regard to case, and blanks, hyphens and underscores are the same; whatever a
user wrote is quoted in an error on one line, at most some sixty characters of it.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable

from kelly.errors import UnknownNameError, UsageError

__all__ = ["find", "key", "nearest", "quoted", "unknown"]

LONGEST_QUOTE = 60


def key(name: object, what: str = "a name") -> str:
    """A name as tables keep it: lower case, words joined by hyphens. Raises UsageError when it is no text."""
    if not isinstance(name, str):
        raise UsageError(f"{what} must be a text; got {quoted(name)}")
    return "-".join(name.casefold().replace("_", " ").replace("-", " ").split())


def find(name: object, known: Iterable[str], what: str) -> str:
    """The one among the `known` names that a user means.

    Raises: UnknownNameError, there is none; its text lists the known ones and the nearest.
    """
    row = tuple(known)
    wanted = key(name, what)
    if wanted not in row:
        raise unknown(name, row, what)
    return wanted


def unknown(name: object, known: Iterable[str], what: str) -> UnknownNameError:
    """The error for a name that is not among the `known`."""
    row = tuple(known)
    close = nearest(str(name), row, 1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return UnknownNameError(f"{what} must be one of {', '.join(row)}; got {quoted(name)}{hint}")


def nearest(name: str, known: Iterable[str], count: int) -> list[str]:
    """Up to `count` of the known names that look like `name`, the likest first."""
    # Beyond that length nothing can look like a name, and comparing takes long.
    return difflib.get_close_matches(name.casefold()[:LONGEST_QUOTE], list(known), n=count)


def quoted(value: object) -> str:
    """A value as an error shows it: on one line, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 3] + "..."
