"""Times: takes features in several ways, in turn, and writes down how long each took.

Conventions: `run.py` starts this as a process of its own, with one thread. A time is the processor's time of this
thread, so that waiting for other work is not counted; ways take turns, so that all see the same machine. The sound is
made up: chords that fade, and noise.

    python benchmarks/features/times.py OUT.json SECONDS RUNS

The file: of "features" a list of seconds for each "WAY/RATE/WINDOW"; of "graphs" for each "WAY/WINDOW", or "WAY/all".
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import librosa
import numpy as np
from fronts import WAYS, session

from kelly.sound.features import SCALES, STEEPNESS, Mel, descriptors, filters, levels, scales
from kelly.training.networks.front import Front

RATES = (44_100, 16_000)
CLIP = 5  # seconds that graphs hear
TOLERANCE = 1e-4

Way = Callable[[], object]


def music(rate: int, seconds: float) -> np.ndarray:
    """Chords that fade, and noise, (samples,) float32."""
    at = np.arange(int(seconds * rate)) / rate
    chord = sum(np.sin(2 * np.pi * hertz * at) for hertz in (110, 277.2, 659.3, 1318.5))
    noise = np.random.default_rng(3).normal(0, 0.01, len(at))
    return (0.2 * chord * np.exp(-(at % 2)) + noise).astype(np.float32)


def plain(wave: np.ndarray, mel: Mel) -> np.ndarray:
    """Levels by numpy alone: all frames' transform at once, and one product with the filters."""
    padded = np.pad(wave, mel.window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, mel.window)[:: mel.hop]
    spectra = np.fft.rfft(frames * np.hanning(mel.window + 1)[:-1], mel.fft)
    return np.log10(1 + STEEPNESS * (np.abs(spectra) ** 2 @ filters(mel).T))


def librosas(wave: np.ndarray, mel: Mel) -> np.ndarray:
    """Levels by librosa."""
    powers = librosa.feature.melspectrogram(
        y=wave, sr=mel.rate, n_fft=mel.fft, win_length=mel.window, hop_length=mel.hop, n_mels=mel.bands
    )
    return np.log10(1 + STEEPNESS * powers).T


def features(seconds: float) -> Iterator[tuple[str, Way]]:
    """Ways to features outside of a graph, by name; those to levels are checked to agree."""
    for rate in RATES:
        wave = music(rate, seconds)
        for mel in scales(rate):
            ways: Mapping[str, Callable[[np.ndarray, Mel], np.ndarray]]
            ways = {"kelly": levels, "numpy": plain, "librosa": librosas}
            for name, way in ways.items():
                agree(name, way(wave, mel), levels(wave, mel))
                yield f"{name}/{rate}/{mel.window}", partial(way, wave, mel)
        yield f"descriptors/{rate}/2048", partial(descriptors, wave, scales(rate)[2])


def graphs() -> Iterator[tuple[str, Way]]:
    """Ways to levels of a clip in a graph, by name, checked to agree."""
    wave = music(SCALES[0].rate, CLIP)
    for mel in SCALES:
        for name, way in WAYS.items():
            run = partial(session(way(mel)).run, None, {"waves": wave[None]})
            agree(name, run()[0][0], levels(wave, mel))
            yield f"{name}/{mel.window}", run
        yield f"levels, outside of a graph/{mel.window}", partial(levels, wave, mel)
    yield "two products/all", partial(session(Front()).run, None, {"waves": wave[None]})


def agree(name: str, found: np.ndarray, expected: np.ndarray) -> None:
    """Stop where two ways tell different things."""
    if found.shape != expected.shape or not np.abs(found - expected).max() <= TOLERANCE:
        raise SystemExit(f"{name} and `levels` tell different things")


def times(ways: Mapping[str, Way], runs: int) -> dict[str, list[float]]:
    """Seconds of each run of each way; a first run does not count."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for run in range(runs + 1):
        for name, way in ways.items():
            start = time.thread_time()
            way()
            if run:
                found[name].append(time.thread_time() - start)
    return found


def main(out: Path, seconds: float, runs: int) -> None:
    """Measure everything."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    warnings.simplefilter("ignore")
    found = {"features": times(dict(features(seconds)), runs), "graphs": times(dict(graphs()), runs)}
    out.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
