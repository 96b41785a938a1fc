"""Measuring the node classifier: whether a loop tells which of the 216 nodes it was composed for, in whatever key.

Conventions: loops as in `kelly.training.data.loops`, of songs that no run was trained on. Values are shares of loops
whose own node (name, category, tier, key) is the most probable, or among the five. The full tier alone is what the
names are judged by: lower tiers lie close together around neutral.

Chance is what guessing gives. The ceiling is what follows from a score's own three numbers of the formulas, its tempo,
its mean velocity and its mode: the node nearest to them, each node where the loops of the train set lie on average, and
each distance in units of the loops' standard deviation within nodes, at least `_FINEST`. (All sounding differences
beside those three, such as register and instruments, could lift a network above it.)

A run whose recipe left tonics out is measured apart: on the loops in these tonics beside those in the others. By how
many points it drops stands beside the same difference for runs that heard all tonics, where there are some: so much is
the songs' own. The head for keys is not scored there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kelly.emotion.thesaurus import nodes
from kelly.errors import FileError
from kelly.models.networks import EmotionNodeClassifier, shipped
from kelly.models.nodes.heads import PARENTS, SIZES, SLOTS
from kelly.models.nodes.pictures import scaled
from kelly.names import find
from kelly.training.data.loops import SETS, Loops, levels, load
from kelly.training.evaluation.table import Measure
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import measured, weights
from kelly.training.tasks.nodes import Settings, labels, samples, task
from kelly.training.tasks.runs import claimed

__all__ = ["ceiling", "hits", "measure"]

Floats = npt.NDArray[np.float64]
Heads = Mapping[str, Floats]
Listener = Callable[[Loops], Heads]
Rows = npt.NDArray[np.bool_]

_FINEST = 0.01  # BPM, velocity steps and modes
_TIER = np.array([node.tier for node in nodes()])
# What is asked of the loops of the full tier: name, head, how many answers count, and the bar.
_ASKED = (("name top-1", "name", 1, 0.60), ("name top-5", "name", 5, 0.85), ("category top-1", "category", 1, 0.80))
_DROP = 3.0  # points


def measure(root: Path, split: str, runs: Sequence[Path], context: Context, train: Path | None = None) -> list[Measure]:
    """Measure runs, or the shipped model where none are given, on the loops of a split.

    Parameters: root and train, not looked at, since the loops are made and not read; split, dev or test; runs, folders
    of finished ones; context.
    Raises: FileError, a run is not finished or no model is shipped; UsageError, there is no such split; otherwise as
    `loops.load`.
    """
    del root, train
    find(split, SETS, "the split")
    listeners = [(_left_out(run), _of_run(run)) for run in runs] if runs else [((), _shipped())]
    asked = load(split, context)
    told = [(left_out, listen(asked)) for left_out, listen in listeners]
    whole = [one for left_out, one in told if not left_out]
    rows = list(_rows(asked, whole, ceiling(load("train", context), asked))) if whole else []
    for left_out in sorted({left_out for left_out, _ in told if left_out}):
        rows += _drops(asked, left_out, [one for tonics, one in told if tonics == left_out], whole)
    return rows


def hits(told: Heads, asked: Loops, head: str, most: int = 1) -> Rows:
    """Whether the right class of a head is among its `most` probable: bool (loops,)."""
    right = labels(asked)[:, list(SIZES).index(head)]
    order = np.argsort(-told[head], axis=1, kind="stable")[:, :most]
    return np.asarray((order == right[:, None]).any(1))


def ceiling(known: Loops, asked: Loops) -> Heads:
    """Probabilities of node, name, category and tier from the tempo, velocity and mode of a score alone.

    Parameters: known, the loops that say where each node lies; asked, n loops. Returns: (n, classes) by head.
    """
    here, there = (np.column_stack([one.tempo, one.velocity, one.minor]) for one in (known, asked))
    count = np.bincount(known.nodes, minlength=SIZES["node"])[:, None]
    centres = np.zeros((len(count), 3))
    np.add.at(centres, known.nodes, here)
    centres /= np.maximum(count, 1)
    spread = np.maximum(np.sqrt(((here - centres[known.nodes]) ** 2).mean(0)), _FINEST)
    apart = (((there[:, None] - centres) / spread) ** 2).sum(2) + np.where(count[:, 0], 0.0, np.inf)
    weight = np.exp(-0.5 * (apart - apart.min(1, keepdims=True)))
    node = weight / weight.sum(1, keepdims=True)
    name = _summed(node, PARENTS["node", "name"], SIZES["name"])
    return {
        "node": node,
        "name": name,
        "category": _summed(name, PARENTS["name", "category"], SIZES["category"]),
        "tier": _summed(node, PARENTS["node", "tier"], SIZES["tier"]),
    }


def _rows(asked: Loops, told: Sequence[Heads], best: Heads) -> Iterator[Measure]:
    """What is asked, of runs that heard all tonics."""
    full = _TIER[asked.nodes] == "full"
    for name, head, most, bar in _ASKED:
        yield _measure("full tier", asked, full, told, best, (name, head, most), bar)
    everything = np.ones(len(asked), bool)
    for head in ("node", "name", "category", "tier", "key"):
        yield _measure("all nodes", asked, everything, told, best, (f"{head} top-1", head, 1))
    known = hits(best, asked, "node").mean()
    shares = [float(hits(one, asked, "node").mean() / known) for one in told]
    yield Measure("all nodes", len(asked), "node top-1, share of the ceiling", shares)


def _measure(
    title: str,
    asked: Loops,
    among: Rows,
    told: Sequence[Heads],
    best: Heads,
    what: tuple[str, str, int],
    bar: float | None = None,
) -> Measure:
    name, head, most = what
    top = float(hits(best, asked, head, most)[among].mean()) if head in best else None
    values = [float(hits(one, asked, head, most)[among].mean()) for one in told]
    chance = {"chance": most / SIZES[head]}
    return Measure(title, int(among.sum()), name, values, baselines=chance, bar=bar, ceiling=top)


def _drops(asked: Loops, left_out: Sequence[int], told: Sequence[Heads], whole: Sequence[Heads]) -> Iterator[Measure]:
    """What is asked, of runs that did not hear some tonics, in these, and the points lost against the others."""
    unheard = np.isin(asked.tonics, left_out)
    for title, among in (("full tier", _TIER[asked.nodes] == "full"), ("all nodes", np.ones(len(asked), bool))):
        for name, head, most, _ in _ASKED:
            lost = partial(_lost, asked=asked, among=among, unheard=unheard, head=head, most=most)
            there = [float(hits(one, asked, head, most)[among & unheard].mean()) for one in told]
            place, count = f"{title}, unheard tonics", int((among & unheard).sum())
            yield Measure(place, count, name, there, baselines={"chance": most / SIZES[head]})
            beside = {"all tonics heard": float(np.mean([lost(one) for one in whole]))} if whole else {}
            bar = _DROP if title == "full tier" else None
            drops = [lost(one) for one in told]
            yield Measure(place, count, f"{name}, points lost", drops, lower=True, baselines=beside, bar=bar)


def _lost(told: Heads, *, asked: Loops, among: Rows, unheard: Rows, head: str, most: int) -> float:
    right = hits(told, asked, head, most)
    return float(100 * (right[among & ~unheard].mean() - right[among & unheard].mean()))


def _left_out(run: Path) -> tuple[int, ...]:
    """The tonics that a run did not hear. Raises: FileError, it does not say so."""
    try:
        return tuple(sorted(int(tonic) for tonic in claimed(run)["left_out"]))
    except (ValueError, KeyError, TypeError) as error:
        raise FileError(
            f"{run} is no run of the node classifier: its run.json does not say what it left out"
        ) from error


def _of_run(run: Path) -> Listener:
    chosen = task(Settings())
    network = weights(chosen.network(), run)

    def listen(asked: Loops) -> Heads:
        told = measured(chosen, network, samples(asked), size=128)[1]["nodes"].numpy()
        return {head: told[:, place].astype(np.float64) for head, place in SLOTS.items()}

    return listen


def _shipped() -> Listener:
    model = shipped(EmotionNodeClassifier)
    if model is None:
        raise FileError("no node classifier is shipped: name a run")

    def listen(asked: Loops) -> Heads:
        told = [model.predict(scaled(picture)) for picture in levels(asked.pictures)]
        return {head: np.array([one[head] for one in told]) for head in SIZES}

    return listen


def _summed(probabilities: Floats, parent: npt.NDArray[np.int64], size: int) -> Floats:
    """Probabilities (n, classes) added up by the parent of each class: (n, size)."""
    return np.asarray(probabilities @ np.eye(size)[parent])
