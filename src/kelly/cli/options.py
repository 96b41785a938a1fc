"""Options that commands share, and how a text, a feeling or a file name on the command line is understood."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from kelly.errors import UsageError
from kelly.names import quoted

__all__ = ["Json", "Quiet", "SoundFont", "checked_suffix", "read_text", "span"]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but what --json asks for and errors.")]
SoundFont = Annotated[
    Path | None,
    typer.Option(metavar="FONT.sf2", help="The SoundFont to play with; the best one found when left out."),
]


def read_text(text: str) -> str:
    """The text itself, or all of standard input when it is "-".

    Raises UsageError when standard input is closed, too long, or not UTF-8.
    """
    if text != "-":
        return text
    from kelly.listening.words import LONGEST

    if sys.stdin is None:
        raise UsageError("text - reads standard input, which is closed")
    data = sys.stdin.buffer.read(4 * LONGEST + 1)
    if len(data) > 4 * LONGEST:
        raise UsageError(f"text must be at most {LONGEST:,} characters long; got more on standard input")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"text on standard input must be UTF-8; byte {error.start + 1} is not") from error


def checked_suffix(option: str, path: Path, *suffixes: str) -> Path:
    """The path, if its name ends in one of the suffixes.

    Raises UsageError that names the option.
    """
    if path.suffix.lower() not in suffixes:
        raise UsageError(f"{option} takes a file ending in {' or '.join(suffixes)}; got {str(path)!r}")
    return path


def span(text: str) -> tuple[int, int]:
    """The first and the last of some bars, as `--bars` tells them. Raises: UsageError, it tells none."""
    found = re.fullmatch(r"([0-9]{1,6})(?:-([0-9]{1,6}))?", text.replace(" ", ""))
    if found is None:
        raise UsageError(f"--bars must be FIRST-LAST, such as 9-12, or one bar; got {quoted(text)}")
    return int(found[1]), int(found[2] or found[1])
