"""Likeness: how near what Kelly writes is to what people wrote, and whether any of it was copied.

Songs of sixteen bars over a grid of 5 x 5 feelings, written by the rules alone, by both (the transformer writes half
of the parts) and by the transformer (all but drums, over the rules' plan), beside sixteen bars of pieces that the
transformer was not trained on (the dev split, in 4/4, as many of each corpus as there are, up to a number) and, to see
how near people are to people, as many of the same corpora from the training split. Each measure of
`kelly.training.evaluation.statistics` is taken of every piece; drums are left out. The distance of two sets is
Wasserstein's, in standard deviations of the human pieces; of two histograms, each the mean over its pieces, it is what
they do not have in common. Intervals are of the bootstrap over pieces of all sets.

What is copied is asked line by line: the most notes, one after another, that a piece has in common with any of the
training split, in whatever key, beside the same of people's pieces of the dev split. Lines are those of melody, chords
and bass in either; among what people wrote are some tunes that several of them wrote down.

    python benchmarks/likeness/run.py ROOT [--cache FOLDER] [--seeds 4] [--bars 16] [--keep DATE]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from results import asked, corpora, parsed, publish, table
from scipy.stats import wasserstein_distance

from kelly.composing.improvising.reading import read
from kelly.composing.improvising.writing import FOUR, note_of
from kelly.composing.song import compose
from kelly.emotion.space import Emotion
from kelly.models.transformer.layout import BAR, FIELDS, NOTE, SEATS
from kelly.score.notes import Meter, Part, Score
from kelly.training.data.pieces import Piece, pieces
from kelly.training.evaluation import statistics
from kelly.training.tasks.context import Context

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.integer]

LEVELS = ((-1.0, -0.5, 0.0, 0.5, 1.0), (0.0, 0.25, 0.5, 0.75, 1.0))
ARMS = {"rules": 0.0, "both": 0.5, "transformer": 1.0}
HUMAN, OTHERS = "people (dev)", "other people (train)"
FEWEST = 4  # bars of an excerpt
DRAWS = 500
MEASURES: Mapping[str, Callable[[Score], float]] = {
    "pitch-class entropy, 1 bar": lambda score: statistics.pitch_class_entropy(score, 1),
    "pitch-class entropy, 4 bars": lambda score: statistics.pitch_class_entropy(score, 4),
    "scale consistency": statistics.scale_consistency,
    "groove consistency": statistics.groove_consistency,
    "structure, 1 bar before": lambda score: statistics.structureness(score, 1, 1),
    "structure, up to 8 bars before": lambda score: statistics.structureness(score, 1, 8),
}
HISTOGRAMS = ("pitch", "duration", "interval", "velocity", "notes")
_SEAT, _METER = FIELDS.index("seat"), FIELDS.index("meter")


def written(job: tuple[float, float, int, float, int]) -> tuple[Score, Words]:
    """A song without its drums, and its words."""
    valence, arousal, seed, dial, bars = job
    song = compose(Emotion(valence, arousal, 0.5), bars=bars, seed=seed, improvise=dial).score
    found = read(song)
    assert found is not None  # noqa: S101 - every song has tones
    return _score(found.words[:, : len(FIELDS)]), found.words


def excerpt(piece: Piece, bars: int) -> Words | None:
    """The words of some bars in the middle of a piece, all in 4/4; none where it has no such bars."""
    starts = np.append(np.flatnonzero(piece.words[:, 0] == BAR), len(piece.words))
    first = max(0, (len(starts) - 1 - bars) // 2)
    last = min(len(starts) - 1, first + bars)
    words = piece.words[starts[first] : starts[last]]
    tones = (words[:, 0] == NOTE) & (words[:, _SEAT] != SEATS["drums"])
    in_four = (words[words[:, 0] == BAR, _METER] == FOUR).all()
    return words if last - first >= FEWEST and in_four and tones.any() else None


def people(found: Sequence[Piece], most: int, bars: int) -> dict[str, list[Words]]:
    """Excerpts of either split, up to so many of each corpus and as many of it in both."""
    rng = np.random.default_rng(0)
    chosen: dict[str, list[Words]] = {OTHERS: [], HUMAN: []}
    for corpus in sorted({one.corpus for one in found}):
        splits = []
        for split in ("train", "dev"):
            each = [excerpt(one, bars) for one in found if (one.corpus, one.split) == (corpus, split)]
            kept = [one for one in each if one is not None]
            splits.append([kept[at] for at in rng.permutation(len(kept))[:most]])
        count = min(map(len, splits))
        for name, kept in zip(chosen, splits, strict=True):
            chosen[name] += kept[:count]
    return chosen


def in_roles(words: Words) -> Words:
    """The words of a piece whose seats are its roles, without the column that tells these."""
    seats = words[:, : len(FIELDS)].copy()
    seats[:, _SEAT] = words[:, len(FIELDS)]
    return seats


def _score(words: Words) -> Score:
    """The notes of words in 4/4, but for drums, as one part."""
    number = np.cumsum(words[:, 0] == BAR) - 1
    kept = (words[:, 0] == NOTE) & (words[:, _SEAT] != SEATS["drums"])
    notes = [note_of(row, 4.0 * bar, 0) for bar, row in zip(number[kept].tolist(), words[kept], strict=True)]
    return Score((Part("tones", 0, notes=tuple(sorted(notes))),), meters=(Meter(0.0),))


def measured(scores: Sequence[Score]) -> tuple[Floats, dict[str, Floats]]:
    """Each measure of each score (scores, measures), and their histograms (scores, classes), each row of sum 1."""
    rows = np.array([[measure(score) for measure in MEASURES.values()] for score in scores])
    found = [statistics.histograms(score) for score in scores]
    counts = {name: np.array([one[name] for one in found]) for name in HISTOGRAMS}
    return rows, {name: one / np.maximum(one.sum(1, keepdims=True), 1) for name, one in counts.items()}


def distances(one: tuple[Floats, dict[str, Floats]], other: tuple[Floats, dict[str, Floats]]) -> Floats:
    """How far one set is from another, the human one: (measures + histograms,)."""
    pairs = [(a[~np.isnan(a)], b[~np.isnan(b)]) for a, b in zip(one[0].T, other[0].T, strict=True)]
    apart = [wasserstein_distance(a, b) / b.std() for a, b in pairs]
    unlike = [1 - statistics.overlap(one[1][name].mean(0), other[1][name].mean(0)) for name in HISTOGRAMS]
    return np.array([*apart, *unlike])


def drawn(sets: Mapping[str, tuple[Floats, dict[str, Floats]]], rng: np.random.Generator) -> dict[str, Floats]:
    """The distances of all sets from the human one, of pieces drawn with replacement."""
    some = {}
    for name, (rows, counts) in sets.items():
        at = rng.integers(len(rows), size=len(rows))
        some[name] = rows[at], {key: one[at] for key, one in counts.items()}
    return {name: distances(one, some[HUMAN]) for name, one in some.items() if name != HUMAN}


def main() -> None:
    """Compose, measure and print."""
    parser = asked(__doc__, seeds=4, bars=16, most=60, processes=2)
    corpora(parser)
    parser.add_argument("--cache", type=Path, default=None)
    options = parsed(parser)
    context = Context(**({"cache": options.cache} if options.cache else {}))
    found = list(pieces(options.root, context))
    grid = list(product(*LEVELS, range(options.seeds)))
    jobs = [(v, a, seed, dial, options.bars) for dial in ARMS.values() for v, a, seed in grid]
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        songs = list(pool.map(written, jobs, chunksize=4))
    words = {name: [one for _, one in songs[at * len(grid) : (at + 1) * len(grid)]] for at, name in enumerate(ARMS)}
    sets = {name: [one for one, _ in songs[at * len(grid) : (at + 1) * len(grid)]] for at, name in enumerate(ARMS)}
    for name, some in people(found, options.most, options.bars).items():
        sets[name] = [_score(one) for one in some]
        words[name] = [in_roles(one) for one in some]
    del words[OTHERS]
    corpus = statistics.Corpus(one.words for one in found if one.split == "train")
    copied = {name: [statistics.longest_shared(one, corpus) for one in rows] for name, rows in words.items()}
    publish(__file__, report({name: measured(one) for name, one in sets.items()}, copied), options.keep)


def report(sets: Mapping[str, tuple[Floats, dict[str, Floats]]], copied: Mapping[str, Sequence[int]]) -> str:
    """The tables."""
    names = [name for name in sets if name != HUMAN]
    told = {name: distances(sets[name], sets[HUMAN]) for name in names}
    rng = np.random.default_rng(0)
    draws = [drawn(sets, rng) for _ in range(DRAWS)]
    rows: list[list[object]] = []
    for at, title in enumerate([*MEASURES, *(f"histogram of {name}" for name in HISTOGRAMS)]):
        means = [f"{np.nanmean(sets[name][0][:, at]):.3f}" if at < len(MEASURES) else "" for name in (HUMAN, *ARMS)]
        rows.append([title, *means, *(float(told[name][at]) for name in names), *_closer(draws, at)])
    head = [*(f"mean, {name}" for name in (HUMAN, *ARMS)), *(f"distance, {name}" for name in names)]
    closer = ("both less rules, 95 %", "transformer less rules, 95 %")
    ends = [
        [name, len(some), float(np.median(some)), float(np.quantile(some, 0.95)), max(some)]
        for name, some in copied.items()
    ]
    return "\n".join(
        [
            f"{', '.join(f'{len(one[0])} {name}' for name, one in sets.items())}.\n",
            table(("", *head, *closer), rows),
            "The longest line that a piece shares with the training split, in notes after the first:\n",
            table(("", "pieces", "median", "95th percentile", "longest"), ends),
        ]
    )


def _closer(draws: Sequence[Mapping[str, Floats]], at: int) -> list[str]:
    """The intervals of how much farther than the rules' songs those of the transformer are."""
    found = []
    for name in ("both", "transformer"):
        low, high = np.quantile([one[name][at] - one["rules"][at] for one in draws], (0.025, 0.975))
        found.append(f"{low:+.2f} .. {high:+.2f}{' (closer)' if high < 0 else ' (**farther**)' if low > 0 else ''}")
    return found


if __name__ == "__main__":
    main()
