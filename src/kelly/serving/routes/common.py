"""What routes have in common: ids, pages, idempotency, deadlines, uploads, and the problems they may answer with."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import Depends, Header, Path, Query, Request, UploadFile
from pydantic import BaseModel, StringConstraints

from kelly.serving.problems import MEDIA, RefusedError
from kelly.serving.schemas.common import Problem
from kelly.serving.store.answers import Once

__all__ = [
    "BY_FORM",
    "BY_JSON",
    "Before",
    "Deadline",
    "Key",
    "Limit",
    "Name",
    "edge",
    "file_of",
    "is_form",
    "news_of",
    "once_of",
    "paged",
    "problems",
]

T = TypeVar("T")

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


_AGAIN = {"Retry-After": {"description": "Seconds after which to try again.", "schema": {"type": "integer"}}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with, for the OpenAPI description."""
    return {
        status: {
            "description": _SAID[status],
            "content": {MEDIA: {"schema": _schema(Problem)}},
            **({"headers": _AGAIN} if status in {429, 503} else {}),
        }
        for status in sorted({*statuses, *_ALWAYS})
    }


def news_of(model: type[BaseModel], states: str) -> dict[str, Any]:
    """A stream of events as the OpenAPI description has it.

    Parameters: model, of the data of each event; states, the name of the component that lists what events are called.
    """
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": _schema(model)}
    properties = {"data": data, "event": {"$ref": f"#/components/schemas/{states}"}}
    content = {"text/event-stream": {"itemSchema": {"properties": properties}}}
    return {"responses": {"200": {"content": content}}}


def _schema(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


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


class Row(Protocol):
    """What pages are made of."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def created(self) -> float:
        """When it was made."""


def paged(found: Sequence[T], limit: int, row: Callable[[T], Row]) -> tuple[Sequence[T], str | None]:
    """A page, and what `before` takes for the next.

    Parameters: found, one more than fit the page, if there are so many; limit; row, of one of those found.
    """
    if len(found) <= limit:
        return found, None
    last = row(found[limit - 1])
    return found[:limit], f"{last.created:.9f}_{last.id}"


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


def _json_alone(request: Request) -> None:
    """Raises: RefusedError, a request brings something else than JSON."""
    if is_form(request):
        raise RefusedError(415, "it takes application/json")


def _form_alone(request: Request) -> None:
    """Raises: RefusedError, a request brings something else than a form."""
    if not is_form(request):
        raise RefusedError(415, "it takes multipart/form-data")


BY_JSON, BY_FORM = [Depends(_json_alone)], [Depends(_form_alone)]
