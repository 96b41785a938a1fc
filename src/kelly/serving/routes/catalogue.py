"""The catalogue: the names of feelings, and the trained models."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from kelly.emotion import thesaurus
from kelly.models import shelf
from kelly.serving.routes.common import problems
from kelly.serving.schemas import Emotions, Models
from kelly.serving.service import Here

__all__ = ["router"]

router = APIRouter(tags=["catalogue"])


@router.get("/v1/emotions", responses=problems())
async def emotions() -> Emotions:
    """The 72 names of feelings and the eight blends, with their places."""
    return Emotions(emotions=[_row(node) for node in thesaurus.names()])


@router.get("/v1/models", responses=problems())
async def models(here: Here) -> Models:
    """The trained models that came with this Kelly, with the licence of their weights, their files checked."""
    return Models(models=[asdict(model) for model in await here.aside(shelf.models)])


def _row(node: thesaurus.Node) -> dict[str, Any]:
    axes = {axis: round(getattr(node.emotion, axis), 4) for axis in ("valence", "arousal", "dominance", "intensity")}
    return {"name": node.name, "category": node.category, **axes}
