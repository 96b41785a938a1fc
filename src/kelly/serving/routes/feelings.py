"""Feelings: reading a text, a recording, or both."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.datastructures import UploadFile as Uploaded

from kelly.listening.words import LONGEST, PASSAGE
from kelly.serving import tasks
from kelly.serving.problems import RefusedError
from kelly.serving.routes.common import Deadline, file_of, is_form, problems
from kelly.serving.schemas.feelings import FeelingQuestion, FeelingReading
from kelly.serving.service import Here, Service

__all__ = ["router"]

router = APIRouter(tags=["feelings"])

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": f"#/components/schemas/{FeelingQuestion.__name__}"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "audio": {"type": "string", "format": "binary", "description": "A recording of a voice."},
                        "text": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": LONGEST,
                            "description": "What was said, if that is known.",
                            "examples": ["I am fine"],
                        },
                    },
                    "required": ["audio"],
                    "additionalProperties": False,
                }
            },
        },
    }
}


@router.post("/v1/feelings", responses=problems(400, 413, 415, 422, 429, 504), openapi_extra=_BODY)
async def read_feeling(request: Request, here: Here, deadline: Deadline = None) -> FeelingReading:
    """Read what a text feels, or what a voice carries, or both as one."""
    seconds = min(deadline or here.settings.answer, here.settings.answer)
    if is_form(request):
        async with request.form(max_files=1, max_fields=2) as form:
            told = await _spoken(here, form, seconds)
    else:
        asked = _checked(partial(FeelingQuestion.model_validate_json, await request.body()))
        told = await _written(here, asked, seconds)
    return FeelingReading.model_validate(told)


def _checked(check: Callable[[], FeelingQuestion]) -> FeelingQuestion:
    """A question, whose faults are told as those of any other request."""
    try:
        return check()
    except ValidationError as error:
        rows = error.errors(include_url=False, include_input=False, include_context=False)
        raise RequestValidationError([{**row, "loc": ("body", *row["loc"])} for row in rows]) from error


async def _written(here: Service, asked: FeelingQuestion, seconds: float) -> dict[str, Any]:
    if asked.explain or len(asked.text) > PASSAGE:
        return await here.asked(seconds, partial(tasks.heard, explain=asked.explain), asked.text)
    return (await here.readings.ask(asked.text, seconds)).as_dict()


async def _spoken(here: Service, form: FormData, seconds: float) -> dict[str, Any]:
    file, text = form.get("audio"), form.get("text")
    if not isinstance(file, Uploaded) or not (text is None or isinstance(text, str)) or set(form) - {"audio", "text"}:
        raise RefusedError(422, "a form brings a file called audio, and text if there is any")
    if text is not None:
        _checked(partial(FeelingQuestion, text=text))
    told = await here.asked(
        seconds, tasks.analysed, await file_of(UploadFile(file.file)), here.settings.sound, None, text
    )
    return dict(told.get("together", told))
