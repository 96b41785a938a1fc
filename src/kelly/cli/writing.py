"""Files that belong together: all of them are written, or none.

Conventions: an output is the path of a file and what fills it, a function that is given the path to write to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kelly.cli.output import as_json, say
from kelly.errors import FileError, UsageError
from kelly.files import make_folder, replacing

if TYPE_CHECKING:
    from kelly.score.notes import Score

__all__ = ["Output", "folder", "put_score", "slug", "write_together"]

LONGEST_NAME = 80  # characters; file systems end at about 255 bytes

Output = tuple[Path, Callable[[Path], object]]


@contextmanager
def folder(path: Path | None) -> Iterator[None]:
    """Make a folder if there is none (None asks for nothing); it goes again if the block fails and left it empty.

    Raises FileError when it cannot be made.
    """
    made = path is not None and not path.is_dir()
    if path is not None:
        make_folder(path)
    try:
        yield
    except BaseException:
        if path is not None and made:
            with suppress(OSError):
                path.rmdir()  # only when it is empty
        raise


def slug(name: str, taken: Iterable[str] = ()) -> str:
    """A name as a file name: small letters, digits and hyphens, numbered when it is among those `taken`.

    Accents are left out ("Klävier": klavier), what is no Latin letter too.
    """
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    plain = "-".join(re.findall("[a-z0-9]+", bare.casefold()))[:LONGEST_NAME].strip("-") or "unnamed"
    used, number = set(taken), 1
    while (found := plain if number == 1 else f"{plain}-{number}") in used:
        number += 1
    return found


def write_together(files: Iterable[Output]) -> None:
    """Write several files, all or none: each writer fills a file beside its target, and all move into place at the end.

    The first file comes last into place, so whoever sees it may rely on the others.
    Raises FileError when one cannot be written, UsageError when two have the same name.
    """
    taken: list[Path] = []
    with ExitStack() as stack:
        for path, write in files:
            if path.resolve() in taken:
                raise UsageError(f"two files would be written to {path}: give them different names")
            taken.append(path.resolve())
            _write(write, stack.enter_context(replacing(path)))


def put_score(score: Score, path: Path, *, json: bool, quiet: bool) -> None:
    """Write a score that is no song of Kelly's, or no longer one, as a MIDI file, and say so."""
    from kelly.score import midi

    write_together([(path, partial(midi.write, score))])
    notes = sum(len(part.notes) for part in score.parts)
    if json:
        as_json({"files": {"midi": str(path)}, "notes": notes, "seconds": round(score.duration, 2)})
    else:
        say([f"{notes} notes, {score.duration:.0f} s", str(path)], quiet=quiet)


def _write(write: Callable[[Path], object], beside: Path) -> None:
    try:
        write(beside)
    except FileError as error:
        # The file beside is nobody's business: its system error is told again with the name of the target.
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from None
        raise
