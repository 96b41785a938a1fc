"""Takes: performances of ASAP as the dynamics network learns from them, note by note.

Conventions: a note is a written one that was played (`alignment`); its inputs are as in `kelly.models.dynamics.slots`,
worked out from the score alone (`pages`), but for the tempo, which is the take's median, and the feeling, which is that
of the whole piece. Deviations are in beats, positive late; articulation is cut at 2, local tempo at 1/2 and 2. Pedal is
the share of the time from the key's press to its release in which the damper pedal (controller 64) is down. Loudness is
the mean velocity of the notes that start within two beats. Takes that match less than `alignment.LEAST` of their score,
or whose beats are not those of the score, are left out and counted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.emotion.code import UNKNOWN
from kelly.errors import CorpusError, MissingCorpusError
from kelly.models.dynamics.slots import write
from kelly.models.dynamics.surroundings import AROUND, Setting, written
from kelly.score import midi
from kelly.score.notes import Note, Score
from kelly.training.data.alignment import LEAST, Alignment, align
from kelly.training.data.corpora import asap
from kelly.training.data.pages import chord_tones, energy_and_tension, mean_around, page
from kelly.training.data.preparing import Arrays, Item
from kelly.training.data.sums import digest
from kelly.training.tasks.context import Context

__all__ = ["FEELING", "Take", "played", "takes"]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

FEELING = slice(4)  # the slots of the inputs that a feeling fills
_VERSION = 3
_BPM = 23  # the slot of the tempo, which is the only one that differs between takes of a score
_PEDAL, _DOWN = 64, 64
_LONGEST, _FASTEST = 2.0, 2.0
_FILES = ("score", "score_annotations", "annotations")
# What a record says of who plays what, which makes no difference to the notes.
_NOBODY: dict[str, Any] = {
    **dict.fromkeys(("id", "split", "group", "composer", "title", "performer"), ""),
    **dict.fromkeys(("maestro", "start", "end")),
}
_COLUMNS = ("velocity", "deviation", "articulation", "pedal", "tempo", "bpm", "loudness")


@dataclass(frozen=True, slots=True)
class Take:
    """A performance, note by note.

    Parameters: id, group (the work) and score, as its record has them; inputs (n, 32); note (n,), which of the score's
    notes each is; velocity 1..127; deviation in beats; articulation, tempo (local by the take's median) and loudness
    as the conventions say; pedal 0..1; bpm, the local tempo in quarter notes a minute; each (n,).
    """

    id: str
    group: str
    score: Path
    inputs: Floats
    note: Ints
    velocity: Floats
    deviation: Floats
    articulation: Floats
    pedal: Floats
    tempo: Floats
    bpm: Floats
    loudness: Floats


def takes(root: Path, split: str, context: Context) -> list[Take]:
    """The takes of a split that can be learnt from.

    Parameters: root, the folder of corpora; split, train, dev or test; context, with the cache and the feelings.
    Raises: CorpusError, the corpus is missing or no take of the split matches its score.
    """
    records = [record for record in asap.load(root) if record.split == split]
    if not records:
        raise MissingCorpusError(f"{asap.CORPUS.title} in {root} has no {split} split")
    records.sort(key=lambda record: (str(record.score), record.id))  # a score is read once for all its takes
    found = context.prepared(map(_item, records), played, _VERSION)
    kept = list(_kept(zip(records, found, strict=True), context))
    left = len(records) - len(kept)
    context.note(f"{asap.CORPUS.title} {split}: {len(kept)} takes, {left} left out (under {LEAST:.0%} matched)")
    if not kept:
        raise CorpusError(f"no take of the {split} split of {asap.CORPUS.title} matches {LEAST:.0%} of its score")
    return kept


def played(item: Item) -> Arrays:
    """A take as arrays: rate () alone where it is too low, else also inputs, note and what `_COLUMNS` names.

    Parameters: item, the performance, with the paths of its score and of both annotations, and their sums.
    Raises: FileError, CorpusError, a file is missing, damaged or not in its layout, or the beats are not the score's.
    """
    if item.path is None:
        raise CorpusError("a take has a file")
    files = {name: item.path.parent / item.parameters[name] for name in _FILES}
    record = asap.Performance(path=item.path, **(_NOBODY | files))
    times, performed = asap.aligned_beats(record)
    is_downbeat = asap.score_beats(record).is_downbeat
    score, performance = _score(record.score, item.parameters["sums"][0]), asap.read(record)
    alignment = align(score, performance, times, performed)
    if alignment.rate < LEAST:
        return {"rate": np.array(alignment.rate)}
    inputs = _inputs(alignment.written, tuple(alignment.beats[is_downbeat]))[alignment.matched].copy()
    inputs[:, _BPM] = (np.median(alignment.tempo) - 120) / 60
    columns = _columns(alignment, performance, performed)
    return {
        "rate": np.array(alignment.rate),
        "inputs": inputs,
        "note": alignment.matched,
        **{name: column.astype(np.float32) for name, column in zip(_COLUMNS, columns, strict=True)},
    }


def _item(record: asap.Performance) -> Item:
    files = {name: getattr(record, name) for name in _FILES}
    near = record.path.parent  # so that what is kept does not depend on where the corpus lies
    named = {name: os.path.relpath(path, near) for name, path in files.items()}
    return Item(record.path, named | {"sums": [digest(path) for path in files.values()]})


def _kept(pairs: Iterable[tuple[asap.Performance, Arrays | None]], context: Context) -> Iterator[Take]:
    for record, arrays in pairs:
        if arrays is None or "inputs" not in arrays:
            continue
        inputs = arrays["inputs"]
        inputs[:, FEELING] = context.feelings.of(asap.CORPUS.name, record.id)[FEELING]
        columns = {name: arrays[name] for name in _COLUMNS}
        yield Take(record.id, record.group, record.score, inputs, arrays["note"], **columns)


@lru_cache(maxsize=2)  # takes of one score come one after another
def _score(path: Path, _: str) -> Score:
    return midi.read(path)


@lru_cache(maxsize=2)
def _inputs(notes: tuple[Note, ...], downbeats: tuple[float, ...]) -> Floats:
    """The inputs (notes, 32) of all notes of a score, the tempo left at 120."""
    found, role = page(notes, downbeats)
    energy, tension = energy_and_tension(found.onset, np.array([note.velocity for note in notes]))
    tones = chord_tones(found.onset, found.duration, found.pitch)
    setting = Setting(UNKNOWN[FEELING], role, 120.0, energy, tension, tones)
    return write(written(found, setting)).astype(np.float32)


def _columns(
    alignment: Alignment, performance: Score, performed: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], ...]:
    """What `_COLUMNS` names, of each matched note."""
    notes = [alignment.written[index] for index in alignment.matched]
    place, duration = np.array([(note.onset, note.duration) for note in notes]).T
    start = place + alignment.deviation
    stop = start + alignment.articulation * duration
    velocity = alignment.velocity.astype(np.float64)
    span = np.clip(np.searchsorted(alignment.beats, place, side="right") - 1, 0, len(alignment.tempo) - 1)
    return (
        velocity,
        alignment.deviation,
        np.clip(alignment.articulation, 0, _LONGEST),
        _pedal(performance, *(np.interp(at, alignment.beats, performed) for at in (start, stop))),
        np.clip(alignment.tempo_ratio[span], 1 / _FASTEST, _FASTEST),
        alignment.tempo[span],
        mean_around(place, velocity, AROUND),
    )


def _pedal(
    performance: Score, start: npt.NDArray[np.float64], stop: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The share of the time from `start` to `stop` (seconds) in which the damper pedal is down."""
    moves = sorted(move for part in performance.parts for move in part.controls if move.controller == _PEDAL)
    if not moves:
        return np.zeros(len(start))
    times = np.append(performance.seconds([move.onset for move in moves]), np.inf)
    times[-1] = max(times[-2], stop.max()) + 1
    is_down = np.array([move.value >= _DOWN for move in moves])
    total = np.concatenate([[0.0], np.cumsum(np.diff(times) * is_down)])
    held = np.interp(stop, times, total) - np.interp(start, times, total)
    return np.asarray(np.clip(held / np.maximum(stop - start, 1e-6), 0, 1))
