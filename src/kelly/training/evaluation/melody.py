"""Measuring the melody network: how many bits a sounding pitch costs, beside what a table knows.

Conventions: the melodies are those of `kelly.training.data.melodies` on POP909, every beat from the first note of a
song to the last in which it sounds, rests among them; the network's state is carried through the song. The measure is
the sum over all beats and all 128 pitches of the bits of a Bernoulli variable, over the number of (beat, pitch) that
sound (`kelly.training.tasks.melody.bits`). Beside it: in which share of the beats that are no rest the likeliest pitch
sounds. What a shipped model says is measured as it says it, before it is rounded for use.

Baselines, fitted on the train split: the static profile, how often each pitch sounds; the bigram, the same after each
highest pitch of the beat before (or its silence); the bigram with chord, the same after both that and the beat's
chord. Each count is smoothed by `PRIOR` beats of the coarser one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from kelly.errors import CorpusError, FileError
from kelly.models.layers import NETWORKS
from kelly.models.networks import MelodyTransformer, shipped
from kelly.models.runner import Runner
from kelly.training.data.melodies import Melody, melodies
from kelly.training.evaluation.table import Measure
from kelly.training.networks.layered import Recurrent
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import weights
from kelly.training.tasks.melody import Settings, bits, profile, task

__all__ = ["BELOW_STATIC", "PRIOR", "baselines", "measure", "top"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PRIOR = 40.0  # beats; the best of 10, 20 and 40 on a tenth of the train split
BELOW_STATIC = 0.25  # share of the static profile's bits that must be saved
_SILENCE = 128  # stands for the pitch before where there was none
_CHORD = slice(4, 16)  # the slots of a beat's chord


def measure(root: Path, split: str, runs: Sequence[Path], context: Context, train: Path | None = None) -> list[Measure]:
    """Measure runs, or the shipped model where none are given, on a split of POP909.

    Parameters: root, of the corpora; split, dev or test; runs, folders of finished ones; context; train, the folder of
    the corpora that the baselines are fitted on (None: root; where that has no train split they are left out).
    Raises: CorpusError, the corpus is missing or has no songs of that split, or train has none to fit on;
    FileError, a run is not finished or no model is shipped.
    """
    asked = [one for one in melodies(root, context) if one.split == split]
    if not asked:
        raise CorpusError(f"POP909 in {root} has no songs of the {split} split")
    beside = {name: told(asked) for name, told in _fitted(root, train, context).items()}
    ours = [[told(one) for one in asked] for told in _readers(runs)]
    tables = {name: bits(asked, told) for name, told in beside.items()}
    active = int(sum(one.targets.sum() for one in asked))
    costs = [bits(asked, told) for told in ours]
    bar = min(tables["bigram with chord"], (1 - BELOW_STATIC) * tables["static profile"]) if tables else None
    heard = int(sum(one.targets.any(1).sum() for one in asked))
    hits = {name: top(asked, told) for name, told in beside.items()}
    return [
        Measure("POP909 melody", active, "bits a sounding pitch", costs, lower=True, baselines=tables, bar=bar),
        Measure("POP909 melody", heard, "likeliest pitch sounds", [top(asked, told) for told in ours], baselines=hits),
    ]


def baselines(train: Sequence[Melody]) -> dict[str, Callable[[Sequence[Melody]], list[Floats]]]:
    """The baselines by name: each tells for melodies the probabilities (beats, 128) of every beat."""
    static = profile(train)

    def flat(asked: Sequence[Melody]) -> list[Floats]:
        return [np.broadcast_to(static, one.targets.shape) for one in asked]

    def bigram(asked: Sequence[Melody]) -> list[Floats]:
        return _refined(train, asked, _before, flat)

    def chorded(asked: Sequence[Melody]) -> list[Floats]:
        return _refined(train, asked, _before_and_chord, bigram)

    return {"static profile": flat, "bigram": bigram, "bigram with chord": chorded}


def top(found: Sequence[Melody], told: Sequence[Floats]) -> float:
    """The share of the beats in which something sounds where the likeliest pitch does."""
    hits = [one.targets[np.arange(len(p)), p.argmax(1)] for one, p in zip(found, told, strict=True)]
    return float(np.concatenate(hits).sum() / max(sum(one.targets.any(1).sum() for one in found), 1))


def _fitted(root: Path, train: Path | None, context: Context) -> dict[str, Callable[[Sequence[Melody]], list[Floats]]]:
    """The baselines; none where the root has no train split, and no other folder is named."""
    known = [one for one in melodies(train or root, context) if one.split == "train"]
    if known:
        return baselines(known)
    told = f"POP909 in {train or root} has no train split"
    if train is not None:
        raise CorpusError(told)
    context.note(f"{told}: no baselines")
    return {}


def _readers(runs: Sequence[Path]) -> Iterator[Callable[[Melody], Floats]]:
    """What tells a melody's probabilities: each run, or the shipped model."""
    if not runs:
        yield _shipped()
    for run in runs:
        yield _of_run(run)


def _of_run(run: Path) -> Callable[[Melody], Floats]:
    network = weights(task(Settings()).network(), run)
    assert isinstance(network, Recurrent)  # noqa: S101 - it came from `network`

    @torch.inference_mode()
    def told(melody: Melody) -> Floats:
        return np.asarray(network(torch.from_numpy(melody.inputs)[None])[0][0].double().numpy())

    return told


def _shipped() -> Callable[[Melody], Floats]:
    if shipped(MelodyTransformer) is None:  # which also checks its sum
        raise FileError("no melody network is shipped: name a run")
    data = resources.files("kelly.models").joinpath("melody", "model.onnx").read_bytes()
    runner = Runner(data, NETWORKS["melody"])

    def told(melody: Melody) -> Floats:
        runner.reset()
        return np.array([runner.step(row) for row in melody.inputs], np.float64)

    return told


def _refined(
    train: Sequence[Melody],
    asked: Sequence[Melody],
    keys: Callable[[Melody], Ints],
    coarser: Callable[[Sequence[Melody]], list[Floats]],
) -> list[Floats]:
    """Counts after each key, drawn to what a coarser table says.

    Parameters: train and asked, melodies; keys, of a melody's beats (beats,); coarser, of all of them.
    """
    known, rows = np.unique(np.concatenate([keys(one) for one in train]), return_inverse=True)
    beats = np.bincount(rows, minlength=len(known) + 1)
    sounded = np.zeros((len(known) + 1, 128))  # the last row stands for keys that were never seen
    np.add.at(sounded, rows, np.concatenate([one.targets for one in train]))
    refined = []
    for one, prior in zip(asked, coarser(asked), strict=True):
        key = keys(one)
        place = np.minimum(np.searchsorted(known, key), len(known) - 1)
        place = np.where(known[place] == key, place, len(known))
        refined.append((sounded[place] + PRIOR * prior) / (beats[place] + PRIOR)[:, None])
    return refined


def _before(melody: Melody) -> Ints:
    """The highest pitch of the beat before each beat, or `_SILENCE`."""
    highest = 127 - melody.targets[:, ::-1].argmax(1)
    highest = np.where(melody.targets.any(1), highest, _SILENCE)
    return np.concatenate([[_SILENCE], highest[:-1]]).astype(np.int64)


def _before_and_chord(melody: Melody) -> Ints:
    chord = (melody.inputs[:, _CHORD] > 0.5) @ (1 << np.arange(12))
    return _before(melody) * 4096 + chord.astype(np.int64)
