"""Measuring the dynamics network: how far it is from what pianists play, beside means, lines and other pianists.

Conventions: notes are those of `kelly.training.data.takes` on ASAP, all notes of a split alike, with the feeling of
`context.feelings`. MAE is the mean absolute error, of velocity in steps, of the onset deviation in beats and, by the
local tempo, in milliseconds, of local tempo in octaves. Baselines are fitted on the train split: the mean and the
median of its notes, ridge regression on the same 32 inputs ("linear", which the bar is a tenth below) and the same by
least absolute deviations, which the MAE favours. Where several pianists play one score, there is also how far another
of them is from a note on average, and how far the mean of all others; both know the very piece, which no model does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from kelly.errors import FileError, MissingCorpusError
from kelly.models.dynamics.slots import Expression, decode, read
from kelly.models.networks import DynamicsEngine, shipped
from kelly.training.data.takes import Take, takes
from kelly.training.evaluation.linear import least_absolute, ridge
from kelly.training.evaluation.table import Measure
from kelly.training.networks.layered import Feedforward
from kelly.training.tasks.context import Context
from kelly.training.tasks.dynamics import Settings, shares, task
from kelly.training.tasks.fitting import weights

__all__ = ["BELOW", "baselines", "measure", "others"]

Floats = npt.NDArray[np.float64]
Reader = Callable[[npt.NDArray[np.float32]], Expression]

BELOW = 0.9  # of the linear model's error
_ASAP, _SHARED = "ASAP", "ASAP, several pianists"
_NAMED = {"velocity": "velocity MAE", "deviation": "onset MAE, beats", "articulation": "articulation MAE"}
_BARRED = ("velocity", "deviation")


def measure(root: Path, split: str, runs: Sequence[Path], context: Context, train: Path | None = None) -> list[Measure]:
    """Measure runs, or the shipped model where none are given, on a split of ASAP.

    Parameters: root, of the corpora; split, dev or test; runs, folders of finished ones; context; train, the folder of
    the corpora that the baselines are fitted on (None: root; where that has no train split they are left out).
    Raises: CorpusError, the corpus is missing or has no take of that split that can be measured, or train has none to
    fit on; FileError, a run is not finished or no model is shipped.
    """
    asked = takes(root, split, context)
    inputs = np.concatenate([take.inputs for take in asked])
    told = [reader(inputs) for reader in _readers(runs)]
    beside = baselines(_known(root, train, context), inputs)
    return [*_errors(asked, told, beside), *_rest(asked, told), *_shared(asked, told)]


def baselines(known: Sequence[Take], inputs: npt.NDArray[np.float32]) -> dict[str, dict[str, Floats]]:
    """What baselines say of notes: name of the number -> name of the baseline -> predictions (n,).

    Parameters: known, the takes they are fitted on (none: no baselines); inputs (n, 32) of the notes.
    """
    if not known:
        return {}
    design = np.concatenate([take.inputs for take in known])
    told = {}
    for name in _NAMED:
        gold = _joined(known, name)
        told[name] = {
            "mean": np.full(len(inputs), gold.mean()),
            "median": np.full(len(inputs), np.median(gold)),
            "linear": ridge(design, gold)(inputs),
            "least absolute linear": least_absolute(design, gold)(inputs),
        }
    return told


def others(asked: Sequence[Take], name: str) -> tuple[npt.NDArray[np.bool_], Floats, Floats]:
    """What the other pianists of a score do with each note.

    Parameters: asked, takes; name of the number, such as "velocity".
    Returns: for the notes (n,) of all takes whether any other plays it; for those that it holds for, the mean distance
    of another pianist, and the mean of the others.
    """
    found = [
        _apart(take, [one for one in asked if one.score == take.score and one.id != take.id], name) for take in asked
    ]
    has, apart, mean = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return has, apart[has], mean[has]


def _apart(take: Take, rest: Sequence[Take], name: str) -> tuple[npt.NDArray[np.bool_], Floats, Floats]:
    size = max(int(one.note.max()) for one in (take, *rest)) + 1
    table = np.full((len(rest), size), np.nan)
    for row, one in zip(table, rest, strict=True):
        row[one.note] = getattr(one, name)
    theirs, ours = table[:, take.note], getattr(take, name)
    count = np.maximum(np.isfinite(theirs).sum(0), 1)
    distance, mean = np.nansum(np.abs(theirs - ours), 0) / count, np.nansum(theirs, 0) / count
    return np.isfinite(theirs).any(0), distance, mean


def _errors(
    asked: Sequence[Take], told: Sequence[Expression], beside: Mapping[str, Mapping[str, Floats]]
) -> Iterator[Measure]:
    """The errors of what the network decides, beside the baselines; the bar stands on velocity and deviation."""
    beats = 60_000 / _joined(asked, "bpm")
    for name, title in _NAMED.items():
        gold = _joined(asked, name)
        errors = [np.abs(getattr(one, name) - gold) for one in told]
        tables = {key: np.abs(one - gold) for key, one in beside.get(name, {}).items()}
        yield _row(title, errors, tables, barred=name in _BARRED)
        if name == "deviation":
            in_time = {key: one * beats for key, one in tables.items()}
            yield _row("onset MAE, ms", [one * beats for one in errors], in_time, barred=False)


def _row(title: str, errors: Sequence[Floats], beside: Mapping[str, Floats], *, barred: bool) -> Measure:
    tables = {key: float(one.mean()) for key, one in beside.items()}
    bar = BELOW * tables["linear"] if barred and tables else None
    return Measure(_ASAP, len(errors[0]), title, _means(errors), lower=True, baselines=tables, bar=bar)


def _rest(asked: Sequence[Take], told: Sequence[Expression]) -> Iterator[Measure]:
    """What has no bar: pedal, local tempo, levels, and whether the standard deviations are what they say."""
    count = sum(len(take.note) for take in asked)
    pedal, tempo, levels = _joined(asked, "pedal"), _joined(asked, "tempo"), shares(_joined(asked, "loudness"))
    constant = {"best constant": float(np.abs(pedal - np.median(pedal)).mean())}
    yield Measure(
        _ASAP, count, "pedal MAE", _means([np.abs(one.pedal - pedal) for one in told]), lower=True, baselines=constant
    )
    octaves = np.log2(tempo)
    constant = {"best constant": float(np.abs(octaves - np.median(octaves)).mean())}
    errors = [np.abs(np.log2(one.tempo) - octaves) for one in told]
    yield Measure(_ASAP, count, "local tempo MAE, octaves", _means(errors), lower=True, baselines=constant)
    constant = {"best constant": float(_bits(levels, levels.mean(0)).mean())}
    yield Measure(
        _ASAP, count, "level, bits", _means([_bits(levels, one.levels) for one in told]), lower=True, baselines=constant
    )
    for name in _NAMED:
        gold = _joined(asked, name)
        inside = [np.abs(getattr(one, name) - gold) <= getattr(one, f"{name}_sd") for one in told]
        yield Measure(_ASAP, count, f"{name} within one sd", _means(inside))


def _shared(asked: Sequence[Take], told: Sequence[Expression]) -> Iterator[Measure]:
    """The errors on the notes that several pianists play, beside how far these are from each other."""
    for name, title in _NAMED.items():
        has, apart, mean = others(asked, name)
        if has.any():
            gold = _joined(asked, name)[has]
            beside = {"another pianist": float(apart.mean()), "mean of the others": float(np.abs(mean - gold).mean())}
            errors = [np.abs(getattr(one, name)[has] - gold) for one in told]
            yield Measure(_SHARED, int(has.sum()), title, _means(errors), lower=True, baselines=beside)


def _bits(levels: npt.NDArray[np.float32], told: Floats) -> Floats:
    return np.asarray(-(levels * np.log2(np.maximum(told, 1e-6))).sum(-1))


def _means(values: Sequence[npt.NDArray[Any]]) -> list[float]:
    return [float(np.mean(one)) for one in values]


def _joined(found: Sequence[Take], name: str) -> Floats:
    return np.concatenate([getattr(take, name) for take in found]).astype(np.float64)


def _known(root: Path, train: Path | None, context: Context) -> list[Take]:
    """The takes that baselines are fitted on; none where the root has none, and no other folder is named."""
    try:
        return takes(train or root, "train", context)
    except MissingCorpusError:
        if train is not None:
            raise
        context.note(f"ASAP in {root} has no train split: no baselines")
        return []


def _readers(runs: Sequence[Path]) -> Iterator[Reader]:
    """What tells the expression of inputs (n, 32): each run, or the shipped model."""
    if not runs:
        yield _shipped()
    for run in runs:
        yield _of_run(run)


def _of_run(run: Path) -> Reader:
    network = weights(task(Settings()).network(), run)
    assert isinstance(network, Feedforward)  # noqa: S101 - it came from `network`

    @torch.inference_mode()
    def told(inputs: npt.NDArray[np.float32]) -> Expression:
        return decode(network(torch.from_numpy(inputs)).numpy())

    return told


def _shipped() -> Reader:
    model = shipped(DynamicsEngine)
    if model is None:
        raise FileError("Kelly was built without the dynamics network: name a run by --run, or export one")
    return lambda inputs: model.predict(read(inputs))
