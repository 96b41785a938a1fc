"""Files: whole or not at all.

Every file that Kelly writes is written beside its target and renamed, so a full disk or an interrupted run leaves what
was there before. Whatever goes wrong is a `FileError` of one line that names the target, never the temporary file.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kelly.errors import FileError

__all__ = ["make_folder", "read_bytes", "replacing", "write_atomically"]


def write_atomically(path: str | os.PathLike[str], data: bytes | memoryview) -> None:
    """Put `data` into the file `path`, replacing what it held.

    Raises: FileError, the folder is missing or read-only, the disk is full, or the target is not a regular file;
    the old file then stands untouched.
    """
    with replacing(path) as beside:
        beside.write_bytes(data)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield an empty file beside `path`, with its suffix, that takes its place when the block succeeds.

    When the block raises, the temporary file is removed and `path` stands as before; an OSError becomes a FileError.
    """
    target = _writable(Path(path))
    # The name says nothing and is thrown away, so it need not be reproducible; it stays short for long file names.
    beside = target.with_name(f".kelly-{secrets.token_hex(6)}{target.suffix[:16]}")
    try:
        beside.touch(exist_ok=False)
        yield beside
        beside.replace(target)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise _refusal("write", path, error) from error
    finally:
        with suppress(OSError):
            beside.unlink()


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, where they are not there yet.

    Raises FileError when it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot make the folder {path}: {error.strerror}") from error


def read_bytes(path: str | os.PathLike[str], *, limit: int) -> bytes:
    """All bytes of the regular file `path`.

    Raises: FileError, it is missing, unreadable, not a regular file (a device has no end), or longer than `limit`
    bytes.
    """
    source = Path(path)
    try:
        size, regular = source.stat().st_size, source.is_file()
        data = source.read_bytes() if regular and size <= limit else b""
    except (OSError, ValueError) as error:
        raise _refusal("read", path, error) from error
    if not regular:
        raise FileError(f"cannot read {_shown(path)}: it is not a regular file")
    if size > limit:
        raise FileError(f"cannot read {_shown(path)}: at most {limit} bytes are read; it has {size}")
    return data


def _writable(path: Path) -> Path:
    """The real file behind `path` (a link stays a link), checked as far as that can be done before writing."""
    try:
        target = path.resolve()
        hindrance = _hindrance(target)
    except (OSError, ValueError, RuntimeError) as error:
        raise _refusal("write", path, error) from error
    if hindrance:
        raise FileError(f"cannot write {_shown(path)}: {hindrance}")
    return target


def _hindrance(target: Path) -> str:
    """Why `target` cannot be replaced; empty when nothing speaks against it."""
    if target.is_dir():
        return "it is a folder"
    if not target.parent.is_dir():
        return f"the folder {_shown(target.parent)} does not exist"
    if target.exists() and not target.is_file():
        return "it is not a regular file"
    # Renaming would go over a file that its owner has write-protected.
    return "it is write-protected" if target.exists() and not os.access(target, os.W_OK) else ""


def _refusal(verb: str, path: str | os.PathLike[str], error: Exception) -> FileError:
    reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
    return FileError(f"cannot {verb} {_shown(path)}: {reason}")


def _shown(path: str | os.PathLike[str]) -> str:
    """The path on one line: a line break in a file name must not break the message."""
    return repr(os.fspath(path))[1:-1]
