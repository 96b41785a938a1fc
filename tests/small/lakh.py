"""Lakh in small: four matched files of three tracks, one of them matched twice, and the full collection of eight."""

import hashlib

from kelly.score import midi
from kelly.score.notes import Note, Part, Score


def content(number):
    """A file's bytes; what the others do not have is its pitch."""
    notes = tuple(Note(float(i), 0.5, 60 + number, 80) for i in range(4))
    return midi.to_bytes(Score((Part("", 0, notes=notes),)))


SUMS = tuple(hashlib.md5(content(number), usedforsecurity=False).hexdigest() for number in range(8))
TRACKS = {"TRAAAGR128F425B14B": (0, 1), "TRAAAZF12903CCCF6B": (2,), "TRZZZXY128F92D2A1B": (0, 3)}


def write(root, parts=("lmd_matched", "lmd_full")):
    """Write the collection below a root folder and give its folder."""
    place = root / "lakh"
    for track, numbers in TRACKS.items():
        for number in numbers:
            _put(place / "lmd_matched" / "/".join(track[2:5]) / track, number, wanted="lmd_matched" in parts)
    for number, name in enumerate(SUMS):
        _put(place / "lmd_full" / name[0], number, wanted="lmd_full" in parts)
    return place


def _put(folder, number, *, wanted):
    if wanted:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{SUMS[number]}.mid").write_bytes(content(number))
