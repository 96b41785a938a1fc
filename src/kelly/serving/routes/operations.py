"""Operations: whether the service is well, and what it counts."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from kelly.serving.problems import RefusedError
from kelly.serving.routes.common import problems
from kelly.serving.schemas.common import Health
from kelly.serving.service import Here
from kelly.serving.store import jobs

__all__ = ["router"]

router = APIRouter(tags=["operations"])


@router.get("/health", name="health")
@router.get("/healthz", name="healthz")
async def health(here: Here) -> Health:
    """Whether the service is alive."""
    return Health(status="draining" if here.draining else "ok", device="cpu")


@router.get("/readyz", responses=problems())
async def ready(here: Here) -> Health:
    """Whether the service takes requests: all is loaded, and the store answers."""
    if here.draining or not here.ready:
        raise RefusedError(503, "the service is about to end" if here.draining else "the service still loads", again=2)
    await here.store.read(jobs.waiting)
    return Health(status="ok", device="cpu")


_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


@router.get("/metrics", response_class=Response, responses={**_TEXT, **problems()})
async def metrics(here: Here) -> Response:
    """What the service counts, for Prometheus."""
    here.metrics.waiting.set(await here.store.read(jobs.waiting))
    here.metrics.busy.set(here.crew.busy + here.helpers.busy)
    return Response(here.metrics.text(), 200, None, "text/plain; version=0.0.4; charset=utf-8")
