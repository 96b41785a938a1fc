"""The symbolic recogniser measured: quadrants of EMOPIA's clips, ratings of VGMIDI's pieces.

Conventions: accuracies are shares of clips (4Q the quadrant, V and A the sign of an axis); r is Pearson's over pieces,
between what is heard of the whole piece and the mean rating after the warm-up. In cross-validation the songs of all
splits that may be seen are cut into `FOLDS` by the hash of the song, and each is heard by a recogniser that knows none
of its fold. The baseline is what the field does first: support vector machines and extra trees on `PLAIN`, some sixty
of the traits, the better of both for each number. Intervals are of the paired bootstrap over songs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from kelly.errors import CorpusError
from kelly.listening.traits.all import names
from kelly.models.symbolic.heads import SIZE, SLOTS, summed
from kelly.models.symbolic.model import shipped
from kelly.training.data.heard import WHOLE, WINDOW, Heard, heard
from kelly.training.data.splits import share
from kelly.training.evaluation.table import Measure
from kelly.training.networks.symbolic import Ear, Ears
from kelly.training.tasks import fitting
from kelly.training.tasks.context import Context
from kelly.training.tasks.symbolic import Settings, SymbolicTask, both, trained

__all__ = ["FOLDS", "MEASURES", "PLAIN", "baseline", "bootstrap", "crossed", "fold", "hear", "measure", "scores"]

Floats = npt.NDArray[np.float64]
Listener = Callable[[npt.NDArray[np.float32]], Floats]
FOLDS, INNER, DRAWS = 5, 4, 2000
MEASURES = ("EMOPIA 4Q", "EMOPIA A", "EMOPIA V", "VGMIDI r V", "VGMIDI r A")
BARS = {"EMOPIA 4Q": 0.72, "EMOPIA A": 0.90, "EMOPIA V": 0.85, "VGMIDI r V": 0.85, "VGMIDI r A": 0.92}
_PLAIN = re.compile(
    r"(pitch|wait|length|velocity) (mean|sd|p(10|25|50|75|90)|range)|pitch class entropy|degree by duration \d+"
    r"|(key|major|minor) strength|majorness|minor|notes a second|strikes a second|overlap"
)
PLAIN = tuple(i for i, name in enumerate(names()) if _PLAIN.fullmatch(name))


def measure(root: Path, split: str, runs: Sequence[Path], context: Context, train: Path | None = None) -> list[Measure]:
    """Measure the shipped recogniser, or runs, on a split of EMOPIA and VGMIDI.

    Parameters: root; split; runs; context; train, the folder of the corpora whose train split the baseline is fitted on
    (None: root); where a corpus has none, or too few songs, its baseline is left out, and a note says so.

    Raises: as `heard`; CorpusError, no piece is of the split; FileError, there is no model.
    """
    pieces = heard(root, context.cache, workers=context.workers, engine=context.engine, note=context.note)
    chosen = [piece for piece in pieces if piece.split == split]
    if not chosen:
        raise CorpusError(f"neither EMOPIA nor VGMIDI in {root} has a {split} split")
    if not runs and split != "test":
        context.note("the shipped recogniser was trained on these songs: see its card for songs that it had not heard")
    told = [scores(chosen, hear(chosen, listener)) for listener in _listeners(runs)]
    around = pieces if train is None else heard(train, context.cache, workers=context.workers, note=context.note)
    beside = _beside([piece for piece in around if piece.split == "train"], chosen, context)
    counts = {corpus: sum(piece.corpus == corpus.lower() for piece in chosen) for corpus in ("EMOPIA", "VGMIDI")}
    return [
        Measure(
            name.split(" ")[0],
            counts[name.split(" ")[0]],
            name.partition(" ")[2],
            [one[name] for one in told],
            baselines={"SVM or trees": beside[name]} if name in beside else {},
            bar=BARS[name],
        )
        for name in MEASURES
        if name in told[0]
    ]


def hear(pieces: Sequence[Heard], listener: Listener) -> Floats:
    """The heads (pieces, 6) of whole pieces."""
    return np.array([_heard(piece, listener) for piece in pieces]).reshape(-1, SIZE)


def scores(pieces: Sequence[Heard], heads: Floats) -> dict[str, float]:
    """Every measure for which there are pieces, by name (`MEASURES`)."""
    clips = np.array([piece.corpus == "emopia" for piece in pieces])
    told: dict[str, float] = {}
    if clips.any():
        right = np.sign(heads[clips, SLOTS["signs"]]) == np.array([piece.signs[0] for piece in pieces])[clips]
        told |= {"EMOPIA 4Q": right.all(1).mean(), "EMOPIA A": right[:, 1].mean(), "EMOPIA V": right[:, 0].mean()}
    if (~clips).sum() > 2:
        truth = np.array([_summary(piece) for piece in pieces])[~clips]
        guess = heads[~clips, SLOTS["ratings"]]
        told |= {f"VGMIDI r {axis}": np.corrcoef(guess[:, i], truth[:, i])[0, 1] for i, axis in enumerate("VA")}
    return {name: float(value) for name, value in told.items()}


def fold(piece: Heard) -> int:
    """The fold of a piece's song."""
    return int(share("fold", piece.group) * FOLDS)


def crossed(pieces: Sequence[Heard], settings: Settings, seed: int, out: Path, context: Context) -> Floats:
    """The heads (pieces, 6) by five recognisers, each of which knows the songs of the other folds.

    Parameters: pieces; settings; seed; out, a folder for the runs, which are not trained again when they are finished.
    """
    told, task = np.zeros((len(pieces), SIZE)), SymbolicTask(settings)
    folds = np.array([fold(piece) for piece in pieces])
    for number in range(FOLDS):
        rest = [piece for piece, of in zip(pieces, folds, strict=True) if of != number]
        held = [piece for piece, of in zip(pieces, folds, strict=True) if of == number]
        run = out / f"fold-{number}-{seed}"
        if not (run / "weights.safetensors").exists():
            fitting.fit(task, both(rest, held), run, seed, "cpu", note=lambda _: None)
        network = fitting.weights(task.network(), run)
        told[folds == number] = hear(held, _listener([network]))
        context.note(f"seed {seed}, fold {number + 1} of {FOLDS}")
    return told


def baseline(train: Sequence[Heard], held: Sequence[Heard]) -> Floats:
    """The heads (held, 6) of the better of support vector machines and extra trees on the `PLAIN` traits.

    Which is better is found by cross-validation inside the training pieces. Heads of a corpus of which no piece is held
    are 0.
    """
    from sklearn.base import clone
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
    from sklearn.model_selection import GroupKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC, SVR

    heads = np.zeros((len(held), SIZE))
    x_held = _plain(held)
    for corpus, slot, models in (
        ("emopia", "signs", (make_pipeline(StandardScaler(), SVC(C=2)), ExtraTreesClassifier(400, min_samples_leaf=2))),
        (
            "vgmidi",
            "ratings",
            (make_pipeline(StandardScaler(), SVR(C=0.3)), ExtraTreesRegressor(400, min_samples_leaf=2)),
        ),
    ):
        if all(piece.corpus != corpus for piece in held):
            continue
        known = [piece for piece in train if piece.corpus == corpus]
        x, groups = _plain(known), [piece.group for piece in known]
        labels = np.array([piece.signs[0] if corpus == "emopia" else _summary(piece) for piece in known])
        for axis in range(2):
            makes = [clone(model) for model in models]
            makes[1].set_params(random_state=0)
            fits = [
                cross_val_score(one, x, labels[:, axis], groups=groups, cv=GroupKFold(INNER)).mean() for one in makes
            ]
            best = makes[int(np.argmax(fits))].fit(x, labels[:, axis])
            heads[:, SLOTS[slot].start + axis] = best.predict(x_held)
    return heads


def bootstrap(
    pieces: Sequence[Heard], ours: Sequence[Floats], theirs: Floats, draws: int = DRAWS
) -> dict[str, tuple[float, float]]:
    """The 90 % interval of how much better we are, drawing songs with replacement, the mean over our seeds.

    Parameters: pieces; ours, heads (pieces, 6) of each seed; theirs, heads of the baseline; draws.
    """
    rng = np.random.default_rng(0)
    groups = np.unique([piece.group for piece in pieces], return_inverse=True)[1]
    members = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
    told: dict[str, list[float]] = {name: [] for name in MEASURES}
    for _ in range(draws):
        rows = np.concatenate([members[group] for group in rng.integers(0, len(members), len(members))])
        drawn = [pieces[row] for row in rows]
        others = scores(drawn, theirs[rows])
        each = [scores(drawn, heads[rows]) for heads in ours]
        for name, other in others.items():
            told[name].append(float(np.mean([one[name] for one in each])) - other)
    return {name: (float(np.percentile(d, 5)), float(np.percentile(d, 95))) for name, d in told.items() if d}


def _heard(piece: Heard, listener: Listener) -> Floats:
    rows = np.flatnonzero((piece.kinds == WHOLE) | (piece.kinds == WINDOW))
    heads, kinds = listener(piece.traits[rows]), piece.kinds[rows]
    return summed(heads[kinds == WHOLE][0], heads[kinds == WINDOW])


def _summary(piece: Heard) -> Floats:
    return np.asarray(piece.ratings[piece.kinds == WHOLE][0], np.float64)


def _plain(pieces: Sequence[Heard]) -> Floats:
    return np.array([piece.traits[piece.kinds == WHOLE][0, list(PLAIN)] for piece in pieces], np.float64)


def _beside(train: Sequence[Heard], chosen: Sequence[Heard], context: Context) -> dict[str, float]:
    """The measures of the baselines, each corpus's fitted on its own pieces."""
    told: dict[str, float] = {}
    for corpus in ("emopia", "vgmidi"):
        known, held = ([piece for piece in pieces if piece.corpus == corpus] for pieces in (train, chosen))
        songs = len({piece.group for piece in known})
        if held and songs < INNER:  # it is cross-validated by songs
            context.note(f"{corpus}: no baseline, which takes {INNER} songs of the train split or more; got {songs}")
        elif held:
            told |= scores(held, baseline(known, held))
    return told


def _listeners(runs: Sequence[Path]) -> list[Listener]:
    return [_listener([trained(run)]) for run in runs] or [shipped().predict]


def _listener(networks: Sequence[torch.nn.Module]) -> Listener:
    ears = Ears([network for network in networks if isinstance(network, Ear)]).eval()

    def listen(rows: npt.NDArray[np.float32]) -> Floats:
        with torch.no_grad():
            return np.asarray(ears(torch.from_numpy(rows)).numpy(), np.float64)

    return listen
