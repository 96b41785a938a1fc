"""Measuring the transformer: how many nats a word costs, field by field, beside an n-gram and without its feelings.

Conventions: what is read are the stretches of a split (`kelly.training.tasks.stretches.samples`), each from its
beginning as far as the window reaches, the shortest of the runs' windows; what is told of it are its bars, its notes
and, where the piece ends in it, its end. Every number is a mean over these words, in nats a word: the fields of a word
that does not use them cost nothing, and the fields add up to the whole. Sums are (songs, 9): what each field of the
words of a song costs, and how many words there are. Intervals hold 95 % of the sets of songs that are drawn with
replacement, of all runs together; differences are of the same sets. They stand in rows of their own, "95 % from" and
"95 % to", whose items are songs.

"no feeling" is the same network, told of no feeling: what it does worse is what the feelings are worth to it. Runs that
were trained without feelings have rows of their own, and stand beside the others. Where there are several corpora, the
whole word has rows for each: a few long pieces of one may weigh more than all others. Of dominance much is known from
the notes themselves, for corpora tell it by how hard these are struck: what velocities gain by it is no finding.

The n-gram is fitted on the pieces of the train split. Each field is told from some of the fields before it in its word
and from what was said last (`pitch-1`) and before that (`pitch-2`), where a bar says that its position is 0; which of
them, and in which order they are dropped, the last first (`CONTEXTS`), was chosen on a tenth of the train split. It is
smoothed as in interpolated modified Kneser-Ney (Chen and Goodman 1999), which counts below the longest context in how
many longer ones a value was met, here of contexts that are more than a row of the same (Bilmes and Kirchhoff 2003).
The network is told more than the n-gram: parts, bars left, and chords, which were found in the notes that it tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import torch

from kelly.errors import CorpusError, UsageError
from kelly.models.transformer.layout import BAR, END, FIELDS, SIZES, USED
from kelly.training.data.pieces import ALL, Piece, pieces
from kelly.training.evaluation.bootstrap import SHARE, resampled_sums
from kelly.training.evaluation.table import Measure
from kelly.training.networks.compound import CompoundTransformer
from kelly.training.tasks.context import Context
from kelly.training.tasks.samples import Batch
from kelly.training.tasks.stretches import samples
from kelly.training.tasks.transformer import Settings, TransformerTask, trained

__all__ = ["CONTEXTS", "NAMES", "measure", "ngram"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NAMES = ("whole", *FIELDS)
TITLE, NGRAM, UNFELT, WITHOUT = "words", "n-gram", "no feeling", "trained without feelings"
CONTEXTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "family": ("position-1", "seat-1", "position-2", "seat-2"),
        "seat": ("seat-1", "position-1", "seat-2", "position-2"),
        "position": ("position-1", "seat-1", "seat", "position-2", "duration-1"),
        "pitch": ("seat", "seat-1", "pitch-1", "seat-2", "pitch-2", "position", "position-1"),
        "duration": ("seat", "position", "seat-1", "position-1", "duration-1", "duration-2"),
        "velocity": ("velocity-1", "velocity-2", "seat"),
        "tempo": ("tempo-1", "tempo-2"),
        "meter": ("meter-1", "meter-2"),
    }
)
_BEFORE = (1, 2)
_LARGEST = 3  # counts from here on are discounted alike
_FEWER = (0.0, 0.5, 0.5, 0.5)  # discounts where there are too few counts to tell


def measure(root: Path, split: str, runs: Sequence[Path], context: Context, train: Path | None = None) -> list[Measure]:
    """Measure runs on a split of the corpora that they learned from.

    Parameters: root, of the corpora; split, dev or test; runs, folders of finished ones; context, whose labels tell the
    feelings; train, the folder of the corpora that the n-gram is fitted on (None: root; where that has no train split
    it is left out).
    Returns: the losses (`NAMES`) of the runs that were told of feelings and how much less they are than without, then
    the losses of the runs that were trained without; each with its interval, where there are several songs.
    Raises: UsageError, there is no run; CorpusError, no piece is of that split, or train has none to fit on; FileError,
    a run is not finished or of another network; as `pieces`.
    """
    if not runs:
        raise UsageError("transformer is measured by its runs: give one or more with --run")
    made, networks = zip(*map(trained, runs), strict=True)
    corpora = [one for one in ALL if any(one in settings.corpora for settings in made)]
    found = list(pieces(root, context, corpora))
    chosen = [one for one in found if one.split == split]
    if not chosen:
        raise CorpusError(f"{', '.join(corpora)} in {root} must have pieces of the {split} split; they have none")
    asked = _asked(chosen, min(settings.window for settings in made))
    known = [one for one in (found if train is None else pieces(train, context, corpora)) if one.split == "train"]
    beside = {NGRAM: asked.costs(known)} if _may_fit(known, root, train, context) else {}
    felt, unfelt = (
        [n for n, one in zip(networks, made, strict=True) if one.feelings is told] for told in (True, False)
    )
    return list(_compared(asked, felt, unfelt, beside))


def ngram(train: Sequence[Ints], asked: Sequence[Ints]) -> Floats:
    """What words cost by the n-gram, in nats, field by field.

    Parameters: train and asked, pieces or stretches of them as words (n, 8 or more), the fields of `FIELDS` first.
    Returns: (words of all that is asked, 8), 0 where a word does not use a field.
    """
    known, told = _columns(train), _columns(asked)
    costs = np.zeros((len(told["family"]), len(FIELDS)))
    for at, name in enumerate(FIELDS):
        here, there = (_uses(one["family"], name) for one in (known, told))
        costs[there, at] = np.log(SIZES[name])
        if not here.any():
            continue
        columns = [np.concatenate([known[one][here], told[one][there]]) for one in (name, *CONTEXTS[name])]
        costs[there, at] = _kneser_ney(columns[0], columns[1:], int(here.sum()), SIZES[name])
    return costs


@dataclass(frozen=True, slots=True)
class _Asked:
    """The stretches that are asked for.

    Parameters: told and hidden, as they are read with their feelings and without, each with the number of its song;
    corpora (songs,), which each song is of.
    """

    told: Sequence[tuple[int, Batch]]
    hidden: Sequence[tuple[int, Batch]]
    corpora: npt.NDArray[np.str_]

    @property
    def songs(self) -> int:
        """How many songs there are."""
        return len(self.corpora)

    @torch.inference_mode()
    def losses(self, network: CompoundTransformer, *, feelings: bool) -> Floats:
        """What the words of each song cost by a network: sums (songs, 9)."""
        sums, task = np.zeros((self.songs, len(NAMES))), TransformerTask(Settings())
        for song, read in self.told if feelings else self.hidden:
            losses, counts = task.losses(network, read)
            sums[song] += [*losses.double().sum(0).tolist(), int(counts.sum())]
        return sums

    def costs(self, known: Sequence[Piece]) -> Floats:
        """The same by the n-gram of some pieces."""
        rows = [(song, *each) for song, read in self.told for each in zip(read["words"], read["own"], strict=True)]
        words = [words[own].numpy() for _, words, own in rows]
        costs = ngram([_ended(piece) for piece in known], words)
        sums = np.zeros((self.songs, len(NAMES)))
        songs = np.repeat([song for song, *_ in rows], [len(one) for one in words])
        np.add.at(sums, songs, np.hstack([costs, np.ones((len(costs), 1))]))
        return sums


def _asked(found: Sequence[Piece], window: int) -> _Asked:
    """Pieces as they are read. A song at a time: what is read together does not come in its order."""
    stretches = samples(found)
    songs, number = np.unique(np.array(stretches.groups, str), return_inverse=True)
    batches = [stretches.take(torch.from_numpy(np.flatnonzero(number == song))) for song in range(len(songs))]
    told, hidden = (
        [(song, read) for song, batch in enumerate(batches) for read in task.reads(batch, None)]
        for task in (TransformerTask(Settings(window=window, feelings=feelings)) for feelings in (True, False))
    )
    return _Asked(told, hidden, np.array([song.partition("/")[0] for song in songs.tolist()], str))


def _may_fit(known: Sequence[Piece], root: Path, train: Path | None, context: Context) -> bool:
    """Whether there are pieces to fit on; a note where the root has none, and no other folder is named."""
    told = f"the corpora in {train or root} have no train split"
    if not known and train is not None:
        raise CorpusError(told)
    if not known:
        context.note(f"{told}: no n-gram")
    return bool(known)


def _compared(
    asked: _Asked,
    felt: Sequence[CompoundTransformer],
    unfelt: Sequence[CompoundTransformer],
    beside: Mapping[str, Floats],
) -> Iterator[Measure]:
    """The rows of runs that were trained with feelings, and of those without. Parameters: beside, sums by name."""
    without = [asked.losses(network, feelings=False) for network in unfelt]
    if felt:
        others = {UNFELT: _mean([asked.losses(network, feelings=False) for network in felt])}
        others |= {WITHOUT: _mean(without)} if without else {}
        told = [asked.losses(network, feelings=True) for network in felt]
        yield from _each(asked, TITLE, told, {**beside, **others}, [*others])
    if without:
        yield from _each(asked, f"{TITLE}, {WITHOUT}", without, beside)


def _each(
    asked: _Asked, title: str, ours: Sequence[Floats], beside: Mapping[str, Floats], less: Sequence[str] = ()
) -> Iterator[Measure]:
    """The rows of all corpora together, and of the whole word in each, where there are several; as `_rows`."""
    yield from _rows(title, ours, beside, less)
    corpora = np.unique(asked.corpora)
    for corpus in corpora if len(corpora) > 1 else ():
        its = asked.corpora == corpus
        own, others = [sums[its] for sums in ours], {name: sums[its] for name, sums in beside.items()}
        yield from _rows(f"{title}, {corpus}", own, others, less, NAMES[:1])


def _rows(
    title: str,
    ours: Sequence[Floats],
    beside: Mapping[str, Floats],
    less: Sequence[str] = (),
    names: Sequence[str] = NAMES,
) -> Iterator[Measure]:
    """Losses of sums (songs, 9), ours of each run, and how much less they are than some of those beside."""
    sums = np.stack([_mean(ours), *beside.values()], 1)
    drawn = resampled_sums(_nats, sums, rng=np.random.default_rng(0)).reshape(-1, *sums.shape[1:])
    items, values, others = (int(sums[:, 0, -1].sum()), len(sums)), _nats(np.sum(ours, 1)), [*beside]
    yield from _block(title, names, items, values, dict(zip(others, _nats(sums.sum(0))[1:], strict=True)), drawn)
    for name in less:
        at = 1 + others.index(name)
        lower = values - _nats(sums[:, at].sum(0))
        yield from _block(f"{title}, less {name}", names, items, lower, {}, drawn[:, :1] - drawn[:, at : at + 1])


def _block(
    title: str,
    names: Sequence[str],
    items: tuple[int, int],
    values: Floats,
    beside: Mapping[str, Floats],
    drawn: Floats,
) -> Iterator[Measure]:
    """What runs (runs, 9) and others (9,) lose, and the intervals of what they lose on drawn sets.

    Parameters: title; names, the first of `NAMES`, which are told; items, words and songs; values and beside; drawn
    (draws, models, 9), of all runs and of others.
    """
    for at, name in enumerate(names):
        others = {key: float(row[at]) for key, row in beside.items()}
        yield Measure(title, items[0], f"{name}, nats a word", values[:, at].tolist(), lower=True, baselines=others)
    for end, ends in zip(("from", "to"), _ends(drawn), strict=False):  # of a single song there is no interval
        for at, name in enumerate(names):
            others = dict(zip(beside, ends[1:, at].tolist(), strict=True))
            ours = [float(ends[0, at])]
            yield Measure(f"{title}, 95 % {end}", items[1], f"{name}, nats a word", ours, lower=True, baselines=others)


def _ends(drawn: Floats) -> Floats:
    """The ends (2, models, 9) of the intervals of what was drawn; (0,) of nothing."""
    return np.asarray(np.percentile(drawn, [50 * (1 - SHARE), 50 * (1 + SHARE)], axis=0)) if len(drawn) else np.zeros(0)


def _mean(sums: Sequence[Floats]) -> Floats:
    return np.asarray(np.mean(sums, 0))


def _nats(sums: Floats) -> Floats:
    """Nats a word (..., 9) of `NAMES`, from sums (..., 9): what the fields of words cost, and how many words."""
    each = sums[..., :-1] / sums[..., -1:]
    return np.concatenate([each.sum(-1, keepdims=True), each], -1)


def _ended(piece: Piece) -> Ints:
    """The words of a piece and its end."""
    return np.vstack([piece.words[:, : len(FIELDS)].astype(np.int64), np.eye(1, len(FIELDS), dtype=np.int64) * END])


def _uses(family: Ints, name: str) -> npt.NDArray[np.bool_]:
    """Which words use a field."""
    return np.isin(family, [one for one, used in USED.items() if name in used]) | (name == "family")


def _columns(sequences: Sequence[Ints]) -> dict[str, Ints]:
    """What the n-gram sees of all words of sequences (words,): `pitch`, and what was said last of it, `pitch-1`."""
    words = np.concatenate(sequences)
    sequence = np.repeat(np.arange(len(sequences)), [len(one) for one in sequences])
    found = {}
    for field, name in enumerate(FIELDS):
        found[name] = column = words[:, field].astype(np.int64)
        said = _uses(words[:, 0], name) | ((words[:, 0] == BAR) & (name == "position"))
        rows, count = np.append(np.flatnonzero(said), 0), np.cumsum(said) - said  # how often it was said before
        for back in _BEFORE:
            at = rows[np.maximum(count - back, 0)]
            known = (count >= back) & (sequence[at] == sequence)
            found[f"{name}-{back}"] = np.where(known, column[at] + 1, 0)
    return found


def _kneser_ney(values: Ints, context: Sequence[Ints], known: int, size: int) -> Floats:
    """The nats of values by those that are known.

    Parameters: values (n,) below size, and the columns (n,) of their contexts, those that are dropped last first;
    known, how many are: the others are asked. Returns: (n - known,).
    """
    keys = [np.zeros(len(values), np.int64)]
    for column in context:
        keys.append(np.unique(keys[-1] * (column.max(initial=0) + 1) + column, return_inverse=True)[1])
    rows, levels = np.arange(known), []
    for key in reversed(keys):
        pairs, first, counts = np.unique(key[rows] * size + values[rows], return_index=True, return_counts=True)
        levels.append((key[known:], pairs, counts))
        rows = rows[first]  # so that below this context each value counts once for it
    told = np.full(len(values) - known, 1 / size)
    for key, pairs, counts in reversed(levels):
        told = _interpolated(told, key, key * size + values[known:], pairs, counts, size)
    return np.asarray(-np.log(told))


def _interpolated(told: Floats, key: Ints, asked: Ints, pairs: Ints, counts: Ints, size: int) -> Floats:
    """Probabilities by a longer context, from those by a shorter; where the longer was never met, as they were.

    Parameters: told (n,); key and asked (n,), numbers of contexts, and of them with the values that are asked; pairs
    and counts, all that were met, rising.
    """
    taken = _discounts(counts)[np.minimum(counts, _LARGEST)]
    met = int(max(key.max(initial=0), pairs.max() // size)) + 1
    whole, left = (np.bincount(pairs // size, one, minlength=met)[key] for one in (counts, taken))
    at = np.minimum(np.searchsorted(pairs, asked), len(pairs) - 1)
    own = np.where(pairs[at] == asked, (counts - taken)[at], 0.0)
    return np.asarray(np.where(whole > 0, (own + left * told) / np.maximum(whole, 1), told))


def _discounts(counts: Ints) -> Floats:
    """What counts of 0, 1, 2 and more are lessened by (Chen and Goodman 1999)."""
    seen = np.bincount(np.minimum(counts, _LARGEST + 2), minlength=_LARGEST + 2)[1 : _LARGEST + 2]
    if not seen.all():
        return np.array(_FEWER)
    of, ratios = np.arange(1, _LARGEST + 1), seen[1:] / seen[:-1]
    found = of - (of + 1) * ratios * seen[0] / (seen[0] + 2 * seen[1])
    return np.append(0.0, np.clip(found, found[0], of))  # the first is above 0: there is always something left
