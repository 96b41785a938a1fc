"""Measuring the recogniser: how what it hears of whole clips goes with what was told of them, beside ridge regression.

Conventions: clips as in `kelly.training.data.clips`, each heard from its first frame to its last with the state carried
on; its reading is the mean of the codes after the warm-up, its valence and arousal are slots 0 and 1 of that. r is
Pearson's over the clips of a corpus, between that and the mean of what was told of the clip, in the corpus's own terms.
Speech (RAVDESS) is a row apart: the network was never trained on it, the ridge was.

Baseline: ridge regression from the mean of the log-mel frames over time (128 bands, standardised), fitted on the train
split of the same corpus, its penalty found there by cross-validation (`PENALTIES`).
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
from kelly.models.networks import EmotionRecognizer, shipped
from kelly.models.recognizer.frames import gathered, scaled
from kelly.models.runner import Runner
from kelly.training.data.clips import CORPORA, SPEECH, Clip, clips, there
from kelly.training.data.splits import share
from kelly.training.evaluation.metrics import pearson
from kelly.training.evaluation.table import Measure
from kelly.training.networks.layered import Recurrent
from kelly.training.tasks import fitting
from kelly.training.tasks.context import Context
from kelly.training.tasks.recognizer import Settings, both, task

__all__ = ["FOLDS", "PENALTIES", "crossed", "fold", "measure", "ridge", "scores"]

Floats = npt.NDArray[np.float64]
Listener = Callable[[Clip], Floats]

FOLDS = 5
PENALTIES = np.logspace(0, 5, 16)
FEWEST = 3  # clips that a correlation takes
TITLES = {"emotify": "Emotify", "mirex_mood": "MIREX moods", "emopia": "EMOPIA played", "vgmidi": "VGMIDI played"}
TITLES |= {SPEECH: "RAVDESS speech"}


def measure(root: Path, split: str, runs: Sequence[Path], context: Context, train: Path | None = None) -> list[Measure]:
    """Measure runs, or the shipped model where none are given, on a split of each corpus that is there.

    Parameters: root, of the corpora; split, dev or test; runs, folders of finished ones; context; train, the folder of
    the corpora that the baseline is fitted on (None: root). A corpus without a train split there has no baseline.
    Raises: as `clips`; CorpusError, no corpus has clips of that split; FileError, a run is not finished or no model is
    shipped.
    """
    listeners = _listeners(runs)
    rows = [row for corpus in there(root) for row in _rows(corpus, root, split, train or root, listeners, context)]
    if not rows:
        raise CorpusError(
            f"{root} must hold {FEWEST} clips or more of the {split} split of {', '.join(TITLES.values())}"
        )
    return rows


def scores(found: Sequence[Clip], told: Floats) -> Floats:
    """The r of valence and of arousal (2,) over clips, of which `told` (clips, 2) are readings."""
    truth = _truth(found)
    return np.array([pearson(told[:, axis], truth[:, axis]) for axis in range(2)])


def ridge(train: Sequence[Clip], asked: Sequence[Clip]) -> Floats:
    """The baseline's valence and arousal (asked, 2), fitted on clips of the same corpus."""
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), RidgeCV(PENALTIES))
    return np.asarray(model.fit(_means(train), _truth(train)).predict(_means(asked)), np.float64)


def fold(clip: Clip) -> int:
    """The fold of a clip's group."""
    return int(share("fold", clip.group) * FOLDS)


def crossed(found: Sequence[Clip], settings: Settings, seed: int, out: Path, context: Context) -> list[Measure]:
    """The r over the clips of all splits that may be seen, each heard by a network that knows none of its fold.

    Parameters: found, clips of music; settings, whose recipe keeps the last weights, so that a fold chooses nothing;
    seed; out, a folder for the runs, which are not trained again when they are finished; context.
    """
    folds = np.array([fold(clip) for clip in found])
    told, beside = np.zeros((len(found), 2)), np.zeros((len(found), 2))
    for number in range(FOLDS):
        rest = [clip for clip, of in zip(found, folds, strict=True) if of != number]
        held = [clip for clip, of in zip(found, folds, strict=True) if of == number]
        run = out / f"fold-{number}-{seed}"
        if not (run / "weights.safetensors").exists():
            fitting.fit(task(settings), both(rest, held, settings), run, seed, "cpu", note=context.note)
        told[folds == number] = _heard(_of_run(run), held)
        for corpus in CORPORA:
            rows = np.array([clip.corpus == corpus for clip in found]) & (folds == number)
            known, asked = ([clip for clip in part if clip.corpus == corpus] for part in (rest, held))
            if known and asked:
                beside[rows] = ridge(known, asked)
        context.note(f"seed {seed}, fold {number + 1} of {FOLDS}")
    return [row for corpus in CORPORA for row in _crossed(corpus, found, told, beside)]


def _rows(
    corpus: str, root: Path, split: str, train: Path, listeners: Sequence[Listener], context: Context
) -> Iterator[Measure]:
    found = clips(root, context, (corpus,))
    asked = [clip for clip in found if clip.split == split]
    if len(asked) < FEWEST:
        context.note(f"{TITLES[corpus]} in {root} has fewer than {FEWEST} clips of the {split} split")
        return
    told = [scores(asked, _heard(listener, asked)) for listener in listeners]
    beside = _beside(corpus, found if train == root else _known(corpus, train, context), asked, context)
    for axis, name in enumerate(("r of valence", "r of arousal")):
        others = {"ridge": float(beside[axis])} if beside is not None else {}
        bar = others.get("ridge") if corpus != SPEECH else None
        values = [float(one[axis]) for one in told]
        yield Measure(TITLES[corpus], len(asked), name, values, baselines=others, bar=bar)


def _known(corpus: str, train: Path, context: Context) -> list[Clip]:
    return clips(train, context, (corpus,)) if there(train, (corpus,)) else []


def _beside(corpus: str, found: Sequence[Clip], asked: Sequence[Clip], context: Context) -> Floats | None:
    known = [clip for clip in found if clip.split == "train"]
    if len(known) < FEWEST:
        context.note(f"{TITLES[corpus]} has no train split there: no baseline")
        return None
    return scores(asked, ridge(known, asked))


def _crossed(corpus: str, found: Sequence[Clip], told: Floats, beside: Floats) -> Iterator[Measure]:
    rows = [row for row, clip in enumerate(found) if clip.corpus == corpus]
    if len(rows) < FEWEST:
        return
    chosen = [found[row] for row in rows]
    ours, theirs = scores(chosen, told[rows]), scores(chosen, beside[rows])
    for axis, name in enumerate(("r of valence", "r of arousal")):
        others = {"ridge": float(theirs[axis])}
        yield Measure(
            f"{TITLES[corpus]}, folds", len(rows), name, [float(ours[axis])], baselines=others, bar=others["ridge"]
        )


def _truth(found: Sequence[Clip]) -> Floats:
    return np.array([clip.summary for clip in found])


def _means(found: Sequence[Clip]) -> Floats:
    return np.array([clip.decibels.mean(axis=0, dtype=np.float64) for clip in found])


def _heard(listener: Listener, found: Sequence[Clip]) -> Floats:
    """Valence and arousal (clips, 2) as slots 0 and 1 hold them."""
    return np.array([gathered(listener(clip))[:2] for clip in found])


def _listeners(runs: Sequence[Path]) -> list[Listener]:
    """What gives the codes (frames, 64) of a clip: each run, or the shipped model."""
    return [_of_run(run) for run in runs] if runs else [_shipped()]


def _of_run(run: Path) -> Listener:
    network = fitting.weights(task(Settings()).network(), run)
    assert isinstance(network, Recurrent)  # noqa: S101 - it came from `network`

    @torch.inference_mode()
    def listen(clip: Clip) -> Floats:
        return np.asarray(network(torch.from_numpy(scaled(clip.decibels))[None])[0][0].numpy(), np.float64)

    return listen


def _shipped() -> Listener:
    if shipped(EmotionRecognizer) is None:  # which also checks its sum
        raise FileError("no recogniser is shipped: name a run")
    data = resources.files("kelly.models").joinpath("recognizer", "model.onnx").read_bytes()
    runner = Runner(data, NETWORKS["recognizer"])

    def listen(clip: Clip) -> Floats:
        runner.reset()
        return np.array([runner.step(row) for row in scaled(clip.decibels)], np.float64)

    return listen
