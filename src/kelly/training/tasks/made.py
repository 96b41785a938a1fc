"""What a run was made from: the settings of a network, read back from its folder."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kelly.training.tasks.fitting import Recipe
from kelly.training.tasks.runs import claimed, parsed

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["made_by"]

Settings = TypeVar("Settings", bound="DataclassInstance")


def made_by(kind: type[Settings], run: Path) -> Settings:
    """The settings, a recipe among them, by which a run was made. Raises: FileError, it is none, or of others."""
    made_from = claimed(run)
    recipe = {one.name: made_from[one.name] for one in fields(Recipe) if one.name in made_from}
    chosen = {one.name: made_from[one.name] for one in fields(kind) if one.name in made_from}
    return parsed(kind, {**chosen, "recipe": recipe}, run / "run.json")
