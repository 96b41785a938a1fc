"""Following: a job of a service until it has ended.

Conventions: news come as server-sent events. A stream that breaks is taken up where it broke; one that brings nothing
`_FEW` times in a row (something in between may hold it back) is given up, and the job is asked after at growing
intervals instead. A service that is away is waited for (`_AWAY` seconds): its jobs survive its being started anew.
Whoever stops waiting, for whatever reason, ends the job.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from kelly.client.errors import CancelledError, error_of
from kelly.client.values import Progress, Told
from kelly.client.wire import Question, Wire

__all__ = ["song_of"]

_FEW = 3
_AWAY = 60.0
_SOON, _SELDOM = 0.5, 2.0  # seconds between two questions, at first and at last


@dataclass(frozen=True, slots=True)
class _Job:
    """A job as it stands: how far it is, the revision of this news, whether it has ended, and what came of it."""

    progress: Progress
    revision: int
    ended: bool
    song: str | None
    problem: Mapping[str, Any] | None

    @classmethod
    def of(cls, wire: Wire, told: Mapping[str, Any]) -> _Job:
        """A job as a service tells of it. Raises: ServiceError, that is none."""
        with wire.understood():
            progress = Progress(str(told["id"]), str(told["state"]), str(told["stage"]), float(told["progress"]))
            song = None if told["song"] is None else str(told["song"])
            return cls(progress, int(told["revision"]), told["ended"] is not None, song, told["problem"])


def song_of(wire: Wire, told: Mapping[str, Any], listener: Told | None = None) -> str:
    """The id of the song that comes of a job.

    Parameters: wire; told, the job as it was answered; listener, whom its progress is told.
    Raises: CancelledError, somebody else ended it; as `Wire.ask`; and what went wrong with it.
    """
    job = _Job.of(wire, told)
    try:
        with closing(_news(wire, job)) as news:
            for job in news:
                if listener is not None:
                    listener(job.progress)
    except BaseException:
        wire.hint(Question("DELETE", f"/v1/jobs/{job.progress.job}"))
        raise
    if job.problem is not None:
        with wire.understood():
            error = error_of(job.problem, wire.url)
        raise error
    if job.song is None:
        raise CancelledError(f"{wire.url}: the job was cancelled")
    return job.song


def _news(wire: Wire, job: _Job) -> Generator[_Job]:
    """A job each time that there is something new of it, at last as it ended."""
    at = f"/v1/jobs/{job.progress.job}"
    barren, wait = 0, _SOON
    yield job
    while not job.ended:
        if barren < _FEW:
            barren += 1
            with closing(wire.events(f"{at}/events", job.revision)) as events:
                for told in events:
                    job, barren, wait = _Job.of(wire, told), 0, _SOON
                    yield job
        if job.ended:
            return
        now = _Job.of(wire, wire.told(Question("GET", at), _AWAY))
        if now.revision > job.revision:
            job = now
            yield job
        if not job.ended:
            wire.pause(wait)
            wait = min(1.5 * wait, _SELDOM)
