"""The lexicon: words and phrases that carry a feeling, and those that change how the others are read.

Conventions: four tables lie beside this module. `lexicon.csv` and `emoji.csv` hold feelings (entry, name of the
thesaurus, strength, own coordinates where they differ, weight, wound), `degrees.csv` the words that strengthen or
weaken (amount added to a factor of 1, place before, after or either), `cues.csv` the words of grammar (kind, amount).
Entries are written in base forms: "break my heart" finds "broke her heart"; ~kin stands for any relative. Inside a
phrase, forms of be and have, degree words and small adverbs may be skipped: "heart racing" finds "heart was racing".
All of it was written by hand for Kelly; no published lexicon was used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from kelly.emotion.space import Emotion
from kelly.emotion.thesaurus import lookup
from kelly.listening.morphology import table
from kelly.listening.tokens import Token

__all__ = ["Cue", "Match", "Sense", "longest", "point"]

_SKIPS = 2  # how many words in a row may be skipped inside a phrase


class Sense(NamedTuple):
    """An entry that carries a feeling.

    Parameters: entry; name, of a feeling ("" for an entry that only shields its words from being read singly);
    strength, 0..1, the share of the name's distance from neutral; valence, arousal, dominance, own coordinates or None;
    weight, 0..1, how much it says about the writer; wound, what it names or "".
    """

    entry: str
    name: str
    strength: float = 1.0
    valence: float | None = None
    arousal: float | None = None
    dominance: float | None = None
    weight: float = 1.0
    wound: str = ""


class Cue(NamedTuple):
    """An entry that changes how others are read: its kind (see `grammar`) and an amount (a degree, a reach)."""

    entry: str
    kind: str
    amount: float = 0.0


class Match(NamedTuple):
    """An entry found in a list of tokens, and the index of the token after it.

    degree: what the same words are as words of degree ("great" is praise, "great sorrow" is more sorrow), or None.
    """

    entry: Sense | Cue
    end: int
    degree: Cue | None = None


@dataclass(slots=True)
class _Branch:
    """A node of the tree of entries, word by word."""

    entry: Sense | Cue | None = None
    degree: Cue | None = None
    next: dict[str, _Branch] = field(default_factory=dict)


@cache
def _tree() -> _Branch:
    root = _Branch()
    entries: list[Sense | Cue] = [*_senses("lexicon.csv"), *_senses("emoji.csv"), *_degrees(), *_cues()]
    for entry in entries:
        branch = root
        for word in entry.entry.split():
            branch = branch.next.setdefault(word, _Branch())
        if isinstance(entry, Cue) and branch.entry is not None:
            branch.degree = entry
        else:
            branch.entry = entry
    return root


@cache
def _skippable() -> frozenset[str]:
    single = [cue.entry for cue in (*_degrees(), *_cues()) if cue.kind in ("skip", "before") and " " not in cue.entry]
    return frozenset(["be", "have", *single])


def _senses(file: str) -> Iterator[Sense]:
    for row in table(file):
        v, a, d = (float(row[axis]) if row[axis] else None for axis in ("valence", "arousal", "dominance"))
        strength, weight = (float(row[column] or 1) for column in ("strength", "weight"))
        yield Sense(row["entry"], row["name"], strength, v, a, d, weight, row["wound"])


@cache
def _degrees() -> tuple[Cue, ...]:
    return tuple(Cue(row["entry"], row["place"], float(row["amount"])) for row in table("degrees.csv"))


@cache
def _cues() -> tuple[Cue, ...]:
    return tuple(Cue(row["entry"], row["kind"], float(row["amount"] or 0)) for row in table("cues.csv"))


@cache
def point(sense: Sense) -> Emotion:
    """Where an entry lies: its name's place at its strength, with its own coordinates where it has them."""
    there = lookup(sense.name).emotion.scaled(sense.strength)
    own = (sense.valence, sense.arousal, sense.dominance)
    return Emotion(*(x if mine is None else mine for x, mine in zip(there.vad, own, strict=True)))


def longest(tokens: list[Token], start: int) -> Match | None:
    """The longest entry that begins at token `start`, or None; of equals the one nearest to the written words."""
    best: Match | None = None
    states = [(_tree(), start, 0)]
    while states:
        branch, at, skipped = states.pop()
        if at >= len(tokens):
            continue
        deeper = [(branch.next[form], at + 1, 0) for form in tokens[at].forms if form in branch.next]
        for child, end, _ in deeper:
            if child.entry is not None and (best is None or end > best.end):
                best = Match(child.entry, end, child.degree)
        if at > start and skipped < _SKIPS and not _skippable().isdisjoint(tokens[at].forms):
            states.append((branch, at + 1, skipped + 1))
        states += reversed(deeper)
    return best
