"""Feelings: by their places, as they are read in words, and as they are heard."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from kelly.serving.schemas.common import Asked, Share, Text, Told

__all__ = [
    "Alternative",
    "Analysis",
    "Evidence",
    "Feeling",
    "FeelingQuestion",
    "FeelingReading",
    "Felt",
    "Influence",
    "Moment",
    "Point",
    "Prediction",
    "Spread",
    "Station",
    "Waypoint",
]


class Point(Asked):
    """A feeling by its place."""

    valence: float = Field(ge=-1, le=1)
    arousal: float = Field(ge=0, le=1)
    dominance: float = Field(ge=0, le=1)


class Felt(Point):
    """A feeling by its place, and how sure and how strong it is."""

    confidence: Share | None = Field(default=None, description="How sure it was heard; 1 when left out.")
    intensity: Share | None = Field(default=None, description="How strong it is; as its place says when left out.")


class Waypoint(Felt):
    """A feeling, and how far through the song it is reached (0..1)."""

    at: float = Field(ge=0, le=1)


class FeelingQuestion(Asked):
    """A text to be read for its feeling."""

    text: Text
    explain: bool = Field(default=False, description="Whether to find out what each word did to the reading; slower.")


class Place(Told):
    """Root of what has a place: valence -1..1, arousal and dominance 0..1."""

    valence: float
    arousal: float
    dominance: float


class Feeling(Place):
    """A feeling: place, confidence and intensity (0..1), and the name that fits best."""

    confidence: float
    intensity: float
    name: str
    category: str
    tier: str = Field(description="How much of the name: full, mid or low.")


class Alternative(Place):
    """A way to read it: a name with its place, and how likely it is (0..1)."""

    name: str
    category: str
    tier: str
    weight: float


class Evidence(Place):
    """A word that told, where it stands in the text (characters, from start up to end), and where it pulls."""

    word: str
    start: int
    end: int
    name: str = Field(description="The feeling it stands for, before any negation.")
    weight: float = Field(description="Its share of the reading, 0..1.")
    negated: bool
    factor: float = Field(description="What degree words made of it; 1 is as it is.")


class Influence(Place):
    """What a word, or a few neighbours, did to the reading: how far it moved each axis; where it stands in the text."""

    text: str
    start: int
    end: int


class Spread(Told):
    """Standard deviations of what many listeners would say; none where that cannot be told."""

    valence: float | None
    arousal: float | None
    dominance: float | None


class FeelingReading(Told):
    """How a text or a voice was heard."""

    model_config = ConfigDict(extra="allow")

    emotion: Feeling
    readings: list[Alternative] = Field(description="One to three ways to read it, the likeliest first.")
    words: list[Evidence] = Field(description="The words that told, in the order of the text.")
    wound: str | None = Field(description="What happened (loss, betrayal ...), or which joy; none where none is named.")
    wound_words: list[str] = Field(description="The words that named it.")
    emphasis: float = Field(description="How loud the writing is, 0..1.")
    reader: str = Field(description="Who read it: learned or lexicon (words), sound, symbolic (notes).")
    spread: Spread
    names: dict[str, float] = Field(description="The names it may be called, with their weights of .01 and more.")
    influences: list[Influence] = Field(description="What each word did, where `explain` asked for it.")


class Moment(Told):
    """How it is heard from a time on (of notes, up to an end; seconds); no place and no name where nothing sounds."""

    time: float
    end: float | None = None
    valence: float | None
    arousal: float | None
    dominance: float | None
    name: str | None = None


class Station(Place):
    """A feeling on the way through a song, as a journey takes it: at, 0..1."""

    at: float


class Analysis(FeelingReading):
    """How a recording or a score was heard, as a whole and as it goes on; what only sound has is none of a score."""

    kind: Literal["speech", "singing", "music", "score", ""] = Field(description="Empty where nothing sounds.")
    seconds: float
    timeline: list[Moment]
    journey: list[Station] = Field(description="The way through its feelings, as POST /v1/songs takes it.")
    kinds: dict[str, float] | None = Field(default=None, description="How likely it is speech, singing, music.")
    primary: str | None = Field(default=None, description="The likeliest of the classes.")
    classes: dict[str, float] | None = Field(default=None, description="Basic emotions with their weights.")
    scales: dict[str, float] | None = Field(default=None, description="Of music: what it moves people to, 0..1.")
    derived: list[str] | None = Field(default=None, description="Axes that are worked out of others.")
    arc: str | None = Field(default=None, description="The arc that its course is like; empty where there is none.")


class Prediction(Place):
    """How a file was heard, in short."""

    emotions: dict[str, float] = Field(description="Names with their weights.")
    primary_emotion: str
    confidence: float
