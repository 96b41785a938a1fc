"""Features: how many seconds of sound become features in a second of one core, and what they cost in a graph.

Medians over runs in a fresh process with one thread (`times.py`); decoding and resampling stand apart. Beside Kelly the
same numbers by plain numpy and by librosa; beside the front that Kelly exports, three others (`fronts.py`). Needs the
extra `train`.

    python benchmarks/features/run.py [--seconds 30] [--runs 9] [--keep DATE]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from results import asked, publish, table, verdict

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
LIBRARIES = ("numpy", "librosa", "onnxruntime", "torch")
ONE, ALL = 500.0, 150.0  # times real time that are promised of one scale and of four, at 44.1 kHz
WINDOWS = ("512", "1024", "2048", "4096")

Times = Mapping[str, Sequence[float]]


def main() -> None:
    """Measure and print."""
    options = asked(__doc__, seconds=30, runs=9).parse_args()
    publish(__file__, report(options.seconds, options.runs), options.keep)


def measured(seconds: int, runs: int) -> dict[str, Times]:
    """What `times.py` writes down, in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "times.json"
        script = Path(__file__).with_name("times.py")
        subprocess.run(  # noqa: S603 - it runs the script beside this one
            [sys.executable, script, out, str(seconds), str(runs)], env={**os.environ, **ONE_THREAD}, check=True
        )
        found: dict[str, Times] = json.loads(out.read_text(encoding="utf-8"))
        return found


def report(seconds: int, runs: int) -> str:
    """The result as Markdown."""
    load = os.getloadavg()[0]
    found = measured(seconds, runs)
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    about = f"{versions}. {seconds} s of sound, {runs} runs. Load average before the run: {load:.1f}.\n"
    return "\n".join([speeds(found["features"], seconds), costs(found["graphs"]), about])


def speeds(found: Times, seconds: int) -> str:
    """Times real time by rate and scale."""
    rows = []
    for rate in sorted({int(name.split("/")[1]) for name in found}, reverse=True):
        rows += [speed(found, seconds, rate, [window]) for window in WINDOWS]
        rows.append(speed(found, seconds, rate, WINDOWS))
        described = seconds / float(np.median(found[f"descriptors/{rate}/2048"]))
        rows.append((f"{rate / 1000:g} kHz, descriptors (2048)", described, "", "", "", ""))
    head = ("times real time", "Kelly", "promised", "", "plain numpy", "librosa")
    return table(head, rows)


def speed(found: Times, seconds: int, rate: int, windows: Sequence[str]) -> tuple[object, ...]:
    """A row: one scale or all together, in three ways."""
    several = len(windows) > 1
    name = f"{rate / 1000:g} kHz, {'four scales' if several else windows[0]}"
    ours, plain, librosas = (
        seconds / float(np.median(np.sum([found[f"{way}/{rate}/{window}"] for window in windows], axis=0)))
        for way in ("kelly", "numpy", "librosa")
    )
    promised = ALL if several else ONE
    return name, ours, f">= {promised:g}", verdict(met=ours >= promised), plain, librosas


def costs(found: Times) -> str:
    """Milliseconds of each way in a graph, by scale."""
    rows = []
    for way in dict.fromkeys(name.split("/")[0] for name in found):
        each = [1000 * float(np.median(found[f"{way}/{window}"])) for window in WINDOWS]
        rows.append((way, *each, sum(each)))
    whole = 1000 * float(np.median(found["two products/all"]))
    rows.append(("two products, one graph", "", "", "", "", whole))
    return table(("5 s at 16 kHz (ms)", *WINDOWS, "together"), rows)


if __name__ == "__main__":
    main()
