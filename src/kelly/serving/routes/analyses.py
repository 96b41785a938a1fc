"""Analyses: what feeling a recording or a score carries as it goes on, and the short answer of /predict."""

# ruff: noqa: FAST003 - the id in a path is taken by what looks it up, as `Known` says

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, UploadFile

from kelly.serving import tasks
from kelly.serving.requests import key_of
from kelly.serving.routes.common import BY_FORM, Deadline, file_of, problems
from kelly.serving.routes.songs import Known
from kelly.serving.schemas.feelings import Analysis, Prediction
from kelly.serving.service import Here, Service
from kelly.serving.store import results

__all__ = ["router"]

router = APIRouter(tags=["listening"])

Kind = Annotated[
    Literal["speech", "singing", "music"] | None,
    Form(description="What a recording is; as it sounds when left out.", examples=["speech"]),
]
_PROBLEMS = problems(400, 413, 415, 422, 429, 504)


@router.post("/v1/analyses", dependencies=BY_FORM, responses=_PROBLEMS)
async def analyse(file: UploadFile, here: Here, kind: Kind = None, deadline: Deadline = None) -> Analysis:
    """Hear a recording (wav, flac, ogg, mp3, aiff) or a MIDI file: its feeling as a whole, and as it goes on."""
    return Analysis.model_validate(await _heard(here, await file_of(file), kind, deadline))


@router.get("/v1/songs/{name}/analysis", responses=problems(404, 422, 429, 504))
async def analyse_song(song: Known, here: Here, deadline: Deadline = None) -> Analysis:
    """Hear a song of the history by its notes: its feeling as a whole, and as it goes on."""
    return Analysis.model_validate(await _heard(here, song.midi, None, deadline))


@router.post("/predict", dependencies=BY_FORM, responses=_PROBLEMS)
async def predict(file: UploadFile, here: Here, deadline: Deadline = None) -> Prediction:
    """Hear a recording or a MIDI file, in short."""
    told = await _heard(here, await file_of(file), None, deadline)
    emotion = told["emotion"]
    emotions = told.get("classes") or told["names"]
    primary = told.get("primary") or emotion["name"]
    axes = {name: emotion[name] for name in ("valence", "arousal", "dominance", "confidence")}
    return Prediction(emotions=emotions, primary_emotion=primary, **axes)


async def _heard(here: Service, data: bytes, kind: str | None, deadline: float | None) -> Mapping[str, Any]:
    """How a file is heard; what was heard before is not heard again."""
    key = key_of("analysis", hashlib.sha256(data).hexdigest(), kind)
    told = await here.store.read(results.found, key)
    here.metrics.cache.labels("analyses", "miss" if told is None else "hit").inc()
    if told is None:
        seconds = min(deadline or here.settings.answer, here.settings.answer)
        told = await here.asked(seconds, tasks.analysed, data, here.settings.sound, kind)
        await here.store.write(results.kept, key, told)
    return told
