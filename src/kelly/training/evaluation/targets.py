"""Targets: the numbers that the design set for a recogniser of sound, and who meets them.

Conventions: `targets.csv` holds a row for each bar: key, measure, whether less is better, bar, unit. A model is a
mapping from keys to numbers; valence is -1..1 and arousal 0..1 in the mean absolute errors. A bar that a constant
meets says nothing about a model; one that nobody meets may be out of reach: both are said in words. Correlations are
with rated gold only.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from kelly.errors import UsageError

__all__ = ["Target", "Verdict", "judged", "summary", "targets"]


@dataclass(frozen=True, slots=True)
class Target:
    """A bar of the design: key, measure in words, whether less is better, the bar and its unit (may be empty)."""

    key: str
    measure: str
    lower: bool
    bar: float
    unit: str

    def met(self, value: float | None) -> bool:
        """Whether a value reaches the bar; what was not measured does not."""
        return value is not None and (value <= self.bar if self.lower else value >= self.bar)

    @property
    def title(self) -> str:
        """The bar as a phrase: "class accuracy ≥ 0.6"."""
        return f"{self.measure} {'≤' if self.lower else '≥'} {self.bar:g}{' ' if self.unit else ''}{self.unit}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target with what each gets.

    Parameters: target; ours and constant, None where not measured; others, further models and published readings by
    name.
    """

    target: Target
    ours: float | None
    constant: float | None
    others: Mapping[str, float] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The verdict as a sentence without its subject."""
        if self.ours is None:
            return "not measured here" + ("; a constant meets it" if self.is_trivial else "")
        if self.target.met(self.ours):
            return "met, but a constant meets it too" if self.is_trivial else self._apart("met")
        if self.is_trivial:
            return "missed, though a constant meets it"
        able = [name for name, value in self.others.items() if self.target.met(value)]
        return f"missed; met by {', '.join(able)}" if able else "missed; nobody here meets it"

    @property
    def is_trivial(self) -> bool:
        """Whether a constant meets the target."""
        return self.target.met(self.constant)

    @property
    def is_unmet(self) -> bool:
        """Whether somebody was measured, and nobody meets the target."""
        told = [self.ours, self.constant, *self.others.values()]
        return any(value is not None for value in told) and not any(self.target.met(value) for value in told)

    def _apart(self, word: str) -> str:
        return word if self.constant is None else f"{word}; a constant misses it"


@cache
def targets() -> tuple[Target, ...]:
    """The bars of the design, as `targets.csv` has them."""
    with resources.files("kelly.training.evaluation").joinpath("targets.csv").open(encoding="utf-8") as lines:
        return tuple(
            Target(row["key"], row["measure"], row["lower"] == "yes", float(row["bar"]), row["unit"])
            for row in csv.DictReader(lines)
        )


def judged(
    ours: Mapping[str, float], constant: Mapping[str, float], others: Mapping[str, Mapping[str, float]] | None = None
) -> tuple[Verdict, ...]:
    """Every target with what we, a constant and others get, by the keys of `targets`.

    Raises: UsageError, a key is none of a target.
    """
    beside = others or {}
    known = {target.key for target in targets()}
    for told in (ours, constant, *beside.values()):
        if strange := sorted(set(told) - known):
            raise UsageError(f"targets are set for {', '.join(sorted(known))}; got {', '.join(strange)}")
    return tuple(
        Verdict(
            one, ours.get(one.key), constant.get(one.key), {n: t[one.key] for n, t in beside.items() if one.key in t}
        )
        for one in targets()
    )


def summary(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """What the verdicts come to: which bars we meet beyond a constant, which a constant meets, which nobody meets."""
    kinds = (
        ("Met by the model and not by a constant", [v for v in verdicts if v.target.met(v.ours) and not v.is_trivial]),
        ("Met by a constant already", [v for v in verdicts if v.is_trivial]),
        ("Met by nobody here", [v for v in verdicts if v.is_unmet]),
    )
    return tuple(f"{title}: {', '.join(v.target.title for v in told) or 'none'}." for title, told in kinds)
