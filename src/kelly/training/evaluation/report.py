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

from kelly.emotion.space import NEUTRAL
from kelly.errors import CorpusError, FileError
from kelly.listening import lexical
from kelly.listening.words import feel_all
from kelly.models.words.heads import SCALES, SLOTS
from kelly.models.words.model import WordModel, shipped
from kelly.training.evaluation.metrics import best_thresholds, coverage, error_by_confidence
from kelly.training.evaluation.words import LABELLED, Gold, Row, Thresholds, gold, measured, predictions

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
    Raises: CorpusError, no corpus has the split, one is not in its layout, or one lacks the split by which runs or
    baselines are fitted; FileError, there is no model.
    """
    truth, rows = gold(root, split), []
    dev = truth if split == "dev" else gold(root, "dev") if runs or baselines else {}
    labelled = [task for task in LABELLED if task in truth and split != "dev"]
    readers = list(_readers(runs, labelled, dev))
    for task, one in truth.items():
        note(f"{_TITLES[task]}: {len(one.texts):,} items")
        told = [list(measured(task, predictions(task, read(one.texts)), one.values, known)) for read, known in readers]
        beside = {name: dict(pairs) for name, pairs in _beside(task, one, root, dev, baselines=baselines)}
        rows += [_row(same, beside) for same in zip(*told, strict=True)]
    calibration = {} if runs else _calibration(truth)
    return {"split": split, "runs": [run.name for run in runs], "rows": rows, "calibration": calibration}


def _row(same: Sequence[Row], beside: dict[str, dict[str, float]]) -> Told:
    """One number: its mean over models, and what the baselines reach."""
    first, values = same[0], [row.value for row in same]
    return {
        "task": first.task,
        "items": first.items,
        "measure": first.measure,
        "value": float(np.mean(values)),
        "deviation": float(np.std(values, ddof=1)) if len(values) > 1 else None,
        "bar": BARS.get((first.task, first.measure)),
        "baselines": {name: pairs[first.measure] for name, pairs in beside.items() if first.measure in pairs},
    }


def lines(told: Told) -> Iterator[str]:
    """The report as lines for people."""
    yield f"split {told['split']}, {'mean of ' + ', '.join(told['runs']) if told['runs'] else 'the shipped model'}"
    yield f"{'task':<22}{'items':>7}  {'measure':<9}{'value':>7}{'±':>7}{'bar':>7}  baselines"
    for row in told["rows"]:
        deviation = "" if row["deviation"] is None else f"{row['deviation']:.3f}"
        bar = "" if row["bar"] is None else f"{row['bar']:.2f}"
        beside = ", ".join(f"{name} {value:.3f}" for name, value in row["baselines"].items())
        title = f"{_TITLES[row['task']]:<22}{row['items']:>7}  {row['measure']:<9}"
        yield f"{title}{row['value']:>7.3f}{deviation:>7}{bar:>7}  {beside}".rstrip()
    for name, shares in told["calibration"].items():
        yield f"{name}: " + ", ".join(f"{share:.3f}" for share in shares)


def _readers(runs: Sequence[Path], labelled: Sequence[str], dev: dict[str, Gold]) -> Iterator[Measured]:
    """Each model as a reader of texts, with the thresholds that it carries, or that are set for it on the dev split.

    Parameters: runs; labelled, the tasks that need thresholds; dev, the dev splits.
    """
    if not runs:
        model = _shipped()
        yield partial(_heads, model), {task: np.array(model.config["thresholds"][task]) for task in labelled}
        return
    from kelly.training.tasks.words import load, read_all

    for run in runs:
        read = partial(read_all, load(run))
        yield read, {task: _thresholds(task, read, dev) for task in labelled}


def _thresholds(task: str, read: Callable[[Sequence[str]], Floats], dev: dict[str, Gold]) -> Floats:
    one = _had(task, "dev", dev)
    return best_thresholds(predictions(task, read(one.texts)), one.values)


def _had(task: str, split: str, truth: dict[str, Gold]) -> Gold:
    if task not in truth:
        raise CorpusError(f"runs and baselines need the {split} split of {_TITLES[task]} too; it is not there")
    return truth[task]


def _heads(model: WordModel, texts: Sequence[str]) -> Floats:
    return np.asarray(model.predict(texts), np.float64)


def _shipped() -> WordModel:
    model = shipped()
    if model is None:
        raise FileError("Kelly was built without the word model: name a run by --run, or export one")
    return model


def _beside(
    task: str, one: Gold, root: Path, dev: dict[str, Gold], *, baselines: bool
) -> Iterator[tuple[str, Iterator[tuple[str, float]]]]:
    """The baselines of a task: name, and its numbers by measure."""
    if task in {"emobank", "valence", "warriner"}:
        told = np.array([_lexicon(text) for text in one.texts])[:, : one.values.shape[1]]
        yield "lexicon", _numbers(task, told, one)
    if not baselines:
        return
    from kelly.training.evaluation.baselines import logistic, nearest, ridge

    train = _had(task, "train", gold(root, "train"))
    if task in LABELLED:
        read = logistic(train)
        held = _had(task, "dev", dev)
        thresholds = {} if one is held else {task: best_thresholds(read(held.texts), held.values)}
        yield "logistic", _numbers(task, read(one.texts), one, thresholds)
        return
    yield "ridge", _numbers(task, ridge(train, one.texts), one)
    if task == "warriner":
        yield "nearest", _numbers(task, nearest(train, one.texts), one)


def _numbers(
    task: str, told: npt.NDArray[Any], one: Gold, thresholds: Thresholds | None = None
) -> Iterator[tuple[str, float]]:
    return ((row.measure, row.value) for row in measured(task, np.asarray(told, np.float64), one.values, thresholds))


def _lexicon(text: str) -> tuple[float, float, float]:
    return lexical.read(text).emotion.vad if text.strip() else NEUTRAL.vad


def _calibration(truth: dict[str, Gold]) -> dict[str, list[float]]:
    """What the spreads of the shipped model are worth, in each corpus's unit and on Kelly's scale."""
    told: dict[str, list[float]] = {}
    for title, inside, errors in _calibrations(truth, _shipped()):
        told[f"{title}: gold inside the 80 % interval, V A D"] = inside.tolist()
        told[f"{title}: mean error by confidence, least to most"] = errors.tolist()
    return told


def _calibrations(truth: dict[str, Gold], model: WordModel) -> Iterator[tuple[str, Floats, Floats]]:
    for task in SCALES:
        if task in truth:
            yield _TITLES[task], *_calibrated(task, truth[task], model)
    if "emobank" in truth:
        yield "EmoBank as Kelly reads it", *_as_read(truth["emobank"], model)


def _as_read(one: Gold, model: WordModel) -> tuple[Floats, Floats]:
    """As `_calibrated`, for readings as people get them, beside the gold on Kelly's scale."""
    readings = feel_all(one.texts)
    guess, spread = (np.array(values) for values in zip(*((r.emotion.vad, r.spreads) for r in readings), strict=True))
    middle, unit = SCALES["emobank"]
    maps = model.config["scale"]["emobank"]
    truth = np.stack([np.interp((one.values[:, i] - middle) / unit, *maps[i]) for i in range(3)], axis=1)
    error = (np.abs(guess - truth) / truth.std(0)).mean(1)
    sure = np.array([reading.emotion.confidence for reading in readings])
    return coverage(guess, spread, truth), error_by_confidence(sure, error)


def _calibrated(task: str, one: Gold, model: WordModel) -> tuple[Floats, Floats]:
    """Coverage per axis, and the mean error (in deviations of the gold) from the least to the most confident fifth."""
    heads = _heads(model, one.texts)
    spread = np.exp(heads[:, SLOTS[f"{task}_spread"]]) * model.config["spread"][task] * SCALES[task][1]
    guess, unit = predictions(task, heads), one.values.std(0)
    error = (np.abs(guess - one.values) / unit).mean(1)
    return coverage(guess, spread, one.values), error_by_confidence(-(spread / unit).mean(1), error)
