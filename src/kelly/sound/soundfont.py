"""Which SoundFont plays: the one that is asked for, a good one on this machine, or the one that pip brought along.

Conventions: only SoundFont 2 files (.sf2) count. Nothing is opened but to look at its first bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from kelly.errors import FileError, SoundError

__all__ = ["VARIABLE", "find"]

VARIABLE = "KELLY_SOUNDFONT"
FOLDERS = (
    "~/.local/share/soundfonts",
    "~/.local/share/sounds/sf2",
    "/usr/local/share/soundfonts",
    "/usr/local/share/sounds/sf2",
    "/usr/share/soundfonts",
    "/usr/share/sounds/sf2",
    "~/Library/Audio/Sounds/Banks",
    "/Library/Audio/Sounds/Banks",
)
# Fonts that cover General MIDI well, best first; a name counts when it begins so, whatever the case.
KNOWN = ("musescore_general", "generaluser", "fluidr3", "fluid_r3", "arachno", "sgm")
CARRIER, CARRIED = "pretty_midi", "TimGM6mb.sf2"


def find(named: str | os.PathLike[str] | None = None) -> Path:
    """The SoundFont to use.

    Order: `named`; the environment variable KELLY_SOUNDFONT; known fonts in the system's and the user's folders, then
    the largest there; the one in pretty_midi's wheel.

    Raises: FileError, the font asked for cannot be read; SoundError, it is no SoundFont 2, or there is none at all.
    """
    asked = named if named is not None else os.environ.get(VARIABLE) or None
    if asked is not None:
        return _checked(Path(asked).expanduser())
    found = sorted(_installed(), key=_preference)
    return found[0] if found else _carried()


def _checked(path: Path) -> Path:
    try:
        good = _begins_well(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"cannot read the SoundFont {str(path)!r}: {reason}") from error
    if not good:
        raise SoundError(f"{str(path)!r} is not a SoundFont 2 file (.sf2)")
    return path


def _installed() -> Iterator[Path]:
    for folder in FOLDERS:
        try:
            entries = sorted(Path(folder).expanduser().iterdir())
        except (OSError, RuntimeError):  # absent, not ours to read, or no home
            continue
        for path in entries:
            if path.suffix.lower() == ".sf2" and _usable(path):
                yield path


def _usable(path: Path) -> bool:
    try:
        return _begins_well(path)
    except OSError:
        return False


def _begins_well(path: Path) -> bool:
    """Whether the first bytes are a SoundFont 2's; a pipe or a device may never answer and counts as none."""
    mode = path.stat().st_mode
    if not (S_ISREG(mode) or S_ISDIR(mode)):
        return False
    with path.open("rb") as file:
        head = file.read(12)
    return head[:4] == b"RIFF" and head[8:12] == b"sfbk"


def _preference(path: Path) -> tuple[int, int, str]:
    """Smaller is better: known fonts in their order, then by size; the path settles the rest."""
    name = path.stem.lower().replace(" ", "_")
    rank = next((place for place, known in enumerate(KNOWN) if name.startswith(known)), len(KNOWN))
    return rank, -path.stat().st_size, str(path)


def _carried() -> Path:
    # The package is located, not imported: importing it takes longer than reading the font.
    spec = find_spec(CARRIER)
    path = Path(spec.origin).parent / CARRIED if spec is not None and spec.origin else Path(CARRIED)
    if not path.is_file():
        raise SoundError(f"no SoundFont found: name one, set {VARIABLE}, or install {CARRIER}")
    return path
