"""Songs: composing, varying and fetching them."""

# ruff: noqa: FAST003 - the id in a path is taken by what looks it up, as `Known` says

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Request, Response, UploadFile
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection

from kelly.serving import tasks
from kelly.serving.problems import RefusedError
from kelly.serving.rendering import FORMS
from kelly.serving.requests import checked_variation, checked_wanted, key_of
from kelly.serving.routes.common import (
    BY_FORM,
    BY_JSON,
    Before,
    Deadline,
    Key,
    Limit,
    Name,
    edge,
    file_of,
    once_of,
    paged,
    problems,
)
from kelly.serving.routes.jobs import view as job_view
from kelly.serving.schemas.feelings import Feeling
from kelly.serving.schemas.jobs import JobView
from kelly.serving.schemas.notes import SongNotes
from kelly.serving.schemas.songs import Parameters, Songs, SongView, Variation, Wanted
from kelly.serving.service import Here, Service
from kelly.serving.store import jobs, songs
from kelly.serving.store.answers import Answer, Once, once
from kelly.serving.store.songs import Song

__all__ = ["Known", "router"]

router = APIRouter(tags=["songs"])

M = TypeVar("M", bound=BaseModel)
Form = Literal["mid", "json", "wav", "svg", "musicxml"]
_MIDI = "audio/midi"
_KEEPING = ("vary", "infill")  # what leaves a song its form
_STRANGE = re.compile(r"[^a-z0-9]+")
_CALLED = 60  # characters that a file is called after
_STEPS = 100  # from a song back to what it was made of


async def _known(name: Name, here: Here) -> Song:
    """The song of an id. Raises: RefusedError, there is none."""
    found = await here.store.read(songs.found, name)
    if found is None:
        raise RefusedError(404, "there is no such song")
    return found


Known = Annotated[Song, Depends(_known)]


@router.post(
    "/v1/songs",
    status_code=202,
    dependencies=BY_JSON,
    response_model=JobView,
    responses=problems(400, 413, 415, 422, 429),
)
async def compose_song(
    request: Request, asked: Wanted, here: Here, deadline: Deadline = None, key: Key = None
) -> JSONResponse:
    """Compose a song: a job, at whose end there is a song."""
    plain = asked.model_dump(mode="json", exclude_none=True, exclude_unset=True)
    await here.aside(checked_wanted, plain)
    return await _taken(here, "compose", plain, deadline, once_of(request, key, plain))


@router.post(
    "/v1/songs/{name}/variations",
    status_code=202,
    dependencies=BY_JSON,
    response_model=JobView,
    responses=problems(400, 404, 413, 415, 422, 429),
)
async def vary_song(
    request: Request, source: Known, asked: Variation, here: Here, deadline: Deadline = None, key: Key = None
) -> JSONResponse:
    """Vary a song, write bars of it anew, go on with it, accompany it, or perform it in another feeling: a job."""
    plain = asked.model_dump(mode="json", exclude_none=True)
    await here.aside(checked_variation, plain)
    return await _taken(here, asked.kind, plain, deadline, once_of(request, key, plain), source.id)


@router.post(
    "/v1/songs/imports",
    status_code=201,
    dependencies=BY_FORM,
    response_model=SongView,
    responses=problems(400, 413, 415, 422, 504),
)
async def import_song(request: Request, file: UploadFile, here: Here, key: Key = None) -> JSONResponse:
    """Bring a MIDI file along, to be varied."""
    data = await file_of(file)
    made = await here.asked(here.settings.answer, tasks.imported, data)
    song = songs.made("import", made.title, made.midi, made.report, key_of("import", hashlib.sha256(data).hexdigest()))

    def keep(connection: Connection) -> Answer:
        kept = songs.added(connection, song)
        return Answer(201, view(kept).model_dump(), f"/v1/songs/{kept.id}")

    return _sent(await once(here.store, once_of(request, key, {"file": song.key}), keep))


async def _taken(
    here: Service,
    kind: str,
    plain: dict[str, Any],
    deadline: float | None,
    same: Once | None,
    source: str | None = None,
) -> JSONResponse:
    """Take a job on, unless too many wait."""
    seconds = min(deadline or here.settings.job, here.settings.job)

    def queue(connection: Connection) -> Answer:
        if (waiting := jobs.waiting(connection)) >= here.settings.waiting:
            raise RefusedError(429, f"{waiting} jobs wait already", again=30)
        job = jobs.added(connection, kind, key_of(kind, source, plain), plain, seconds, source)
        return Answer(202, job_view(job).model_dump(), f"/v1/jobs/{job.id}")

    answer = await once(here.store, same, queue)
    here.runners.wake()
    return _sent(answer)


def _sent(answer: Answer) -> JSONResponse:
    return JSONResponse(dict(answer.body), answer.status, {"Location": answer.place})


@router.get("/v1/songs", responses=problems(422))
async def list_songs(here: Here, limit: Limit = 20, before: Before = None) -> Songs:
    """The songs that there are, the newest first."""
    found = await here.store.read(songs.page, limit + 1, edge(before))
    shown, more = paged(found, limit, lambda one: one)
    return Songs(songs=[view(song) for song in shown], next=more)


@router.delete("/v1/songs/{name}", status_code=204, responses=problems(404, 422))
async def forget_song(song: Known, here: Here) -> None:
    """Forget a song."""
    await here.store.write(songs.removed, song.id)
    await here.renderings.forget(song.id)


def _files(*medias: str) -> dict[int | str, dict[str, Any]]:
    """What a route gives that gives files, for the OpenAPI description."""
    data = {"schema": {"type": "string", "format": "binary"}}
    content = {media: {"schema": {"type": "object"}} if media.endswith("json") else data for media in medias}
    return {200: {"description": "The song.", "content": content}, **problems(404, 422, 429, 504)}


_FORMS = _files(_MIDI, "application/json", *(FORMS[form][1] for form in ("wav", "svg", "musicxml")))


@router.get("/v1/songs/{name}/stems.zip", response_class=FileResponse, responses=_files(FORMS["stems"][1]))
async def get_stems(song: Known, here: Here) -> FileResponse:
    """The sound of each part, as WAV files."""
    return await _rendered(here, song, "stems", f"{_called(song)}-stems.zip")


@router.get("/v1/songs/{name}/notes", response_model=SongNotes, responses=problems(404, 422, 429, 504))
async def get_notes(song: Known, here: Here) -> FileResponse:
    """A song's notes, part by part, with tempo, meter and key; and its sections, as asked and as they are heard."""
    return await _rendered(here, song, "notes", f"{_called(song)}-notes.json", await here.store.read(_origin, song))


@router.get("/v1/songs/{name}.{form}", response_class=Response, responses=_FORMS)
async def get_file(song: Known, form: Form, here: Here) -> Response:
    """A song as a MIDI file, its report, its sound, a picture of it, or printed notes."""
    if form == "mid":
        return Response(song.midi, 200, _named(f"{_called(song)}.mid"), _MIDI)
    if form == "json":
        if song.report is None:
            raise RefusedError(404, "the song was not composed by Kelly: there is no report of it")
        return JSONResponse(dict(song.report))
    return await _rendered(here, song, form, f"{_called(song)}.{form}")


@router.get("/v1/songs/{name}", responses=problems(404, 422))
async def get_song(song: Known) -> SongView:
    """A song: what it is, and where its forms are."""
    return view(song)


def _origin(connection: Connection, song: Song) -> Song | None:
    """The song that Kelly composed and whose form a song still has that was made of it, in however many steps."""
    found, steps = song, 0
    while found.report is None and found.kind in _KEEPING and found.parent is not None and steps < _STEPS:
        if (parent := songs.found(connection, found.parent)) is None:
            return None
        found, steps = parent, steps + 1
    return None if found is song or found.report is None else found


async def _rendered(here: Service, found: Song, form: str, file: str, origin: Song | None = None) -> FileResponse:
    here.room()
    path = await here.renderings.of(found, form, origin)
    return FileResponse(path, 200, _named(file), FORMS[form][1])


def _called(song: Song) -> str:
    """What the files of a song are called: title, key and tempo, as far as they are known and have plain letters."""
    parameters = _told(Parameters, (song.report or {}).get("parameters"))
    words = [song.title] if parameters is None else [song.title, parameters.key, f"{parameters.tempo:.0f}bpm"]
    plain = _STRANGE.sub("-", " ".join(words)[:_CALLED].lower().replace("#", "-sharp")).strip("-")
    return plain or "kelly"


def _named(file: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{file}"'}


def view(song: Song) -> SongView:
    """A song as it is shown."""
    at, report = f"/v1/songs/{song.id}", song.report or {}
    links = {form: f"{at}.{form}" for form in ("mid", "wav", "svg", "musicxml")}
    links |= {form: f"{at}/{form}" for form in ("notes", "analysis")}
    shown: dict[str, Any] = {
        "id": song.id,
        "created": song.created,
        "kind": song.kind,
        "parent": song.parent,
        "title": song.title,
        "emotion": _told(Feeling, report.get("emotion")),
        "parameters": _told(Parameters, report.get("parameters")),
        "links": {"self": at, **links, **({"json": f"{at}.json"} if report else {}), "stems": f"{at}/stems.zip"},
    }
    return SongView.model_validate(shown)


def _told(kind: type[M], said: object) -> M | None:
    """What a report says, which may be anybody's; None where it does not say so."""
    try:
        return kind.model_validate(said)
    except ValidationError:
        return None
