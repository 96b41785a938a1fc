"""Melodies: the songs of POP909 beat by beat, as the melody network learns from them.

Conventions: a beat is a quarter note; which pitches sound in it is told by `kelly.models.melody.beats`, inputs and
targets are those of `kelly.models.melody.slots`. Pitches sound, rather than begin: that is what the slots say, and a
held note is what the next one starts from. A melody goes from the beat of its first note to the last in which it
sounds, rests between them included. A beat's chord is the one that sounds in most of it, as the pitch classes of its
notes where they are known (POP909-CL), else of its class. All that a beat is told of the past and of its chords is
relative to the key that holds in it, so that a modulation moves everything.

Sections and energy come from chords and accompaniment (`sections`), never from the melody, which would tell where it
rests. Nottingham's tunes were tried as further material: at the same number of steps they did not help.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kelly.emotion.code import UNKNOWN
from kelly.errors import CorpusError
from kelly.models.harmony import classes
from kelly.models.melody.beats import sounding
from kelly.models.melody.slots import PITCHES, SIZE, Place, sequence
from kelly.training.data import chords, sections
from kelly.training.data.corpora import pop909
from kelly.training.data.leadsheet import LeadSheet, key_at
from kelly.training.data.preparing import Arrays, Item
from kelly.training.data.sums import digest
from kelly.training.tasks.context import Context

__all__ = ["FEELING", "VERSION", "Melody", "chords_of", "melodies"]

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

VERSION = 2
FEELING = slice(0, 4)  # the slots of the emotion code
_BESIDE = ("beat_midi.txt", "chord_midi.txt", "key_audio.txt")


@dataclass(frozen=True, slots=True)
class Melody:
    """A melody: id, split and group of its song, inputs (beats, 64), targets (beats, 128)."""

    id: str
    split: str
    group: str
    inputs: Floats
    targets: Flags


def melodies(root: Path, context: Context) -> Iterator[Melody]:
    """The melodies below a root, of all splits; songs that cannot be read are left out and told.

    Parameters: root; context, of which cache, feelings (unknown where a song is not labelled) and note are used.
    Raises: MissingCorpusError, it is not there; CorpusError, `index.csv` is not as it should be; FileError, no song can
    be read.
    """
    songs = list(pop909.load(root))
    made = context.prepared([_item(song) for song in songs], _prepared, VERSION)
    for song, arrays in zip(songs, made, strict=True):
        if arrays is not None:
            inputs = arrays["inputs"].astype(np.float32)
            inputs[:, FEELING] = context.feelings.of(pop909.CORPUS.name, song.id)[FEELING]
            targets = np.unpackbits(arrays["targets"], axis=1).astype(bool)
            yield Melody(song.id, song.split, song.group, inputs, targets)


def chords_of(sheet: LeadSheet, notation: str, beats: int) -> list[frozenset[int]]:
    """The pitch classes of the chord of each beat from 0 on: the one that sounds in most of it, none in silence."""
    most, found = np.zeros(beats), [frozenset[int]()] * beats
    for change in sheet.changes:
        tones = _tones(change.symbol, notation)
        for beat in range(max(int(change.onset), 0), min(int(np.ceil(change.end)), beats)):
            share = min(change.end, beat + 1) - max(change.onset, beat)
            if share > most[beat]:
                most[beat], found[beat] = share, tones
    return found


def _tones(symbol: str, notation: str) -> frozenset[int]:
    if notation == "pitches":
        return frozenset(int(pitch) % 12 for pitch in symbol.split())
    return frozenset(classes.pitch_classes(chords.relative(chords.chord(symbol, notation), 0)))


def _item(song: pop909.Song) -> Item:
    beside = [song.path.with_name(name) for name in _BESIDE] + ([song.expert] if song.expert else [])
    sums = [digest(path) for path in beside if path.exists()]
    expert = None if song.expert is None else song.expert.relative_to(song.path.parents[2]).as_posix()
    return Item(song.path, {"beats_a_bar": song.beats_a_bar, "expert": expert, "with": sums})


def _prepared(item: Item) -> Arrays:
    """Inputs and targets of a song; top-level, as `prepared` asks."""
    path, bar, expert = item.path, item.parameters["beats_a_bar"], item.parameters["expert"]
    assert path is not None  # noqa: S101 - it came from `_item`
    beside = path.parents[2] / expert if expert else None
    song = pop909.read(pop909.Song(path.stem, "", path.stem, path, beside, "", "", bar))
    if not song.melody:
        raise CorpusError(f"{path} has no melody")
    first, melody = sounding(song.melody)
    last = max((note.end for note in (*song.bridge, *song.piano)), default=0.0)
    beats = max(first + len(melody), int(np.ceil(last)))
    tones = chords_of(song.sheet, "pitches" if song.expert else "harte", beats)
    rows, loudness = sections.features(tones, (song.bridge, song.piano), bar)
    borders = sections.starts(rows)
    places = sections.places(borders, sections.energies(loudness, borders), beats, bar)
    here = slice(first, first + len(melody))
    return _encoded(melody, tones[here], places[here], _tonics(song.sheet, first, len(melody)))


def _tonics(sheet: LeadSheet, first: int, count: int) -> list[int]:
    """The tonic of the key that holds in each beat; C without keys."""
    found = [key_at(sheet.keys, first + beat + 0.5) for beat in range(count)]
    return [key.tonic if key else 0 for key in found]


def _encoded(
    melody: list[set[int]], tones: list[frozenset[int]], places: list[Place], tonics: list[int]
) -> dict[str, npt.NDArray[np.generic]]:
    """Inputs and targets, each beat's relative to its own tonic."""
    inputs, targets = np.zeros((len(melody), SIZE), np.float32), np.zeros((len(melody), PITCHES), bool)
    for tonic in set(tonics):
        here = np.array(tonics) == tonic
        rows, active = sequence(UNKNOWN[FEELING].tolist(), melody, tones, places, tonic)
        inputs[here], targets[here] = rows[here], active[here] > 0
    return {"inputs": inputs, "targets": np.packbits(targets, axis=1)}
