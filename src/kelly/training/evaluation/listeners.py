"""Listeners: finished runs, or the shipped models, as what is measured.

Conventions: a listener tells probabilities of classes, or ratings in the corpus's own terms, float64 (sounds, numbers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from kelly.errors import UsageError
from kelly.models import ears
from kelly.sound.features import FRAMES, Mel
from kelly.training.data.clips import STEP
from kelly.training.data.levelled import batched
from kelly.training.data.sounds import FULL, RATE, TASKS, Sound
from kelly.training.networks.hearing import Hearing
from kelly.training.networks.movement import Movement
from kelly.training.tasks.runs import held
from kelly.training.tasks.sound import RATES, Settings, samples, trained

__all__ = ["Listener", "by_fold", "listeners", "shipped_ears", "together"]

Floats = npt.NDArray[np.float64]
_AT_ONCE = 32
_LEAST = 1e-6  # probability of a class


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens.

    Parameters: name; settings, by which it was trained; held, the groups that it left out; tells, from a task's name
    and sounds to what the head says: logits, or ratings in the task's unit.
    """

    name: str
    settings: Settings
    held: frozenset[str]
    tells: Callable[[str, Sequence[Sound]], Floats]

    @property
    def tasks(self) -> Mapping[str, float]:
        """The tasks that it knows."""
        return self.settings.tasks

    @property
    def folded(self) -> bool:
        """Whether it judges the fold that it left out."""
        return self.settings.folds > 0

    def left_out(self, corpus: str) -> frozenset[str]:
        """The groups of a corpus that it left out as a fold; none where it judges a split."""
        return frozenset(key for key in self.held if key.startswith(f"{corpus}/")) if self.folded else frozenset()

    def parted(self, found: Sequence[Sound], split: str) -> tuple[list[Sound], list[Sound]]:
        """The sounds that it learned from, and those that it may judge: what it left out, or of a split."""
        if not self.folded:
            return [one for one in found if one.split == "train"], [one for one in found if one.split == split]
        known = [one for one in found if one.split != "test"]
        return [one for one in known if one.key not in self.held], [one for one in known if one.key in self.held]

    def __call__(self, task: str, found: Sequence[Sound]) -> Floats:
        """What it tells of sounds (sounds, numbers)."""
        said = self.tells(task, found)
        if not TASKS[task].classes:
            return said * TASKS[task].unit
        raised = np.exp(said - said.max(1, keepdims=True))
        return np.asarray(raised / raised.sum(1, keepdims=True))


def listeners(runs: Sequence[Path]) -> list[Listener]:
    """Runs. Raises: FileError, one is not finished or damaged."""
    return [Listener(run.name, *_of_run(run)) for run in runs]


def by_fold(heard: Sequence[Listener], corpus: str, among: AbstractSet[str] | None = None) -> list[list[Listener]]:
    """Listeners in lists of those that are heard together: who left out the same, in the order in which they came.

    Parameters: heard, all of whom judge folds, or none (then there is one list of all); corpus; among, the groups that
    there is something to judge of, since runs of other tasks may have left out more (None: all groups).
    Raises: UsageError, two left out some of the same and not all, or not every fold is judged by as many.
    """
    folds: dict[frozenset[str], list[Listener]] = {}
    for one in heard:
        left_out = one.left_out(corpus)
        folds.setdefault(left_out if among is None else left_out & among, []).append(one)
    for (mine, (one, *_)), (others, (other, *_)) in combinations(folds.items(), 2):
        if mine & others:
            told = f"{other.name} judges some of what {one.name} has"
            raise UsageError(f"runs must leave out the same or all others; {told}")
    fewest, most = (chosen(folds.values(), key=len, default=[]) for chosen in (min, max))
    if len(fewest) < len(most):
        told = " and ".join(f"one by {len(same)} ({', '.join(one.name for one in same)})" for same in (fewest, most))
        raise UsageError(f"every fold must be heard by as many runs; got {told}")
    return list(folds.values())


def together(rows: Sequence[Floats], *, classes: bool) -> Floats:
    """What several listeners tell (numbers,) of a sound: the mean of ratings, of classes that of log probabilities."""
    if not classes:
        return np.asarray(np.mean(rows, axis=0))
    raised = np.exp(np.log(np.maximum(rows, _LEAST)).mean(0))
    return np.asarray(raised / raised.sum())


def shipped_ears() -> list[Listener]:
    """The shipped ears. Raises: FileError, Kelly was built without them."""
    return [Listener(name, *_of_ear(ears.shipped(name))) for name in ears.NAMES]


def _of_ear(ear: ears.Ear) -> tuple[Settings, frozenset[str], Callable[[str, Sequence[Sound]], Floats]]:
    rate = ear.rate if ear.rate in RATES else RATE  # spectrograms have their own
    settings = Settings(tasks=dict.fromkeys(ear.names, 1.0), sample_rate=rate, fonts=tuple(ear.config.get("fonts", ())))

    def told(task: str, found: Sequence[Sound]) -> Floats:
        rows = np.array([ear.hear([_input(one)])[task][0] for one in found])
        with np.errstate(divide="ignore"):  # a probability of 0 is a logit of minus infinity
            return np.log(rows) if TASKS[task].classes else rows / TASKS[task].unit

    return settings, frozenset(), told


def _input(sound: Sound) -> npt.NDArray[np.float32]:
    if sound.wave.dtype == np.uint8:
        return np.asarray(sound.wave.astype(np.float32) * np.float32(STEP) - np.float32(255 * STEP), np.float32)
    return np.asarray(sound.wave / np.float32(FULL), np.float32)


def _of_run(run: Path) -> tuple[Settings, frozenset[str], Callable[[str, Sequence[Sound]], Floats]]:
    settings, network = trained(run)
    return settings, held(run), lambda task, found: _said(network, settings, task, found)


@torch.inference_mode()
def _said(network: Hearing | Movement, settings: Settings, task: str, found: Sequence[Sound]) -> Floats:
    """What a network says of sounds, each as if it were alone: none is padded, for kernels would hear how far."""
    told = np.zeros((len(found), len(TASKS[task].names)))
    for alike in _as_long(found, network.mels[0]):
        for start in range(0, len(alike), _AT_ONCE):
            rows = alike[start : start + _AT_ONCE]
            batch = dict(samples([found[row] for row in rows], settings).tensors)
            told[rows] = network(*batched(batch, None, network.mels))[task].double().numpy()
    return told


def _as_long(found: Sequence[Sound], mel: Mel) -> Iterable[list[int]]:
    """Which sounds have as many frames."""
    rows: dict[int, list[int]] = {}
    for row, one in enumerate(found):
        count = len(one.wave) if mel == FRAMES else mel.frames(len(one.wave))
        rows.setdefault(count, []).append(row)
    return rows.values()
