"""Preferences: which of two takes is nearer to what was meant."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import TypeAliasType

from kelly.serving.schemas.common import Asked, Id, Page, Told
from kelly.serving.schemas.feelings import Point

__all__ = ["Nearer", "Preference", "PreferenceView", "Preferences"]

Nearer = TypeAliasType("Nearer", Literal["first", "second", "neither"])


class Preference(Asked):
    """Which of two takes is nearer to what was meant."""

    first: Id
    second: Id
    nearer: Nearer
    asked: Point | None = Field(default=None, description="The feeling that was meant.")

    @model_validator(mode="after")
    def _two(self) -> Preference:
        if self.first == self.second:
            raise ValueError("first and second must be two songs")
        return self


class PreferenceView(Told):
    """A preference that was kept."""

    id: str
    created: float
    first: str
    second: str
    nearer: Nearer
    asked: Point | None


class Preferences(Page):
    """A page of preferences, the newest first."""

    preferences: list[PreferenceView]
