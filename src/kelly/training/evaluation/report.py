"""The report of `kelly evaluate words`: every task's numbers beside baselines and bars.

Conventions: the model is the shipped one, or the mean over runs (seeds), whose deviation stands beside it. Baselines:
the lexicon reader, and, when asked for, linear models and nearest neighbours on the untouched encoder, fitted on the
train split. Coverage is the share of gold means inside the stated 80 % intervals; errors by confidence go from the
least to the most confident fifth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import FileError
from kelly.listening import lexical
from kelly.models.words.heads import SCALES, SLOTS
from kelly.models.words.model import WordModel, shipped
from kelly.training.evaluation.metrics import coverage, error_by_confidence
from kelly.training.evaluation.words import Gold, Row, Thresholds, gold, measured, predictions

__all__ = ["BARS", "evaluate", "lines"]

Floats = npt.NDArray[np.float64]
Told = dict[str, Any]
Measured = tuple[Callable[[Sequence[str]], Floats], Thresholds]

BARS = {
    ("emobank", "r V"): 0.76,
    ("emobank", "r A"): 0.54,
    ("emobank", "r D"): 0.45,
    ("goemotions", "macro F1"): 0.46,
    ("valence", "r V"): 0.80,
    ("warriner", "r V"): 0.85,
    ("warriner", "r A"): 0.65,
    ("warriner", "r D"): 0.75,
}
_TITLES = {
    "emobank": "EmoBank",
    "valence": "SemEval V-reg",
    "emotions": "SemEval E-c",
    "goemotions": "GoEmotions",
    "warriner": "word norms held out",
}


def evaluate(root: Path, split: str, runs: Sequence[Path], *, baselines: bool, note: Callable[[str], None]) -> Told:
    """Measure a model on every task that has the split.

    Parameters: root, folder of corpora; split, dev or test; runs, whose mean is reported instead of the shipped model;
    baselines, whether to fit those that need the train split; note, takes a line about the progress.
    Returns: plain data: `rows`, each with task, items, measure, value, deviation, bar, baselines; `calibration`.
    Raises: CorpusError, no corpus has the split, or one is not in its layout; FileError, there is no model.
    """
    truth, readers, rows = gold(root, split), list(_readers(runs)), []
    for task, one in truth.items():
        note(f"{_TITLES[task]}: {len(one.texts):,} items")
        told = [list(_measured(task, one, reader, split)) for reader in readers]
        beside = {name: dict(pairs) for name, pairs in _beside(task, one, root, baselines=baselines)}
        rows += [_row(same, beside) for same in zip(*told, strict=True)]
    return {"split": split, "models": len(readers), "rows": rows, "calibration": {} if runs else _calibration(truth)}


def _measured(task: str, one: Gold, reader: Measured, split: str) -> Iterator[Row]:
    read, thresholds = reader
    return measured(task, predictions(task, read(one.texts)), one.values, None if split == "dev" else thresholds)


def _row(same: Sequence[Row], beside: dict[str, dict[str, float]]) -> Told:
    """One number: its mean over models, and what the baselines reach."""
    first, values = same[0], [row.value for row in same]
    return {
        "task": first.task,
        "items": first.items,
        "measure": first.measure,
        "value": float(np.mean(values)),
        "deviation": float(np.std(values)) if len(values) > 1 else None,
        "bar": BARS.get((first.task, first.measure)),
        "baselines": {name: pairs[first.measure] for name, pairs in beside.items() if first.measure in pairs},
    }


def lines(told: Told) -> Iterator[str]:
    """The report as lines for people."""
    which = "the shipped model" if told["models"] == 1 else f"mean of {told['models']} runs"
    yield f"split {told['split']}, {which}"
    yield f"{'task':<22}{'items':>7}  {'measure':<9}{'value':>7}{'±':>7}{'bar':>7}  baselines"
    for row in told["rows"]:
        deviation = "" if row["deviation"] is None else f"{row['deviation']:.3f}"
        bar = "" if row["bar"] is None else f"{row['bar']:.2f}"
        beside = ", ".join(f"{name} {value:.3f}" for name, value in row["baselines"].items())
        title = f"{_TITLES[row['task']]:<22}{row['items']:>7}  {row['measure']:<9}"
        yield f"{title}{row['value']:>7.3f}{deviation:>7}{bar:>7}  {beside}".rstrip()
    for name, shares in told["calibration"].items():
        yield f"{name}: " + ", ".join(f"{share:.3f}" for share in shares)


def _readers(runs: Sequence[Path]) -> Iterator[Measured]:
    """Each model as a reader of texts, with the thresholds that it carries."""
    if not runs:
        model = _shipped()
        yield partial(_heads, model), {name: np.array(values) for name, values in model.config["thresholds"].items()}
        return
    from kelly.training.tasks.words import load, read_all

    for run in runs:
        yield partial(read_all, load(run)), {}


def _heads(model: WordModel, texts: Sequence[str]) -> Floats:
    return np.asarray(model.predict(texts), np.float64)


def _shipped() -> WordModel:
    model = shipped()
    if model is None:
        raise FileError("Kelly was built without the word model: name a run by --run, or export one")
    return model


def _beside(task: str, one: Gold, root: Path, *, baselines: bool) -> Iterator[tuple[str, Iterator[tuple[str, float]]]]:
    """The baselines of a task: name, and its numbers by measure."""
    if task in {"emobank", "valence", "warriner"}:
        told = np.array([_lexicon(text) for text in one.texts])[:, : one.values.shape[1]]
        yield "lexicon", _numbers(task, told, one)
    if not baselines:
        return
    from kelly.training.evaluation.baselines import logistic, nearest, ridge

    train = gold(root, "train")[task]
    if task in {"emotions", "goemotions"}:
        yield "logistic", _numbers(task, logistic(train, one.texts), one)
        return
    yield "ridge", _numbers(task, ridge(train, one.texts), one)
    if task == "warriner":
        yield "nearest", _numbers(task, nearest(train, one.texts), one)


def _numbers(task: str, told: npt.NDArray[Any], one: Gold) -> Iterator[tuple[str, float]]:
    return ((row.measure, row.value) for row in measured(task, np.asarray(told, np.float64), one.values))


def _lexicon(text: str) -> tuple[float, float, float]:
    return lexical.read(text).emotion.vad if text.strip() else (0.0, 0.3, 0.5)


def _calibration(truth: dict[str, Gold]) -> dict[str, list[float]]:
    """What the shipped model's spreads are worth (those of runs are raw)."""
    told: dict[str, list[float]] = {}
    for task in SCALES:
        if task not in truth:
            continue
        inside, errors = _calibrated(task, truth[task], _shipped())
        told[f"{_TITLES[task]}: gold inside the 80 % interval, V A D"] = inside.tolist()
        told[f"{_TITLES[task]}: mean error by confidence, least to most"] = errors.tolist()
    return told


def _calibrated(task: str, one: Gold, model: WordModel) -> tuple[Floats, Floats]:
    """Coverage per axis, and the mean error (in deviations of the gold) from the least to the most confident fifth."""
    heads = _heads(model, one.texts)
    spread = np.exp(heads[:, SLOTS[f"{task}_spread"]]) * model.config["spread"][task] * SCALES[task][1]
    guess, unit = predictions(task, heads), one.values.std(0)
    error = (np.abs(guess - one.values) / unit).mean(1)
    return coverage(guess, spread, one.values), error_by_confidence(-(spread / unit).mean(1), error)
