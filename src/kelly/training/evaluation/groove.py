"""Measuring the groove network: how far from its steps each hit of a drummer falls, and how loud, beside baselines.

Conventions: takes as in `kelly.training.data.grooves` (Groove MIDI, beats in 4/4 of 16 hits or more). For every hit,
the distance in ms between its offset from the nearest sixteenth and the offset told for that step, and between its
velocity and the mean velocity of its bar plus the accent told; their mean over the hits of a take, and of that the mean
over takes. Nothing is said of hits that are not there. The share of the way is how much of the error of saying nothing
is gone, of what would be if each take were told its own profile: that is the ceiling of 16 steps without an instrument.

Baselines: quantised, no offset and no accent; jitter, each hit moved at random (Gaussian, with the standard deviations
of the train split; its expected error, not a draw's); nearest, the profile of the train take of the same style with the
nearest tempo; median, the profile of all train takes; style median, that of the train takes of the same style.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from kelly.errors import CorpusError, FileError
from kelly.models.groove import slots
from kelly.models.groove.feeling import code
from kelly.models.groove.slots import STEPS, Groove
from kelly.models.networks import GroovePredictor, shipped
from kelly.training.data.grooves import Played, errors, load, profile
from kelly.training.evaluation.table import Measure
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import weights
from kelly.training.tasks.groove import Settings, task

__all__ = ["baselines", "jitter", "measure", "nearest"]

Floats = npt.NDArray[np.float64]
Teller = Callable[[Played], Groove]
TASK, QUANTISED = "Groove MIDI beats", "quantised"
_STEADIEST = 1e-9
_STILL = Groove(np.zeros(STEPS), np.zeros(STEPS))


def measure(root: Path, split: str, runs: Sequence[Path], context: Context, train: Path | None = None) -> list[Measure]:
    """Measure runs, or the shipped model where none are given, on a split of Groove MIDI.

    Parameters: root, of the corpora; split, dev or test; runs, folders of finished ones; context; train, the folder of
    the corpora that baselines are fitted on (None: root; where that has no train split those are left out, and so is
    the bar).
    Raises: CorpusError, the corpus is missing or has no beats of that split, or train has none to fit on;
    FileError, a run is not finished or no model is shipped.
    """
    asked = [one for one in load(root, context) if one.take.split == split]
    if not asked:
        raise CorpusError(f"Groove MIDI in {root} has no beats in 4/4 of the {split} split")
    fitted = baselines(_known(root, train, context), asked)
    beside = {QUANTISED: _mean(asked, lambda _: _STILL)} | fitted
    ours = np.array([_mean(asked, told) for told in _tellers(runs)])
    own = _mean(asked, lambda one: profile([one]))
    return [*_rows(len(asked), ours, beside, own, barred=bool(fitted)), *_ways(len(asked), ours, beside, own)]


def baselines(known: Sequence[Played], asked: Sequence[Played]) -> dict[str, Floats]:
    """The errors (2,) in ms and velocity of the baselines that are fitted on takes, by name; none of no takes."""
    if not known:
        return {}
    everyone = profile(known)
    found = {
        "nearest": _mean(asked, lambda one: profile([nearest(known, one)])),
        "median": _mean(asked, lambda _: everyone),
        "style median": _mean(asked, lambda one: profile(_alike(known, one))),
    }
    return {"jitter": jitter(known, asked)} | found


def nearest(known: Sequence[Played], asked: Played) -> Played:
    """The take of the same style whose tempo is nearest; of any style where there is none of the same."""
    return min(_alike(known, asked), key=lambda one: abs(one.take.bpm - asked.take.bpm))


def jitter(known: Sequence[Played], asked: Sequence[Played]) -> Floats:
    """The errors (2,) in ms and velocity expected of hits moved at random by as much as drummers do.

    The mean distance of x from a Gaussian of deviation s is s sqrt(2 / pi) exp(-x^2 / 2 s^2) + x erf(x / s sqrt 2).
    """
    spread = np.maximum(np.std(np.concatenate([_deviations(one) for one in known], 1), 1), _STEADIEST)
    each = [[_folded(x, s) for x, s in zip(_deviations(one), spread, strict=True)] for one in asked]
    return np.asarray(np.mean(each, 0))


def _rows(items: int, ours: Floats, beside: Mapping[str, Floats], own: Floats, *, barred: bool) -> list[Measure]:
    """The errors, beside those of the baselines, the best of which is the bar, and those of the takes' own grooves."""
    rows = []
    for column, name in enumerate(("timing MAE (ms)", "velocity MAE")):
        others = {key: float(both[column]) for key, both in beside.items()}
        bar, values = min(others.values()) if barred else None, ours[:, column].tolist()
        rows.append(
            Measure(TASK, items, name, values, lower=True, baselines=others, bar=bar, ceiling=float(own[column]))
        )
    return rows


def _ways(items: int, ours: Floats, beside: Mapping[str, Floats], own: Floats) -> list[Measure]:
    still = beside[QUANTISED]
    ways = {key: (still - both) / (still - own) for key, both in beside.items() if key != QUANTISED}
    shares = (still - ours) / (still - own)
    return [
        Measure(
            *(TASK, items, f"share of the way, {name}", shares[:, column].tolist()),
            baselines={key: float(both[column]) for key, both in ways.items()},
        )
        for column, name in enumerate(("timing", "velocity"))
    ]


def _mean(takes: Sequence[Played], told: Teller) -> Floats:
    """The errors (2,) in ms and velocity, each the mean over takes."""
    return np.asarray(np.mean([errors(one, told(one)) for one in takes], 0))


def _known(root: Path, train: Path | None, context: Context) -> list[Played]:
    """The takes that baselines are fitted on; none where the root has none, and no other folder is named."""
    known = [one for one in load(train or root, context) if one.take.split == "train"]
    told = f"Groove MIDI in {train or root} has no train split"
    if not known and train is not None:
        raise CorpusError(told)
    if not known:
        context.note(f"{told}: quantised is the only baseline")
    return known


def _tellers(runs: Sequence[Path]) -> list[Teller]:
    """What tells a take's groove: each run, or the shipped model."""
    if runs:
        return [_of_run(run) for run in runs]
    model = shipped(GroovePredictor)
    if model is None:
        raise FileError("no groove network is shipped: name a run")
    return [lambda one: model.predict(code(one.emotion))]


def _of_run(run: Path) -> Teller:
    network = weights(task(Settings()).network(), run)

    @torch.inference_mode()
    def told(one: Played) -> Groove:
        return slots.decode(network(torch.from_numpy(code(one.emotion)).float()[None])[0].numpy())

    return told


def _alike(known: Sequence[Played], asked: Played) -> Sequence[Played]:
    return [one for one in known if one.take.style == asked.take.style] or known


def _deviations(take: Played) -> Floats:
    """Offsets in ms and accents in velocity steps of all hits: (2, hits)."""
    return np.stack([take.offsets * take.sixteenth, take.accents])


def _folded(x: Floats, spread: float) -> float:
    each = spread * math.sqrt(2 / math.pi) * np.exp(-(x**2) / (2 * spread**2))
    return float(np.mean(each + x * np.array([math.erf(v / (spread * math.sqrt(2))) for v in x])))
