"""Folds: what is not withheld of corpora, cut anew by groups (actors, artists, pieces), one part of which is left out.

Conventions: a fold is a number from 0; which one a group is in hangs on its name alone, so that runs with other tasks
leave out the same groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from kelly.training.data.corpora import ravdess
from kelly.training.data.registry import reader
from kelly.training.data.sounds import Sound
from kelly.training.data.splits import share

__all__ = ["dealt", "folded", "parted"]

Group = tuple[str, str]  # the name of a corpus, and of a group in it


def folded(root: Path, corpora: Iterable[str], folds: int) -> dict[Group, int]:
    """The fold of each group of corpora below a root: tasks of which one lacks some of them still leave out the same.

    Raises: MissingCorpusError, a corpus is not there.
    """
    groups = {(name, one.group) for name in corpora for one in reader(name).load(root) if one.split != "test"}
    return dealt(groups, folds)


def dealt(groups: Iterable[Group], folds: int) -> dict[Group, int]:
    """The fold of each group: dealt out in the order of their hashes, RAVDESS's women and men apart."""
    decks: dict[Group, list[Group]] = {}
    for corpus, group in groups:
        sex = ravdess.sex(group) if corpus == "ravdess" else ""
        decks.setdefault((corpus, sex), []).append((corpus, group))
    told = {}
    for begin, (_, deck) in enumerate(sorted(decks.items())):
        for place, key in enumerate(sorted(deck, key=lambda one: share("fold", one[1]))):
            told[key] = (place + begin) % folds
    return told


def parted(found: Sequence[Sound], folds: Mapping[Group, int], fold: int) -> tuple[list[Sound], list[Sound]]:
    """What is trained on and what is left out.

    Parameters: found; folds, of each group (none: by the splits); fold, which is left out.
    """
    if not folds:
        train, dev = ([one for one in found if one.split == split] for split in ("train", "dev"))
        return train, dev
    known = [one for one in found if one.split != "test"]
    held = [folds[one.corpus, one.group] == fold for one in known]
    train, dev = ([one for one, out in zip(known, held, strict=True) if out is wanted] for wanted in (False, True))
    return train, dev
