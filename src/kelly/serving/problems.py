"""Problems: what a caller is told when something is wrong, as RFC 9457 has it.

Conventions: the type is a name after `urn:kelly:problem:`, the title says what kind of thing went wrong and the detail
what exactly, in one line. A name that is not known is quoted, in some sixty characters; nothing else that was sent is
repeated. Nothing is told of the machine: no path, no line of code, no SQL.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException

from kelly.errors import FileError, KellyError, SoundError, UsageError

__all__ = ["MEDIA", "SAFE", "RefusedError", "answered", "handled", "of_error", "problem_of", "unexpected"]

MEDIA = "application/problem+json"
SAFE = {  # of every answer, so that none is taken for a page or a program, or kept
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_TYPE = "urn:kelly:problem:"
_MOST = 20  # errors of a request that are told
_LOG = logging.getLogger("kelly.serving")

# What a status is called where nothing more is known of it.
_NAMES = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    408: "too-slow",
    409: "conflict",
    413: "too-large",
    414: "target-too-long",
    415: "unsupported-media-type",
    421: "misdirected",
    422: "invalid",
    429: "busy",
    431: "head-too-large",
    500: "internal",
    503: "unavailable",
    504: "timed-out",
    505: "version-not-supported",
}
_PATH = re.compile(r"[\w ]*['\"]?(?:[A-Za-z]:)?[/\\]")  # an error that begins by naming a file of ours


class RefusedError(KellyError):
    """A request that is refused. Parameters: status; detail, one line; again, seconds after which it may be tried."""

    def __init__(self, status: int, detail: str, again: float | None = None) -> None:
        super().__init__(detail)
        self.status, self.again = status, again


def problem_of(status: int, detail: str, instance: str | None = None, **more: object) -> dict[str, Any]:
    """The body of a problem. Parameters: status; detail; instance, the id of the request; more, further members."""
    told = {
        "type": _TYPE + _NAMES.get(status, "error"),
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        **more,
    }
    return {name: value for name, value in told.items() if value is not None}


def answered(
    request_id: str | None, status: int, detail: str, again: float | None = None, **more: object
) -> JSONResponse:
    """A problem as an answer; again, seconds after which it may be tried again."""
    headers = {} if again is None else {"Retry-After": str(max(1, math.ceil(again)))}
    return JSONResponse(problem_of(status, _plain(detail), request_id, **more), status, headers, MEDIA)


def _plain(text: str) -> str:
    """A text on one line, as UTF-8 can hold it."""
    return " ".join(text.encode("utf-8", "replace").decode().split())


def of_error(error: Exception) -> tuple[int, str]:
    """The status and the detail of an error; of one that Kelly did not raise on purpose, no more than that."""
    if isinstance(error, RefusedError):
        return error.status, str(error)
    ours = isinstance(error, FileError | SoundError) and _PATH.match(str(error))
    if isinstance(error, UsageError | FileError | SoundError) and not ours:
        return 422, " ".join(str(error).split())
    return 500, _MISHAP


_MISHAP = "something went wrong that is not your fault"


def unexpected(error: BaseException, request_id: str | None) -> JSONResponse:
    """The answer to a mistake of the service, which is logged."""
    _LOG.error("unexpected", exc_info=error, extra={"request": request_id})
    return answered(request_id, 500, _MISHAP)


def handled(app: FastAPI) -> None:
    """Let an application answer all that goes wrong with problems; what is not foreseen is left to the gate."""
    app.add_exception_handler(RequestValidationError, _invalid)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _http)  # type: ignore[arg-type]
    app.add_exception_handler(KellyError, _refused)  # type: ignore[arg-type]
    for kind in (OperationalError, InterfaceError):
        app.add_exception_handler(kind, _away)


def _id(request: Request) -> str | None:
    state: Mapping[str, Any] = request.scope.get("state", {})
    return state.get("request")


async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    rows = [_told(row) for row in error.errors()[:_MOST]]
    first = rows[0]
    detail = f"{first['pointer'] or 'the request'}: {first['detail']}"
    return answered(_id(request), 422, detail, errors=rows)


def _told(row: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong and where, without what was sent."""
    pointer = "".join(f"/{place}" for place in row["loc"] if not str(place).startswith("function-"))
    said = row["msg"].removeprefix("Value error, ")
    return {"pointer": _plain(pointer)[:200], "detail": _plain(said)[:300]}


async def _http(request: Request, error: HTTPException) -> JSONResponse:
    detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else _usual(error.status_code)
    answer = answered(_id(request), error.status_code, detail)
    answer.headers.update(error.headers or {})
    return answer


def _usual(status: int) -> str:
    if status == HTTPStatus.NOT_FOUND:
        return "nothing is here; GET /openapi.json lists what there is"
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return "this place does not take that method; the header Allow lists what it takes"
    return HTTPStatus(status).phrase


async def _refused(request: Request, error: KellyError) -> JSONResponse:
    status, detail = of_error(error)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return unexpected(error, _id(request))
    return answered(_id(request), status, detail, getattr(error, "again", None))


async def _away(request: Request, error: Exception) -> JSONResponse:
    _LOG.error("the store cannot be reached", exc_info=error, extra={"request": _id(request)})
    return answered(_id(request), 503, "the store cannot be reached", again=2)
