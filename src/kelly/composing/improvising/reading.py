"""Reading: a score as the transformer reads it, with its key, its seats and its chords.

Conventions: words as in `kelly.models.transformer.layout`, without parts and `begin`. A piece stands with its tonic
(the best of the keys that `kelly.listening.traits.key` finds) at C, moved by up to half an octave. Chords are found in
the notes themselves, four a bar: of major, minor, diminished, dominant and suspended ones the row that sounds most of
what is played, and changes as little as may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from kelly.listening.traits.key import key_of
from kelly.models.harmony.classes import CHORDS, NO_CHORD, pitch_classes
from kelly.models.transformer.layout import BAR, FIELDS, NOTE, SEATS, SLOTS
from kelly.score import tokens
from kelly.score.notes import Part, Score

__all__ = ["Read", "chords_of", "moves", "read", "seated", "shifted", "words_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_CHANGE = 0.12  # what a change of chord costs, of a slot that fits wholly
_BASS, _RARER = 0.1, 0.04  # what a root in the bass is worth; what other chords than triads cost
_NAMED = ("melod", "vocal", "voice", "lead", "sing", "lyric")
_MIDDLE, _ALONE = 60, 0.9  # a melody's pitch, and the share of its notes that nothing is struck with
_PLUCKED = 32  # programs of General MIDI below this are keyboards and guitars
_SHAPES = np.array([np.bincount(pitch_classes(one), minlength=12) for one in range(CHORDS)], np.float64)
_SHAPES /= np.linalg.norm(_SHAPES, axis=1, keepdims=True)


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A score as it is read.

    Parameters: words (n, 8); programs (17,), of each seat, from 1 on, 0 where nobody sits; seats, of the score's parts,
    0 of those without notes or a seat; tonic, 0..11; moved, semitones that brought it to C; starts (bars + 1,), where
    bars begin and the last one ends, in beats; chords (bars, 4), classes and 1.
    """

    words: Ints
    programs: npt.NDArray[np.uint8]
    seats: tuple[int, ...]
    tonic: int
    moved: int
    starts: Floats
    chords: npt.NDArray[np.uint8]


def read(score: Score) -> Read | None:
    """Read a score; None where it has no tones.

    Raises: UsageError, it has bars of more than eight beats.
    """
    told = iter(seated(score))
    seats = tuple(next(told) if part.notes else 0 for part in score.parts)
    kept = [(seat, part) for seat, part in zip(seats, score.parts, strict=True) if seat]
    chosen = replace(score, parts=tuple(part for _, part in kept))
    sounding = list(chosen.notes(drums=False))
    if not sounding:
        return None
    weights = np.bincount([n.pitch % 12 for n in sounding], [n.duration for n in sounding], minlength=12)
    tonic = key_of(weights).tonic
    moved = moves(tonic)
    at_c = replace(chosen, parts=tuple(shifted(part, moved) for part in chosen.parts))
    rows = tokens.encode(at_c, seats=[seat for seat, _ in kept])
    programs = np.zeros(tokens.SEATS + 1, np.uint8)
    of_parts = rows[rows[:, 0] == tokens.FAMILIES.index("part")]
    programs[of_parts[:, tokens.FIELDS.index("seat")]] = of_parts[:, tokens.FIELDS.index("pitch")]
    words, starts = _words(rows)
    return Read(words, programs, seats, tonic, moved, starts, chords_of(at_c, starts))


def words_of(score: Score, seats: Sequence[int], bars: int) -> list[Ints]:
    """The words of the notes of each of so many bars, (n, 8). Parameters: score; seats, of its parts with notes."""
    found = [np.zeros((0, len(FIELDS)), np.int64)] * bars
    if any(part.notes for part in score.parts):
        words, _ = _words(tokens.encode(score, seats=seats))
        begins = np.append(np.flatnonzero(words[:, 0] == BAR), len(words))
        for number, (begin, end) in enumerate(pairwise(begins[: bars + 1])):
            found[number] = words[begin + 1 : end]
    return found


def moves(tonic: int) -> int:
    """By how many semitones a tonic (0..11) comes to C, the shorter way."""
    return -tonic if tonic <= 6 else 12 - tonic


def seated(score: Score) -> list[int]:
    """The seat of each part that has notes, 0 of those that find none.

    A part is drums by its channel; melody, counter, chords, pad or keys by its name; bass, strings or pad by its
    program. Where nobody is called melody, it is who plays most of what is played alone and above middle C; where
    nobody is called chords, who plays most of a piano's, an organ's or a guitar's. One that is alone is keys; the
    others sit after these, the ones with the most notes first, and what finds no seat is left out.
    """
    parts = [part for part in score.parts if part.notes]
    roles = [_role(part) for part in parts]
    if len(parts) == 1:
        return [SEATS[roles[0] or "keys"]]
    for role, suits in (("melody", _sings), ("chords", _strums)):
        worth = [0.0 if told else suits(part) for told, part in zip(roles, parts, strict=True)]
        if role not in roles and max(worth, default=0.0) > 0:
            roles[int(np.argmax(worth))] = role
    found, free = [0] * len(parts), set(range(1, tokens.SEATS + 1))
    for row in sorted(range(len(parts)), key=lambda row: -len(parts[row].notes)):
        wanted = SEATS.get(roles[row], 0)
        others = sorted(free - set(SEATS.values()))
        found[row] = wanted if wanted in free else others[0] if others and roles[row] != "drums" else 0
        free.discard(found[row])
    return found


def _sings(part: Part) -> float:
    """How many notes a part has that sound alone and lie above middle C, where most do; else 0."""
    onsets = np.array([note.onset for note in part.notes])
    alone = len(np.unique(np.round(onsets * tokens.GRID))) / len(onsets)
    high = np.mean([note.pitch >= _MIDDLE for note in part.notes])
    return float(len(onsets) * (alone > _ALONE) * (high > 0.5))


def _strums(part: Part) -> float:
    """How many notes a piano, an organ or a guitar has; else 0."""
    return float(len(part.notes) * (part.program < _PLUCKED))


def _role(part: Part) -> str:
    name = part.name.casefold()
    if part.is_drums:
        return "drums"
    if name in SEATS:
        return name
    if "counter" in name:
        return "counter"
    if any(one in name for one in _NAMED):
        return "melody"
    family = part.program // 8
    return {4: "bass", 5: "strings", 6: "strings", 11: "pad"}.get(family, "")


def chords_of(score: Score, starts: Sequence[float] | Floats) -> npt.NDArray[np.uint8]:
    """The chord classes (bars, 4) of the quarters of bars, which begin, and at last end, at `starts` (bars + 1,)."""
    edges = np.append(np.linspace(starts[:-1], starts[1:], SLOTS, endpoint=False).T.reshape(-1), starts[-1])
    weights, lowest = np.zeros((len(edges) - 1, 12)), np.full(len(edges) - 1, 128)
    for note in score.notes(drums=False):
        first = max(0, int(np.searchsorted(edges, note.onset + 1e-6, "right")) - 1)
        last = min(int(np.searchsorted(edges, note.end - 1e-6, "left")), len(weights))
        shares = np.minimum(note.end, edges[first + 1 : last + 1]) - np.maximum(note.onset, edges[first:last])
        weights[first:last, note.pitch % 12] += shares
        lowest[first:last] = np.minimum(lowest[first:last], note.pitch)
    norms = np.linalg.norm(weights, axis=1, keepdims=True)
    fit = weights / np.maximum(norms, 1e-9) @ _SHAPES.T
    rooted = (lowest < 128)[:, None] & (lowest[:, None] % 12 == np.arange(CHORDS) // (CHORDS // 12))
    row = _path(fit + _BASS * rooted - _RARER * (np.arange(CHORDS) % (CHORDS // 12) > 1))
    found = row.reshape(-1, SLOTS)
    found[(norms[:, 0] == 0).reshape(-1, SLOTS).all(1)] = NO_CHORD
    return (found + 1).astype(np.uint8)


def _path(fit: Floats) -> npt.NDArray[np.int64]:
    """The row of chords (slots,) that fits best, a change costing `_CHANGE`."""
    best, back = fit[0], np.zeros(fit.shape, np.int64)
    for slot in range(1, len(fit)):
        top = int(best.argmax())
        stays = best >= best[top] - _CHANGE
        back[slot] = np.where(stays, np.arange(fit.shape[1]), top)
        best = np.where(stays, best, best[top] - _CHANGE) + fit[slot]
    row = [int(best.argmax())]
    for slot in range(len(fit) - 1, 0, -1):
        row.append(int(back[slot, row[-1]]))
    return np.array(row[::-1])


def _words(rows: npt.NDArray[np.int16]) -> tuple[Ints, Floats]:
    """Words of bars and notes, and where bars begin and the last one ends, in beats."""
    of_bar, of_note = (rows[:, 0] == tokens.FAMILIES.index(name) for name in ("bar", "note"))
    chosen = of_bar | of_note
    words = rows[chosen][:, [tokens.FIELDS.index(name) for name in FIELDS]].astype(np.int64)
    words[:, 0] = np.where(of_bar[chosen], BAR, NOTE)
    meters = rows[of_bar][:, tokens.FIELDS.index("meter")]
    lengths = [4 * top / bottom for top, bottom in (tokens.METERS[number - 1] for number in meters.tolist())]
    return words, np.cumsum([0.0, *lengths])


def shifted(part: Part, semitones: int) -> Part:
    """A part so many semitones higher, within MIDI's range by octaves."""
    if part.is_drums:
        return part
    return replace(part, notes=tuple(replace(one, pitch=_within(one.pitch + semitones)) for one in part.notes))


def _within(pitch: int) -> int:
    return pitch - 12 if pitch > 127 else pitch + 12 if pitch < 0 else pitch
