"""Keys: tonic and mode of a lead sheet, where its corpus leaves them open.

Conventions: chords come with their length in beats. A mode asks whether the third above the tonic sounds minor for
longer than major. A key is worth the time that its tonic chord sounds (a seventh on it half of that), seven tenths of
the time of its dominant (a seventh or a suspension), and one bonus each for the first and the last chord.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import numpy.typing as npt

from kelly.models.harmony.classes import pitch_classes
from kelly.training.data.chords import Chord, chord, relative
from kelly.training.data.leadsheet import Key, LeadSheet

__all__ = ["ALL", "Weighted", "is_minor", "likeliest", "settled", "signed", "weighted"]

Weighted = tuple[Chord, float]
Candidate = tuple[int, bool]  # tonic 0..11, whether it is minor

ALL: tuple[Candidate, ...] = tuple(product(range(12), (False, True)))
_TONIC_SEVENTH, _DOMINANT = 0.5, 0.7  # of their time
_FIRST, _LAST = 0.1, 0.15  # of the time of all
_FIFTH, _RELATIVE = 7, 9  # semitones up from the tonic


def weighted(sheet: LeadSheet, notation: str, start: float = 0.0, end: float = np.inf) -> list[Weighted]:
    """The chords that begin between two times, each with its length in beats."""
    return [(chord(one.symbol, notation), one.duration) for one in sheet.changes if start <= one.onset < end]


def is_minor(chords: Iterable[Weighted], tonic: int) -> bool:
    """Whether chords over a tonic (0..11) are in minor rather than in major."""
    thirds = np.zeros(12)
    for one, beats in chords:
        for pitch_class in pitch_classes(relative(one, tonic)):
            thirds[pitch_class] += beats
    return bool(thirds[3] > thirds[4])


def likeliest(chords: Sequence[Weighted], candidates: Iterable[Candidate] = ALL) -> Candidate:
    """The key among candidates (tonic 0..11, minor) that chords are most likely in; the first of equal ones."""
    worth = _worth(chords)
    return max(candidates, key=lambda key: worth[key[0], int(key[1])])


def settled(sheet: LeadSheet, notation: str) -> tuple[Key, ...]:
    """The keys of a sheet whose tonics are right, each with its mode (found from the chords where it is open)."""
    ends = [*(key.onset for key in sheet.keys[1:]), np.inf]
    return tuple(
        replace(key, minor=is_minor(weighted(sheet, notation, key.onset, end), key.tonic)) if key.minor is None else key
        for key, end in zip(sheet.keys, ends, strict=True)
    )


def signed(sheet: LeadSheet, notation: str) -> tuple[Key, ...]:
    """The key of a sheet whose keys are but signatures: that major key or its relative minor; any key without one."""
    chords = weighted(sheet, notation)
    if not sheet.keys:
        return (Key(0.0, *likeliest(chords)),)
    tonic = sheet.keys[0].tonic
    return (Key(0.0, *likeliest(chords, ((tonic, False), ((tonic + _RELATIVE) % 12, True)))),)


def _worth(chords: Sequence[Weighted]) -> npt.NDArray[np.float64]:
    """What speaks for each key, in beats: (tonic, major or minor)."""
    worth = np.zeros((12, 2))
    rooted = [(one.root, one.quality, beats) for one, beats in chords if one.root is not None]
    for root, quality, beats in rooted:
        if quality in {"maj", "min"}:
            worth[root, int(quality == "min")] += beats
        if quality == "dom7":
            worth[root, 0] += _TONIC_SEVENTH * beats
        if quality in {"dom7", "sus"}:
            worth[root - _FIFTH] += _DOMINANT * beats
    total = sum(beats for _, _, beats in rooted)
    for (root, quality, _), bonus in zip(rooted[:1] + rooted[-1:], (_FIRST, _LAST), strict=False):
        worth[root, int(quality == "min")] += bonus * total
    return worth
