"""Neural: whether the networks bring Kelly's songs nearer to human music, and what that costs in control.

Songs of the same feelings and seeds are composed twice, by the rules alone (`--neural 0`) and with the networks. Five
histograms of either side are compared to those of human music: transitions of the melody's pitch classes, its
intervals, bigrams of chords, velocities, and places of onsets in the bar. The distance is the square root of the
Jensen-Shannon divergence to base 2; intervals are of the bootstrap over songs, the same songs drawn on both sides.
Controllability is measured on both sides as its own benchmark does.

    python benchmarks/neural/run.py [--songs 200] [--neural 1] [--first-seed 0] [--cells 2] [--processes 1]
        [--data ROOT [--cache FOLDER] [--write]] [--keep DATE]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from controllability.run import Row, grid
from neural import songs
from neural.comparison import NEARER, Side, beside, control, differing, judged, side
from neural.human import FILE, Human, kept, measured, write
from results import asked, publish, table, verdict

from kelly.errors import KellyError
from kelly.training.data.preparing import cache_folder

NEEDED = 4  # distances that must shrink
TOLD, EXAMPLE = 6, 3  # bins that are told of each measure, over all songs and of one
LINE = ("", "rules", "networks", "difference", "90 % of resamples")


def report(rules: Side, neural: Side, human: Human, first: songs.Named) -> str:
    """Distances and what lies behind them as Markdown. Parameters: first, the name and seed of the first song."""
    lines = judged(rules, neural, human)
    nearer = sum(line[-1] == NEARER for line in lines)
    one, other = ({name: counts[:1] for name, counts in part.items()} for part in (rules, neural))
    head = (*LINE, "floor", "")
    bins = ("measure", "bin", "human", "rules", "networks")
    return "\n".join(
        [
            table(head, lines),
            f"Clearly nearer: {nearer} of {len(lines)}, {NEEDED} asked for: {verdict(met=nearer >= NEEDED)}.\n",
            "Beside them, not judged:\n",
            table(head, beside(rules, neural, human)),
            "What sets the rules most apart from human music:\n",
            table(bins, differing(rules, neural, human, TOLD)),
            f"The same of one song ({first[0]}, seed {first[1]}):\n",
            table(bins, differing(one, other, human, EXAMPLE)),
        ]
    )


def controllability(rules: list[Row], neural: list[Row]) -> str:
    """How far the songs of a grid of feelings do what was asked of them, as Markdown."""
    lines = list(control(rules, neural))
    fell = sum(line[-1] != "held" for line in lines)
    return "\n".join(
        [
            f"Controllability (Spearman), {len(rules)} songs of {songs.BARS} bars a side:\n",
            table((*LINE, "promised of whole songs", ""), lines),
            f"Correlations that fell: {fell}, none allowed: {verdict(met=not fell)}.\n",
        ]
    )


def main() -> None:
    """Compose, compare, print."""
    wanted = _options()
    try:
        human = _human(wanted)
        named = songs.pairs(wanted.songs, wanted.first_seed)
        rules, neural = (
            side(songs.mapped(songs.events, named, dial, wanted.processes)) for dial in (0.0, wanted.neural)
        )
        cells = [(*feeling, wanted.first_seed + seed) for *feeling, seed in grid(wanted.cells)]
        rows = [songs.mapped(songs.heard, cells, dial, wanted.processes) for dial in (0.0, wanted.neural)]
    except KellyError as error:
        raise SystemExit(f"neural: {error}") from error
    text = (
        f"{len(named)} songs of {songs.BARS} bars a side, seeds from {wanted.first_seed}; dial {wanted.neural:g}.\n\n"
    )
    text += report(rules, neural, human, named[0])
    text += "\n" + controllability(*rows) if cells else ""
    publish(__file__, text, wanted.keep)


def _options() -> argparse.Namespace:
    parser = asked(__doc__, songs=200, cells=2, processes=1)
    parser.add_argument("--first-seed", type=int, default=0, help="other songs, to choose constants on")
    parser.add_argument("--neural", type=float, default=1.0, metavar="DIAL", help="the dial of the second side")
    parser.add_argument("--data", type=Path, metavar="ROOT", help="read human music from corpora, not from human.npz")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="where what was read of corpora is kept")
    parser.add_argument("--write", action="store_true", help="write what was read into human.npz")
    wanted = parser.parse_args()
    if wanted.songs < 2 or wanted.cells < 0 or wanted.processes < 1 or not 0 <= wanted.neural <= 1:
        parser.error("two songs or more, no fewer than 0 songs a cell, one process or more, and a dial in 0..1")
    if wanted.write and wanted.data is None:
        parser.error("--write keeps what was read of corpora: name their folder with --data ROOT")
    return wanted


def _human(wanted: argparse.Namespace) -> Human:
    if wanted.data is None:
        return kept(FILE)
    human = measured(wanted.data, wanted.cache or cache_folder(), lambda line: print(line, file=sys.stderr))
    if wanted.write:
        write(human)
    return human


if __name__ == "__main__":
    main()
