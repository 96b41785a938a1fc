"""Latency of listeners: how long they take for a short clip."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch

from kelly.sound.features import FRAMES
from kelly.training.data.sounds import FULL, TASKS, Heard, Sound
from kelly.training.evaluation.listeners import Listener

__all__ = ["latency"]

_CLIP, _ROUNDS = 5, 7  # seconds of what it is measured on, and how often


def latency(name: str, heard: Sequence[Listener]) -> float:
    """The median milliseconds until those who are heard together have told of `_CLIP` seconds, on one core."""
    knowing = [one for one in heard if name in one.tasks]
    same = [one for one in knowing if one.left_out(TASKS[name].corpus) == knowing[0].left_out(TASKS[name].corpus)]
    clips = [_noise(name, one.settings.sample_rate) for one in same]
    times, threads = [], torch.get_num_threads()
    torch.set_num_threads(1)
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        for one, clip in zip(same, clips, strict=True):
            one(name, [clip])
        times.append(time.perf_counter() - start)
    torch.set_num_threads(threads)
    return 1000 * float(np.median(times))


def _noise(name: str, rate: int) -> Sound:
    """`_CLIP` seconds of noise as a task hears them."""
    rng, mel = np.random.default_rng(0), TASKS[name].heard_at(rate)[0]
    wave: Heard = rng.integers(-FULL // 10, FULL // 10, _CLIP * mel.rate, np.int16)
    if mel == FRAMES:
        wave = rng.integers(0, 255, (round(_CLIP * mel.frames_a_second), mel.bands), np.uint8)
    return Sound(name, "", "", "", wave, np.zeros(len(TASKS[name].names), np.float32), rate=mel.rate)
