"""How fast the transformer writes: notes, steps beside the bound of memory, the first note, and what it holds.

Conventions: one core (onnxruntime takes one thread); medians. A full band is eight seats, all of them free, in 4/4 at
120 BPM; real time is what a bar lasts. The bound of a step is the time that this core takes to read its weights and the
keys and values of all words before it once: their bytes over the bandwidth of summing an array that no cache holds.
Sizes whose weights the last cache holds are measured too, but have no such bound. `base` has chance weights: they cost
the same. The first note is that of a band of eight whose network is loaded; memory is the most that the process held
after a tenth and after all of the notes.

    python benchmarks/improvising/run.py [--bars 64] [--notes 10000] [--keep DATE]
"""

from __future__ import annotations

import resource
import sys
import time
from itertools import islice
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from results import asked, publish, table, verdict

from kelly.composing.chance import stream
from kelly.composing.improvising.sampling import USUAL, Sampling
from kelly.composing.improvising.writing import FOUR, Bar, Page, Rules, tempo_word, write
from kelly.emotion.space import Emotion
from kelly.models.transformer.layout import FIELDS, SIZES
from kelly.models.transformer.network import Network, Told, shipped
from kelly.score.tokens import PERCUSSION
from kelly.training.export.transformer import graphs
from kelly.training.networks.compound import WIDTHS, CompoundTransformer

MAJOR = frozenset({0, 2, 4, 5, 7, 9, 11})
BAND = {
    1: (74, Rules(60, 84, MAJOR, alone=True)),
    2: (1, Rules(48, 72, chordal=True)),
    3: (34, Rules(28, 52, MAJOR, alone=True)),
    4: (72, Rules(55, 79, MAJOR, alone=True)),
    5: (90, Rules(48, 76, chordal=True)),
    6: (49, Rules(48, 84, chordal=True)),
    7: (PERCUSSION, Rules(35, 59)),
    9: (26, Rules(48, 72, chordal=True)),
}
CHORDS = (1, 1, 46, 46)  # I and VI:min
BPM, PLACES = 120, 1024


def band(bars: int) -> Page:
    """A page on which all eight play."""
    plan = [Bar(FOUR, tempo_word(BPM), Emotion(0.5, 0.7, 0.5), CHORDS) for _ in range(bars)]
    return Page(
        {seat: program for seat, (program, _) in BAND.items()}, {seat: r for seat, (_, r) in BAND.items()}, plan
    )


def bandwidth() -> float:
    """Bytes a second that one core reads of an array that no cache holds."""
    torch.set_num_threads(1)
    array = torch.ones(2**26)
    times = []
    for _ in range(8):
        start = time.perf_counter()
        array.sum()
        times.append(time.perf_counter() - start)
    return 4 * 2**26 / min(times)


def steps(network: Network, places: int) -> list[float]:
    """Seconds of each step, one word at a time, until the memory is full."""
    rng = np.random.default_rng(0)
    memory, times = network.memory(), []
    for _ in range(places):
        word = np.array([[rng.integers(size) for size in (SIZES[name] for name in FIELDS)]])
        told = Told(
            np.zeros((1, 64), np.float32), np.zeros((1, 3), np.float32), np.zeros((1, 8), int), np.zeros(1, int)
        )
        start = time.perf_counter()
        memory.read(word, told)
        times.append(time.perf_counter() - start)
    return times


def bounds(name: str, read: float) -> list[list[object]]:
    """Rows of a size: a step at some positions beside its bound. Parameters: name; read, bytes a second."""
    torch.manual_seed(0)
    module = CompoundTransformer(WIDTHS[name])
    size = module.size
    files = graphs(module, PLACES)
    times = steps(Network(files["step.onnx"], files["heads.onnx"], {}), PLACES)
    tables = sum(table.weight.numel() for table in (*module.tables, module.chords, module.left))
    ends = sum(
        tensor.numel() for head in module.tellers for tensor in (*head.tell.parameters(), *head.before.parameters())
    )
    weights = 4 * (sum(tensor.numel() for tensor in module.parameters()) - tables - ends)
    rows = []
    for place in (128, 512, PLACES - 16):
        taken = float(np.median(times[place - 16 : place + 16]))
        least = (weights + 8 * size.layers * size.width * place) / read
        rows.append(
            [f"{name}, {weights / 1e6:.0f} MB, word {place}", 1000 * taken, 1000 * least, f"{least / taken:.0%}"]
        )
    return rows


def main() -> None:
    """Measure and print."""
    options = asked(__doc__, bars=64, notes=10_000).parse_args()
    network, rows, lines = shipped(), [], []
    if network is None:
        sys.exit("Kelly was built without the transformer")
    for guidance in (1.0, USUAL.guidance):
        sampling = Sampling(guidance=guidance)
        firsts = []
        for seed in range(7):
            start = time.perf_counter()
            next(write(network, band(8), sampling, stream(seed, "first")))
            firsts.append(time.perf_counter() - start)
        start = time.perf_counter()
        written = list(write(network, band(options.bars), sampling, stream(0, "speed")))
        taken = time.perf_counter() - start
        faster = options.bars * 4 * 60 / BPM / taken
        first = 1000 * float(np.median(firsts))
        each = len(written) / options.bars
        verdicts = verdict(met=faster >= 4), verdict(met=first < 150)
        name = f"{network.config['size']}, guidance {guidance:g}"
        rows.append([name, len(written) / taken, each, faster, verdicts[0], first, verdicts[1]])
    head = ("", "notes / s", "notes / bar", "x real time", ">= 4", "first note, ms", "< 150")
    lines.append(table(head, rows))
    read = bandwidth()
    both = [*bounds("small", read), *bounds("base", read)]
    lines.append(f"One core reads {read / 1e9:.1f} GB/s.\n")
    lines.append(table(("size, weights, position", "ms a step", "bound, ms", "of the bound"), both))
    notes = write(network, band(100_000), Sampling(guidance=1.0), stream(0, "long"))
    held = []
    for count in (options.notes // 10, options.notes - options.notes // 10):
        list(islice(notes, count))
        held.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    lines.append(f"The most that the process held after {options.notes // 10:,} notes is {held[0]:.0f} MB,")
    lines.append(f"after {options.notes:,} {held[1]:.0f} MB.")
    publish(__file__, "\n".join(lines), options.keep)


if __name__ == "__main__":
    main()
