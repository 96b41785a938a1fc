"""Jobs: how far they are, as it is asked or as it goes on, and ending them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent

from kelly.serving.problems import RefusedError
from kelly.serving.routes.common import Name, problems
from kelly.serving.schemas import JobView
from kelly.serving.service import Here, Service
from kelly.serving.store import jobs
from kelly.serving.store.jobs import ENDED, Job

__all__ = ["router", "view"]

router = APIRouter(tags=["jobs"])

_GLANCE = 0.15  # seconds between two looks at a job that is watched


@router.get("/v1/jobs/{name}", responses=problems(404, 422))
async def job(name: Name, here: Here) -> JobView:
    """A job as it stands."""
    return view(await _job(here, name))


@router.delete("/v1/jobs/{name}", responses=problems(404, 409, 422))
async def cancel(name: Name, here: Here) -> JobView:
    """End a job: one that waits at once, one that runs within a second."""
    before = await _job(here, name)
    if before.state in ENDED:
        raise RefusedError(409, f"the job has ended already: it is {before.state}")
    found = await here.store.write(jobs.cancelled, name)
    return view(found or before)


@router.get("/v1/jobs/{name}/events", response_class=EventSourceResponse, responses=problems(404, 422))
async def events(
    name: Name, here: Here, last: Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=2**31)] = None
) -> AsyncIterator[ServerSentEvent]:
    """A job as it goes on: an event each time there is news, the last when it has ended."""
    seen = last or 0
    while not here.draining:
        found = await here.store.read(jobs.found, name)
        if found is None:
            return
        if found.revision > seen:
            seen = found.revision
            yield ServerSentEvent(event=found.state, id=str(seen), data=view(found).model_dump())
        if found.state in ENDED:
            return
        await anyio.sleep(_GLANCE)


async def _job(here: Service, name: str) -> Job:
    found = await here.store.read(jobs.found, name)
    if found is None:
        raise RefusedError(404, "there is no such job")
    return found


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
        "song": job.song,
        "problem": job.problem,
        "links": links,
    }
    return JobView.model_validate(shown)
