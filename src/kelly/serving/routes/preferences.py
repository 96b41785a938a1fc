"""Preferences: which of two takes a person found nearer to what they meant."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Connection

from kelly.serving.problems import RefusedError
from kelly.serving.routes.common import BY_JSON, Before, Key, Limit, edge, once_of, paged, problems
from kelly.serving.schemas.preferences import Preference, Preferences, PreferenceView
from kelly.serving.service import Here
from kelly.serving.store import preferences, songs
from kelly.serving.store.answers import Answer, once

__all__ = ["router"]

router = APIRouter(tags=["preferences"])


@router.post(
    "/v1/preferences",
    status_code=201,
    dependencies=BY_JSON,
    response_model=PreferenceView,
    responses=problems(400, 404, 413, 415, 422),
)
async def prefer(request: Request, asked: Preference, here: Here, key: Key = None) -> JSONResponse:
    """Say which of two songs is nearer to what was meant."""
    plain = asked.model_dump()

    def keep(connection: Connection) -> Answer:
        for name in (asked.first, asked.second):
            if songs.found(connection, name) is None:
                raise RefusedError(404, "there is no such song")
        kept = preferences.added(connection, asked.first, asked.second, asked.nearer, plain["asked"])
        return Answer(201, asdict(kept), "/v1/preferences")

    answer = await once(here.store, once_of(request, key, plain), keep)
    return JSONResponse(dict(answer.body), answer.status)


@router.get("/v1/preferences", responses=problems(422))
async def list_preferences(here: Here, limit: Limit = 20, before: Before = None) -> Preferences:
    """What was said so far, the newest first."""
    found = await here.store.read(preferences.page, limit + 1, edge(before))
    shown, more = paged(found, limit, lambda one: one)
    return Preferences(preferences=[PreferenceView.model_validate(asdict(one)) for one in shown], next=more)
