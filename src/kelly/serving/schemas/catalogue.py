"""The catalogue: names of feelings, what may be asked of a song, and the trained models."""

from __future__ import annotations

from pydantic import Field

from kelly.serving.schemas.common import Told
from kelly.serving.schemas.feelings import Place

__all__ = [
    "ArcRow",
    "Emotions",
    "GenreRow",
    "ModelCard",
    "ModelRow",
    "Models",
    "NamedFeeling",
    "Options",
    "PartRow",
    "Range",
    "RuleBreakRow",
    "StretchRow",
]


class NamedFeeling(Place):
    """A feeling that has a name: its category, place and intensity, and whether it is a mixed one."""

    name: str
    category: str
    intensity: float
    blend: bool


class Emotions(Told):
    """The names of feelings and their places."""

    emotions: list[NamedFeeling]


class GenreRow(Told):
    """A genre, and the slowest and the fastest tempo that it is at home in (BPM)."""

    name: str
    slowest: float
    fastest: float


class StretchRow(Told):
    """A stretch of an arc: its role, bars, energy (0..1), and the share of the way that is done in its middle."""

    role: str
    bars: int
    energy: float
    travel: float


class ArcRow(Told):
    """An arc: the form of a song, which is brought to the length that is asked for."""

    name: str
    bars: int
    stretches: list[StretchRow]


class PartRow(Told):
    """A part of the arrangement, and what its track is called."""

    name: str
    title: str


class RuleBreakRow(Told):
    """A rule that may be broken: its group, what that does in the notes, and why one would."""

    name: str
    group: str
    effect: str
    reason: str


class Range(Told):
    """What a number may be, and what it is when it is left out; none where Kelly decides."""

    least: float
    most: float
    usual: float | None


class Options(Told):
    """What may be asked of a song, by the fields of a request that take it."""

    genre: list[GenreRow]
    mode: list[str]
    key: list[str]
    arc: list[ArcRow]
    role: list[str] = Field(description="Of sections, and of progressions.")
    mute: list[PartRow]
    breaks: list[RuleBreakRow]
    numbers: dict[str, Range] = Field(description="tempo, bars, minutes, complexity, humanise, improvise ...")


class ModelRow(Told):
    """A trained model: the licence of its weights, the corpora they come of, bytes, and files that are damaged."""

    name: str
    licence: str
    corpora: list[str]
    size: int
    damaged: list[str]


class Models(Told):
    """The trained models of this Kelly."""

    models: list[ModelRow]


class ModelCard(ModelRow):
    """A trained model with its card: what it is, what it learned from, and how good it is beside baselines."""

    card: str = Field(description="Markdown.")
