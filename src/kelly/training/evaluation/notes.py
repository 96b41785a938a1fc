"""What hears notes, measured: of the keys struck and held in each frame of what Kelly plays, how many are heard.

Conventions: F1 counts every key of every frame once, a key struck or held where its probability is above `LIKELY`; a
key that is struck counts in the two frames in which it begins. The baseline hears nothing: it says of each key how
often it is struck and held in the train split, at the threshold at which that fits best there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from kelly.errors import CorpusError, UsageError
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
_STEPS = 50  # thresholds that are tried


def measure(root: Path, split: str, runs: Sequence[Path], context: Context, train: Path | None = None) -> list[Measure]:
    """Measure runs on the stretches of a split, played with the SoundFont that Kelly plays with.

    Parameters: root; split; runs, one or more; context; train, the folder of the corpora on whose train split the
    baseline is fitted (None: root).
    Raises: UsageError, there is no run: alone no network of notes is shipped; CorpusError, no score is of the split; as
    `rolls`.
    """
    if not runs:
        raise UsageError("notes are heard within the ear for music: give a run of kelly train notes to measure")
    networks = [trained(run) for run in runs]
    settings, fonts = networks[0][0], [soundfont.find()]
    found = rolls(root, context, settings.corpora, fonts, settings.stretches)
    asked = [one for one in found if one.split == split]
    if not asked:
        raise CorpusError(f"{', '.join(settings.corpora)} in {root} must have scores of the {split} split")
    around = found if train is None else rolls(train, context, settings.corpora, fonts, settings.stretches)
    known = [one for one in around if one.split == "train"]
    ours = [_f1(_counts(asked, network)) for _, network in networks]
    beside = _shares(known, asked) if known else None
    return [
        Measure("played scores", len(asked), name, [one[i] for one in ours], baselines=_told(beside, i))
        for i, name in enumerate(NAMES)
    ]


def _told(beside: Floats | None, place: int) -> dict[str, float]:
    return {} if beside is None else {"shares of keys": float(beside[place])}


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


def _shares(known: Sequence[Roll], asked: Sequence[Roll]) -> Floats:
    """The F1 (2,) of saying always which keys are struck and held most."""
    shares, there = (np.mean([_bits(one.keys).mean(0) for one in some], axis=0) for some in (known, asked))
    best = []
    for kind in range(2):
        levels = np.quantile(shares[kind], np.linspace(0, 1, _STEPS, endpoint=False))
        found = [_f1(_always(shares[kind] >= level, shares[kind])) for level in levels]
        best.append(_f1(_always(shares[kind] >= levels[int(np.argmax(found))], there[kind])))
    return np.array(best).reshape(-1)


def _always(said: npt.NDArray[np.bool_], there: Floats) -> Floats:
    return np.array([(said * there).sum(), said.sum(), there.sum()])


def _f1(counts: Floats) -> Floats:
    """F1 of how many are found, said and there, each (...)."""
    found, said, there = counts
    return np.asarray(2 * found / np.maximum(said + there, 1e-9))


def _bits(keys: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Bits (..., 22) as (..., 2, 88)."""
    return np.unpackbits(keys, axis=-1).reshape(*keys.shape[:-1], 2, KEYS).astype(np.bool_)
