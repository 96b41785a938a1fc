"""What a service tells beside songs and readings: how far it is, what it keeps, and how it is.

Conventions: times are seconds since 1970 (UTC); ids are 24 hexadecimal digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kelly.emotion.space import Emotion

__all__ = ["Entry", "Health", "Preference", "Progress", "Told"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Parameters: job, its id; state, "queued", "running", "done", "failed" or "cancelled"; stage, what is being done;
    share, how much of it is done, 0..1.
    """

    job: str
    state: str
    stage: str
    share: float


Told = Callable[[Progress], object]  # whom progress is told


@dataclass(frozen=True, slots=True)
class Entry:
    """A song in the history.

    Parameters: id, by which `Client.song` gives it; created; kind, "compose", "import", or how it was made of its
    parent, another song's id; title; emotion, at its beginning, and parameters of its music, as its report has them,
    None of what Kelly did not compose.
    """

    id: str
    created: float
    kind: str
    parent: str | None
    title: str
    emotion: Emotion | None
    parameters: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Preference:
    """Which of two songs, by their ids, was nearer to what was meant: "first", "second" or "neither"; and the feeling
    that was meant, if that was told.
    """

    id: str
    created: float
    first: str
    second: str
    nearer: str
    asked: Emotion | None


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a service is well: status, "ok" or "draining" (it is about to end); device that it computes on."""

    status: str
    device: str
