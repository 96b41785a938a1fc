"""Jobs: what was asked for and is not made at once."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from kelly.serving.schemas.common import Problem, Told

__all__ = ["JobKind", "JobState", "JobView"]

JobKind = TypeAliasType("JobKind", Literal["compose", "vary", "infill", "continue", "accompany", "reperform"])
JobState = TypeAliasType("JobState", Literal["queued", "running", "done", "failed", "cancelled"])


class JobView(Told):
    """A job as it stands; it has ended once `ended` is a time."""

    id: str
    kind: JobKind
    state: JobState
    stage: str = Field(description="What is being done: waiting, reading, composing, writing, stopping ...")
    progress: float = Field(description="How much is done, 0..1.")
    revision: int = Field(description="Raised by all news; what Last-Event-ID takes.")
    created: float
    ended: float | None
    source: str | None = Field(description="The song that something is made of.")
    song: str | None = Field(description="The song that came of it.")
    problem: Problem | None = Field(description="What went wrong.")
    links: dict[str, str] = Field(description="self, events and, once it is there, song.")
