"""Live: the messages of `WS /v1/live`, which OpenAPI has no place for; they stand among its components."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kelly.listening.following import RATES
from kelly.serving.schemas.common import Asked, Told
from kelly.serving.schemas.feelings import FeelingReading

__all__ = ["LiveEnding", "LiveMoment", "LiveOpening", "LiveReading", "LiveReady"]


class LiveOpening(Asked):
    """The first message of a caller: how samples will come, how many a second and of which kind; one channel."""

    rate: int = Field(ge=RATES[0], le=RATES[1])
    format: Literal["f32le", "s16le"]


class LiveEnding(Asked):
    """The last message of a caller: that no more will come."""

    end: Literal[True]


class LiveReady(Told):
    """The answer to the opening: samples may come."""

    ready: Literal[True]
    rate: int
    format: Literal["f32le", "s16le"]


class LiveMoment(Told):
    """What is felt at a time, in seconds of the sound; in silence there is nothing but the time, and no confidence."""

    time: float
    valence: float | None
    arousal: float | None
    dominance: float | None
    confidence: float
    name: str | None


class LiveReading(FeelingReading):
    """The last message of a session: how the whole was heard."""

    end: Literal[True]
    seconds: float
