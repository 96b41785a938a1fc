"""Evaluation of the harmony network: how well it tells the next chord, beside n-grams fitted on the same songs.

Conventions: songs are the progressions of `training.data.progressions`, relative to their keys, repeats merged; every
step from `BEGIN` to `END` counts once. Bits are -log2 of the probability of the chord that came, a mean over steps;
top-1 and top-3 the share of steps whose chord is among the one or three likeliest. The n-grams learn from the train
songs of POP909-CL and Billboard, their orders were chosen on a part of these; the table is the longest of them with its
rare contexts left out. Three things are measured: the network by itself, its product with the table, and that blended
with a PPM of the song so far (`kelly.models.harmony.following`); beside the last, all baselines have that memory too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from kelly.errors import CorpusError, FileError, MissingCorpusError
from kelly.models.harmony import ngrams
from kelly.models.harmony.classes import traces
from kelly.models.harmony.following import Mixture, product
from kelly.models.layers import NETWORKS
from kelly.models.networks import HarmonyPredictor, shipped
from kelly.models.runner import Runner
from kelly.training.data.progressions import Progression, progressions
from kelly.training.evaluation.ngrams import KneserNey, Unigram, ppm, remembered, steps
from kelly.training.evaluation.table import Measure
from kelly.training.networks.build import build
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import weights
from kelly.training.tasks.harmony import MEASURED

__all__ = ["longest", "measure", "table"]

Floats = npt.NDArray[np.float64]
Rows = Mapping[str, Floats]

TITLES = {"pop909": "POP909-CL", "billboard": "Billboard"}
BOTH = " + ".join(TITLES.values())
SHORT, LONG, MATCHING = 3, 10, 3  # orders; LONG sees nine chords, .8 ** 9 = an eighth of what the trace began with
TABLE_LEAST, TABLE_FREE = 2, 3  # what the shipped table keeps of its n-grams, as in `KneserNey.table`
GAIN = 0.97  # of the bits of the best n-gram


@dataclass(frozen=True, slots=True)
class _Beside:
    """What stands beside a network: rows (steps, 64) of the baselines by name, and those of the table, if any."""

    baselines: Rows
    table: Floats | None


def measure(root: Path, split: str, runs: Sequence[Path], context: Context, train: Path | None = None) -> list[Measure]:
    """Measure networks of harmony on a split.

    Parameters: root, folder of corpora; split, train, dev or test; runs, folders of finished runs (none: the network
    and the table that are shipped); context; train, folder of corpora whose train songs the n-grams learn from (None:
    root; where that has none they are left out). Songs that cannot be read are left out and told.
    Returns: for POP909-CL and Billboard together, and for each of them that is there, bits, top-1 and top-3: of the
    network, with the table, and with the song's memory too. Only the two together have a bar.
    Raises: CorpusError, neither of the two has songs in the split, or train lacks one or has no train songs; FileError,
    there is no such network.
    """
    songs = _songs(root, split, context.note)
    if not songs:
        raise CorpusError(f"no {split} songs of {' or '.join(MEASURED)} below {root}")
    models, mixture = _networks(runs)
    listed = _chords(songs)
    beside = _beside(_known(root, train, context), listed, shipped_table=not runs)
    told = list(_ways([_told(model, songs, context) for model in models], beside, listed, mixture))
    return [
        row
        for title, chosen, target in _sets(songs)
        for way, ours, others in told
        for row in _measures(title, way, target, [one[chosen] for one in ours], _chosen(others, chosen))
    ]


def longest(root: Path, note: Callable[[str], object] = lambda _: None) -> KneserNey | None:
    """The n-grams with the longest contexts, of the train songs of POP909-CL and Billboard; None without any.

    Parameters: root, folder of corpora; note, told of songs that cannot be read, which are left out.
    """
    train = _chords(_songs(root, "train", note))
    return KneserNey(train, LONG) if train else None


def table(model: KneserNey) -> ngrams.Ngrams:
    """The table that is shipped beside the network."""
    return model.table(TABLE_LEAST, TABLE_FREE)


def _songs(root: Path, split: str, note: Callable[[str], object], *, all_there: bool = False) -> list[Progression]:
    """The songs of a split. Raises: MissingCorpusError, one of the corpora is missing and all must be there."""
    songs: list[Progression] = []
    for corpus in MEASURED:
        try:
            songs += progressions(root, [corpus], splits=(split,), note=note)
        except MissingCorpusError:
            if all_there:
                raise
    return songs


def _known(root: Path, train: Path | None, context: Context) -> list[Progression]:
    """The songs that n-grams learn from; none where the root has none, and no other folder is named."""
    place = train or root
    known = _songs(place, "train", context.note, all_there=train is not None)
    told = f"no train songs of {' or '.join(MEASURED)} below {place}"
    if not known and train is not None:
        raise CorpusError(told)
    if not known:
        context.note(f"{told}: the baselines are left out")
    return known


def _chords(songs: Iterable[Progression]) -> list[list[int]]:
    return [song.classes.tolist() for song in songs]


class _Torch:
    """A finished run as a network that predicts many rows at once."""

    def __init__(self, run: Path) -> None:
        self._network = weights(build("harmony"), run)

    @torch.inference_mode()
    def rows(self, x: npt.NDArray[np.float32]) -> Floats:
        """Probabilities (rows, 64) of inputs (rows, 128)."""
        return np.asarray(self._network(torch.from_numpy(x)).double().numpy())


class _Shipped:
    """The network that is shipped, without the rounding that its use has."""

    def __init__(self) -> None:
        data = resources.files("kelly.models").joinpath("harmony/model.onnx").read_bytes()
        self._runner = Runner(data, NETWORKS["harmony"])

    def rows(self, x: npt.NDArray[np.float32]) -> Floats:
        """Probabilities (rows, 64) of inputs (rows, 128)."""
        return np.array([self._runner.step(row) for row in x], np.float64)


def _networks(runs: Sequence[Path]) -> tuple[list[_Torch | _Shipped], Mixture]:
    if runs:
        return [_Torch(run) for run in runs], Mixture()
    model = shipped(HarmonyPredictor)
    if model is None:
        raise FileError("Kelly was built without the harmony network: name a run by --run, or export one")
    return [_Shipped()], Mixture.of(model.config)


def _told(model: _Torch | _Shipped, songs: Iterable[Progression], context: Context) -> Floats:
    """What a network says at each step of all songs: (steps, 64), each row's sum 1."""
    parts = []
    for song in songs:
        code = context.feelings.of(song.corpus, song.id)
        seen = traces(song.classes[:-1].tolist())
        told = model.rows(np.hstack([np.broadcast_to(code, seen.shape), seen]).astype(np.float32))
        parts.append(told / told.sum(1, keepdims=True))
    return np.concatenate(parts)


def _beside(known: Sequence[Progression], songs: Sequence[Sequence[int]], *, shipped_table: bool) -> _Beside:
    """What n-grams say at each step of songs; nothing where there are no others to fit them on."""
    train = _chords(known)
    if not train:
        return _Beside({}, _shipped_rows(songs) if shipped_table else None)
    long = KneserNey(train, LONG)
    rows = {
        "unigram": steps(Unigram(train), songs),
        f"Kneser-Ney {SHORT}": steps(KneserNey(train, SHORT), songs),
        f"Kneser-Ney {LONG}": steps(long, songs),
        "PPM": steps(ppm(train, MATCHING), songs),
    }
    rows["table"] = steps(table(long), songs)
    return _Beside(rows, _shipped_rows(songs) if shipped_table else rows["table"])


def _shipped_rows(songs: Sequence[Sequence[int]]) -> Floats | None:
    grams = ngrams.shipped()
    return None if grams is None else steps(grams, songs)


def _ways(
    ours: Sequence[Floats], beside: _Beside, songs: Sequence[Sequence[int]], mixture: Mixture
) -> Iterator[tuple[str, Sequence[Floats], Rows]]:
    """The ways to use networks: its name, their rows (steps, 64), and those of the baselines by name."""
    yield "", ours, beside.baselines
    if beside.table is not None:
        ours = [product(rows, beside.table, mixture) for rows in ours]
        yield ", with n-grams", ours, beside.baselines
    both = {f"{name} + memory": remembered(rows, songs, mixture) for name, rows in beside.baselines.items()}
    name = ", with memory" if beside.table is None else ", with n-grams and memory"
    yield name, [remembered(rows, songs, mixture) for rows in ours], both


def _sets(songs: Sequence[Progression]) -> Iterator[tuple[str, npt.NDArray[np.bool_], npt.NDArray[np.int64]]]:
    """The sets that are measured: title, which steps are in it (steps,), and their classes."""
    corpus = np.concatenate([np.full(len(song.classes) - 1, song.corpus) for song in songs])
    target = np.concatenate([song.classes[1:] for song in songs])
    named = [(title, [name]) for name, title in TITLES.items()]
    for title, names in [(BOTH, list(MEASURED)), *named]:
        chosen = np.isin(corpus, names)
        if chosen.any():
            yield title, chosen, target[chosen]


def _chosen(rows: Rows, chosen: npt.NDArray[np.bool_]) -> Rows:
    return {name: one[chosen] for name, one in rows.items()}


def _measures(
    title: str, way: str, target: npt.NDArray[np.int64], ours: Sequence[Floats], beside: Rows
) -> Iterator[Measure]:
    """Bits, top-1 and top-3 of networks (steps, 64) at steps whose chords are known, beside others."""
    bits = {name: _bits(rows, target) for name, rows in beside.items()}
    bar = GAIN * min(bits.values()) if bits and title == BOTH else None
    values = [_bits(rows, target) for rows in ours]
    yield Measure(title, len(target), f"bits{way}", values, lower=True, baselines=bits, bar=bar)
    for count in (1, 3):
        among = {name: _among(rows, target, count) for name, rows in beside.items()}
        values = [_among(rows, target, count) for rows in ours]
        yield Measure(title, len(target), f"top-{count}{way}", values, baselines=among)


def _bits(rows: Floats, target: npt.NDArray[np.int64]) -> float:
    return float(-np.log2(rows[np.arange(len(target)), target]).mean())


def _among(rows: Floats, target: npt.NDArray[np.int64], count: int) -> float:
    likeliest = np.argsort(-rows, axis=1, kind="stable")[:, :count]
    return float((likeliest == target[:, None]).any(1).mean())
