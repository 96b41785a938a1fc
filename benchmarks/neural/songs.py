"""Songs: what Kelly composes for the comparison, and what is counted of it.

Conventions: songs have `BARS` bars and default settings but for the dial, 0 (the rules alone)..1. Notes are read from
the bytes of the MIDI file, chords, keys and meters from the song. Onsets count from the bar line; bars that a broken
rule has cut short are left out of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from controllability.run import Asked, Row
from hearing import Heard, hear, measure
from neural.measures import BAR, Events, Floats, Ints, line, loudness, melody, places, progression

from kelly.composing.report import Report
from kelly.composing.song import Song, compose
from kelly.composing.theory import MODES
from kelly.emotion import thesaurus
from kelly.emotion.space import Emotion
from kelly.score.midi import to_bytes
from kelly.training.data import chords
from kelly.training.data.leadsheet import pitch_class

__all__ = ["BARS", "Named", "events", "heard", "mapped", "pairs"]

Flags = npt.NDArray[np.bool_]
Item = TypeVar("Item")
Result = TypeVar("Result")
Named = tuple[str, int]  # the name of a feeling, and a seed

BARS = 32
STRIDE = 25  # visits all 72 names, and few songs already lie far apart
EARLY = 1 / 16  # beats that a note may come before the section that it opens


def pairs(songs: int, first_seed: int) -> list[Named]:
    """The names and seeds of some songs, no seed twice: all 72 names come once before any comes again."""
    names = [node.name for node in thesaurus.names()]
    return [(names[i * STRIDE % len(names)], first_seed + i) for i in range(songs)]


def events(named: Named, neural: float) -> Events:
    """Compose the song of a named feeling and say into which bins it falls."""
    name, seed = named
    song = _composed(thesaurus.lookup(name).emotion, seed, neural)
    notes = hear(to_bytes(song.score))
    tones, drums = notes.pitched, notes.where(notes.drums)
    return {
        **_melody(song, notes.of("Melody")),
        **_chords(song),
        **loudness(tones.velocity, tones.part),
        **places(_in_bars(song, tones)),
        **loudness(drums.velocity, drums.part, drums=True),
        **places(_in_bars(song, drums), drums=True),
    }


def heard(asked: Asked, neural: float) -> Row:
    """Compose the song of (valence, arousal, dominance, seed) and measure it as the controllability benchmark does."""
    *vad, seed = asked
    return asked, measure(hear(to_bytes(_composed(Emotion(*vad), seed, neural).score)))


def mapped(
    function: Callable[[Item, float], Result], items: Iterable[Item], neural: float, processes: int
) -> list[Result]:
    """What a function of this module says of each item, in order."""
    if processes == 1:
        return [function(item, neural) for item in items]
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(partial(function, neural=neural), items, chunksize=4))


def _composed(feeling: Emotion, seed: int, neural: float) -> Song:
    return compose(feeling, seed=seed, bars=BARS, neural=neural)


def _melody(song: Song, notes: Heard) -> Events:
    onset, pitch = line(notes.onset, notes.pitch)
    sections = song.report["sections"]
    here = np.searchsorted([section["start"] for section in sections], onset + EARLY, side="right") - 1
    tonic, minor = _keys(sections)
    return melody(pitch, tonic[here], minor[here])


def _chords(song: Song) -> Events:
    sections = song.report["sections"]
    tonic, minor = _keys(sections)
    here = np.repeat(np.arange(len(sections)), [len(section["chords"]) for section in sections])
    symbols = [symbol for section in sections for symbol in section["chords"]]
    named = [chords.relative(chords.chord(symbol, "jazz"), at) for symbol, at in zip(symbols, tonic[here], strict=True)]
    return progression(np.array(named), tonic[here], minor[here])


def _keys(sections: Sequence[Report]) -> tuple[Ints, Flags]:
    """Tonic and whether it is minor, of each section."""
    written = [section["key"].split() for section in sections]
    tonics = [pitch_class(tonic) for tonic, _ in written]
    return np.array(tonics, np.int64), np.array([3 in MODES[mode] for _, mode in written])


def _in_bars(song: Song, notes: Heard) -> Floats:
    """Where notes begin, in beats from a bar line; those in bars of four beats."""
    meters = song.score.meters
    here = np.clip(np.searchsorted([meter.onset for meter in meters], notes.onset, side="right") - 1, 0, None)
    is_common = np.array([meter.bar_length == BAR for meter in meters])[here]
    start = np.array([meter.onset for meter in meters])[here]
    return np.asarray((notes.onset - start)[is_common])
