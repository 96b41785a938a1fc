"""Beats: how often the tracker finds the beats of a pianist who keeps no click.

The performances of ASAP are tracked from their notes alone and compared to the annotated beats, from the fifth second
on: F-measure at 70 ms, and the share of beats that are right in place and distance (17.5 % of a beat) at the annotated
metrical level (CMLt) or at any (AMLt: also double, half and off the beat); for downbeats the F-measure. Beside them
stands the trivial baseline, a click of 120 BPM from the first onset with a bar every four. The tracker's weights and
constants were chosen on the training split; the dev split holds other works.

    python benchmarks/beats/run.py [ROOT] [--every 1] [--keep DATE]
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from results import asked, corpora, parsed, publish, table

from kelly.errors import MissingCorpusError
from kelly.score.notes import Score
from kelly.training.data.beats import Tracked, track
from kelly.training.data.corpora import asap
from kelly.training.evaluation.beats import continuity, f_measure, settled

SPLITS = ("dev", "train")
CLICK = 0.5  # seconds
HEAD = (
    "performances",
    "count",
    "F",
    "CMLt",
    "AMLt",
    "downbeat F",
    "F of a click",
    "AMLt of a click",
    "downbeat F of a click",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """How one performance was tracked: its split and era; F, CMLt, AMLt and downbeat F of the tracker and of a click;
    seconds that tracking took, and that the performance lasts.
    """

    split: str
    era: str
    tracker: tuple[float, ...]
    click: tuple[float, ...]
    took: float
    lasts: float


@cache
def eras() -> dict[str, str]:
    """The era of each composer."""
    with Path(__file__).with_name("eras.csv").open(encoding="utf-8", newline="") as rows:
        return {row["composer"]: row["era"] for row in csv.DictReader(rows)}


def clicked(score: Score) -> Tracked:
    """A click of 120 BPM from the first onset on, with a bar every four."""
    onsets = score.seconds([note.onset for note in score.notes()])
    times = np.arange(onsets.min(), onsets.max() + CLICK, CLICK)
    return Tracked(times, np.arange(len(times)) % 4 == 0)


def compared(annotated: asap.Beats, found: Tracked) -> tuple[float, ...]:
    """F, CMLt, AMLt and downbeat F."""
    beats, estimates = settled(annotated.times), settled(found.times)
    levels = continuity(beats, estimates)
    downbeats = f_measure(settled(annotated.downbeats), settled(found.downbeats))
    return f_measure(beats, estimates), levels.cmlt, levels.amlt, downbeats


def measured(performance: asap.Performance) -> Measured:
    """Track a performance and compare."""
    score, annotated = asap.read(performance), asap.beats(performance)
    start = time.perf_counter()
    found = track(score)
    took = time.perf_counter() - start
    era = eras().get(performance.composer, "other")
    return Measured(
        performance.split, era, compared(annotated, found), compared(annotated, clicked(score)), took, score.duration
    )


def row(name: str, found: Sequence[Measured]) -> tuple[object, ...]:
    """A line of the table: means over performances."""
    tracker = np.mean([one.tracker for one in found], axis=0).tolist()
    click = np.mean([one.click for one in found], axis=0).tolist()
    return (name, len(found), *tracker, click[0], click[2], click[3])


def report(found: Sequence[Measured]) -> str:
    """The tables: by split, and the dev and training performances together by era."""
    splits = [row(split, part) for split in SPLITS if (part := [one for one in found if one.split == split])]
    names = dict.fromkeys(one.era for one in sorted(found, key=lambda one: one.era))
    by_era = [row(era, [one for one in found if one.era == era]) for era in names]
    took, lasts = sum(one.took for one in found), sum(one.lasts for one in found)
    speed = f"Tracking takes {1000 * took / len(found):.0f} ms a performance, {1000 * took / lasts:.2f} ms a second.\n"
    return "\n".join([table(HEAD, splits), "Both splits, by era:\n", table(HEAD, by_era), speed])


def performances(root: Path, every: int) -> Iterable[asap.Performance]:
    """One in so many of the performances that are not withheld."""
    return [one for one in asap.load(root) if one.split in SPLITS][::every]


def main() -> None:
    """Measure and print the report; without the corpus, say so."""
    parser = asked(__doc__, every=1)
    corpora(parser)
    wanted = parsed(parser)
    try:
        chosen = performances(wanted.root, wanted.every)
    except MissingCorpusError as error:
        print(f"not measured: {error}")
        return
    if not chosen:
        print(f"not measured: {wanted.root} holds no performance of the splits {', '.join(SPLITS)}")
        return
    publish(__file__, report([measured(one) for one in chosen]), wanted.keep)


if __name__ == "__main__":
    main()
