"""Music report: numbers of ten songs by which a musician can tell what would sound mechanical.

Ten named feelings are composed at one seed with default settings; everything is measured from the bytes of the MIDI
file. A bar is four beats and the grid a sixteenth; onsets are rounded to the grid where bars are compared.

    python benchmarks/music_report/run.py [--seed 0] [--keep DATE] [NAME ...]

What the rows mean
------------------
bars said before : share of a part's sounding bars that hold the same steps and pitches as an earlier bar of the
    part.
longest run : most bars in a row that are exactly alike.
intervals : between successive melody notes; steps are 1-2 semitones, thirds 3-4, leaps 5-7, wide 8-12.
motif : share of melody notes inside a figure of four notes (steps in size and direction, and rhythm) that comes at
    least three times; beside it the same for the same intervals and lengths in random order.
clashes : share of sixteenths at which two pitched notes a semitone or a minor ninth apart sound together.
silence : share of the time in which nothing sounds (for the melody: the melody does not).
off the grid : mean distance of pitched onsets from the nearest sixteenth, in milliseconds.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from hearing import MEASURES, Heard, hear
from results import asked, publish, table

from kelly.composing.song import compose
from kelly.emotion import thesaurus
from kelly.score.midi import to_bytes

NAMES = ("grief", "melancholy", "serenity", "nostalgia", "hope", "happiness", "ecstasy", "rage", "terror", "contempt")
BAR, STEPS = 4.0, 16
SIZES = {"repeated": (0, 0), "steps": (1, 2), "thirds": (3, 4), "leaps": (5, 7), "wide": (8, 12), "wider": (13, 127)}
FIGURE, OFTEN = 4, 3
Bar = tuple[tuple[int, int], ...]


def bars(part: Heard, count: int) -> list[Bar]:
    """What a part plays in each of `count` bars: (step, pitch), in order."""
    steps = np.round(part.onset * STEPS / BAR).astype(int)
    played: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for step, pitch in zip(steps.tolist(), part.pitch.tolist(), strict=True):
        played[min(step // STEPS, count - 1)].append((step % STEPS, pitch))
    return [tuple(sorted(bar)) for bar in played]


def said_before(row: Sequence[Bar]) -> float:
    """Share of the sounding bars that are equal to an earlier one; 0 when none sounds."""
    sounding = [bar for bar in row if bar]
    return 1 - len(set(sounding)) / len(sounding) if sounding else 0.0


def longest_run(row: Sequence[Bar]) -> int:
    """Most equal sounding bars in a row."""
    return max((sum(1 for _ in run) for bar, run in groupby(row) if bar), default=0)


def intervals(melody: Heard) -> dict[str, float]:
    """Share of each size among the intervals of a line."""
    sizes = np.abs(np.diff(melody.pitch))
    return {name: float(np.mean((sizes >= low) & (sizes <= high))) for name, (low, high) in SIZES.items()}


def recurrence(melody: Heard) -> tuple[float, float]:
    """Share of notes in a figure that comes at least three times: as composed, and in random order."""
    waits = np.round(np.diff(melody.onset) * STEPS / BAR)
    moves = np.diff(melody.pitch)
    kinds = np.sign(moves) * np.digitize(np.abs(moves), [low for low, _ in SIZES.values()])
    row = list(zip(kinds.tolist(), waits.tolist(), strict=True))
    order = np.random.default_rng(0).permutation(len(row))
    return _covered(row), _covered([row[i] for i in order])


def _covered(row: Sequence[tuple[float, float]]) -> float:
    size = FIGURE - 1
    figures = [tuple(row[i : i + size]) for i in range(len(row) - size + 1)]
    often = Counter(figures)
    inside = np.zeros(len(row) + 1, dtype=bool)
    for i, figure in enumerate(figures):
        if often[figure] >= OFTEN:
            inside[i : i + FIGURE] = True
    return float(inside.mean())


def silence(song: Heard) -> float:
    """Share of the time, up to the last note's end, in which none of the notes sounds."""
    order = np.argsort(song.start, kind="stable")
    reached = np.concatenate([[0.0], np.maximum.accumulate(song.stop[order])])
    gaps = np.maximum(song.start[order] - reached[:-1], 0)
    return float(gaps.sum() / reached[-1])


def sounding(song: Heard) -> Iterator[npt.NDArray[np.int64]]:
    """The pitches that sound in the middle of every sixteenth."""
    for step in range(int(song.beats * STEPS / BAR)):
        beat = (step + 0.5) * BAR / STEPS
        yield np.unique(song.pitch[(song.onset <= beat) & (song.end > beat)])


def clashes(song: Heard) -> float:
    """Share of sixteenths in which two sounding notes are a semitone or a minor ninth apart."""
    hits = [bool(np.isin(np.abs(tones[:, None] - tones), (1, 13)).any()) for tones in sounding(song)]
    return float(np.mean(hits))


def off_the_grid(song: Heard) -> float:
    """Mean distance of the onsets from the nearest sixteenth in milliseconds."""
    steps = song.onset * STEPS / BAR
    beats = np.abs(steps - np.round(steps)) * BAR / STEPS
    return float(beats.mean() * song.seconds / song.beats * 1000)


def describe(song: Heard) -> dict[str, object]:
    """Every row of the report for one song."""
    count = int(-(-song.beats // BAR))
    melody, tones = song.of("Melody"), song.pitched
    found: dict[str, object] = {name: of(song) for name, of in MEASURES.items()}
    found |= {
        "length (s)": song.seconds,
        "bars": count,
        "notes": len(song.onset),
        "notes a bar": len(song.onset) / count,
    }
    for name in song.names:
        part = song.of(name)
        if len(part.onset):
            row = bars(part, count)
            playing = sum(1 for bar in row if bar)
            found[f"{name}: bars played"] = playing / count
            found[f"{name}: notes a played bar"] = len(part.onset) / playing
            found[f"{name}: bars said before"] = said_before(row)
            found[f"{name}: longest run"] = longest_run(row)
    low, high = np.percentile(melody.pitch, (5, 95))
    found["melody: 5-95 % of pitches"] = f"{low:.0f}-{high:.0f}"
    found |= {f"melody: {name}": share for name, share in intervals(melody).items()}
    found["melody: motif"], found["melody: motif, shuffled"] = recurrence(melody)
    found["melody: silence"] = silence(melody)
    soft, loud = np.percentile(tones.velocity, (5, 95))
    found |= {"silence": silence(song), "clashes": clashes(tones), "voices at once": _voices(tones)}
    found |= {"5-95 % of velocities": f"{soft:.0f}-{loud:.0f}", "off the grid (ms)": off_the_grid(tones)}
    return found


def _voices(song: Heard) -> float:
    return float(np.mean([len(tones) for tones in sounding(song)]))


def main() -> None:
    """Describe the songs and print them side by side."""
    parser = asked(__doc__, seed=0)
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME")
    wanted = parser.parse_args()
    songs, heads = [], []
    for name in wanted.names:
        song = compose(thesaurus.lookup(name).emotion, seed=wanted.seed)
        parameters = song.report["parameters"]
        heads.append(f"{name} ({parameters['genre']}, {parameters['mode']})")
        songs.append(describe(hear(to_bytes(song.score))))
    rows = list(dict.fromkeys(row for song in songs for row in song))
    text = table((f"seed {wanted.seed}", *heads), [(row, *(song.get(row, "-") for song in songs)) for row in rows])
    publish(__file__, text, wanted.keep)


if __name__ == "__main__":
    main()
