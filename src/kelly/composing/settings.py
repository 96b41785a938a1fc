"""Settings: what a user asks for beside the feeling, checked and brought to one spelling.

Conventions: None leaves a thing to Kelly. Two ways to say the same (100 and 100.0, "lofi" and "lo-fi") are equal
settings, so that they compose the same song.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kelly.composing import progressions, tables, theory
from kelly.errors import IntentError, UsageError
from kelly.names import find, quoted
from kelly.names import key as key_of
from kelly.numbers import number, whole

__all__ = ["NEURAL", "RANGES", "ROLES", "Settings", "role_name"]

# What each number may be; integers are those without a fraction here.
RANGES: dict[str, tuple[float, float]] = {
    "tempo": (20.0, 400.0),
    "minutes": (0.1, 30.0),
    "complexity": (0.0, 1.0),
    "humanise": (0.0, 1.0),
    "feel": (-1.0, 1.0),
    "dynamics": (0.0, 1.0),
    "neural": (0.0, 1.0),
    "improvise": (0.0, 1.0),
    "fit": (0.001, 1.0),
}
ROLES = ("intro", "verse", "pre-chorus", "chorus", "bridge", "breakdown", "build", "drop", "interlude", "outro")
LONGEST_REASON = 4000  # characters
NEURAL = 0.0  # the dial when nobody turned it
WHOLE = {"seed": (0, 2**63 - 1), "bars": (1, 2000), "tries": (1, 64)}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user asked for beside the feeling.

    Parameters
    ----------
    seed : integer >= 0.
    key, mode, genre : names.
    tempo : BPM in 20..400.
    bars, minutes : length, 1..2000 or .1..30; at most one of them.
    complexity, humanise, dynamics : 0..1.
    feel : -1 (laid back)..1 (pushing).
    progressions : chords by role of section, as Roman numerals or lead-sheet symbols.
    breaks : rule-breaks by name with the reason for each.
    triggers : whether the feeling itself may break rules.
    mute : parts that are composed but not sounded.
    neural : 0 (the rules alone)..1, how much the trained networks have to say.
    improvise : 0 (none)..1 (all that sound and are no drums), which share of the parts the transformer writes.
    fit : None, or .001..1: how far from what was asked a section may be heard before it is written again.
    tries : how often a song is written at most, to fit, 1..64.

    Raises
    ------
    UsageError : a value is out of range or of the wrong kind, a name is unknown, or two values contradict each other.
    """

    seed: int = 0
    key: str | None = None
    mode: str | None = None
    tempo: float | None = None
    genre: str | None = None
    bars: int | None = None
    minutes: float | None = None
    complexity: float | None = None
    humanise: float = 0.5
    feel: float | None = None
    dynamics: float = 0.6
    progressions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    breaks: Mapping[str, str] = field(default_factory=dict)
    triggers: bool = True
    mute: tuple[str, ...] = ()
    neural: float = NEURAL
    improvise: float = 0.0
    fit: float | None = None
    tries: int = 8

    def __post_init__(self) -> None:
        if self.bars is not None and self.minutes is not None:
            raise UsageError("give a length in bars or in minutes, not both")
        for name in WHOLE:
            self._settle(name, _whole)
        for name in RANGES:
            self._settle(name, _number)
        for name, form in FORMS.items():
            self._settle(name, form)

    def _settle(self, name: str, form: Any) -> None:  # noqa: ANN401 - one of the functions below
        value = getattr(self, name)
        optional = type(self).__dataclass_fields__[name].default is None
        if value is not None or not optional:
            object.__setattr__(self, name, form(name, value))


def _whole(name: str, value: Any) -> int:  # noqa: ANN401 - whatever a caller may give
    return whole(name, value, *WHOLE[name])


def _number(name: str, value: Any) -> float:  # noqa: ANN401
    return number(name, value, *RANGES[name], unit="BPM" if name == "tempo" else "")


def _flag(name: str, value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, bool):
        return value
    raise UsageError(f"{name} must be True or False; got {quoted(value)}")


def _tonic(name: str, value: Any) -> str:  # noqa: ANN401
    theory.parse_tonic(value)
    text = str(value).strip().replace("♭", "b").replace("♯", "#")
    return text[0].upper() + text[1:]


def _muted(name: str, value: Any) -> tuple[str, ...]:  # noqa: ANN401
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise UsageError(f"{name} takes a row of parts; got {quoted(value)}")
    asked = [key_of(part, name) for part in value]
    for part in asked:
        if part not in tables.parts():
            raise UsageError(f"{name} takes one of {', '.join(tables.parts())}; got {quoted(part)}")
    return tuple(part for part in tables.parts() if part in asked)


def _chords(name: str, value: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401
    rows = {}
    for role, chords in _mapping(name, value).items():
        if isinstance(chords, str) or not isinstance(chords, Iterable) or not (row := tuple(chords)):
            raise UsageError(f"{name} give each section a row of chords; {quoted(role)} has {quoted(chords)}")
        progressions.progression(row, 0)  # raises for what is no chord
        rows[role_name(role)] = row
    return rows


def role_name(name: object) -> str:
    """The role of section that is meant ("Pre chorus", "prechorus"). Raises UnknownNameError."""
    wanted = {"prechorus": "pre-chorus"}.get(key_of(name, "a section"), name)
    return find(wanted, ROLES, "a section")


def _reasons(name: str, value: Any) -> dict[str, str]:  # noqa: ANN401
    """The rules as they were named; which there are is known to `rulebreaks`."""
    return {key_of(rule, "a rule to break"): _reason(rule, reason) for rule, reason in _mapping(name, value).items()}


def _reason(rule: str, reason: Any) -> str:  # noqa: ANN401
    """A reason on one line. Raises IntentError when there is none."""
    line = " ".join(reason.split()) if isinstance(reason, str) else ""
    if not line:
        raise IntentError(f"a rule is broken for a reason; {quoted(rule)} has none")
    if len(line) > LONGEST_REASON or not line.isprintable():
        raise UsageError(f"a reason is at most {LONGEST_REASON} printable characters; got {quoted(reason)}")
    return line


def _mapping(name: str, value: Any) -> Mapping[Any, Any]:  # noqa: ANN401
    if isinstance(value, Mapping):
        return value
    raise UsageError(f"{name} must be a mapping; got {quoted(value)}")


FORMS = {
    "triggers": _flag,
    "key": _tonic,
    "mode": lambda _, value: theory.mode_name(value),
    "genre": lambda _, value: tables.genre(value).name,
    "mute": _muted,
    "progressions": _chords,
    "breaks": _reasons,
}
