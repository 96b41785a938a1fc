"""Controllability: how far a song does what was asked of it, measured from its notes alone.

A grid of 5 x 5 x 3 feelings (valence, arousal, dominance) with eight seeds each makes 600 songs of default length.
Each is written as a MIDI file; only the file's bytes reach the measures, which share no code with the composer.
Printed: Spearman's rank correlation of every asked axis with every measured quantity, and each quantity's mean at
every asked level.

    python benchmarks/controllability/run.py [--seeds 8] [--processes 2] [--keep DATE]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from hearing import MEASURES, hear, measure, spearman
from results import asked, publish, table, verdict

from kelly.composing.song import compose
from kelly.emotion.space import Emotion
from kelly.score.midi import to_bytes

AXES = ("valence", "arousal", "dominance")
LEVELS = ((-1.0, -0.5, 0.0, 0.5, 1.0), (0.0, 0.25, 0.5, 0.75, 1.0), (0.0, 0.5, 1.0))
# What was promised: axis, quantity, least correlation.
PROMISES = (
    ("arousal", "tempo (BPM)", 0.9),
    ("arousal", "notes / s", 0.9),
    ("arousal", "attacks / s", 0.9),
    ("dominance", "velocity, pitched", 0.9),
    ("dominance", "velocity, all", 0.9),
    ("valence", "major - minor", 0.7),
)
Asked = tuple[float, float, float, int]
Row = tuple[Asked, dict[str, float]]


def sound_out(asked: Asked) -> Row:
    """Compose one song for (valence, arousal, dominance, seed) and measure its file."""
    *vad, seed = asked
    song = compose(Emotion(*vad), seed=seed)
    return asked, measure(hear(to_bytes(song.score)))


def grid(seeds: int) -> list[Asked]:
    """All that is asked, in order."""
    return [(v, a, d, seed) for v, a, d in product(*LEVELS) for seed in range(seeds)]


def correlations(rows: list[Row]) -> dict[str, dict[str, float]]:
    """Spearman's correlation by axis and quantity."""
    return {
        axis: {
            name: spearman([asked[i] for asked, _ in rows], [measured[name] for _, measured in rows])
            for name in MEASURES
        }
        for i, axis in enumerate(AXES)
    }


def ceiling(levels: int) -> float:
    """The largest rank correlation that `levels` equally frequent steps can have with a quantity that never ties."""
    return float(np.sqrt(1 - 1 / levels**2))


def report(rows: list[Row]) -> str:
    """Promises, cross-talk and means as Markdown."""
    found = correlations(rows)
    kept = [
        (
            f"{axis} and {name}",
            found[axis][name],
            least,
            ceiling(len(LEVELS[AXES.index(axis)])),
            verdict(met=found[axis][name] >= least),
        )
        for axis, name, least in PROMISES
    ]
    cross = [(name, *(found[axis][name] for axis in AXES)) for name in MEASURES]
    return "\n".join(
        [
            f"{len(rows)} songs.\n",
            table(("asked and measured", "Spearman", "promised", "ceiling", ""), kept),
            "Every asked axis with every measured quantity:\n",
            table(("measured", *AXES), cross),
            *_means(rows),
        ]
    )


def _means(rows: list[Row]) -> Iterator[str]:
    for i, (axis, levels) in enumerate(zip(AXES, LEVELS, strict=True)):
        yield f"Means at each asked {axis}:\n"
        means = [
            (name, *(float(np.mean([m[name] for asked, m in rows if asked[i] == level])) for level in levels))
            for name in MEASURES
        ]
        yield table((f"{axis} =", *(f"{level:g}" for level in levels)), means)


def main() -> None:
    """Run the grid and print the report."""
    wanted = asked(__doc__, seeds=8, processes=2).parse_args()
    with ProcessPoolExecutor(wanted.processes) as pool:
        rows = list(pool.map(sound_out, grid(wanted.seeds), chunksize=5))
    text = report(rows)
    publish(__file__, text, wanted.keep)


if __name__ == "__main__":
    main()
