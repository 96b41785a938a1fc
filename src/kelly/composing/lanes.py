"""Lanes: what a picture of a song shows, taken from its score and its report.

Conventions: times in beats from the song's start. A stretch is a section with its feeling and chords, a lane the notes
of one part; drums and fills share a lane. A report may come from any file: what is missing or of another kind raises
KeyError, TypeError, ValueError, AttributeError or IndexError. How things look is `picture`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.composing.tables import parts as part_rows
from kelly.emotion.space import NEUTRAL
from kelly.score.notes import Note, Part, Score

__all__ = ["Lane", "Stretch", "bar_marks", "lanes", "loudness", "stretches"]

MOST = 13  # parts beyond this share the last lane
ORDER = ("melody", "variation", "counter", "strings", "chords", "pad", "tension", "transitions", "bass", "drums")
EXPRESSION = 11
MARKS = 26  # as many bar lines are numbered at most


@dataclass(frozen=True, slots=True)
class Stretch:
    """A section: start and end, name, what is felt ("" when nobody says), valence and arousal, chords with onsets."""

    start: float
    end: float
    name: str
    feeling: str = ""
    valence: float = NEUTRAL.valence
    arousal: float = NEUTRAL.arousal
    chords: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Lane:
    """The notes of a part with its name, and the name of its instrument where the report knows it."""

    name: str
    instrument: str
    notes: tuple[Note, ...]
    drums: bool = False


def stretches(score: Score, report: Mapping[str, Any]) -> tuple[Stretch, ...]:
    """The sections of a song; without a report those between its markers, without markers the whole as one."""
    told: Sequence[Any] = report.get("sections", ())
    markers = [marker for marker in score.markers if marker.onset < score.end] or None
    if markers and len(told) in (0, len(markers)):
        starts = [marker.onset for marker in markers]
    else:
        markers, starts = None, [float(section["start"]) for section in told] or [0.0]
    ends = [*starts[1:], max(score.end, starts[-1])]
    if told:
        return tuple(_told(*one) for one in zip(told, starts, ends, strict=True))
    names = [marker.text for marker in markers or ()] or [""]
    return tuple(Stretch(*one) for one in zip(starts, ends, names, strict=True))


def _told(section: Mapping[str, Any], start: float, end: float) -> Stretch:
    feeling, chords = section["emotion"], section["chords"]
    label = feeling["name"] if feeling["tier"] == "full" else f"{feeling['name']} ({feeling['tier']})"
    placed = ((start + float(onset), str(chord)) for onset, chord in zip(section["onsets"], chords, strict=True))
    sounded = tuple((onset, chord) for onset, chord in placed if onset < end)
    return Stretch(
        start, end, str(section["role"]), label, float(feeling["valence"]), float(feeling["arousal"]), sounded
    )


def lanes(score: Score, report: Mapping[str, Any]) -> list[Lane]:
    """The lanes of a score from top to bottom: known parts in the order of a conductor's score, drums last."""
    known = {row.title: name for name, row in part_rows().items()}
    band = report.get("parameters", {}).get("instruments", {})
    pitched = [part for part in score.parts if part.notes and not part.is_drums]
    pitched.sort(key=lambda part: _place(known.get(part.name, "")))
    found = [Lane(part.name, str(band.get(known.get(part.name), "")), part.notes) for part in pitched[:MOST]]
    if len(pitched) > MOST:
        found[-1] = Lane(f"{len(pitched) - MOST + 1} others", "", _together(pitched[MOST - 1 :]))
    beaten = _together([part for part in score.parts if part.is_drums])
    return [*found, Lane("Drums", "", beaten, drums=True)] if beaten else found


def _place(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)


def _together(parts: Sequence[Part]) -> tuple[Note, ...]:
    return tuple(sorted(note for part in parts for note in part.notes))


def loudness(score: Score, step: float = 0.5) -> npt.NDArray[np.float64]:
    """How loud the song is written every `step` beats, 0..1 of its loudest moment: an array (ceil(end / step) + 1,).

    The root of the sum over sounding notes of (velocity x expression)^2, both as shares of 127.
    """
    size = int(np.ceil(score.end / step)) + 1
    power = np.zeros(size)
    for part in score.parts:
        own = np.zeros(size + 1)
        for note in part.notes:
            first = min(int(note.onset / step), size - 1)
            # A stroke of a drum rings for half a beat, however short it is written.
            last = min(max(first + 1, int(np.ceil(note.end / step))), size)
            own[first] += (note.velocity / 127) ** 2
            own[last] -= (note.velocity / 127) ** 2
        power += np.cumsum(own)[:-1] * np.square(_expression(part, step * np.arange(size)))
    level = np.sqrt(np.maximum(power, 0))
    return np.asarray(level / max(level.max(), 1e-9))


def _expression(part: Part, beats: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """The part's controller 11 at some beats as a share of 127; 1 before the first."""
    changes = [control for control in part.controls if control.controller == EXPRESSION]
    values = np.array([127, *(control.value for control in changes)]) / 127
    return values[np.searchsorted([control.onset for control in changes], beats, side="right")]


def bar_marks(score: Score) -> Iterator[tuple[float, int]]:
    """Bars worth numbering, evenly spread: (beat where the bar begins, its number from 1)."""
    starts: list[float] = []
    ends = [*(meter.onset for meter in score.meters[1:]), score.end]
    for meter, end in zip(score.meters, ends, strict=True):
        starts.extend(np.arange(meter.onset, min(end, score.end) - 1e-6, meter.bar_length).tolist())
    stride = 1
    while len(starts) / stride > MARKS:
        stride *= 2
    yield from ((starts[i], i + 1) for i in range(0, len(starts), stride))
