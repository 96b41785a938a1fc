"""Sums: the SHA-256 of the files of a folder, in a file `SHA256SUMS` as `sha256sum` writes and checks it.

Conventions: a line is 64 hexadecimal digits, a blank, a blank or an asterisk, and the path of a file below the folder
with slashes, in the order of the paths; a line that begins with a backslash has backslashes and line ends in its path
escaped.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from kelly.errors import FileError
from kelly.files import read_bytes, write_atomically

__all__ = ["NAME", "digest", "read", "write"]

NAME = "SHA256SUMS"
LARGEST = 2**28  # bytes
_LINE = re.compile(r"(\\?)([0-9a-fA-F]{64}) [ *](.+)")
_ESCAPED = {r"\n": "\n", r"\r": "\r", r"\\": "\\"}


def digest(path: Path) -> str:
    """The SHA-256 of a file, as 64 hexadecimal digits. Raises: FileError, it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}") from error


def write(folder: Path, digests: Mapping[Path, str]) -> None:
    """Write the sums of files below a folder. Raises: FileError, as `write_atomically`."""
    lines = [_line(path.relative_to(folder).as_posix(), digests[path]) for path in sorted(digests)]
    write_atomically(folder / NAME, "".join(lines).encode())


def read(folder: Path) -> dict[Path, str]:
    """The sums that are stated for files below a folder, by their paths.

    Raises: FileError, the file of sums cannot be read, or a line is not as it should be or leaves the folder.
    """
    place = folder / NAME
    try:
        lines = read_bytes(place, limit=LARGEST).decode().splitlines()
    except UnicodeDecodeError as error:
        raise FileError(f"{place} must be UTF-8 text; byte {error.start + 1} is not") from error
    return dict(_stated(place, lines))


def _stated(place: Path, lines: list[str]) -> Iterator[tuple[Path, str]]:
    for number, line in enumerate(lines, 1):
        found = _LINE.fullmatch(line)
        if found is None:
            raise FileError(f"{place}: line {number} must be a SHA-256 and a path")
        name = re.sub(r"\\[nr\\]", lambda pair: _ESCAPED[pair[0]], found[3]) if found[1] else found[3]
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise FileError(f"{place}: line {number} leaves the folder: {name!r}")
        yield place.parent / name, found[2].lower()


def _line(name: str, value: str) -> str:
    escaped = name
    for written, letter in reversed(_ESCAPED.items()):  # backslashes first
        escaped = escaped.replace(letter, written)
    return f"{'' if escaped == name else chr(92)}{value}  {escaped}\n"
