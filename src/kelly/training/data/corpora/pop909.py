"""POP909: Chinese pop songs arranged for piano, with beats, keys and chords, and those of the experts of POP909-CL.

Conventions: official layouts `POP909/NNN/` (Wang and others, ISMIR 2020: `NNN.mid` with the tracks MELODY, BRIDGE and
PIANO in the time of a recording, `beat_midi.txt`, `chord_midi.txt`, `key_audio.txt`; `index.csv`) and
`POP909-CL/POP909_processed/NNN.mid` (Yao and others, ICASSP 2026: the same song on a grid of 24 a beat in one track,
expert chords as notes in another, key and time signatures), which may be missing. Where each field comes from:

- with POP909-CL: chords, keys (POP909's where it states none) and the grid are its own. Its track does not tell the
  hands apart, so the notes are POP909's, laid through `beat_midi.txt` and moved to where most of its equal pitches are;
- without it, or where less than nine tenths of the notes are found in it (another version): the grid is that of
  `beat_midi.txt`, and chords and keys are POP909's, found by machines;
- the meter is that of `index.csv` (4/4 or 3/4 of the grid's beats): some of POP909-CL's do not fit its chords. Nor do
  its bar lines in nearly half of the songs: bars begin where the most chords begin, long ones counting more, and
  POP909's first beats of bars have a say.

In POP909-CL 043 is there as it was before processing, and in 518 and 620 (`DOUBTFUL`) the hands are not in step. No
official split. Licence: MIT (the songs themselves are not cleared).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kelly.errors import CorpusError
from kelly.names import quoted
from kelly.score import midi
from kelly.score.notes import Meter, Note, Part, Score
from kelly.training.data.layout import Corpus, rows
from kelly.training.data.leadsheet import Change, Key, LeadSheet, key_of, pitch_class, text_of
from kelly.training.data.splits import split_of

__all__ = ["BESIDE", "CORPUS", "DOUBTFUL", "GRID", "Arrangement", "Song", "chart", "load", "own_chart", "read"]

Floats = npt.NDArray[np.float64]

CORPUS = Corpus(
    "pop909",
    "POP909/*/*.mid",
    title="POP909",
    source="github.com/music-x-lab/POP909-Dataset and github.com/AndyWeasley2004/POP909-CL-Dataset",
    licence="MIT (the songs themselves are not cleared)",
    commercial=None,
    group="title and artist",
    counts={"train": 743, "dev": 75},
)
DOUBTFUL = frozenset({"518", "620"})
GRID = 24  # steps a beat
SAME_GRID = 0.9  # of the notes must be found in POP909-CL
FURTHEST = 32  # beats that POP909-CL moved a song, at most
_HANDS = ("MELODY", "BRIDGE", "PIANO")
_CHORD_CHANNEL = 1
_FLAGS_SAY = 0.3  # of what the chords say
_NOTE_ENDS = 1 / 8  # beats: a chord's note that sounds on for less is over
_KEY = re.compile(r"([A-G][#b]?):(maj|min)")
_MINOR = {"maj": False, "min": True}


@dataclass(frozen=True, slots=True)
class Song:
    """A song: id ("001"), split, group, path of POP909's MIDI file, path of POP909-CL's (expert) or None, title and
    artist ("" where `index.csv` is silent), beats a bar (3 or, also without it, 4).
    """

    id: str
    split: str
    group: str
    path: Path
    expert: Path | None
    title: str
    artist: str
    beats_a_bar: int


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A song on the grid of its beats.

    Parameters: melody, bridge and piano, notes at multiples of 1/`GRID` beat; sheet, its chords (as pitches when
    `expert`, else in Harte's notation), keys and meters; seconds (beats,), when each beat from 0 on is in the
    recording; expert, whether the sheet and the grid are POP909-CL's.
    """

    melody: tuple[Note, ...]
    bridge: tuple[Note, ...]
    piano: tuple[Note, ...]
    sheet: LeadSheet
    seconds: Floats
    expert: bool


def load(root: Path) -> Iterator[Song]:
    """List the songs.

    Raises: CorpusError when the corpus is missing or `index.csv` is not as it should be.
    """
    place = CORPUS.folder(root)
    index = _index(place / "POP909" / "index.csv")
    first: dict[tuple[str, str], str] = {}
    for path in sorted(place.glob(CORPUS.sign)):
        row = index.get(path.stem, {})
        title, artist = row.get("name", ""), row.get("artist", "")
        group = first.setdefault((title.casefold(), artist.casefold()), path.stem) if title else path.stem
        expert = place / "POP909-CL" / "POP909_processed" / path.name
        beats = 3 if row.get("num_beats_per_measure") == "3" else 4
        split = split_of(CORPUS.name, path.stem)
        yield Song(path.stem, split, group, path, expert if expert.exists() else None, title, artist, beats)


def read(song: Song) -> Arrangement:
    """The notes, chords, keys and meters of a song on its beats.

    Raises: FileError, a file is missing, damaged or no MIDI; CorpusError, a table is not as it should be.
    """
    score = midi.read(song.path)
    beats = _beats(song.path.with_name("beat_midi.txt"))
    hands = [_hand(song.path, score, name) for name in _HANDS]
    sheet, notation = chart(song)
    shift = 0.0
    if song.expert is not None and notation == "pitches":
        found = _shift(_onsets(score, beats[:, 0]), _written(midi.read(song.expert)))
        if found is None:
            sheet, notation = own_chart(song), "harte"
        shift = found or 0.0
    move = _to_bar(sheet.changes, beats, shift, song.beats_a_bar)
    melody, bridge, piano = (tuple(_gridded(score, hand.notes, beats[:, 0], shift + move)) for hand in hands)
    end = max((note.end for hand in (melody, bridge, piano) for note in hand), default=0.0)
    seconds = _in_seconds(np.arange(np.ceil(end) + 1) - shift - move, beats[:, 0])
    return Arrangement(melody, bridge, piano, _moved(sheet, move), seconds, notation == "pitches")


def chart(song: Song) -> tuple[LeadSheet, str]:
    """The chords of a song alone, which takes less than `read`, and their notation.

    Returns: POP909-CL's and "pitches" wherever it has any, else POP909's and "harte"; in beats of their own grid, whose
    bar lines may lie anywhere. Raises: as `read`.
    """
    times = _beats(song.path.with_name("beat_midi.txt"))[:, 0]
    if song.expert is not None:
        score = midi.read(song.expert)
        changes = tuple(_sounding(note for part in score.parts if _holds_chords(part) for note in part.notes))
        if changes:
            keys = tuple(key_of(key) for key in score.keys) or tuple(_own_keys(song, times))
            return LeadSheet(changes, keys, _meters(song)), "pitches"
    return own_chart(song), "harte"


def own_chart(song: Song) -> LeadSheet:
    """The chords of a song as POP909 has them, in Harte's notation. Raises: as `read`."""
    times = _beats(song.path.with_name("beat_midi.txt"))[:, 0]
    return LeadSheet(tuple(_own_chords(song, times)), tuple(_own_keys(song, times)), _meters(song))


BESIDE = (own_chart,)  # what is read of a song besides its arrangement, which may have POP909-CL's chords


def _index(path: Path) -> Mapping[str, Mapping[str, str]]:
    if not path.exists():
        return {}
    columns = ("song_id", "name", "artist", "num_beats_per_measure")
    return {row["song_id"].zfill(3): row for row in rows(path, columns)}


def _hand(path: Path, score: Score, name: str) -> Part:
    found = next((part for part in score.parts if part.name.strip().upper() == name), None)
    if found is None:
        raise CorpusError(f"{path} must have the tracks {', '.join(_HANDS)}; it lacks {name}")
    return found


def _gridded(score: Score, notes: tuple[Note, ...], times: Floats, shift: float) -> Iterator[Note]:
    """Notes in the time of a file as notes on the grid, in time order."""
    ends = [(note.onset, note.end) for note in notes]
    steps = np.rint((_in_beats(score.seconds(np.reshape(ends, (-1, 2))), times) + shift) * GRID)
    for note, (on, off) in sorted(zip(notes, steps.tolist(), strict=True), key=lambda row: (row[1][0], row[0].pitch)):
        yield Note(max(on, 0) / GRID, max(off - max(on, 0), 1) / GRID, note.pitch, note.velocity)


def _onsets(score: Score, times: Floats) -> npt.NDArray[np.int64]:
    """Onset in steps of the grid and pitch of all notes of POP909's file: (notes, 2)."""
    notes = list(score.notes())
    steps = np.rint(_in_beats(score.seconds([note.onset for note in notes]), times) * GRID)
    return np.column_stack([steps.astype(np.int64), [note.pitch for note in notes]]).reshape(-1, 2)


def _written(score: Score) -> npt.NDArray[np.int64]:
    """Onset in steps of the grid and pitch of all notes of POP909-CL's track of the score: (notes, 2)."""
    notes = [note for part in score.parts if not _holds_chords(part) for note in part.notes]
    return np.array([(round(note.onset * GRID), note.pitch) for note in notes], np.int64).reshape(-1, 2)


def _shift(own: npt.NDArray[np.int64], written: npt.NDArray[np.int64]) -> float | None:
    """By how many beats POP909-CL moved a song: the distance that brings most notes upon their like.

    Returns: None when that is less than `SAME_GRID` of them.
    """
    votes = np.zeros(2 * FURTHEST * GRID + 1, np.int64)
    found = [written[written[:, 1] == pitch, 0] for pitch in range(128)]
    for step, pitch in own:
        apart = found[pitch] - step + FURTHEST * GRID
        votes[apart[(apart >= 0) & (apart < len(votes))]] += 1
    # A step to either side: what lies between two steps may be rounded either way.
    near = np.convolve(votes, np.ones(3, np.int64), "same")
    best = int(near.argmax())
    best = max(range(max(best - 1, 0), min(best + 2, len(votes))), key=lambda place: votes[place])
    return best / GRID - FURTHEST if near[best] >= SAME_GRID * max(len(own), 1) else None


def _holds_chords(part: Part) -> bool:
    return part.channel == _CHORD_CHANNEL or part.name == "chords"


def _sounding(notes: Iterable[Note]) -> Iterator[Change]:
    """The chords of a track of chords: at each onset all notes that sound, till the next onset."""
    begins: dict[float, list[Note]] = {}
    for note in sorted(notes):
        begins.setdefault(note.onset, []).append(note)
    held: list[Note] = []
    for onset, after in pairwise([*begins, np.inf]):
        held = [note for note in held if note.end > onset + _NOTE_ENDS] + begins[onset]
        end = min(after, max(note.end for note in held))
        yield Change(onset, end - onset, " ".join(str(pitch) for pitch in sorted({note.pitch for note in held})))


def _own_chords(song: Song, times: Floats) -> Iterator[Change]:
    path = song.path.with_name("chord_midi.txt")
    table = _table(path)
    spans = _in_beats(_numbers(path, [row[:2] for row in table]).reshape(-1, 2), times)
    steps = np.maximum(np.rint(spans * GRID), 0) / GRID
    for (onset, end), row in zip(steps.tolist(), table, strict=True):
        if end > onset:
            yield Change(onset, end - onset, row[2])


def _own_keys(song: Song, times: Floats) -> Iterator[Key]:
    path = song.path.with_name("key_audio.txt")
    for start, _, name in _table(path) if path.exists() else ():
        found = _KEY.fullmatch(name)
        tonic = None if found is None else pitch_class(found[1])
        if found is None or tonic is None:
            raise CorpusError(f"{path}: a key must be like Gb:maj; got {quoted(name)}")
        onset = np.rint(_in_beats(_numbers(path, [start]), times))
        yield Key(max(float(onset[0]), 0.0), tonic, _MINOR[found[2]])


def _meters(song: Song) -> tuple[Meter, ...]:
    return (Meter(0.0, song.beats_a_bar, 4),)


def _to_bar(changes: Iterable[Change], beats: Floats, shift: float, bar: int) -> float:
    """By how many beats to move a song so that bar lines are where its chords begin: 0 to less than a bar."""
    phases = np.zeros(bar * GRID)
    for change in changes:
        phases[round(change.onset * GRID) % len(phases)] += min(change.duration, bar)
    flagged = np.flatnonzero(beats[:, 1 if bar == 3 else 2] == 1)
    votes = np.bincount(np.rint((flagged + shift) * GRID).astype(np.int64) % len(phases), minlength=len(phases))
    phases = phases / max(phases.sum(), 1) + _FLAGS_SAY * votes / max(votes.sum(), 1)
    return float(-phases.argmax() % len(phases)) / GRID


def _moved(sheet: LeadSheet, beats: float) -> LeadSheet:
    """A sheet some beats later."""
    changes = tuple(replace(change, onset=change.onset + beats) for change in sheet.changes)
    return replace(sheet, changes=changes, keys=tuple(replace(key, onset=key.onset + beats) for key in sheet.keys))


def _beats(path: Path) -> Floats:
    """The beats of a song: (beats, 3), seconds and whether each is the first of two or three and of four."""
    beats = _numbers(path, _table(path)).reshape(-1, 3)
    if len(beats) < 2 or (np.diff(beats[:, 0]) <= 0).any():
        raise CorpusError(f"{path} must hold two or more beats, whose times rise; it does not")
    return beats


def _numbers(path: Path, cells: list[str] | list[list[str]]) -> Floats:
    """Cells of a table as numbers."""
    try:
        numbers = np.array(cells, np.float64)
    except ValueError:
        numbers = np.array(np.nan)
    if not np.isfinite(numbers).all():
        raise CorpusError(f"{path}: times and flags must be numbers; got {quoted(cells)}")
    return numbers


def _table(path: Path) -> list[list[str]]:
    """The rows of a table without a head line: three columns, parted by blanks or tabs."""
    table = [line.split() for line in text_of(path).splitlines() if line.strip()]
    for row in table:
        if len(row) != 3:
            raise CorpusError(f"{path}: a row must have three columns; got {quoted(' '.join(row))}")
    return table


def _in_beats(seconds: Floats, times: Floats) -> Floats:
    """Where seconds lie among the beats; before the first and after the last they go on as the two next to them."""
    return _extended(seconds, times, np.arange(len(times), dtype=np.float64))


def _in_seconds(places: Floats, times: Floats) -> Floats:
    """The inverse of `_in_beats`."""
    return _extended(places, np.arange(len(times), dtype=np.float64), times)


def _extended(at: Floats, x: Floats, y: Floats) -> Floats:
    """Linear interpolation, and extrapolation by the outermost pieces."""
    low, high = (y[1] - y[0]) / (x[1] - x[0]), (y[-1] - y[-2]) / (x[-1] - x[-2])
    inside = np.interp(at, x, y)
    return np.asarray(inside + np.minimum(at - x[0], 0) * low + np.maximum(at - x[-1], 0) * high)
