"""Heard: rated pieces of music as the traits of their stretches, with what listeners said of each.

Conventions: a stretch is the whole piece, one of its windows (`models.symbolic.heads`), or one that was changed: cut
out somewhere, played a little faster or slower, higher or lower, louder or softer, which changes no label but makes
many pieces of few. Signs are EMOPIA's (valence and arousal, -1 or 1, 0 where unknown); ratings are VGMIDI's means over
raters, in units of `UNITS`; what a listener's hand does in the first `LAG` seconds of a stretch is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from kelly.errors import MissingCorpusError
from kelly.listening.traits.all import FEWEST, names, traits
from kelly.listening.traits.sounded import Sounded, sounded
from kelly.models.symbolic.heads import LEAST, spans
from kelly.score import midi
from kelly.training.data.corpora import emopia, vgmidi
from kelly.training.data.preparing import Arrays, Item, prepared
from kelly.training.data.splits import part_of

__all__ = ["CHANGED", "UNITS", "VERSION", "WHOLE", "WINDOW", "Heard", "heard", "stretches"]

Floats = npt.NDArray[np.float32]
One = TypeVar("One")
VERSION = 1
UNITS = (0.22, 0.24)  # the spread of VGMIDI's ratings over pieces, valence and arousal
WHOLE, WINDOW, CHANGED = range(3)  # kinds of stretches
CHANGES, LAG = 6, 2.0
_TEMPO, _LOUDNESS, _STEPS = (0.93, 1.07), (0.92, 1.08), 3
_CUT = (12.0, 30.0)  # seconds of a stretch that is cut out
_ENOUGH = 12


@dataclass(frozen=True, slots=True)
class Heard:
    """A rated piece.

    Parameters: corpus, id, split, group; part (labeller, judge, examiner); kinds (n,) of its stretches, traits (n, t);
    signs (n, 2), -1, 0 or 1; ratings (n, 2), NaN where there are none.
    """

    corpus: str
    id: str
    split: str
    group: str
    part: str
    kinds: npt.NDArray[np.int64]
    traits: Floats
    signs: Floats
    ratings: Floats


def heard(
    root: Path, cache: Path, *, workers: int = 1, engine: str = "local", note: Callable[[str], object]
) -> list[Heard]:
    """All rated pieces below a root that can be read.

    Parameters: root; cache, of prepared data; workers, engine and note as `preparing.prepared` has them.
    Raises: MissingCorpusError, neither EMOPIA nor VGMIDI is there; CorpusError, one is not as it should be; FileError.
    """
    clips, pieces = _there(emopia.CORPUS.folder, emopia.load, root), _there(vgmidi.CORPUS.folder, vgmidi.load, root)
    if not clips and not pieces:
        raise MissingCorpusError(
            f"neither EMOPIA nor VGMIDI is in {root}; they are to be had from {emopia.CORPUS.source} and "
            f"{vgmidi.CORPUS.source}"
        )
    rated: list[emopia.Clip | vgmidi.Piece] = [*clips, *pieces]
    items = [Item(one.path) for one in rated]
    told = prepared(items, stretches, cache, version=VERSION, workers=workers, engine=engine, note=note)
    found: list[Heard] = []
    for one, arrays in zip(rated, told, strict=True):
        if arrays is not None and len(arrays["kinds"]):
            found.append(_clip(one, arrays) if isinstance(one, emopia.Clip) else _piece(one, arrays))
    return found


def stretches(item: Item) -> Arrays:
    """The stretches of a MIDI file: kinds (n,), spans (n, 2) in seconds, traits (n, t); none of a file of few notes."""
    assert item.path is not None  # noqa: S101 - a piece is a file
    piece = sounded(midi.read(item.path))
    rows = list(_stretches(piece)) if len(piece) >= FEWEST else []
    return {
        "kinds": np.array([kind for kind, _, _ in rows], np.int64),
        "spans": np.array([span for _, span, _ in rows], np.float64).reshape(-1, 2),
        "traits": np.array([traits(stretch) for _, _, stretch in rows], np.float32).reshape(-1, len(names())),
    }


def _stretches(piece: Sounded) -> Iterator[tuple[int, tuple[float, float], Sounded]]:
    whole = (0.0, piece.length)
    yield WHOLE, whole, piece
    for start, end in spans(piece.length):
        if len(window := piece.between(start, end)) >= LEAST:
            yield WINDOW, (start, end), window
    rng = np.random.default_rng(len(piece))
    for number in range(CHANGES):
        span = _cut(piece, rng) if number % 2 else whole
        if len(stretch := piece.between(*span)) < _ENOUGH:
            span, stretch = whole, piece
        yield CHANGED, span, _changed(stretch, rng)


def _cut(piece: Sounded, rng: np.random.Generator) -> tuple[float, float]:
    width = rng.uniform(*_CUT)
    start = rng.uniform(0.0, max(piece.length - width, 0.1))
    return start, start + width


def _changed(piece: Sounded, rng: np.random.Generator) -> Sounded:
    slower, louder, higher = rng.uniform(*_TEMPO), rng.uniform(*_LOUDNESS), int(rng.integers(-_STEPS, _STEPS + 1))
    return Sounded(
        piece.onsets * slower,
        piece.durations * slower,
        np.clip(piece.pitches + higher, 0, 127),
        np.clip(piece.velocities * louder, 1, 127),
    )


def _there(folder: Callable[[Path], Path], load: Callable[[Path], Iterator[One]], root: Path) -> list[One]:
    try:
        folder(root)
    except MissingCorpusError:
        return []
    return list(load(root))


def _clip(clip: emopia.Clip, arrays: Arrays) -> Heard:
    count = len(arrays["kinds"])
    signs = np.tile(np.array([clip.valence, clip.arousal], np.float32), (count, 1))
    ratings = np.full((count, 2), np.nan, np.float32)
    part = part_of("emopia", clip.group)
    return Heard("emopia", clip.id, clip.split, clip.group, part, arrays["kinds"], arrays["traits"], signs, ratings)


def _piece(piece: vgmidi.Piece, arrays: Arrays) -> Heard:
    spans_ = arrays["spans"]
    ratings = np.array([_rating(piece, kind, span) for kind, span in zip(arrays["kinds"], spans_, strict=True)])
    signs = np.zeros_like(ratings, np.float32)
    part = part_of("vgmidi", piece.id)
    return Heard(
        *("vgmidi", piece.id, piece.split, piece.group, part),
        *(arrays["kinds"], arrays["traits"], signs, (ratings / UNITS).astype(np.float32)),
    )


def _rating(piece: vgmidi.Piece, kind: int, span: Sequence[float]) -> tuple[float, float]:
    """The mean rating of a stretch, valence and arousal in -1..1; of the whole, the piece's summary."""
    start, end = span
    if kind == WHOLE or (start == 0 and end >= piece.seconds):
        return piece.summary
    middles = (piece.edges[1:] + piece.edges[:-1]) / 2
    chosen = (middles >= start + LAG) & (middles < end)
    if not chosen.any():
        chosen = np.arange(len(middles)) == int(np.abs(middles - (start + end) / 2).argmin())
    return float(piece.valence[chosen].mean()), float(piece.arousal[chosen].mean())
