"""What all schemas are made of: their roots, texts, names, ids, plain data, pages and problems."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from kelly.composing.settings import WHOLE
from kelly.listening.words import LONGEST

__all__ = [
    "DEEPEST",
    "Asked",
    "Fault",
    "Health",
    "Id",
    "Name",
    "Page",
    "Plain",
    "Problem",
    "Seed",
    "Share",
    "Text",
    "Told",
    "plain",
]

Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Id = Annotated[str, StringConstraints(pattern="^[0-9a-f]{24}$")]
Seed = Annotated[int, Field(ge=WHOLE["seed"][0], le=WHOLE["seed"][1])]
Share = Annotated[float, Field(ge=0, le=1)]
DEEPEST = 16  # levels of an object that nothing here knows the inside of


def plain(value: dict[str, Any]) -> dict[str, Any]:
    """An object as any store can keep it: not too deep, of finite numbers, its texts of whole letters.

    Raises: ValueError, it is none.
    """
    row: list[tuple[int, Any]] = [(1, value)]
    while row:
        depth, one = row.pop()
        if depth > DEEPEST:
            raise ValueError(f"it may be nested {DEEPEST} deep")
        if isinstance(one, float) and not math.isfinite(one):
            raise ValueError("its numbers must be finite")
        if isinstance(one, str) and any("\ud800" <= letter <= "\udfff" for letter in one):
            raise ValueError("its texts must be of whole letters")
        if isinstance(one, dict):
            row += [(depth, name) for name in one] + [(depth + 1, inner) for inner in one.values()]
        elif isinstance(one, list):
            row += [(depth + 1, inner) for inner in one]
    return value


Plain = Annotated[dict[str, Any], AfterValidator(plain)]


class Asked(BaseModel):
    """Root of what is asked for."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Told(BaseModel):
    """Root of what is answered."""


class Page(Told):
    """Root of a page of what there is, the newest first."""

    next: str | None = Field(description="What `before` takes for the page after this; none after the last.")


class Fault(Told):
    """What is wrong with a part of a request, and where it stands: /body, /query, /path or /header, and on."""

    pointer: str
    detail: str


class Problem(Told):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="What kind of thing: a name after urn:kelly:problem:, such as not-found.")
    title: str
    status: int
    detail: str = Field(description="One line: what was wrong, and what is allowed.")
    instance: str | None = Field(default=None, description="The id of the request, as in X-Request-ID.")
    errors: list[Fault] | None = Field(default=None, description="Of a request that does not fit: where, up to 20.")


class Health(Told):
    """Whether the service is well, and what it computes on."""

    status: Literal["ok", "draining"]
    device: str
