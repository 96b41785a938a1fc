"""Steps: takes them, of the networks that run step by step, and writes down how long each of them took.

Conventions: `run.py` starts this as a process of its own, with one thread. All networks take turns, as they do when
they play together, so that none has the caches to itself; blocks of steps by onnxruntime and by plain numpy take turns
too, so that both see the same machine. A time is the wall time of `step` alone; beside it stand the processor's time
for this thread, and what the kernel counted for the process meanwhile, both read outside of it. The collector has its
rest: what was there before is frozen, and it does not run.

    python benchmarks/networks/steps.py OUT.npz STEPS FOLDER...

The file: for each way ("onnxruntime", "numpy") and network NAME, `WAY/NAME/time` and `WAY/NAME/busy` (steps,), in
microseconds, and `WAY/NAME/counts` (steps, 4), as in `COUNTS`; `NAME/weights` in bytes; `memory` (3,), resident bytes
before and after onnxruntime is loaded, and once all networks are, each having taken a step.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import numpy as np

from kelly.models.layers import NETWORKS
from kelly.models.plain import of_tensors
from kelly.models.probing import probes
from kelly.models.runner import Runner, tensors

try:
    import resource
except ImportError:  # where the system counts none of it
    resource = None

COUNTS = ("ru_nivcsw", "ru_nvcsw", "ru_majflt", "ru_minflt")  # put off the core, gave it up, waited for a page, got one
WAYS = ("onnxruntime", "numpy")
BLOCKS = 12
WARM_UP = 500  # steps
INPUTS = 64

Step = Callable[[np.ndarray], np.ndarray]


class Clock:
    """Steps of several networks in turn, and how long each took.

    Parameters: steps, of each network by name; count, how many of each there will be.
    """

    def __init__(self, steps: Mapping[str, Step], count: int) -> None:
        self.steps = steps
        self.inputs = {name: probes(NETWORKS[name].shape, INPUTS) for name in steps}
        self.times, self.busy = ({name: np.zeros(count) for name in steps} for _ in range(2))
        self.counts = {name: np.zeros((count, len(COUNTS)), np.int64) for name in steps}

    def warm_up(self) -> None:
        """Take steps that are not kept."""
        for number in range(WARM_UP):
            for name, step in self.steps.items():
                step(self.inputs[name][number % INPUTS])

    def run(self, numbers: range) -> None:
        """Take the steps of these numbers."""
        for number in numbers:
            for name, step in self.steps.items():
                self._take(name, step, number)

    def _take(self, name: str, step: Step, number: int) -> None:
        x = self.inputs[name][number % INPUTS]
        counts, busy = counted(), time.thread_time_ns()
        start = time.perf_counter_ns()
        step(x)
        self.times[name][number] = (time.perf_counter_ns() - start) / 1000
        self.busy[name][number] = (time.thread_time_ns() - busy) / 1000
        self.counts[name][number] = [now - then for now, then in zip(counted(), counts, strict=True)]


def counted() -> tuple[int, ...]:
    """What the kernel has counted for this process so far, in the order of `COUNTS`; zeros where it does not tell."""
    if resource is None:
        return (0,) * len(COUNTS)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return tuple(getattr(usage, name) for name in COUNTS)


def resident() -> float:
    """The process's resident memory in bytes; not a number where there is no /proc."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") if pages.exists() else np.nan


def loaded(folders: Mapping[str, Path]) -> tuple[dict[str, Runner], list[float]]:
    """The networks of folders, run by onnxruntime, each a step old; and the resident memory on the way."""
    memory = [resident()]
    import_module("onnxruntime")
    memory.append(resident())
    runners = {}
    for name, folder in folders.items():
        runners[name] = Runner((folder / "model.onnx").read_bytes(), NETWORKS[name])
        runners[name].step(probes(NETWORKS[name].shape, 1)[0])
    gc.collect()
    return runners, [*memory, resident()]


def main(out: Path, count: int, folders: Mapping[str, Path]) -> None:
    """Take `count` steps of each network in both ways."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    runners, memory = loaded(folders)
    weights = {name: tensors((folder / "model.onnx").read_bytes()) for name, folder in folders.items()}
    plain = {name: of_tensors(NETWORKS[name], arrays) for name, arrays in weights.items()}
    clocks = [Clock({name: one.step for name, one in by_name.items()}, count) for by_name in (runners, plain)]
    for clock in clocks:
        clock.warm_up()
    gc.collect()
    gc.freeze()
    gc.disable()
    edges = [round(count * edge / BLOCKS) for edge in range(BLOCKS + 1)]
    for begin, end in pairwise(edges):
        for clock in clocks:
            clock.run(range(begin, end))
    gc.enable()
    found = {"memory": np.array(memory)}
    for name, arrays in weights.items():
        found[f"{name}/weights"] = np.array(sum(array.nbytes for array in arrays.values()))
        for way, clock in zip(WAYS, clocks, strict=True):
            kept = {"time": clock.times[name], "busy": clock.busy[name], "counts": clock.counts[name]}
            found |= {f"{way}/{name}/{what}": array for what, array in kept.items()}
    np.savez(out, **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), {Path(folder).name: Path(folder) for folder in sys.argv[3:]})
