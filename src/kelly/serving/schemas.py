"""What is asked of the service, and what it answers, as pydantic models: the OpenAPI description follows from these.

Conventions: a request with a field that is not known is refused, so that a slip of the pen is not overlooked. Ranges
are those of the package; what only the package can check (a name, a chord, two wishes that contradict each other) it
checks before a job is taken on.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from kelly.composing.settings import LONGEST_REASON, RANGES, WHOLE
from kelly.listening.words import LONGEST

__all__ = [
    "Analysis",
    "Emotions",
    "FeelingQuestion",
    "FeelingReading",
    "FeelingSource",
    "Health",
    "JobView",
    "Models",
    "Point",
    "Prediction",
    "Preference",
    "PreferenceView",
    "Preferences",
    "Problem",
    "SongView",
    "Songs",
    "Variation",
    "Wanted",
    "plain",
]

Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Id = Annotated[str, StringConstraints(pattern="^[0-9a-f]{24}$")]
Seed = Annotated[int, Field(ge=WHOLE["seed"][0], le=WHOLE["seed"][1])]
Share = Annotated[float, Field(ge=0, le=1)]
DEEPEST = 16  # levels of an object that nothing here knows the inside of


def plain(value: dict[str, Any]) -> dict[str, Any]:
    """An object as any store can keep it: not too deep, of finite numbers, its texts of whole letters.

    Raises: ValueError, it is none.
    """
    row: list[tuple[int, Any]] = [(1, value)]
    while row:
        depth, one = row.pop()
        if depth > DEEPEST:
            raise ValueError(f"it may be nested {DEEPEST} deep")
        if isinstance(one, float) and not math.isfinite(one):
            raise ValueError("its numbers must be finite")
        if isinstance(one, str) and any("\ud800" <= letter <= "\udfff" for letter in one):
            raise ValueError("its texts must be of whole letters")
        if isinstance(one, dict):
            row += [(depth, name) for name in one] + [(depth + 1, inner) for inner in one.values()]
        elif isinstance(one, list):
            row += [(depth + 1, inner) for inner in one]
    return value


Plain = Annotated[dict[str, Any], AfterValidator(plain)]
GRIEF: dict[str, Any] = {"valence": -0.9, "arousal": 0.3, "dominance": 0.25}


class Asked(BaseModel):
    """Root of what is asked for."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


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


class Section(Asked):
    """A stretch of an arc: role, bars, energy, and the share of the way that is done in its middle."""

    role: Name
    bars: Annotated[int, Field(ge=1, le=WHOLE["bars"][1])]
    energy: Share
    travel: Share


class Way(Asked):
    """A journey: from a feeling to another, or through points; along an arc, or over sections of its own."""

    start: Felt | None = None
    end: Felt | None = Field(default=None, description="The start when left out.")
    points: Annotated[list[Waypoint], Field(min_length=2, max_length=256)] | None = None
    arc: Name | None = Field(default=None, description="The name of an arc; with sections, any name.")
    sections: Annotated[list[Section], Field(min_length=1, max_length=256)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Way:
        if (self.start is None) == (self.points is None) or (self.points is not None and self.end is not None):
            raise ValueError("a journey has a start, and an end if it leads elsewhere, or points")
        return self


class FeelingQuestion(Asked):
    """A text to be read for its feeling."""

    text: Text = Field(examples=["I miss her so much, and I'm glad she's free"])
    explain: bool = Field(default=False, description="Whether to find out what each word did to the reading; slower.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "I miss her so much, and I'm glad she's free"}]})


class FeelingSource(Asked):
    """A feeling, said in one of seven ways."""

    text: Text | None = Field(default=None, description="Words, which are read.")
    emotion: Name | None = Field(default=None, description='One of the 72 names, or a blend: "grief", "joy:low".')
    vad: Felt | None = Field(default=None, description="A place.")
    reading: Plain | None = Field(default=None, description="A reading, as /v1/feelings answered it.")
    story: Text | None = Field(default=None, description="A story or lyric, which drives the song section by section.")
    journey: Annotated[list[Waypoint], Field(min_length=2, max_length=256)] | Way | None = Field(
        default=None, description="Places on the way, in order; or the way with its form."
    )
    intent: Plain | None = Field(default=None, description="A song intent, as a song file states it.")

    @model_validator(mode="after")
    def _one(self) -> FeelingSource:
        if (
            len(self.model_fields_set & {name for name in type(self).model_fields if getattr(self, name) is not None})
            != 1
        ):
            raise ValueError("give one of text, emotion, vad, reading, story, journey and intent")
        return self


class Manner(Asked):
    """How a song is to be played; what is left out, Kelly decides."""

    key: Name | None = None
    mode: Name | None = None
    tempo: Annotated[float, Field(ge=RANGES["tempo"][0], le=RANGES["tempo"][1])] | None = None
    genre: Name | None = None
    complexity: Share | None = None
    humanise: Share | None = None
    feel: Annotated[float, Field(ge=-1, le=1)] | None = None
    dynamics: Share | None = None
    breaks: dict[Name, Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_REASON)]] | None = None
    triggers: bool = True
    mute: Annotated[list[Name], Field(max_length=32)] | None = None
    neural: Share | None = None


class Wishes(Manner):
    """What a song may be asked for beside its feeling; what is left out, Kelly decides."""

    seed: Seed = 0
    bars: Annotated[int, Field(ge=WHOLE["bars"][0], le=WHOLE["bars"][1])] | None = None
    minutes: Annotated[float, Field(ge=RANGES["minutes"][0], le=RANGES["minutes"][1])] | None = None
    progressions: dict[Name, Annotated[list[Name], Field(min_length=1, max_length=64)]] | None = None
    improvise: Share | None = None
    fit: Annotated[float, Field(ge=RANGES["fit"][0], le=RANGES["fit"][1])] | None = None
    tries: Annotated[int, Field(ge=WHOLE["tries"][0], le=WHOLE["tries"][1])] | None = None


class Wanted(Wishes):
    """A song to be composed."""

    feeling: FeelingSource
    to: Text | Felt | None = Field(default=None, description="The feeling it leads to: a name, a few words, a place.")
    arc: Name | None = Field(default=None, description="How it gets there: slow-reveal, spiral ...")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"feeling": {"text": "I miss her so much"}, "bars": 16, "genre": "ballad", "seed": 7},
                {"feeling": {"emotion": "terror"}, "to": "serenity", "arc": "slow-reveal"},
                {"feeling": {"vad": GRIEF}, "minutes": 2},
            ]
        }
    )


class Drawing(Asked):
    """How freely the transformer draws; what is left out is as usual."""

    temperature: Annotated[float, Field(ge=0, le=5)] | None = None
    top_k: Annotated[int, Field(ge=0, le=10_000)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    repetition: Annotated[float, Field(ge=0, le=5)] | None = None
    guidance: Annotated[float, Field(ge=0, le=10)] | None = None


class Variation(Asked):
    """What is made of a song that is there."""

    kind: Literal["vary", "infill", "continue", "accompany", "reperform"] = Field(
        description="vary: a part anew; infill: some bars anew; continue: more bars; accompany: chords and a bass; "
        "reperform: melody and chords in another feeling."
    )
    part: Name | None = Field(default=None, description="Of vary: the part by its name or role.")
    first: Annotated[int, Field(ge=1, le=10_000)] | None = Field(default=None, description="Of infill: the first bar.")
    last: Annotated[int, Field(ge=1, le=10_000)] | None = Field(default=None, description="Of infill: the last bar.")
    bars: Annotated[int, Field(ge=1, le=1000)] | None = Field(default=None, description="Of continue: how many; 8.")
    feeling: FeelingSource | None = Field(default=None, description="Another feeling; of reperform it must be given.")
    seed: Seed = 0
    sampling: Drawing | None = Field(default=None, description="Of all but reperform: how freely it is drawn.")
    wishes: Manner | None = Field(default=None, description="Of reperform: how it is to be played.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "vary", "part": "melody", "seed": 3},
                {"kind": "infill", "first": 5, "last": 8},
                {"kind": "reperform", "feeling": {"vad": GRIEF}},
            ]
        }
    )

    @model_validator(mode="after")
    def _fitting(self) -> Variation:
        own = {"vary": {"part"}, "infill": {"first", "last"}, "continue": {"bars"}, "reperform": {"feeling"}}
        needs = own.get(self.kind, set()) - {"bars"}
        takes = own.get(self.kind, set()) | ({"wishes"} if self.kind == "reperform" else {"sampling"})
        names = ("part", "first", "last", "bars", "sampling", "wishes")
        given = {name for name in names if getattr(self, name) is not None}
        if missing := sorted(name for name in needs if getattr(self, name) is None):
            raise ValueError(f"{self.kind} needs {' and '.join(missing)}")
        if strange := sorted(given - takes):
            raise ValueError(f"{self.kind} takes no {' and no '.join(strange)}")
        if self.kind == "infill" and (self.first or 0) > (self.last or 0):
            raise ValueError("infill goes from the first bar to the last, which must not come before it")
        return self


class Preference(Asked):
    """Which of two takes is nearer to what was meant."""

    first: Id
    second: Id
    nearer: Literal["first", "second", "neither"]
    asked: Point | None = Field(default=None, description="The feeling that was meant.")

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"first": "0" * 24, "second": "1" * 24, "nearer": "second", "asked": GRIEF}]}
    )


class Told(BaseModel):
    """Root of what is answered."""


class Feeling(Told):
    """A feeling: place, confidence, intensity, and the name that fits best."""

    valence: float
    arousal: float
    dominance: float
    confidence: float
    intensity: float
    name: str
    category: str
    tier: str


class FeelingReading(Told):
    """How a text or a voice was heard."""

    model_config = ConfigDict(extra="allow")

    emotion: Feeling
    readings: list[dict[str, Any]] = Field(description="One to three ways to read it, the likeliest first.")
    words: list[dict[str, Any]] = Field(description="The words that told, at their places in the text.")
    spread: dict[str, float | None] = Field(description="Standard deviations of what many listeners would say.")
    names: dict[str, float] = Field(description="The names it may be called, with their weights.")


class Analysis(Told):
    """How a recording or a score was heard, as a whole and as it goes on."""

    model_config = ConfigDict(extra="allow")

    kind: str = Field(description="speech, singing, music or score.")
    seconds: float | None
    emotion: Feeling
    timeline: list[dict[str, Any]]
    journey: list[dict[str, Any]] = Field(description="The way through its feelings, as /v1/songs takes it.")


class JobView(Told):
    """A job: what was asked for and is not made at once."""

    id: str
    kind: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    stage: str
    progress: float
    revision: int
    created: float = Field(description="Seconds since 1970.")
    ended: float | None
    song: str | None = Field(description="The song that came of it.")
    problem: dict[str, Any] | None = Field(description="What went wrong, as problem details.")
    links: dict[str, str]


class SongView(Told):
    """A song in the history."""

    id: str
    created: float
    kind: str
    parent: str | None
    title: str
    emotion: dict[str, Any] | None
    parameters: dict[str, Any] | None
    links: dict[str, str]


class Songs(Told):
    """A page of the history, the newest first."""

    songs: list[SongView]
    next: str | None = Field(description="What `before` takes for the page after this; none after the last.")


class PreferenceView(Told):
    """A preference that was kept."""

    id: str
    created: float
    first: str
    second: str
    nearer: str
    asked: dict[str, Any] | None


class Preferences(Told):
    """A page of preferences, the newest first."""

    preferences: list[PreferenceView]
    next: str | None


class Emotions(Told):
    """The names of feelings and their places."""

    emotions: list[dict[str, Any]]


class Models(Told):
    """The trained models of this Kelly."""

    models: list[dict[str, Any]]


class Prediction(Told):
    """How a file was heard, in short."""

    emotions: dict[str, float]
    valence: float
    arousal: float
    dominance: float
    primary_emotion: str
    confidence: float


class Health(Told):
    """Whether the service is well, and what it computes on."""

    status: Literal["ok", "draining"]
    device: str


class Problem(Told):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[dict[str, Any]] | None = None
