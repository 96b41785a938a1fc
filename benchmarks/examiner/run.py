"""Examiner: how far what Kelly composes is heard as it was asked, by an ear that had no say in it.

A grid of 5 x 5 feelings (valence, arousal; dominance .5) with eight seeds each makes 200 loops of eight bars for every
way of writing them: the rules alone, the transformer (it writes all parts but drums, over the rules' plan) and both
(half of the parts), each at the first try and with the loop, in which the judge chooses among up to four; and the
transformer with no plan but tempo and mode (`kelly.improvise`: melody, chords and bass), for which there is no loop.
The examiner, a recogniser for scores that learned from songs that neither judge nor labeller know, hears the files.
Printed: Spearman's rank correlation over pieces of asked with heard, with 95 % intervals of the bootstrap over pieces,
the same as the judge hears it, the quadrants in which pieces are heard, and how well the examiner hears real ones.

    kelly train symbolic --data ROOT --config recipes/symbolic-examiner.yaml -o RUN --seed N      # for three seeds
    python benchmarks/examiner/run.py ROOT RUN RUN RUN [--cache FOLDER] [--seeds 8] [--tries 4] [--keep DATE]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from results import asked, corpora, parsed, publish, table, verdict
from scipy.stats import spearmanr

from kelly.composing.improvising.freely import improvise
from kelly.composing.mapping import tempo
from kelly.composing.song import compose
from kelly.emotion.space import Emotion
from kelly.listening.score import placed
from kelly.listening.traits.sounded import sounded
from kelly.models.symbolic.heads import SLOTS, summed
from kelly.models.symbolic.model import shipped
from kelly.score import midi
from kelly.score.notes import Meter, Note, Part, Score, Tempo
from kelly.training.data.heard import WHOLE, WINDOW, Heard, heard
from kelly.training.data.splits import PARTS
from kelly.training.export.symbolic import ears, scale
from kelly.training.tasks.context import Context
from kelly.training.tasks.runs import claimed

LEVELS = ((-1.0, -0.5, 0.0, 0.5, 1.0), (0.0, 0.25, 0.5, 0.75, 1.0))
ARMS = {"rules": 0.0, "both": 0.5, "transformer": 1.0}
FREE = "transformer, no plan"
PROMISES = (0.6, 0.85)
FIT = 0.02  # so near that hardly any piece stops before its tries are used up
DRAWS = 2000


class Examiner:
    """The examiner as `listening.score.placed` wants a recogniser. Parameters: runs; known, its own songs."""

    def __init__(self, runs: Sequence[Path], known: Sequence[Heard]) -> None:
        self.network = ears(runs)
        self.config = {"scale": scale(known, self.network)}

    def predict(self, traits: np.ndarray) -> np.ndarray:
        """The heads (rows, 6) of rows of traits."""
        with torch.no_grad():
            return np.asarray(self.network(torch.from_numpy(traits.astype(np.float32))).numpy(), np.float64)


@dataclass(frozen=True)
class Piece:
    """What is asked, how it is written, and how it is heard by examiner and judge: (valence, arousal) each; the middle
    where there are too few notes to tell.
    """

    asked: tuple[float, float]
    arm: str
    tries: int
    heard: tuple[float, float]
    judged: tuple[float, float]


def sound_out(job: tuple[float, float, int, str, int]) -> Piece:
    """Compose one piece and hear its file."""
    valence, arousal, seed, arm, tries = job
    feeling = Emotion(valence, arousal, 0.5)
    if arm == FREE:
        score = freely(feeling, seed)
    else:
        fit = {"fit": FIT, "tries": tries} if tries > 1 else {}
        score = compose(feeling, bars=8, seed=seed, improvise=ARMS[arm], **fit).score
    piece = sounded(midi.from_bytes(midi.to_bytes(score)))
    told, judged = (
        (0.0, 0.5) if found is None else found[0].vad[:2]
        for found in (placed(piece, EXAMINER), placed(piece, shipped("judge")))
    )
    return Piece((valence, arousal), arm, tries, told, judged)


def freely(feeling: Emotion, seed: int) -> Score:
    """What the transformer plays with no song around it."""
    notes: dict[str, list[Note]] = {}
    for part, note in improvise(feeling, 8, seed=seed):
        notes.setdefault(part, []).append(note)
    parts = [Part(name, channel, 0, tuple(sorted(some))) for channel, (name, some) in enumerate(sorted(notes.items()))]
    return Score(tuple(parts), tempos=(Tempo(0.0, tempo(feeling.arousal)),), meters=(Meter(0.0),))


def begin(runs: Sequence[Path], known: Sequence[Heard]) -> None:
    """What each process needs."""
    global EXAMINER  # noqa: PLW0603 - a process has one
    torch.set_num_threads(1)
    EXAMINER = Examiner(runs, known)


def main() -> None:
    """Compose, examine and print."""
    parser = asked(__doc__, seeds=8, tries=4, processes=2)
    corpora(parser)
    parser.add_argument("runs", type=Path, nargs="*", help="runs of the examiner")
    parser.add_argument("--cache", type=Path, default=None)
    options = parsed(parser)
    if not options.runs:
        print("not measured: name the runs of the examiner, trained as this script's first lines say")
        return
    wrong = [str(run) for run in options.runs if claimed(run).get("songs") != PARTS[2]]
    if wrong:
        parser.error(f"an examiner must know its own songs alone (songs: {PARTS[2]}); not so {', '.join(wrong)}")
    context = Context(**({"cache": options.cache} if options.cache else {}))
    songs = heard(options.root, context.cache, note=context.note)
    known = [one for one in songs if one.part == PARTS[2] and one.split != "test"]
    ways = [*product(ARMS, sorted({1, options.tries})), (FREE, 1)]
    jobs = [(v, a, seed, *way) for way, v, a, seed in product(ways, *LEVELS, range(options.seeds))]
    with ProcessPoolExecutor(options.processes, get_context("spawn"), begin, (options.runs, known)) as pool:
        pieces = list(pool.map(sound_out, jobs, chunksize=4))
    ceiling = real(Examiner(options.runs, known), songs)
    publish(__file__, "\n".join(report(pieces, ways, ceiling)), options.keep)


def report(
    pieces: Sequence[Piece], ways: Sequence[tuple[str, int]], ceiling: tuple[np.ndarray, float, float]
) -> list[str]:
    """The tables. Parameters: ways, the arms and tries."""
    rows = []
    for arm, count in ways:
        chosen = [one for one in pieces if one.arm == arm and one.tries == count]
        cells: list[object] = [f"{arm}, {'first try' if count == 1 else f'loop of {count}'}"]
        for axis in (0, 1):
            r, low, high = correlation(chosen, axis)
            cells += [f"{r:.3f} ({low:.3f} .. {high:.3f})", verdict(met=r >= PROMISES[axis])]
        judged = [correlation(chosen, axis, judged=True)[0] for axis in (0, 1)]
        rows.append([*cells, f"{judged[0]:.3f}, {judged[1]:.3f}"])
    head = ("written by", "valence", f">= {PROMISES[0]}", "arousal", f">= {PROMISES[1]}", "by the judge: V, A")
    best = [one for one in pieces if (one.arm, one.tries) == ("both", max(count for _, count in ways))]
    counts, quadrant, valence = ceiling
    return [
        f"{len(pieces)} pieces of eight bars.\n",
        table(head, rows),
        "Asked quadrants (rows) and where the examiner hears the pieces that both wrote with the loop (shares; pieces",
        "asked for the middle of an axis left out; the middle of what is heard is the median, here and below):\n",
        confusion(quadrants([one.asked for one in best]), quadrants([one.heard for one in best], middle=True)),
        f"The ceiling: of {int(counts.sum())} clips of EMOPIA that it does not know, the examiner hears {quadrant:.3f}",
        f"in their quadrant, {valence:.3f} on their side of valence:\n",
        shares(counts),
    ]


def correlation(pieces: Sequence[Piece], axis: int, *, judged: bool = False) -> tuple[float, float, float]:
    """Spearman's correlation of asked with heard over pieces, and its 95 % interval."""
    told = np.array([(one.asked[axis], (one.judged if judged else one.heard)[axis]) for one in pieces])
    rng = np.random.default_rng(0)
    drawn = [spearmanr(*told[rng.integers(len(told), size=len(told))].T)[0] for _ in range(DRAWS)]
    return float(spearmanr(*told.T)[0]), *np.quantile(drawn, (0.025, 0.975)).tolist()


def quadrants(points: Sequence[tuple[float, float]], *, middle: bool = False) -> np.ndarray:
    """Quadrants 1 to 4 of points; 0 of those on an axis."""
    valence, arousal = np.array(points).T
    valence, arousal = (
        (valence - (np.median(valence) if middle else 0)),
        (arousal - (np.median(arousal) if middle else 0.5)),
    )
    found = np.where(valence > 0, np.where(arousal > 0, 1, 4), np.where(arousal > 0, 2, 3))
    return np.where((valence == 0) | (arousal == 0), 0, found)


def confusion(asked_: np.ndarray, told: np.ndarray) -> str:
    """A table of shares."""
    kept = asked_ > 0
    counts = np.zeros((4, 4))
    np.add.at(counts, (asked_[kept] - 1, np.maximum(told[kept], 1) - 1), 1)
    return shares(counts)


def shares(counts: np.ndarray) -> str:
    """Counts (asked, heard) as a table of shares of what was asked."""
    rows = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    return table(("", "Q1", "Q2", "Q3", "Q4"), [[f"Q{row + 1}", *map(float, rows[row])] for row in range(4)])


def real(examiner: Examiner, songs: Sequence[Heard]) -> tuple[np.ndarray, float, float]:
    """How the examiner hears clips of EMOPIA that it does not know: counts of quadrants, shares that are right."""
    clips = [one for one in songs if one.corpus == "emopia" and one.part != PARTS[2] and one.split != "test"]
    heads = np.array([_summed(one, examiner) for one in clips])[:, SLOTS["signs"]]
    truth = quadrants([(float(one.signs[0, 0]), float(one.signs[0, 1]) + 0.5) for one in clips])
    told = quadrants([(float(v), float(a)) for v, a in heads], middle=True)
    counts = np.zeros((4, 4))
    np.add.at(counts, (truth - 1, np.maximum(told, 1) - 1), 1)
    sides = (heads[:, 0] > np.median(heads[:, 0])) == np.array([one.signs[0, 0] > 0 for one in clips])
    return counts, float((truth == told).mean()), float(sides.mean())


def _summed(piece: Heard, examiner: Examiner) -> np.ndarray:
    rows = examiner.predict(piece.traits)
    return summed(rows[piece.kinds == WHOLE][0], rows[piece.kinds == WINDOW])


if __name__ == "__main__":
    main()
