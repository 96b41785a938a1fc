"""Symbolic: how well the recogniser of scores hears songs that it does not know.

All songs of EMOPIA and VGMIDI that may be seen are cut into five folds by the hash of the song; each fold is heard by
recognisers that learned from the other four, of three seeds. Beside them stands the usual baseline: the better of
a support vector machine and extra trees on some fifty plain traits of the whole piece (pitch, key profile, onsets,
durations, velocities), fitted on the same folds. Intervals are of the paired bootstrap over songs. The spreads that the
recogniser states are checked on the same folds.

    python benchmarks/symbolic/run.py --data ROOT [--seeds 3] [--out RUNS] [--keep DATE]
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from results import asked, publish, table, verdict

from kelly.errors import KellyError
from kelly.models.symbolic.heads import SIZE, SLOTS
from kelly.training.data.heard import WHOLE, Heard, heard
from kelly.training.data.preparing import cache_folder
from kelly.training.evaluation.symbolic import BARS, FOLDS, MEASURES, baseline, bootstrap, crossed, fold, scores
from kelly.training.export.symbolic import ERRORS
from kelly.training.tasks.context import Context
from kelly.training.tasks.symbolic import Settings

INSIDE = 1.2816  # standard deviations either way that hold 80 %
ISSUE = 4  # intervals above nothing that are asked for


def main() -> None:
    """Train, measure, print."""
    warnings.filterwarnings("ignore", module=r"lightning\.")
    parser = asked(__doc__, seeds=3)
    parser.add_argument("--data", type=Path, metavar="ROOT", help="the folder of the corpora")
    parser.add_argument("--out", type=Path, metavar="RUNS", help="where runs are kept, so that they are not made again")
    options = parser.parse_args()
    if options.data is None:
        print("symbolic: --data ROOT names no folder of corpora; nothing is measured")
        return
    with TemporaryDirectory() as scratch:
        try:
            publish(__file__, report(options.data, options.out or Path(scratch), options.seeds), options.keep)
        except KellyError as error:
            raise SystemExit(f"symbolic: {error}") from error


def report(root: Path, runs: Path, seeds: int) -> str:
    """The result as Markdown."""
    context = Context(note=lambda line: print(line, file=sys.stderr, flush=True))
    pieces = [one for one in heard(root, cache_folder(), note=context.note) if one.split != "test"]
    theirs = folded(pieces)
    ours = [crossed(pieces, Settings(), seed, runs, context) for seed in range(seeds)]
    told, beside, bounds = (
        [scores(pieces, one) for one in ours],
        scores(pieces, theirs),
        bootstrap(pieces, ours, theirs),
    )
    rows = [
        (
            name,
            float(np.mean([one[name] for one in told])),
            float(np.std([one[name] for one in told], ddof=1)) if seeds > 1 else 0.0,
            beside[name],
            f"{bounds[name][0]:+.3f} .. {bounds[name][1]:+.3f}",
            BARS[name],
        )
        for name in MEASURES
    ]
    above = sum(bounds[name][0] > 0 for name in MEASURES)
    head = ("measure", "recogniser", "± over seeds", "baseline", "better by (90 %)", "aim")
    clips = sum(piece.corpus == "emopia" for piece in pieces)
    lines = f"{clips} clips of EMOPIA, {len(pieces) - clips} pieces of VGMIDI, {FOLDS} folds, {seeds} seeds.\n\n"
    lines += table(head, rows)
    lines += f"\nIntervals above 0: {above} of {len(MEASURES)}, {ISSUE} asked for: {verdict(met=above >= ISSUE)}.\n"
    return lines + covered(pieces, ours)


def folded(pieces: list[Heard]) -> np.ndarray:
    """What the baseline hears of each piece, having learned from the other folds."""
    folds, told = np.array([fold(piece) for piece in pieces]), np.zeros((len(pieces), SIZE))
    for number in range(FOLDS):
        rest, held = (
            [one for one, of in zip(pieces, folds, strict=True) if (of == number) == x] for x in (False, True)
        )
        told[folds == number] = baseline(rest, held)
    return told


def covered(pieces: list[Heard], ours: list[np.ndarray]) -> str:
    """How many ratings lie inside the 80 % intervals that the recogniser states."""
    rated = np.array([piece.corpus == "vgmidi" for piece in pieces])
    truth = np.array([piece.ratings[piece.kinds == WHOLE][0] for piece in pieces])[rated]
    heads = np.mean(ours, 0)[rated]
    off = np.abs(heads[:, SLOTS["ratings"]] - truth) / np.exp(heads[:, SLOTS["errors"]]) / ERRORS
    valence, arousal = (off < INSIDE).mean(0)
    return f"\nRatings inside the stated 80 % intervals: valence {valence:.3f}, arousal {arousal:.3f}.\n"


if __name__ == "__main__":
    main()
