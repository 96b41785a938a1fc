"""Ranges: whether every note can be played, and whether the melody stands on its harmony.

All 72 named feelings are composed with default settings. A note outside the range that the table of instruments gives
its program (drums: outside the percussion of General MIDI) cannot be played; notes and programs are measured from the
bytes of the MIDI file. A melody note on beat 1 or 3 that lies in neither the chord nor the scale sounds like a slip;
chords and scales are those that the composer wrote, which no file holds. Each count stands beside chance: for a range,
a pitch drawn from 0..127; for a strong beat, a pitch class drawn from the twelve.

    python benchmarks/ranges/run.py [--seeds 3] [--processes 2] [--keep DATE]
"""

from __future__ import annotations

import csv
import sys
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from hearing import Heard, hear
from results import asked, publish, table, verdict

from kelly.composing.composer import Composition, compose_score
from kelly.composing.settings import Settings
from kelly.emotion import thesaurus
from kelly.emotion.journey import Journey
from kelly.score.midi import to_bytes

DRUMS = (35, 81)  # General MIDI names percussion from 35 to 81
PITCHES, CLASSES = 128, 12
ALLOWED = 0.02


@dataclass(frozen=True, slots=True)
class Found:
    """What one song holds: notes, those outside their range (of them by chance), the melody's notes on strong beats,
    those outside chord and scale (of them by chance).
    """

    notes: int
    outside: int
    outside_by_chance: float
    strong: int
    astray: int
    astray_by_chance: float


def composed(name: str, seed: int, bars: int | None = None) -> Composition:
    """The song of a named feeling, of default length unless `bars` are given."""
    return compose_score(Journey(thesaurus.lookup(name).emotion.rounded()), Settings(seed=seed, bars=bars))


@cache
def ranges() -> Mapping[int, tuple[int, int]]:
    """What the table of instruments says, by program: lowest and highest pitch."""
    with resources.files("kelly.composing").joinpath("instruments.csv").open(encoding="utf-8") as rows:
        return {int(row["program"]): (int(row["low"]), int(row["high"])) for row in csv.DictReader(rows)}


def placed(heard: Heard) -> list[tuple[str, int, int, int]]:
    """Every note of a song beside its range: (track, pitch, lowest, highest)."""
    rows = []
    for index, title in enumerate(heard.names):
        part = heard.where(heard.part == index)
        low, high = DRUMS if part.drums.any() else ranges()[heard.programs[index]]
        rows += [(title, pitch, low, high) for pitch in part.pitch.tolist()]
    return rows


def outside(heard: Heard) -> list[tuple[str, int, int, int]]:
    """The notes that their instrument does not have, as `placed` gives them."""
    return [(title, pitch, low, high) for title, pitch, low, high in placed(heard) if not low <= pitch <= high]


def fitting(song: Composition, beat: float) -> set[int]:
    """The pitch classes of chord and key at a beat of the song."""
    starts = [written.section.start for written in song.sections]
    written = song.sections[bisect_right(starts, beat) - 1]
    onsets = [written.section.start + chord.onset for chord in written.chords]
    chord = written.chords[bisect_right(onsets, beat + 1e-9) - 1]
    return {*chord.symbol.pitch_classes, *written.section.key.scale}


def strong_notes(song: Composition) -> list[tuple[float, int]]:
    """The melody's notes on beats 1 and 3: (beat, pitch).

    A player may be early or late; the beat that was meant is the nearest sixteenth.
    """
    notes = [(round(note.onset * 4) / 4, note.pitch) for note in song.score.part("Melody").notes]
    return [(beat, pitch) for beat, pitch in notes if beat % 2 == 0]


def astray(song: Composition) -> list[tuple[float, int]]:
    """The notes of `strong_notes` that lie in neither the chord nor the scale."""
    return [(beat, pitch) for beat, pitch in strong_notes(song) if pitch % CLASSES not in fitting(song, beat)]


def measured(song: Composition) -> Found:
    """Count what a song holds."""
    heard = hear(to_bytes(song.score))
    notes, strong = placed(heard), strong_notes(song)
    return Found(
        len(notes),
        len(outside(heard)),
        sum(1 - (high + 1 - low) / PITCHES for _, _, low, high in notes),
        len(strong),
        len(astray(song)),
        sum(1 - len(fitting(song, beat)) / CLASSES for beat, _ in strong),
    )


def _measured(asked: tuple[str, int]) -> Found:
    return measured(composed(*asked))


def _report(found: Mapping[int, Sequence[Found]]) -> str:
    played, sung = [], []
    for seed, songs in found.items():
        notes, beyond = sum(song.notes for song in songs), sum(song.outside for song in songs)
        chance = sum(song.outside_by_chance for song in songs) / notes
        played.append((seed, len(songs), notes, beyond, chance, verdict(met=beyond == 0)))
        strong, lost = sum(song.strong for song in songs), sum(song.astray for song in songs)
        chance = sum(song.astray_by_chance for song in songs) / strong
        most = max(song.astray / song.strong for song in songs)
        sung.append((seed, strong, lost, lost / strong, most, chance, verdict(met=lost / strong <= ALLOWED)))
    return "\n".join(
        [
            "Notes of all parts:\n",
            table(("seed", "songs", "notes", "outside their range", "share by chance", ""), played),
            "Melody notes on beats 1 and 3:\n",
            table(("seed", "notes", "outside chord and scale", "share", "worst song", "share by chance", ""), sung),
        ]
    )


def main() -> None:
    """Measure all names at several seeds and print the report."""
    wanted = asked(__doc__, seeds=3, processes=2).parse_args()
    names = [node.name for node in thesaurus.names()]
    with ProcessPoolExecutor(wanted.processes) as pool:
        found = {
            seed: list(pool.map(_measured, [(name, seed) for name in names], chunksize=4))
            for seed in range(wanted.seeds)
        }
    text = _report(found)
    publish(__file__, text, wanted.keep)


if __name__ == "__main__":
    main()
