"""What hears sound, measured: classes and ratings of every task, beside a constant and what the field does first.

Conventions: an item is a record (of a score: with one SoundFont); what is told of it is the mean over its stretches, of
probabilities or of ratings in their own terms. A run that left a fold out judges the records of that fold and no
others, so that the runs of all folds together judge all; any other run, or the shipped model, judges the split that is
asked for. Runs that left out the same are heard together. Baselines are fitted on what runs of folds were trained on,
else on the train split, with the fonts that are measured: support vector machines (speech, song, kind; shares are the
softmax of their margins) or ridge and logistic regression on cepstral statistics. Gold of ratings is weighed as its
stretches are. Intervals are of the paired bootstrap over actors, tracks, pieces or artists.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from kelly.errors import CorpusError, MissingCorpusError, UsageError
from kelly.names import find
from kelly.sound import soundfont
from kelly.training.data.corpora import ravdess
from kelly.training.data.sounds import TASKS, Sound, sounds
from kelly.training.evaluation import targets, windows
from kelly.training.evaluation.cepstral import baselines
from kelly.training.evaluation.latency import latency
from kelly.training.evaluation.listeners import Listener, by_fold, listeners, shipped_ears, together
from kelly.training.evaluation.measuring import About, classified, rated
from kelly.training.evaluation.results import Report, Steadiness, Task, Timeline
from kelly.training.evaluation.scales import MEAN_R, with_scales
from kelly.training.tasks.context import Context

__all__ = ["measure"]

Floats = npt.NDArray[np.float64]
Told = dict[str, Floats]  # (items, numbers) by who told it

BARS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "speech": {"unweighted accuracy": 0.60},
        "song": {"unweighted accuracy": 0.80},
        "gems": {MEAN_R: 0.57},
        "vgmidi": {"valence: Pearson r": 0.60, "arousal: Pearson r": 0.78},
        "moods": {"macro F1": 0.40},
    }
)
TITLES: Mapping[str, tuple[str, str]] = MappingProxyType(  # and what intervals draw as a whole
    {
        "speech": ("RAVDESS speech", "actor"),
        "song": ("RAVDESS song", "singer"),
        "gems": ("Emotify, shares of listeners", "track"),
        "vgmidi": ("VGMIDI played", "song"),
        "emopia": ("EMOPIA played, quadrants", "song"),
        "deam": ("DEAM", "song"),
        "pmemo": ("PMEmo", "song"),
        "kind": ("Speech, singing or music", "actor, track or song"),
        "moods": ("MIREX-like moods", "artist"),
    }
)
_FEWEST = 3  # records
_LINES = 3  # pieces whose timeline is drawn


@dataclass(frozen=True, slots=True)
class _Items:
    """The records of a task that were judged.

    Parameters: sounds, the stretches of all; names (stretches,), whose each is; told (stretches, numbers) by who told
    it; folds (items,) by sorted name, which listener judged.
    """

    sounds: Sequence[Sound]
    names: npt.NDArray[np.str_]
    told: Told
    folds: npt.NDArray[np.int64]

    @property
    def first(self) -> npt.NDArray[np.int64]:
        """The first stretch of each item (items,)."""
        return np.asarray(np.unique(self.names, return_index=True)[1])

    def mean(self, rows: npt.ArrayLike) -> Floats:
        """What is told of items (items, numbers), from what is told of stretches."""
        values = np.asarray(rows, np.float64)
        _, place, count = np.unique(self.names, return_inverse=True, return_counts=True)
        sums = np.zeros((len(count), values.shape[1]))
        np.add.at(sums, place, values)
        return np.asarray(sums / count[:, None])


def measure(
    root: Path,
    split: str,
    runs: Sequence[Path],
    context: Context,
    tasks: Sequence[str] = (),
    train: Path | None = None,
    fonts: Sequence[Path] = (),
) -> Report:
    """Measure runs, or the shipped models, on every task that they know and that is there.

    Parameters: root, of the corpora; split, dev or test; runs; context; tasks, which (none: all that can be); train,
    where the corpora lie whose train split baselines are fitted on (None: root); fonts, that play scores (none: the one
    that Kelly plays with).
    Raises: as `sounds` and `listeners`; CorpusError, there are no such sounds; UsageError, nobody knows a task.
    """
    heard = listeners(runs) if runs else shipped_ears()
    known = sorted({name for one in heard for name in one.tasks}, key=list(TASKS).index)
    asked = [find(name, known, "task") for name in tasks] or known
    if split == "test" and any(one.folded for one in heard):
        raise UsageError("runs of folds judge what they left out, which is no test split; measure a run of all data")
    if split != "test" and (not runs or any(one.settings.whole and not one.folded for one in heard)):
        context.note("these ears learned from the dev split too: runs with --fold tell what they do of unheard sounds")
    where = _Where(root, train or root, split, fonts, context)
    found = {name: _task(name, heard, where) for name in asked}
    measured = {name: one for name, one in found.items() if one is not None}
    if not measured:
        raise CorpusError(f"{root} must hold {_FEWEST} records or more of the {split} split for {', '.join(asked)}")
    facts = {
        "What was measured": ", ".join(one.name for one in heard),
        "Corpora": str(root.name),
        "Machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
    }
    waited = max(latency(name, heard) for name in measured)
    told = list(measured.values())
    return Report("Kelly hears sound", facts, told, _verdicts(told, waited))


@dataclass(frozen=True, slots=True)
class _Where:
    root: Path
    train: Path
    split: str
    fonts: Sequence[Path]
    context: Context
    known: dict[tuple[Path, str, int, tuple[str, ...]], list[Sound]] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)

    def sounds(self, root: Path, name: str, rate: int, fonts: Sequence[Path] = ()) -> list[Sound]:
        """The sounds of a task below a root; none where the corpus is not there, which is told."""
        key = (root, name, rate, tuple(map(str, fonts)))
        if key not in self.known:
            try:
                self.known[key] = sounds(root, self.context, [name], fonts, rate)
            except MissingCorpusError as error:
                if str(error) not in self.missing:
                    self.context.note(str(error))
                self.missing.add(str(error))
                self.known[key] = []
        return self.known[key]


def _task(name: str, heard: Sequence[Listener], where: _Where) -> Task | None:
    """A task measured, None where it has too few records."""
    items = _judged(name, [one for one in heard if name in one.tasks], where)
    if items is None or len(items.first) < _FEWEST:
        return None
    asked, first = TASKS[name], [items.sounds[row] for row in items.first]
    told = {who: items.mean(rows) for who, rows in items.told.items()}
    title, unit = TITLES[name]
    groups = np.array([one.group for one in first])
    subgroups = _subgroups(name, first)
    folds = items.folds if len(np.unique(items.folds)) > 1 else None
    split = "folds" if folds is not None else "fold" if any(one.folded for one in heard) else where.split
    about = About(title, split, groups, unit, _note(name, first, heard), BARS.get(name, {}), subgroups)
    ours, beside = told["ours"], {who: rows for who, rows in told.items() if who != "ours"}
    rng = np.random.default_rng(0)
    gold = items.mean([one.told for one in items.sounds])
    if asked.classes:
        task = classified(about, asked.names, gold.argmax(1), ours, beside, rng, folds)
    else:
        task = rated(about, asked.names, gold, ours, beside, rng)
        if name == "gems":
            task = with_scales(task, asked.names, gold, told, np.array([one.weight for one in first]), about)
    return replace(task, steadiness=_steady(name, items), timelines=_timelines(name, items))


def _judged(name: str, heard: Sequence[Listener], where: _Where) -> _Items | None:
    """What listeners and baselines tell of every sound that they may judge."""
    if len({one.folded for one in heard}) > 1:
        raise UsageError(f"runs of folds and others cannot be heard together: {', '.join(one.name for one in heard)}")

    def note(told: str) -> None:
        where.context.note(f"{TITLES[name][0]}: {told}")

    told: dict[tuple[str, int], list[Floats]] = {}
    beside: dict[tuple[str, int], dict[str, Floats]] = {}
    found: dict[tuple[str, int], tuple[Sound, int]] = {}
    there = where.sounds(where.root, name, heard[0].settings.sample_rate, where.fonts)
    folds = by_fold(heard, TASKS[name].corpus, {one.key for one in there if one.split != "test"})
    for fold, one in ((fold, one) for fold, same in enumerate(folds) for one in same):
        everything = where.sounds(where.root, name, one.settings.sample_rate, where.fonts)
        mine = one.parted(everything, where.split)[1]
        if not mine:
            continue
        keys = _keys(mine)
        where.context.note(f"{one.name} hears {len(mine)} sounds of {name}")
        for key, sound, row in zip(keys, mine, one(name, mine), strict=True):
            told.setdefault(key, []).append(row)
            found[key] = sound, fold
        if keys[0] not in beside:
            fonts = [Path(font) for font in one.settings.fonts] if one.folded else ()
            around = where.sounds(where.train, name, one.settings.sample_rate, fonts or where.fonts)
            learned = one.parted(around, where.split)[0]
            for who, lines in baselines(name, learned, mine, note).items():
                for key, row in zip(keys, lines, strict=True):
                    beside.setdefault(key, {})[who] = row
    if not found:
        return None
    order = sorted(found)
    names = np.array([key[0] for key in order])
    whose = [who for who in next(iter(beside.values()), {}) if all(who in beside.get(key, {}) for key in order)]
    rows: Told = {"ours": np.array([together(told[key], classes=TASKS[name].classes) for key in order])}
    rows |= {who: np.array([beside[key][who] for key in order]) for who in whose}
    judges = np.array([found[order[row]][1] for row in np.unique(names, return_index=True)[1].tolist()])
    return _Items([found[key][0] for key in order], names, rows, judges)


def _keys(found: Iterable[Sound]) -> list[tuple[str, int]]:
    """The record, with its font, and the number of each stretch in it."""
    count: dict[str, int] = {}
    keys = []
    for one in found:
        name = f"{one.id} {one.font}".strip()
        keys.append((name, count.setdefault(name, 0)))
        count[name] += 1
    return keys


def _subgroups(name: str, first: Sequence[Sound]) -> dict[str, npt.NDArray[np.str_]]:
    told = {}
    if name in {"speech", "song"}:
        told["sex"] = np.array([ravdess.sex(one.group) for one in first])
    if len({one.font for one in first}) > 1:
        told["SoundFont"] = np.array([one.font for one in first])
    return told


def _note(name: str, first: Sequence[Sound], heard: Sequence[Listener]) -> str:
    if not TASKS[name].played:
        return ""
    fonts = sorted({one.font for one in first})
    knowing = [one for one in heard if name in one.tasks]
    learned = {Path(font).stem for one in knowing for font in one.settings.fonts or (soundfont.find(),)}
    unheard = [font for font in fonts if font not in learned]
    told = f"Played with {', '.join(fonts)}"
    return f"{told}; not heard in training: {', '.join(unheard) or 'none'}. Trained with {', '.join(sorted(learned))}."


def _steady(name: str, items: _Items) -> Steadiness | None:
    """How steady what is told is over the stretches of a record; None where no record has two."""
    if len(items.names) == len(items.first):
        return None
    ours = items.told["ours"]
    classes = ours.argmax(1) if TASKS[name].classes else None
    return Steadiness(TASKS[name].names, windows.consistency(items.names, ours, classes))


def _timelines(name: str, items: _Items) -> tuple[Timeline, ...]:
    """The longest pieces of a task whose stretches are rated each by itself."""
    if name not in {"vgmidi", "deam", "pmemo"}:
        return ()
    names, counts = np.unique(items.names, return_counts=True)
    lines = []
    for chosen in names[np.argsort(-counts, kind="stable")[:_LINES]]:
        rows = np.flatnonzero(items.names == chosen).tolist()
        stretches = [items.sounds[row] for row in rows]
        seconds = np.array([one.start + len(one.wave) / one.rate / 2 for one in stretches])
        gold = np.array([items.sounds[row].told for row in rows], np.float64)
        told = items.told["ours"][rows]
        axes = TASKS[name].names
        lines.append(
            Timeline(
                str(chosen),
                seconds,
                {axis: told[:, i] for i, axis in enumerate(axes)},
                {axis: gold[:, i] for i, axis in enumerate(axes)},
            )
        )
    return tuple(lines)


def _verdicts(measured: Sequence[Task], waited: float) -> tuple[targets.Verdict, ...]:
    """The design's targets: classes by RAVDESS speech, valence and arousal by VGMIDI, latency by the slowest task."""
    by_title = {task.title: task for task in measured}
    ours: dict[str, float] = {"latency": waited}
    constant: dict[str, float] = {}
    linear: dict[str, float] = {}
    speech, rating = by_title.get(TITLES["speech"][0]), by_title.get(TITLES["vgmidi"][0])
    wanted: list[tuple[str, Task | None, str, float]] = [
        ("accuracy", speech, "accuracy", 1.0),
        ("mae_valence", rating, "valence: MAE", 1.0),
        ("mae_arousal", rating, "arousal: MAE", 0.5),  # rated in -1..1, the target is of 0..1
        ("r_valence", rating, "valence: Pearson r", 1.0),
        ("r_arousal", rating, "arousal: Pearson r", 1.0),
    ]
    for key, task, name, unit in wanted:
        number = next((one for one in task.numbers if one.name == name), None) if task else None
        if number is not None:
            ours[key] = number.ours.value * unit
            for who, other in number.beside.items():
                (constant if who == "constant" else linear)[key] = other.value * unit
    if speech and speech.calibrated:
        ours["ece"] = (speech.calibrated.after or speech.calibrated.before).ece
        for who, one in speech.calibrated.beside.items():
            (constant if who == "constant" else linear)["ece"] = one.ece
    return targets.judged(ours, constant, {"linear baseline": linear} if linear else None)
