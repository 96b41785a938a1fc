"""Songs: how one is asked for, how something is made of one, and how they are listed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from typing_extensions import TypeAliasType

from kelly.composing.settings import LONGEST_REASON, RANGES, WHOLE
from kelly.serving.schemas.common import Asked, Name, Page, Plain, Seed, Share, Text, Told
from kelly.serving.schemas.feelings import Feeling, Felt, Waypoint

__all__ = ["FeelingSource", "Parameters", "SongKind", "SongView", "Songs", "Variation", "Wanted"]


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
        if sum(getattr(self, name) is not None for name in type(self).model_fields) != 1:
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
    first: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        default=None,
        description="Of vary, infill and reperform: the first bar, of all when left out; infill must have it.",
    )
    last: Annotated[int, Field(ge=1, le=10_000)] | None = Field(default=None, description="Of the same: the last bar.")
    bars: Annotated[int, Field(ge=1, le=1000)] | None = Field(default=None, description="Of continue: how many; 8.")
    feeling: FeelingSource | None = Field(default=None, description="Another feeling; of reperform it must be given.")
    seed: Seed = 0
    sampling: Drawing | None = Field(default=None, description="Of all but reperform: how freely it is drawn.")
    wishes: Manner | None = Field(default=None, description="Of reperform: how it is to be played.")

    @model_validator(mode="after")
    def _fitting(self) -> Variation:
        own = {"vary": {"part"}, "infill": {"first", "last"}, "reperform": {"feeling"}}
        needs = own.get(self.kind, set())
        takes = needs | ({"wishes"} if self.kind == "reperform" else {"sampling"})
        takes |= {"bars"} if self.kind == "continue" else set()
        if self.kind in {"vary", "reperform"}:
            takes |= {"first", "last"}
            needs |= {"first", "last"} if self.first or self.last else set()
        names = ("part", "first", "last", "bars", "sampling", "wishes")
        given = {name for name in names if getattr(self, name) is not None}
        if missing := sorted(name for name in needs if getattr(self, name) is None):
            raise ValueError(f"{self.kind} needs {' and '.join(missing)}")
        if strange := sorted(given - takes):
            raise ValueError(f"{self.kind} takes no {' and no '.join(strange)}")
        if (self.first or 0) > (self.last or 0):
            raise ValueError(f"{self.kind} goes from the first bar to the last, which must not come before it")
        return self


SongKind = TypeAliasType(
    "SongKind", Literal["compose", "import", "vary", "infill", "continue", "accompany", "reperform"]
)


class Parameters(Told):
    """What a feeling was made into: of the first section, but for bars and seconds, which are the song's."""

    model_config = ConfigDict(extra="allow")

    key: str
    mode: str
    tempo: float
    genre: str
    bars: int
    seconds: float
    complexity: float
    humanise: float
    feel: float
    dynamics: float
    instruments: dict[str, str] = Field(description="What each part is played on.")


class SongView(Told):
    """A song in the history; of what Kelly did not compose there is no feeling, and there are no parameters."""

    id: str
    created: float
    kind: SongKind
    parent: str | None = Field(description="The song that it was made of, which may be gone.")
    title: str
    emotion: Feeling | None = Field(description="The feeling that it begins with.")
    parameters: Parameters | None
    links: dict[str, str] = Field(
        description="self, mid, wav, svg, musicxml, notes, analysis, stems and, where Kelly composed it, json."
    )


class Songs(Page):
    """A page of the history, the newest first."""

    songs: list[SongView]
