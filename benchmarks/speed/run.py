"""Speed: how long Kelly takes, and how much memory, on one core.

Every number is the median of five fresh processes that are bound to one core with one thread: importing kelly;
composing a three-minute song in which every part plays, as the first thing a process does; rendering that song; the
command `kelly compose` from start to file. Memory is the largest resident set of any of these processes
(getrusage).

    python benchmarks/speed/run.py [--runs 5] [--keep DATE]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from results import asked, publish, table, verdict

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
BUSY = "Load average before the run: {:.1f}. Other work on the machine makes every number worse; an idle one has 0."
# Put before what a process does: how it tells its numbers, as one JSON object, with its own peak of memory in MB.
PEAK = """
def told(**numbers):
    import json, pathlib, resource, sys
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # the other count begins with the peak of the process that started this one
        peak = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 2**20
    print(json.dumps({**numbers, "memory": peak}))
"""
IMPORT = """
import time
start = time.perf_counter()
import kelly
told(seconds=time.perf_counter() - start)
"""
COMPOSE = """
import time
from kelly import Emotion, compose
start = time.perf_counter()
song = compose(Emotion(-0.5, 0.6, 0.7), minutes=3, genre="rock", seed=1)
seconds = time.perf_counter() - start
playing = [part.name for part in song.score.parts if part.notes]
told(seconds=seconds, notes=sum(1 for _ in song.score.notes()), parts=len(playing), length=song.score.duration)
"""
RENDER = """
import time
from kelly import Emotion, compose, render
song = compose(Emotion(-0.5, 0.6, 0.7), minutes=3, genre="rock", seed=1)
start = time.perf_counter()
audio = render(song)
seconds = time.perf_counter() - start
told(seconds=seconds, speed=song.score.duration / seconds)
"""
COMMAND = """
import sys
from kelly.cli.main import main
code = main(["compose", "I miss you so much", "--quiet", "-o", sys.argv[1]])
told(code=code)
"""


def measured(code: str, *arguments: str) -> dict[str, float]:
    """Run code in a fresh process on one core; what it tells, and the whole process's time as `process`."""
    command = [sys.executable, "-c", PEAK + code, *arguments]
    if hasattr(os, "sched_getaffinity"):
        core = max(os.sched_getaffinity(0))
        command = ["taskset", "-c", str(core), *command]
    start = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - it runs the snippets above
        command, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=True
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {**told, "process": time.perf_counter() - start}


def median(code: str, runs: int, *arguments: str) -> dict[str, float]:
    """The median of every number over several processes; of the memory, the largest."""
    found = [measured(code, *arguments) for _ in range(runs)]
    middle = {name: statistics.median(run[name] for run in found) for name in found[0]}
    return {**middle, "memory": max(run["memory"] for run in found)}


def report(runs: int) -> str:
    """All promises as a Markdown table."""
    load = os.getloadavg()[0]
    imported, composed, rendered = (median(code, runs) for code in (IMPORT, COMPOSE, RENDER))
    with tempfile.TemporaryDirectory() as folder:
        command = median(COMMAND, runs, str(Path(folder) / "x.mid"))
    memory = max(run["memory"] for run in (imported, composed, rendered, command))
    song = f"{composed['length']:.0f} s, {composed['parts']:.0f} parts, {composed['notes']:.0f} notes"
    rows = [
        ("import kelly (s)", imported["seconds"], "< 0.3", verdict(met=imported["seconds"] < 0.3)),
        (f"compose a song of {song} (s)", composed["seconds"], "< 1.0", verdict(met=composed["seconds"] < 1)),
        ("render it (times real time)", rendered["speed"], ">= 60", verdict(met=rendered["speed"] >= 60)),
        ("kelly compose, start to file (s)", command["process"], "< 2", verdict(met=command["process"] < 2)),
        ("peak memory of any of these (MB)", memory, "< 400", verdict(met=memory < 400)),
    ]
    runs_by_name = {"import": imported, "compose": composed, "compose and render": rendered, "command": command}
    notes = [
        f"- {name}: peak {run['memory']:.0f} MB, whole process {run['process']:.2f} s"
        for name, run in runs_by_name.items()
    ]
    return (
        table(("", f"median of {runs}", "promised", ""), rows) + "\n" + "\n".join(notes) + f"\n\n{BUSY.format(load)}\n"
    )


def main() -> None:
    """Measure and print."""
    wanted = asked(__doc__, runs=5).parse_args()
    text = report(wanted.runs)
    publish(__file__, text, wanted.keep)


if __name__ == "__main__":
    main()
