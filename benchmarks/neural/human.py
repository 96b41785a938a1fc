"""Human: the histograms of human music, from the training splits of four corpora.

Conventions: POP909 gives melodies, chords (POP909-CL's where it has any), and the velocities and onsets of its piano.
Nine tenths of its onsets stand on a sequencer's grid: they say where music is written and nothing of how it is played.
That is told by ASAP: velocities, onsets by the annotated beats (of bars of four quarters), and deviations, how far each
note is from where it is written (of takes that match their score, as `kelly.training.data.takes` has them). Human
onsets are those of POP909, each moved as the pianists of ASAP move theirs. Billboard gives chords, Groove MIDI the
beats (no fills) of drummers in 4/4. Keys are those of `kelly.training.data.progressions`. Histograms are sums over
pieces; where a measure has several corpora, each weighs the same.

The file `human.npz` holds nothing but counts, so that the benchmark runs without a corpus.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from neural.distances import apart, even, spread
from neural.measures import (
    BAR,
    LATEST,
    MEASURES,
    counted,
    deviations,
    line,
    loudness,
    melody,
    places,
    progression,
)

from kelly.errors import FileError
from kelly.files import write_atomically
from kelly.score import midi
from kelly.score.notes import Meter, Note
from kelly.training.data import keys, progressions
from kelly.training.data.corpora import asap, billboard, groove, pop909
from kelly.training.data.leadsheet import Key, key_at
from kelly.training.data.preparing import DAMAGE, Arrays, Item, prepared
from kelly.training.data.sums import digest
from kelly.training.data.takes import takes
from kelly.training.tasks.context import Context

__all__ = ["FILE", "ONSETS", "Human", "kept", "measured", "write"]

Floats = npt.NDArray[np.float64]

FILE = Path(__file__).with_name("human.npz")
VERSION = 1
BESIDE = ("beat_midi.txt", "chord_midi.txt", "key_audio.txt")
ONSETS, DEVIATIONS, ALIGNED = "onsets", "deviations", "asap aligned"
FEW, DRAWS = 64, 20  # songs in a draw: about as many bars as 200 of Kelly's have


@dataclass(frozen=True, slots=True)
class Human:
    """Human music in numbers: counts (bins,) by measure and corpus; pieces by corpus; floor by measure, the distance
    of `FEW` pieces from all others.
    """

    counts: dict[tuple[str, str], Floats]
    pieces: dict[str, int]
    floor: dict[str, float]

    def of(self, measure: str) -> Floats:
        """The histogram of a measure, its corpora taken together: shares (bins,)."""
        return _joined(measure, [self.counts[source] for source in _sources(measure)])


def measured(root: Path, cache: Path, note: Callable[[str], None]) -> Human:
    """Read the corpora below a root; what was read before is taken from the cache.

    Raises: MissingCorpusError, one is not there; CorpusError or FileError, one is not as it should be.
    """
    pieces = {
        name: [one for one in prepared(items(root), read, cache, version=VERSION, note=note) if one is not None]
        for name, (items, read) in SOURCES.items()
    }
    aligned = takes(root, "train", Context(cache, note=note))
    pieces[ALIGNED] = [{DEVIATIONS: deviations(take.deviation)} for take in aligned]
    rows = {
        (name, corpus): np.stack([counted(one[name], bins) for one in pieces[corpus]])
        for name, corpus, bins in _tables()
    }
    return Human(
        {source: found.sum(0) for source, found in rows.items()},
        {corpus: len(found) for corpus, found in pieces.items()},
        {name: _floor(name, [rows[source] for source in _sources(name)]) for name in MEASURES},
    )


def write(human: Human, path: Path = FILE) -> None:
    """Keep histograms in a file, which appears whole or not at all."""
    arrays = {f"{corpus}/{name}": counts.astype(np.int32) for (name, corpus), counts in human.counts.items()}
    arrays |= {f"pieces/{corpus}": np.array(count) for corpus, count in human.pieces.items()}
    arrays |= {f"floor/{name}": np.array(value) for name, value in human.floor.items()}
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    write_atomically(path, packed.getvalue())


def kept(path: Path = FILE) -> Human:
    """The histograms in a file. Raises: FileError, it is not there or not as `write` leaves it."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {tuple(name.split("/", 1)): arrays[name] for name in arrays.files}
        counts = {(name, corpus): found[corpus, name].astype(np.float64) for name, corpus, _ in _tables()}
    except (*DAMAGE, AttributeError) as error:
        raise FileError(f"{path} holds no human histograms; run.py --data ROOT --write makes it") from error
    pieces = {name: int(value) for (kind, name), value in found.items() if kind == "pieces"}
    floor = {name: float(value) for (kind, name), value in found.items() if kind == "floor"}
    return Human(counts, pieces, floor)


def _tables() -> Iterator[tuple[str, str, int]]:
    """What is counted of which corpus: measure, corpus, bins."""
    for name, measure in MEASURES.items():
        for corpus in measure.corpora:
            yield name, corpus, measure.bins
    yield DEVIATIONS, ALIGNED, 2 * LATEST + 1


def _sources(name: str) -> list[tuple[str, str]]:
    """The tables, by measure and corpus, that the human histogram of a measure is made of."""
    if name == ONSETS:
        return [(ONSETS, "pop909"), (DEVIATIONS, ALIGNED)]
    return [(name, corpus) for corpus in MEASURES[name].corpora]


def _joined(name: str, counts: Sequence[Floats]) -> Floats:
    """One histogram of the sums of a measure's tables."""
    return spread(*counts) if name == ONSETS else even(np.stack(counts))


def _floor(name: str, found: Sequence[Floats]) -> float:
    """The mean distance of a few pieces from all others: what is left to chance and to taste."""
    rng = np.random.default_rng(0)
    return float(np.mean([_apart(name, found, rng) for _ in range(DRAWS)]))


def _apart(name: str, found: Sequence[Floats], rng: np.random.Generator) -> float:
    """The distance of one draw, as many pieces from each table (pieces, bins), from the rest."""
    few, rest = [], []
    for rows in found:
        count = min(FEW // len(found), len(rows) // 2)
        is_drawn = np.isin(np.arange(len(rows)), rng.choice(len(rows), count, replace=False))
        few.append(rows[is_drawn].sum(0))
        rest.append(rows[~is_drawn].sum(0))
    return float(apart(_joined(name, few), _joined(name, rest), by_mode=MEASURES[name].by_mode))


def _songs(root: Path) -> Iterable[Item]:
    """The songs of POP909 that are trained on."""
    for song in pop909.load(root):
        if song.split == "train":
            beside = [song.path.with_name(name) for name in BESIDE] + ([song.expert] if song.expert else [])
            sums = [digest(path) for path in beside if path.exists()]
            expert = None if song.expert is None else str(song.expert)
            yield Item(song.path, {"bar": song.beats_a_bar, "expert": expert, "with": sums})


def song_of(item: Item) -> Arrays:
    """What is counted of a song of POP909."""
    path, bar, expert = _path(item), item.parameters["bar"], item.parameters["expert"]
    song = pop909.Song(path.stem, "", "", path, Path(expert) if expert else None, "", "", bar)
    made = pop909.read(song)
    begins, tones = _columns(made.melody, "onset", "pitch")
    onset, pitch = line(begins, tones.astype(np.int64))
    held = [key_at(made.sheet.keys, at) or Key(0.0, 0, minor=False) for at in onset]
    tonic, minor = np.array([key.tonic for key in held], np.int64), np.array([bool(key.minor) for key in held])
    return {
        **melody(pitch, tonic, minor),
        **_chords(progressions.progression("pop909", song, *pop909.chart(song))),
        **_piano(path, made.seconds, is_common=bar == BAR),
    }


def _piano(path: Path, seconds: Floats, *, is_common: bool) -> Arrays:
    """The piano as the file has it, before it is put on the grid, by the times of the beats."""
    score = midi.read(path)
    notes = next(part.notes for part in score.parts if part.name.strip().upper() == "PIANO")
    onset, velocity = _columns(notes, "onset", "velocity")
    beats = np.interp(score.seconds(onset), seconds, np.arange(len(seconds)))
    return {**_loudness(velocity), **places(beats if is_common else beats[:0])}


def _charts(root: Path) -> Iterable[Item]:
    """The songs of Billboard that are trained on, each once."""
    songs = {song.group: song for song in billboard.load(root) if song.split == "train"}
    return [Item(song.path) for song in songs.values()]


def chart_of(item: Item) -> Arrays:
    """What is counted of a song of Billboard."""
    song = billboard.Song("", "", "", _path(item), "", "")
    sheet = billboard.read(song)
    sheet = replace(sheet, keys=keys.settled(sheet, "harte"))
    return _chords(progressions.progression("billboard", song, sheet, "harte"))


def _performances(root: Path) -> Iterable[Item]:
    """The performances of ASAP that are trained on."""
    for one in asap.load(root):
        if one.split == "train":
            yield Item(one.path, {"beats": str(one.annotations), "with": digest(one.annotations)})


def performance_of(item: Item) -> Arrays:
    """What is counted of a performance of ASAP."""
    nobody = dict.fromkeys((field.name for field in fields(asap.Performance)), "")
    path, beats = _path(item), Path(item.parameters["beats"])
    record = asap.Performance(**{**nobody, "path": path, "annotations": beats})  # type: ignore[arg-type]
    score = asap.read(record)
    onset, velocity = _columns(score.notes(), "onset", "velocity")
    return {**_loudness(velocity), **places(_in_bars(score.seconds(onset), asap.beats(record)))}


def _in_bars(seconds: Floats, beats: asap.Beats) -> Floats:
    """Where notes lie in their bar, in quarters; only those in bars of four that keep time."""
    opens = np.flatnonzero(beats.is_downbeat)
    changes = np.array([at for at, *_ in beats.meters])
    meters = np.array([(numerator, denominator) == (BAR, BAR) for _, numerator, denominator in beats.meters])
    if not len(changes) or len(opens) < 2:
        return np.empty(0)
    meter = np.clip(np.searchsorted(changes, beats.times[opens[:-1]], side="right") - 1, 0, None)
    free = np.add.reduceat(beats.is_free, opens)[:-1] > 0
    is_common = meters[meter] & (np.diff(opens) == BAR) & ~free
    at = np.interp(seconds, beats.times, np.arange(len(beats.times)), left=-1, right=-1)
    bar = np.searchsorted(opens, at, side="right") - 1
    kept = (bar >= 0) & (bar < len(is_common))
    kept[kept] = is_common[bar[kept]]
    return np.asarray(at[kept] - opens[bar[kept]])


def _takes(root: Path) -> Iterable[Item]:
    """The beats of Groove MIDI that are trained on."""
    for take in groove.load(root):
        if take.split == "train" and take.kind == "beat" and take.meter == Meter(0.0):
            yield Item(take.path)


def take_of(item: Item) -> Arrays:
    """What is counted of a take of Groove MIDI."""
    onset, velocity = _columns(midi.read(_path(item)).notes(), "onset", "velocity")
    return {**_loudness(velocity, drums=True), **places(onset, drums=True)}


def _path(item: Item) -> Path:
    assert item.path is not None  # noqa: S101 - corpora are files
    return item.path


def _columns(notes: Iterable[Note], *names: str) -> tuple[Floats, ...]:
    """Fields of notes as columns (n,)."""
    rows = [[getattr(note, name) for name in names] for note in notes]
    return tuple(np.array(rows, np.float64).reshape(-1, len(names)).T)


def _loudness(velocity: Floats, *, drums: bool = False) -> Arrays:
    velocities = velocity.astype(np.int64)
    return loudness(velocities, np.zeros_like(velocities), drums=drums)


def _chords(found: progressions.Progression | None) -> Arrays:
    """Bigrams without begin and end, which say how long songs are."""
    if found is None:
        return progression(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, bool))
    return progression(found.classes[1:-1], found.tonics[1:-1], found.minor[1:-1])


SOURCES: dict[str, tuple[Callable[[Path], Iterable[Item]], Callable[[Item], Arrays]]] = {
    "pop909": (_songs, song_of),
    "billboard": (_charts, chart_of),
    "asap": (_performances, performance_of),
    "groove": (_takes, take_of),
}
