"""What hears notes, measured: of the keys struck and held in each frame of what Kelly plays, how many are heard.

Conventions: F1 counts every key of every frame once, a key struck or held where its probability is above `LIKELY`; a
key that is struck counts in the two frames in which it begins. The baseline hears nothing: it says all the time that
the commonest keys are struck or held, as many of them as fit best what is measured, which no other constant surpasses.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from kelly.errors import UsageError
from kelly.sound import soundfont
from kelly.training.data.rolls import KEYS, Roll, rolls
from kelly.training.evaluation.table import Measure
from kelly.training.networks.notes import NoteNet
from kelly.training.tasks.context import Context
from kelly.training.tasks.notes import heard, samples, trained
from kelly.training.tasks.samples import parts

__all__ = ["LIKELY", "NAMES", "measure"]

Floats = npt.NDArray[np.float64]
NAMES = ("struck keys: F1", "held keys: F1")
LIKELY = (0.4, 0.5)  # struck keys are weighed in training, and few
_BATCH = 16


def measure(root: Path, split: str, runs: Sequence[Path], context: Context, train: Path | None = None) -> list[Measure]:
    """Measure runs on the stretches of a split, played with the SoundFont that Kelly plays with.

    Parameters: root; split; runs, one or more; context; train, which the baseline does not need.
    Raises: UsageError, there is no run: alone no network of notes is shipped; as `rolls`.
    """
    del train
    if not runs:
        raise UsageError("notes are heard within the ear for music: give a run of kelly train notes to measure")
    networks = [trained(run) for run in runs]
    settings, fonts = networks[0][0], [soundfont.find()]
    if len({(one.corpora, one.stretches) for one, _ in networks}) > 1:
        raise UsageError("runs that are measured together must hear the same corpora, and as many stretches of each")
    asked = rolls(root, context, settings.corpora, fonts, settings.stretches, [split])
    ours = [_f1(_counts(asked, network)) for _, network in networks]
    beside = _constant(asked)
    return [
        Measure("played scores", len(asked), name, [one[i] for one in ours], baselines={"constant": float(beside[i])})
        for i, name in enumerate(NAMES)
    ]


@torch.inference_mode()
def _counts(asked: Sequence[Roll], network: NoteNet) -> Floats:
    """How many keys are heard and there, heard, and there, (3, 2), of struck and of held ones."""
    network.eval()
    total = np.zeros((3, 2))
    likely = torch.tensor(LIKELY)[:, None]
    for batch in parts(samples(asked), _BATCH):
        told = heard(batch["levels"])
        said = network(told, torch.ones(told[0].shape[:2], dtype=torch.bool)).sigmoid() > likely
        there = torch.from_numpy(_bits(batch["keys"].numpy()))
        each = [said & there, said, there]
        total += np.array([one.sum((0, 1, 3)).numpy() for one in each])
    return total


def _constant(asked: Sequence[Roll]) -> Floats:
    """The highest F1 (2,) of saying always that some keys are struck, or held."""
    shares = np.mean([_bits(one.keys).mean(0) for one in asked], axis=0)
    best = []
    for there in shares:
        found = np.cumsum(np.sort(there)[::-1])
        best.append(_f1(np.array([found, np.arange(1, KEYS + 1), np.full(KEYS, there.sum())])).max())
    return np.array(best)


def _f1(counts: Floats) -> Floats:
    """F1 of how many are found, said and there, each (...)."""
    found, said, there = counts
    return np.asarray(2 * found / np.maximum(said + there, 1e-9))


def _bits(keys: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Bits (..., 22) as (..., 2, 88)."""
    return np.unpackbits(keys, axis=-1).reshape(*keys.shape[:-1], 2, KEYS).astype(np.bool_)
