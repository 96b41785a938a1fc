"""What routes have in common: ids, pages, idempotency, deadlines, uploads, and the problems they may answer with."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Header, Path, Query, Request, UploadFile
from pydantic import StringConstraints

from kelly.serving.problems import MEDIA, RefusedError
from kelly.serving.schemas import Problem
from kelly.serving.store.answers import Once

__all__ = ["Before", "Deadline", "Key", "Limit", "Name", "edge", "file_of", "once_of", "place", "problems"]

Name = Annotated[str, Path(pattern="^[0-9a-f]{24}$", description="The id.")]
Limit = Annotated[int, Query(ge=1, le=100, description="How many, at most.")]
Before = Annotated[
    str | None, Query(pattern="^[0-9]{1,12}[.][0-9]{1,9}_[0-9a-f]{24}$", description="What `next` of a page says.")
]
Key = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=200)] | None,
    Header(
        alias="Idempotency-Key",
        description="A name for this request, made up by the caller: sent again, it makes nothing a second time.",
    ),
]
Deadline = Annotated[
    float | None,
    Header(alias="Request-Timeout", ge=1, le=3600, description="Seconds within which it must be done, 1..3600."),
]

_SAID = {
    400: "The request cannot be read.",
    401: "No token was shown where one is asked for.",
    403: "It comes from a page of another site, or from another machine where that may not be.",
    404: "There is no such thing.",
    408: "The request came too slowly.",
    409: "It is not in a state for that.",
    413: "The request is too large.",
    414: "Its address is too long.",
    415: "It is of a kind that is not taken here.",
    421: "It was meant for another host.",
    422: "It cannot be done as it was asked.",
    429: "Too many ask at the same time; try again.",
    431: "Its head is too large.",
    500: "A mistake of the service.",
    503: "The service is about to end; try again.",
    504: "It took longer than it may.",
}
_ALWAYS = (400, 401, 403, 408, 414, 421, 429, 431, 500, 503)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with, for the OpenAPI description."""
    return {
        status: {
            "description": _SAID[status],
            "content": {MEDIA: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}},
        }
        for status in sorted({*statuses, *_ALWAYS})
    }


def once_of(request: Request, key: str | None, asked: Mapping[str, Any]) -> Once | None:
    """What tells that a request is the same as one before; None where the caller does not mind."""
    if key is None:
        return None
    fingerprint = json.dumps([request.url.path, asked], sort_keys=True)
    return Once(*(hashlib.sha256(text.encode()).hexdigest() for text in (f"{request.url.path} {key}", fingerprint)))


def edge(before: str | None) -> tuple[float, str] | None:
    """The place before which a page ends."""
    if before is None:
        return None
    created, _, name = before.partition("_")
    return float(created), name


def place(created: float, name: str) -> str:
    """The place of a row, as `Before` takes it."""
    return f"{created:.9f}_{name}"


async def file_of(file: UploadFile) -> bytes:
    """What a file holds. Raises: RefusedError, nothing."""
    data = await file.read()
    if not data:
        raise RefusedError(422, "the file is empty (0 bytes)")
    return data


_MULTIPART = re.compile(r"multipart/form-data\b", re.IGNORECASE)


def is_form(request: Request) -> bool:
    """Whether a request brings a form, rather than JSON. Raises: RefusedError, it brings neither."""
    kind = request.headers.get("content-type", "")
    if _MULTIPART.match(kind):
        return True
    if kind.partition(";")[0].strip().lower() == "application/json":
        return False
    raise RefusedError(415, "it takes application/json or multipart/form-data")
