"""Storyline: a story in a song file, as the song that was heard from it keeps it.

Conventions: `points` say where in the song (progress in 0..1) what is felt; `sections` are the song's form before it is
brought to a length, and without any the form is that of the arc which is named; `passages` are the sentences in which
the points were heard, for the report. Numbers are those of an Emotion.
"""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from kelly.composing.songfile import Phase, Share, Word, listed
from kelly.composing.telling import LONGEST, MOST, Told
from kelly.emotion import journey as journeys
from kelly.emotion.journey import Arc, Journey, Stretch
from kelly.emotion.space import Emotion
from kelly.errors import IntentError

__all__ = ["Form", "Line", "Point", "Storyline"]

Valence = Annotated[float, Field(ge=-1, le=1, description="a number in -1..1")]
Place = Annotated[int, Field(ge=0, le=2**31, description="an integer >= 0")]


class Point(Phase):
    """What is felt at one place of the song; the intensity follows from the rest when it is left out."""

    at: Share
    valence: Valence
    arousal: Share
    dominance: Share
    confidence: Share = 1.0
    intensity: Share | None = Field(default=None, description="a number in 0..1")

    def feeling(self) -> Emotion:
        """The feeling as a value."""
        intensity = math.nan if self.intensity is None else self.intensity
        return Emotion(self.valence, self.arousal, self.dominance, self.confidence, intensity)


class Form(Phase):
    """A section of the form: its role, its length in bars, and its energy in 0..1."""

    role: Word
    bars: int = Field(ge=1, le=2000, description="an integer in 1..2000")
    energy: Share


class Line(Point):
    """A passage of the story: where in the song it is heard and what is felt in it, its text, shortened, and its place
    in the story in characters.
    """

    text: str = Field(max_length=LONGEST, description=f"text of at most {LONGEST} characters")
    start: Place
    end: Place


class Storyline(Phase):
    """A story as a song takes it.

    Parameters
    ----------
    points : one or more, not falling in their places; a single one is a song that stays there.
    arc : the name of an arc; any name where there are sections.
    sections : the form of the song, where no arc of that name has it.
    passages : the sentences behind it, at most 64.
    """

    points: tuple[Point, ...] = Field(min_length=1, description="a list of one point or more")
    arc: Word = Field(default="classic", description="the name of an arc")
    sections: tuple[Form, ...] = Field(default=(), description="a list of sections")
    passages: tuple[Line, ...] = Field(default=(), max_length=MOST, description=f"a list of at most {MOST} passages")

    _listed = field_validator("points", "sections", "passages", mode="before")(listed)

    @model_validator(mode="after")
    def _leads(self) -> Storyline:
        if len(self.points) == 1 and self.sections:
            raise IntentError("sections need two points or more; got one")
        self.journey()  # raises for points that fall and for an unknown arc
        return self

    def journey(self) -> Journey:
        """The journey through the points, over the form of the sections or of the arc."""
        if len(self.points) == 1:
            return Journey(self.points[0].feeling(), arc=journeys.arc(self.arc))
        points = tuple((point.at, point.feeling()) for point in self.points)
        return Journey.through(points, self._form() if self.sections else self.arc)

    def _form(self) -> Arc:
        # Between points an arc's own travel says nothing.
        return Arc(self.arc, tuple(Stretch(one.role, one.bars, one.energy, travel=0.0) for one in self.sections))

    def told(self) -> tuple[Told, ...]:
        """The passages as the report tells them."""
        return tuple(Told(one.text, one.start, one.end, one.at, one.feeling()) for one in self.passages)
