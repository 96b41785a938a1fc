"""Harmony: which intervals and chords sound, on which degrees, and how often they change.

Conventions: chords are templates compared with the pitch classes of half a second; degrees count semitones above the
tonic of the best key.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kelly.listening.traits.counts import Traits, entropy, middle, named, share
from kelly.listening.traits.key import key_of
from kelly.listening.traits.sounded import Sounded

__all__ = ["measure"]

Floats = npt.NDArray[np.float64]
SPAN = 4  # steps of the grid that make one chord
CHORDS = {
    "major": (0, 4, 7),
    "minor": (0, 3, 7),
    "diminished": (0, 3, 6),
    "augmented": (0, 4, 8),
    "dominant seventh": (0, 4, 7, 10),
    "major seventh": (0, 4, 7, 11),
    "minor seventh": (0, 3, 7, 10),
    "suspended fourth": (0, 5, 7),
    "suspended second": (0, 2, 7),
    "half-diminished": (0, 3, 6, 10),
    "added ninth": (0, 2, 4, 7),
    "minor ninth": (0, 2, 3, 7),
}
_BRIGHT = [list(CHORDS).index(name) for name in ("major", "dominant seventh", "major seventh", "added ninth")]
_DARK = [list(CHORDS).index(name) for name in ("minor", "minor seventh", "minor ninth")]
_TEMPLATES = np.array(
    [
        np.roll(np.isin(np.arange(12), tones) / np.sqrt(len(tones)), root)
        for tones in CHORDS.values()
        for root in range(12)
    ]
)


def measure(piece: Sounded) -> Traits:
    """The traits of harmony."""
    classes = np.stack([piece.grid[:, i::12].sum(1) for i in range(12)], 1)
    return {**_intervals(piece, classes), **_chords(classes, key_of(piece.classes).tonic)}


def _intervals(piece: Sounded, classes: npt.NDArray[np.int64]) -> Traits:
    sounding = piece.grid.sum(1)
    active = sounding > 0
    there = (classes[active] > 0).astype(np.float64)
    pairs = np.array([(there * np.roll(there, step, 1)).sum() for step in range(1, 7)])
    heard = piece.grid[active] > 0
    bass, top = heard.argmax(1), 127 - heard[:, ::-1].argmax(1)
    above = [there[np.arange(len(there)), (bass + step) % 12].mean() for step in range(1, 12)]
    return {
        "sounding": share(active),
        **middle("voices", sounding[active]),
        "four voices": share(sounding[active] >= 4),
        "one voice": share(sounding[active] == 1),
        **named("interval class", pairs / max(pairs.sum(), 1.0)),
        **named("interval class a step", pairs / len(there)),
        **named("above the bass", above),
        **middle("bass", bass),
        **middle("top", top),
        **middle("compass", top - bass),
    }


def _chords(classes: npt.NDArray[np.int64], tonic: int) -> Traits:
    spans = np.add.reduceat(classes, np.arange(0, len(classes), SPAN)).astype(np.float64)
    spans = spans[spans.any(1)]
    fits = spans / np.linalg.norm(spans, axis=1, keepdims=True) @ _TEMPLATES.T
    best = fits.argmax(1)
    kind, root = best // 12, best % 12
    degree, changed = (root - tonic) % 12, np.diff(best) != 0
    bright, dark = np.isin(kind, _BRIGHT), np.isin(kind, _DARK)
    motion = np.bincount((np.diff(root) % 12)[changed], minlength=12)
    return {
        **named("chord", np.bincount(kind, minlength=len(CHORDS)) / len(best)),
        "chord fit": float(fits.max(1).mean()),
        "chord changes": share(changed),
        "chord entropy": entropy(np.bincount(best)),
        **named("root", np.bincount(degree, minlength=12) / len(best)),
        **named("root motion", motion / max(changed.sum(), 1)),
        "bright chords": share(bright),
        "dark chords": share(dark),
        **named("bright root", np.bincount(degree[bright], minlength=12) / len(best)),
        **named("dark root", np.bincount(degree[dark], minlength=12) / len(best)),
    }
