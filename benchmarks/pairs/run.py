"""Pairs: whether any two of the 72 named feelings get songs that differ.

Every name is composed at the same seed with default settings. For each of the 2,556 pairs at least two of ten
traits must differ: tempo by 3 %, mean velocity by 3, the melody's mean pitch by a semitone, notes a bar by 8 %, or
(by name, in any section) mode, progression, contour, pattern (of bass or chords), articulation, instrument of the
melody. Tempo, velocity, pitch, density and instrument are measured from the bytes of the MIDI file, the names come
from the report.

    python benchmarks/pairs/run.py [--seeds 3] [--processes 2] [--keep DATE]
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from hearing import Heard, hear, mean_tempo, mean_velocity
from results import asked, publish, table, verdict

from kelly.composing.song import compose
from kelly.emotion import thesaurus
from kelly.score.midi import to_bytes

NEEDED = 2
NAMED = ("mode", "progression", "contour", "pattern", "articulation", "instrument")
TRAITS = ("tempo", "velocity", "register", "density", *NAMED)


@dataclass(frozen=True, slots=True)
class Portrait:
    """What a listener could tell a song by: tempo (BPM), mean velocity of the pitched notes, mean pitch of the melody,
    density (notes a bar), and the traits that have names.
    """

    tempo: float
    velocity: float
    register: float
    density: float
    named: Mapping[str, object]


def portray(name: str, seed: int, bars: int | None = None) -> Portrait:
    """Compose the song of a named feeling, of default length unless `bars` are given, and describe it."""
    song = compose(thesaurus.lookup(name).emotion, seed=seed, bars=bars)
    return portrait(hear(to_bytes(song.score)), song.report)


def portrait(heard: Heard, report: Mapping[str, Any]) -> Portrait:
    """The traits of a song, from its notes and its report."""
    figures = [section["figures"] for section in report["sections"]]
    parameters = report["parameters"]
    named = {
        "mode": [section["key"].split()[1] for section in report["sections"]],
        "progression": [row["progression"] for row in figures],
        "contour": [row["contour"] for row in figures],
        "pattern": [(row["bass"], row.get("rhythm")) for row in figures],
        "articulation": parameters["articulation"],
        "instrument": heard.programs[heard.names.index("Melody")],
    }
    melody = heard.of("Melody")
    return Portrait(
        mean_tempo(heard),
        mean_velocity(heard.pitched),
        float(melody.pitch.mean()),
        len(heard.onset) / parameters["bars"],
        named,
    )


def differences(one: Portrait, other: Portrait) -> list[str]:
    """The traits by which two songs can be told apart."""
    apart = {
        "tempo": _ratio(one.tempo, other.tempo) >= 1.03,
        "velocity": abs(one.velocity - other.velocity) >= 3,
        "register": abs(one.register - other.register) >= 1,
        "density": _ratio(one.density, other.density) >= 1.08,
    }
    apart |= {trait: one.named[trait] != other.named[trait] for trait in NAMED}
    return [trait for trait in TRAITS if apart[trait]]


def _ratio(one: float, other: float) -> float:
    return max(one, other) / min(one, other)


def compare(portraits: Mapping[str, Portrait]) -> dict[tuple[str, str], list[str]]:
    """The differing traits of every pair of names."""
    return {(one, other): differences(portraits[one], portraits[other]) for one, other in combinations(portraits, 2)}


def _portrayed(asked: tuple[str, int]) -> Portrait:
    return portray(*asked)


def _report(found: Mapping[int, Mapping[tuple[str, str], list[str]]]) -> str:
    rows, failing = [], []
    for seed, pairs in found.items():
        alike = [pair for pair, traits in pairs.items() if len(traits) < NEEDED]
        counts = Counter(len(traits) for traits in pairs.values())
        fewest = min(counts)
        mean = sum(len(traits) for traits in pairs.values()) / len(pairs)
        rows.append((seed, len(pairs), len(alike), fewest, counts[fewest], mean, verdict(met=not alike)))
        failing += [
            f"- seed {seed}: {one} and {other} differ in {pairs[one, other] or 'nothing'}" for one, other in alike
        ]
    shares = [
        (trait, *(sum(trait in traits for traits in pairs.values()) / len(pairs) for pairs in found.values()))
        for trait in TRAITS
    ]
    head = ("seed", "pairs", "with fewer than 2 differences", "fewest", "pairs with so few", "mean differences", "")
    return "\n".join(
        [
            table(head, rows),
            "Share of pairs that differ in each trait:\n",
            table(("trait", *(f"seed {seed}" for seed in found)), shares),
            "Pairs that fail:\n" if failing else "No pair fails.",
            *failing,
            "",
        ]
    )


def main() -> None:
    """Compare all pairs at several seeds and print the report."""
    wanted = asked(__doc__, seeds=3, processes=2).parse_args()
    names = [node.name for node in thesaurus.names()]
    found = {}
    with ProcessPoolExecutor(wanted.processes) as pool:
        for seed in range(wanted.seeds):
            portraits = pool.map(_portrayed, [(name, seed) for name in names], chunksize=4)
            found[seed] = compare(dict(zip(names, portraits, strict=True)))
    text = _report(found)
    publish(__file__, text, wanted.keep)


if __name__ == "__main__":
    main()
