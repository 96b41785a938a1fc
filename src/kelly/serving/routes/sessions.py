"""Sessions: for a browser, which cannot show the token by itself when it plays a song, follows a job or listens.

Conventions: the gate has asked for the token already. The cookie is a digest of it, goes to this service alone, and no
script can read it; another token ends every session.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from kelly.serving.gate import SESSION, session
from kelly.serving.routes.common import problems
from kelly.serving.service import Here

__all__ = ["router"]

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])


@router.post("", status_code=204, responses=problems())
async def begin_session(here: Here, request: Request) -> Response:
    """Begin the session of a browser that has shown the token; where none is asked for, nothing begins."""
    answer = Response(status_code=204)
    if token := here.settings.token:
        outermost, *_ = request.headers.get("x-forwarded-proto", "").split(",")  # of the proxies between
        secure = outermost.strip() == "https"
        answer.set_cookie(SESSION, session(token), httponly=True, samesite="strict", secure=secure)
    return answer


@router.delete("", status_code=204, responses=problems())
async def end_session() -> Response:
    """End the session of a browser."""
    answer = Response(status_code=204)
    answer.delete_cookie(SESSION, httponly=True, samesite="strict")
    return answer
