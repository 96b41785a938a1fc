"""Jobs: how far they are, as it is asked or as it goes on, and ending them."""

# ruff: noqa: FAST003 - the id in a path is taken by what looks it up, as `Known` says

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Header, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from kelly.serving.problems import RefusedError
from kelly.serving.routes.common import Name, news_of, problems
from kelly.serving.schemas.jobs import JobView
from kelly.serving.service import Here
from kelly.serving.store import jobs
from kelly.serving.store.jobs import ENDED, Job

__all__ = ["NO_NEWS", "router", "view"]

router = APIRouter(tags=["jobs"])

NO_NEWS: dict[int | str, dict[str, Any]] = {204: {"description": "It has ended, and all was told: do not ask again."}}
_GLANCE = 0.15  # seconds between two looks at a job that is watched


async def _known(name: Name, here: Here) -> Job:
    """The job of an id. Raises: RefusedError, there is none."""
    found = await here.store.read(jobs.found, name)
    if found is None:
        raise RefusedError(404, "there is no such job")
    return found


Known = Annotated[Job, Depends(_known)]
Last = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=2**31, description="The last revision known.")]


@router.get("/v1/jobs/{name}", responses=problems(404, 422))
async def get_job(found: Known) -> JobView:
    """A job as it stands."""
    return view(found)


@router.delete("/v1/jobs/{name}", responses=problems(404, 409, 422))
async def cancel_job(before: Known, here: Here) -> JobView:
    """End a job: one that waits at once, one that runs within a second."""
    if before.state in ENDED:
        raise RefusedError(409, f"the job has ended already: it is {before.state}")
    found = await here.store.write(jobs.cancelled, before.id)
    return view(found or before)


def _news(found: Known, response: Response, last: Last = None) -> int:
    """The revision after which there is news; who knows all of a job that has ended is told not to come again."""
    if found.state in ENDED and last is not None and last >= found.revision:
        response.status_code = 204
    return last or 0


@router.get(
    "/v1/jobs/{name}/events",
    response_class=EventSourceResponse,
    responses={**NO_NEWS, **problems(404, 422)},
    openapi_extra=news_of(JobView, "JobState"),
)
async def follow_job(found: Known, seen: Annotated[int, Depends(_news)], here: Here) -> AsyncIterator[ServerSentEvent]:
    """A job as it goes on: an event each time there is news, called by its state; the last when it has ended."""
    now: Job | None = found
    while now is not None and not here.draining:
        if now.revision > seen:
            seen = now.revision
            yield ServerSentEvent(event=now.state, id=str(seen), data=view(now))
        if now.state in ENDED:
            return
        await anyio.sleep(_GLANCE)
        now = await here.store.read(jobs.found, found.id)


def view(job: Job) -> JobView:
    """A job as it is shown."""
    at = f"/v1/jobs/{job.id}"
    links = {"self": at, "events": f"{at}/events"} | ({"song": f"/v1/songs/{job.song}"} if job.song else {})
    shown: dict[str, Any] = {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "stage": job.stage,
        "progress": job.progress,
        "revision": job.revision,
        "created": job.created,
        "ended": job.ended,
        "source": job.source,
        "song": job.song,
        "problem": job.problem,
        "links": links,
    }
    return JobView.model_validate(shown)
