"""The description of the service: the OpenAPI document, with what the framework cannot know of.

Conventions: an operation is called by the name of its function, so these are told apart by name throughout `routes`.
The schemas of problems, of a body that is read by hand, and of the messages of the WebSocket stand among the
components, by the names of their models.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from kelly.serving.schemas.common import Problem
from kelly.serving.schemas.feelings import FeelingQuestion
from kelly.serving.schemas.live import LiveEnding, LiveMoment, LiveOpening, LiveReading, LiveReady

__all__ = ["Described", "operation"]

_MORE = (Problem, FeelingQuestion, LiveOpening, LiveReady, LiveMoment, LiveEnding, LiveReading)
_TOKEN = {"type": "http", "scheme": "bearer", "description": "Where the service was started with a token."}


class Described(FastAPI):
    """An application that describes itself whole."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        told = super().openapi()  # kept once made
        if "security" not in told:
            modes: list[tuple[type[BaseModel], Literal["validation"]]] = [(model, "validation") for model in _MORE]
            _, more = models_json_schema(modes, ref_template="#/components/schemas/{model}")
            components = told["components"]
            components["schemas"] = dict(sorted((components["schemas"] | more["$defs"]).items()))
            for name, examples in _examples().items():  # here, since the framework would leave null out of them
                components["schemas"][name]["examples"] = examples
            components["securitySchemes"] = {"token": _TOKEN}
            told["security"] = [{}, {"token": []}]
        return told


def _examples() -> dict[str, list[Any]]:
    file = resources.files("kelly.serving.schemas").joinpath("examples.json")
    examples: dict[str, list[Any]] = json.loads(file.read_text(encoding="utf-8"))
    return examples


def operation(route: APIRoute) -> str:
    """What the operation of a route is called."""
    return route.name
