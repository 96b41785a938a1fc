"""How quickly recordings are heard: each ear's model on five seconds, and `kelly listen` on a song of four minutes.

Conventions: one core (the models take one thread); times are medians over `ROUNDS` in milliseconds, after a warm-up.
The song is four minutes of chords with noise at 44.1 kHz stereo, written as 16-bit WAV and as MP3, heard by a process
of its own, from its start to its end; memory is the most that this process ever held.

Use: python benchmarks/sound/run.py [--keep DATE]
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parent.parent))

from results import asked, publish, table, verdict

from kelly.models import ears

ROUNDS, SECONDS, MINUTES = 60, 5, 4
RATE = 44_100


def median(function: Callable[[], object]) -> tuple[float, float]:
    """The median and the 90 % point of the milliseconds that a function takes."""
    for _ in range(5):
        function()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        function()
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times)), float(np.quantile(times, 0.9))


def models() -> dict[str, dict[str, float]]:
    """Each ear on five seconds of noise (of moods: of its frames)."""
    rng = np.random.default_rng(0)
    wave = rng.normal(0, 0.1, SECONDS * ears.RATE).astype(np.float32)
    frames = rng.uniform(-80, 0, (54, 128)).astype(np.float32)
    told = {}
    for name in ears.NAMES:
        ear, heard = ears.shipped(name), frames if name == "moods" else wave
        p50, p90 = median(lambda ear=ear, heard=heard: ear.hear([heard]))
        told[name] = {"p50 ms": round(p50, 2), "p90 ms": round(p90, 2)}
    return told


def song(path: Path) -> None:
    """Four minutes of chords that swell and fade, with noise."""
    rng = np.random.default_rng(0)
    seconds = np.arange(MINUTES * 60 * RATE) / RATE
    wave = sum(np.sin(2 * np.pi * hertz * seconds) for hertz in (220, 277.18, 329.63)) * 0.1
    wave = wave * (0.6 + 0.4 * np.sin(2 * np.pi * seconds / 8)) + rng.normal(0, 0.01, len(seconds))
    soundfile.write(path, np.stack([wave, wave], 1).astype(np.float32), RATE)


def listened(path: Path) -> dict[str, float]:
    """The seconds and the memory that `kelly listen` takes from its start to its end."""
    start = time.perf_counter()
    command = [str(Path(sys.executable).with_name("kelly")), "listen", str(path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - Kelly's own
    taken = time.perf_counter() - start
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"seconds": round(taken, 2), "MB": round(most, 1)}


BARS = {"voice": 25.0, "music": 25.0, "moods": 25.0}  # milliseconds
LONGEST, MOST = 6.0, 600.0  # seconds and MB


def report() -> str:
    """All results as text."""
    told = models()
    rows = [(name, one["p50 ms"], one["p90 ms"], verdict(met=one["p50 ms"] < BARS[name])) for name, one in told.items()]
    with tempfile.TemporaryDirectory() as folder:
        songs = []
        for ending in ("wav", "mp3"):
            path = Path(folder, f"song.{ending}")
            song(path)
            one = listened(path)
            met = one["seconds"] < LONGEST and one["MB"] < MOST
            songs.append((ending, one["seconds"], one["MB"], verdict(met=met)))
    return "\n".join(
        [
            table(("ear, 5 s on one core", "p50 ms", "p90 ms", "below 25 ms"), rows),
            table((f"`kelly listen`, {MINUTES} minutes", "seconds", "MB", "below 6 s and 600 MB"), songs),
        ]
    )


if __name__ == "__main__":
    options = asked(__doc__).parse_args()
    publish(__file__, report(), options.keep)
