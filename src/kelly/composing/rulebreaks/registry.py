"""The registry of rule-breaks: what there is, which of them act on a song, and the stages at which they do.

Conventions: severity = base (.5 + .5 intensity) of the song's most intense feeling, 0..1. A break that a feeling
triggers is reported with that severity but acts at half of it, and only in sections whose feeling triggers it, so
that tempo, mode and melody stay what the feeling asks for. Each break draws from a stream of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

from numpy.random import Generator

from kelly.composing.chance import stream
from kelly.composing.context import Chord, Context, Plan
from kelly.composing.rulebreaks import arrangement, harmony, production, rhythm
from kelly.composing.settings import Settings
from kelly.composing.tables import load_rows
from kelly.emotion.space import Emotion
from kelly.errors import UnknownNameError
from kelly.names import key, nearest, quoted
from kelly.score.notes import Score
from kelly.sound.effects import Effects

__all__ = [
    "Broken",
    "RuleBreak",
    "break_chords",
    "break_plan",
    "break_score",
    "choose",
    "describe",
    "effects",
    "names",
]

Change = TypeVar("Change")

# By stage, in the order in which they act: what reads the song's beats comes before what cuts them.
PLAN: dict[str, Callable[[Plan, float, Generator], Plan]] = {
    "structural-mismatch": arrangement.structural_mismatch,
    "premature-climax": arrangement.premature_climax,
}
CHORDS: dict[str, Callable[[list[Chord], Context, float, Generator], list[Chord]]] = {
    "modal-interchange": harmony.modal_interchange,
    "tritone-substitution": harmony.tritone_substitution,
    "avoid-tonic-resolution": harmony.avoid_tonic_resolution,
    "parallel-motion": harmony.parallel_motion,
}
SCORE: dict[str, Callable[[Score, Plan, float, Generator], Score]] = {
    "polytonality": harmony.polytonality,
    "unresolved-dissonance": harmony.unresolved_dissonance,
    "polyrhythmic-layers": rhythm.polyrhythmic_layers,
    "constant-displacement": rhythm.constant_displacement,
    "extreme-dynamic-range": arrangement.extreme_dynamic_range,
    "unbalanced-dynamics": arrangement.unbalanced_dynamics,
    "buried-vocals": arrangement.buried_vocals,
    "excessive-mud": production.excessive_mud,
    "distortion": production.distortion,
    "room-noise": production.room_noise,
    "pitch-imperfection": production.pitch_imperfection,
    "mono-collapse": production.mono_collapse,
    "metric-modulation": rhythm.metric_modulation,
    "tempo-fluctuation": rhythm.tempo_fluctuation,
    "dropped-beats": rhythm.dropped_beats,
}
GENTLE = 0.5  # of the severity, where a feeling breaks a rule that nobody asked it to break
TURN = 0.6  # of valence, from where a change of its sign is strong


@dataclass(frozen=True, slots=True)
class RuleBreak:
    """A rule-break: name, group (harmony, rhythm, arrangement, production), the stages at which it acts, base severity
    0..1, what it does in the notes (effect), and why one would (reason).
    """

    name: str
    group: str
    stages: tuple[str, ...]
    base: float
    effect: str
    reason: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule-break that acts on a song: name, severity 0..1, the reason, and whether the user asked for it."""

    name: str
    severity: float
    reason: str
    asked: bool = True


@dataclass(frozen=True, slots=True)
class _Trigger:
    """Feelings that break a rule, and why, in words; `{v}`, `{a}`, `{i}` stand for the feeling's numbers."""

    name: str
    felt: Callable[[Emotion], bool]
    reason: str


TRIGGERS = (
    _Trigger(
        "modal-interchange",
        lambda feeling: feeling.valence < -0.3,
        "the feeling is heavy (valence {v:.2f}), so a chord from the parallel mode darkens the harmony",
    ),
    _Trigger(
        "constant-displacement",
        lambda feeling: feeling.arousal > 0.7 and feeling.dominance < 0.5,
        "the feeling is agitated and out of control (arousal {a:.2f}), so a part runs behind the beat",
    ),
    _Trigger(
        "polyrhythmic-layers",
        lambda feeling: feeling.arousal > 0.7 and feeling.dominance >= 0.5,
        "the feeling is agitated and strong (arousal {a:.2f}), so a second pulse pulls against the beat",
    ),
    _Trigger(
        "extreme-dynamic-range",
        lambda feeling: feeling.intensity > 0.7,
        "the feeling is intense (intensity {i:.2f}), so soft and loud lie further apart",
    ),
    _Trigger(
        "avoid-tonic-resolution",
        lambda feeling: feeling.arousal < 0.3 and feeling.valence < -0.3,
        "the feeling is low and lost (valence {v:.2f}, arousal {a:.2f}), so phrases do not come home",
    ),
)


@cache
def _table() -> dict[str, RuleBreak]:
    return {
        row["name"]: RuleBreak(
            row["name"], row["group"], tuple(row["stage"].split()), float(row["base"]), row["effect"], row["reason"]
        )
        for row in load_rows("rulebreaks/rulebreaks.csv")
    }


def names() -> tuple[str, ...]:
    """The names of all rule-breaks, in the order of the table."""
    return tuple(_table())


def describe(name: str) -> RuleBreak:
    """The rule-break called `name` (any case, blanks or hyphens). Raises UnknownNameError with the nearest names."""
    wanted = key(name, "a rule to break")
    if wanted not in _table():
        close = nearest(wanted, _table(), 3)
        hint = f"did you mean {', '.join(close)}?" if close else f"there are {', '.join(_table())}"
        raise UnknownNameError(f"no rule-break is called {quoted(name)}; {hint}")
    return _table()[wanted]


def choose(plan: Plan, settings: Settings) -> tuple[Broken, ...]:
    """The rule-breaks that act on a song: those the user asked for, then those its feelings trigger.

    Parameters: plan, the song's; settings, whose `breaks` gives a reason for each rule and whose `triggers` says
    whether feelings may break rules.
    Returns: each rule at most once, in the order of the table; the user's reason wins. Severity is base (.5 + .5 I) of
    the strongest feeling concerned, and half of that where nobody asked.
    Raises: UnknownNameError, there is no such rule-break.
    """
    feelings = [section.asked for section in plan.sections]
    asked = tuple(_asked(settings.breaks, max(feeling.intensity for feeling in feelings)))
    if not settings.triggers:
        return asked
    # The user's own chords are played as they stand, unless the user breaks them.
    kept = [broken.name for broken in asked] + (list(CHORDS) if settings.progressions else [])
    return (*asked, *(broken for broken in _triggered(feelings) if broken.name not in kept))


def _severity(name: str, intensity: float, share: float = 1.0) -> float:
    return round(share * describe(name).base * (0.5 + 0.5 * intensity), 3)


def _asked(breaks: Mapping[str, str], intensity: float) -> Iterator[Broken]:
    reasons = {describe(name).name: reason for name, reason in breaks.items()}
    for rule, reason in ((rule, reasons[rule.name]) for rule in _table().values() if rule.name in reasons):
        yield Broken(rule.name, _severity(rule.name, intensity), reason)


def _triggered(feelings: Sequence[Emotion]) -> Iterator[Broken]:
    for trigger in TRIGGERS:
        felt = [feeling for feeling in feelings if trigger.felt(feeling)]
        if felt:
            strongest = max(felt, key=lambda feeling: round(feeling.intensity, 6))
            v, a, _ = strongest.vad
            reason = trigger.reason.format(v=v, a=a, i=strongest.intensity)
            yield Broken(trigger.name, _severity(trigger.name, strongest.intensity, GENTLE), reason, asked=False)
        elif trigger.name == "modal-interchange" and _turns(feelings[0], feelings[-1]):
            way = "dark" if feelings[-1].valence < 0 else "light"
            reason = f"the journey turns to the {way}, so a chord from the parallel mode marks the turn"
            severity = _severity(trigger.name, max(feeling.intensity for feeling in feelings), GENTLE)
            yield Broken(trigger.name, severity, reason, asked=False)


def _turns(first: Emotion, last: Emotion) -> bool:
    """Whether valence changes its sign, and strongly."""
    return first.valence * last.valence < 0 and abs(first.valence - last.valence) >= TURN


def break_plan(plan: Plan, broken: Iterable[Broken]) -> Plan:
    """The plan with its rules broken; called before any engine plays."""
    for one, change in _acting(PLAN, broken):
        plan = change(plan, one.severity, stream(plan.seed, "break", one.name))
    return plan


def break_chords(chords: list[Chord], context: Context, broken: Iterable[Broken]) -> list[Chord]:
    """A section's chords with their rules broken, to be voiced afterwards where a break has not done so."""
    for one, change in _acting(CHORDS, broken):
        if _concerns(one, context.section.asked, context.plan):
            rng = stream(context.plan.seed, "break", one.name, context.section.role)
            chords = change(chords, context, one.severity, rng)
    return chords


def break_score(score: Score, plan: Plan, broken: Iterable[Broken]) -> Score:
    """The finished score, in beats of the song, with its rules broken; parts that no break concerns stay as they are.

    Cut beats are cut here, so the sections of `plan` no longer say where things lie if dropped-beats is among the
    breaks.
    """
    for one, change in _acting(SCORE, broken):
        sections = tuple(section for section in plan.sections if _concerns(one, section.asked, plan))
        if sections:
            rng = stream(plan.seed, "break", one.name)
            score = change(score, replace(plan, sections=sections), one.severity, rng)
    return score


def effects(broken: Iterable[Broken]) -> Effects:
    """What the render adds for the production breaks; without any, effects that change nothing."""
    added = Effects()
    for one, _ in _acting(production.SOUND, broken):
        added = production.sounding(added, one.name, one.severity)
    return added


def _acting(stage: Mapping[str, Change], broken: Iterable[Broken]) -> list[tuple[Broken, Change]]:
    """The breaks that act at a stage, in its order."""
    by_name = {one.name: one for one in broken}
    return [(by_name[name], change) for name, change in stage.items() if name in by_name]


def _concerns(one: Broken, feeling: Emotion, plan: Plan) -> bool:
    """Whether a break acts in a section of this feeling: always when asked for, else where it is felt."""
    if one.asked or any(trigger.name == one.name and trigger.felt(feeling) for trigger in TRIGGERS):
        return True
    return one.name == "modal-interchange" and _turns(plan.sections[0].asked, feeling)
