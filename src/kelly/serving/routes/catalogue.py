"""The catalogue: the names of feelings, what may be asked of a song, and the trained models."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from importlib import resources
from typing import Annotated, Any

from fastapi import APIRouter, Path

from kelly.composing import tables, theory
from kelly.composing.rulebreaks import registry
from kelly.composing.settings import RANGES, ROLES, WHOLE, Settings
from kelly.emotion import journey, thesaurus
from kelly.models import shelf
from kelly.serving.problems import RefusedError
from kelly.serving.routes.common import problems
from kelly.serving.schemas.catalogue import Emotions, ModelCard, Models, Options
from kelly.serving.service import Here

__all__ = ["router"]

router = APIRouter(tags=["catalogue"])


@router.get("/v1/emotions", responses=problems())
async def list_emotions() -> Emotions:
    """The 72 names of feelings and the eight blends, with their places."""
    return Emotions.model_validate({"emotions": [_row(node) for node in (*thesaurus.names(), *thesaurus.blends())]})


@router.get("/v1/options", responses=problems())
async def list_options() -> Options:
    """What may be asked of a song: genres, modes, keys, arcs, parts, rules to break, and the ranges of numbers."""
    return _options()


@router.get("/v1/models", responses=problems())
async def list_models(here: Here) -> Models:
    """The trained models that came with this Kelly, with the licence of their weights, their files checked."""
    return Models.model_validate({"models": [asdict(model) for model in await here.aside(shelf.models)]})


@router.get("/v1/models/{name}", responses=problems(404, 422))
async def get_model(
    name: Annotated[str, Path(pattern="^[a-z]{1,32}$", description="As /v1/models has it.")], here: Here
) -> ModelCard:
    """A trained model with its card: what it learned from, and how good it is."""
    found = next((model for model in await here.aside(shelf.models) if model.name == name), None)
    if found is None:
        raise RefusedError(404, "there is no such model")
    return ModelCard.model_validate({**asdict(found), "card": await here.aside(_card, found.name)})


def _card(name: str) -> str:
    return resources.files("kelly.models").joinpath(name, "card.md").read_text(encoding="utf-8")


def _row(node: thesaurus.Node) -> dict[str, Any]:
    axes = {axis: round(getattr(node.emotion, axis), 4) for axis in ("valence", "arousal", "dominance", "intensity")}
    return {"name": node.name, "category": node.category, "blend": node.blend, **axes}


@cache
def _options() -> Options:
    genres = ((genre.name, *genre.tempo) for genre in tables.genres().values())
    breaks = map(registry.describe, registry.names())
    usual = Settings()
    numbers = {name: (*ends, getattr(usual, name)) for name, ends in (RANGES | WHOLE).items()}
    return Options.model_validate(
        {
            "genre": [dict(zip(("name", "slowest", "fastest"), row, strict=True)) for row in genres],
            "mode": list(theory.MODES),
            "key": sorted({*theory.SHARP_NAMES, *theory.FLAT_NAMES}),
            "arc": [{**asdict(arc), "bars": arc.bars} for arc in journey.arcs().values()],
            "role": list(ROLES),
            "mute": [{"name": row.part, "title": row.title} for row in tables.parts().values()],
            "breaks": [{name: getattr(one, name) for name in ("name", "group", "effect", "reason")} for one in breaks],
            "numbers": {name: dict(zip(("least", "most", "usual"), row, strict=True)) for name, row in numbers.items()},
        }
    )
