"""Networks: how long the five that run step by step take for a step, and how much memory.

Every step is one input at a time through `Runner.step`, in a fresh process on one core with one thread (`steps.py`);
beside onnxruntime, the same weights in plain numpy. A step above 1 ms must have a cause that the kernel's own counts
name. The networks are those that ship with Kelly, or those of a folder.

    python benchmarks/networks/run.py [--steps 60000] [--models FOLDER] [--keep DATE]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from results import asked, publish, table, verdict

from kelly.errors import FileError
from kelly.models import networks
from kelly.models.networks import open_folder

KINDS = (
    networks.EmotionRecognizer,
    networks.MelodyTransformer,
    networks.HarmonyPredictor,
    networks.DynamicsEngine,
    networks.GroovePredictor,
)
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SUM, TAIL, LONG = 200.0, 3.0, 1000.0  # microseconds; p99 over p50; microseconds
IDLE = 0.5  # share of a step in which its thread did nothing, from which on it was the machine that took long

Found = Mapping[str, np.ndarray]


def main() -> None:
    """Measure and print."""
    parser = asked(__doc__, steps=60_000)
    parser.add_argument("--models", type=Path, metavar="FOLDER", help="a folder of the networks' folders, by name")
    options = parser.parse_args()
    folders, missing = present(options.models or Path(str(resources.files("kelly.models"))))
    if not folders:
        print("networks: none of the five is there; nothing is measured\n" + "\n".join(missing))
        return
    publish(__file__, report(folders, missing, options.steps // len(KINDS)), options.keep)


def present(root: Path) -> tuple[dict[str, Path], list[str]]:
    """The folders of the networks that are there and whole, by name, and a line about each other one."""
    folders, missing = {}, []
    for kind in KINDS:
        name = kind.network.name
        try:
            open_folder(kind, root / name)
        except FileError as error:
            missing.append(f"- {name} is missing: {error}")
        else:
            folders[name] = root / name
    return folders, missing


def measured(folders: Mapping[str, Path], count: int) -> Found:
    """What `steps.py` writes down of `count` steps of each network, in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "steps.npz"
        script = Path(__file__).with_name("steps.py")
        subprocess.run(  # noqa: S603 - it runs the script beside this one
            [sys.executable, script, out, str(count), *folders.values()], env={**os.environ, **ONE_THREAD}, check=True
        )
        with np.load(out) as found:
            return dict(found)


def report(folders: Mapping[str, Path], missing: list[str], count: int) -> str:
    """The result as Markdown."""
    load = os.getloadavg()[0]
    found = measured(folders, count)
    middle = {name: float(np.median(found[f"onnxruntime/{name}/time"])) for name in folders}
    lines = [latencies(found, middle), promises(found, middle, complete=not missing)]
    lines += ["\n".join(missing) + "\n"] if missing else []
    lines += [long_steps(found, list(folders)), memory(found, list(folders))]
    busy = "Other work on the machine makes every number worse; an idle one has 0."
    return "\n".join([*lines, f"{count:,} steps of each, in turn. Load average before the run: {load:.1f}. {busy}\n"])


def latencies(found: Found, middle: Mapping[str, float]) -> str:
    """Every network's times in microseconds, and how many times as long plain numpy takes."""
    rows = []
    for name, p50 in middle.items():
        time, counts = (found[f"onnxruntime/{name}/{what}"] for what in ("time", "counts"))
        p99, p999 = np.percentile(time, [99, 99.9])
        alone = float(np.percentile(time[counts[:, 0] == 0], 99))
        plain = float(np.median(found[f"numpy/{name}/time"]))
        kept = verdict(met=bool(p99 <= TAIL * p50))
        rows.append((name, p50, float(p99), float(p999), float(p99 / p50), kept, alone, plain, plain / p50))
    head = (
        "step (us)",
        "p50",
        "p99",
        "p99.9",
        "p99 / p50",
        f"<= {TAIL:g}",
        "p99, left alone",
        "numpy p50",
        "numpy / ours",
    )
    return table(head, rows)


def promises(found: Found, middle: Mapping[str, float], *, complete: bool) -> str:
    """What is promised of all five together; nothing is promised of fewer."""
    total = sum(middle.values())
    plain = sum(float(np.median(found[f"numpy/{name}/time"])) for name in middle)
    slow = int(sum((found[f"onnxruntime/{name}/time"] > LONG).sum() for name in middle))
    unnamed = sum(1 for cause in causes(found, list(middle)) if cause is None)
    judged = (lambda met: verdict(met=met)) if complete else (lambda _: "not judged: some are missing")
    rows = [
        ("sum of the p50 (us)", total, f"< {SUM:g}", judged(total < SUM)),
        ("the same by plain numpy (us)", plain, "", ""),
        ("steps above 1 ms", slow, "0, or the cause named", judged(unnamed == 0)),
    ]
    return table(("all together", "", "promised", ""), rows)


def causes(found: Found, names: list[str]) -> list[str | None]:
    """Why each step by onnxruntime above 1 ms took so long, as far as it was seen; None where nothing was."""
    told = []
    for name in names:
        time, busy, counts = (found[f"onnxruntime/{name}/{what}"] for what in ("time", "busy", "counts"))
        told += [cause(counts[row], busy[row] / time[row]) for row in np.flatnonzero(time > LONG)]
    return told


def cause(counts: np.ndarray, busy: float) -> str | None:
    """The likely cause of a long step: from what was counted meanwhile, and the share in which its thread ran."""
    preempted, waited, read, faulted = counts > 0
    if preempted:
        return "put off the core by other work (an involuntary context switch within the step)"
    if read or faulted:
        return "waited for memory (a page fault within the step)"
    if waited:
        return "waited (a voluntary context switch within the step)"
    if busy < IDLE:
        return (
            f"the core did something else (the thread ran for less than {IDLE:.0%} of the step; no switch was counted)"
        )
    return None


def long_steps(found: Found, names: list[str]) -> str:
    """What the kernel counted in the steps above 1 ms, and in all others."""
    time = np.concatenate([found[f"onnxruntime/{name}/time"] for name in names])
    switched = np.concatenate([found[f"onnxruntime/{name}/counts"][:, 0] for name in names]) > 0
    slow = time > LONG
    told = f"{(slow & switched).sum()} took more than 1 ms, of the others {(slow & ~switched).sum()}"
    longest = f"the longest of the others took {time[~switched].max() / 1000:.2f} ms"
    lines = [f"- Of {len(time):,} steps, {switched.sum()} were put off the core; of these, {told}; {longest}."]
    for reason, count in Counter(causes(found, names)).most_common():
        lines.append(f"- Above 1 ms, {count}: {reason or 'no cause was seen'}.")
    return "\n".join(lines) + "\n"


def memory(found: Found, names: list[str]) -> str:
    """How much memory weights, library and networks take."""
    before, library, after = found["memory"] / 2**20
    weights = sum(int(found[f"{name}/weights"]) for name in names)
    lines = [f"- Weights of {len(names)} networks: {weights:,} bytes ({weights / 2**20:.1f} MB)."]
    if np.isfinite(after):
        lines.append(
            f"- Resident memory grew by {after - library:.1f} MB with these networks loaded and a step old"
            f" (and by {library - before:.1f} MB with onnxruntime itself)."
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
