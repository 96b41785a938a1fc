"""Paths: taken out of what is told to a caller, who shall learn nothing of the machine.

Conventions: of a path below a folder that was named, what comes after the folder is left; of any other absolute path,
its last part, as far as a path can be told from other words (one with blanks in its folders cannot).
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["DEPTH", "plain", "plain_object", "without"]

DEPTH = 12  # of lists and objects within each other; no file of Kelly's is as deep
_THERE = "the folder"
_ABSOLUTE = re.compile(
    r"""(?:(?:file|sqlite):/+|(?<![\w:/.~-])~?/|(?<!\w)[A-Za-z]:\\)  # where a path begins
    (?:[^\s/\\'",;:()]+[/\\])*(?=[^\s/\\'",;:()])                    # its folders, and not what comes last""",
    re.VERBOSE,
)


def without(folders: Iterable[str | os.PathLike[str]] = ()) -> Callable[[str], str]:
    """What takes the paths of the machine out of a text, those below these folders however they are written."""
    names = "|".join(re.escape(name) for name in _names(folders))
    below = re.compile(rf"(?<![\w/.-])(?:{names})(?:([/\\]+)(?=[^\s'\"/\\])|(?![\w-]|\.\w))") if names else None

    def told(text: str) -> str:
        if below is not None:
            text = below.sub(lambda found: "" if found[1] else _THERE, text)
        return _ABSOLUTE.sub("", text)

    return told


def plain(value: object, told: Callable[[str], str], depth: int = DEPTH) -> object:
    """What JSON gave, as it can be told: without what is no number or no character.

    Parameters: value; told, what is told of a text, as `without` gives it; depth, how deep it may be.
    Raises: ValueError, it is deeper.
    """
    if depth < 0:
        raise ValueError("it is too deep")
    if isinstance(value, str):
        return told(value.encode("utf-8", "replace").decode())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return plain_object(value, told, depth)
    if isinstance(value, list):
        return [plain(one, told, depth - 1) for one in value]
    return value


def plain_object(values: Mapping[str, object], told: Callable[[str], str], depth: int = DEPTH) -> dict[str, Any]:
    """An object of JSON, as it can be told; parameters and errors as `plain`."""
    return {str(plain(name, told)): plain(value, told, depth - 1) for name, value in values.items()}


def _names(folders: Iterable[str | os.PathLike[str]]) -> list[str]:
    """How folders may be written in a message, the longest first; never the root of the file system."""
    found = set[str]()
    for folder in folders:
        for one in (Path(folder), Path(folder).absolute(), Path(os.path.realpath(folder))):
            found |= {str(one), repr(str(one))[1:-1]} if one != one.parent else set()
    return sorted(found, key=len, reverse=True)
