"""Songs: composing, varying and fetching them."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from fastapi import APIRouter, Request, Response, UploadFile
from fastapi.responses import FileResponse, JSONResponse
from sqlalchemy import Connection

from kelly.serving import tasks
from kelly.serving.problems import RefusedError
from kelly.serving.rendering import FORMS
from kelly.serving.requests import checked_variation, checked_wanted, key_of
from kelly.serving.routes.common import Before, Deadline, Key, Limit, Name, edge, file_of, once_of, place, problems
from kelly.serving.routes.jobs import view as job_view
from kelly.serving.schemas import JobView, Songs, SongView, Variation, Wanted
from kelly.serving.service import Here, Service
from kelly.serving.store import jobs, songs
from kelly.serving.store.answers import Answer, Once, once
from kelly.serving.store.songs import Song

__all__ = ["router"]

router = APIRouter(tags=["songs"])

Form = Literal["mid", "json", "wav", "svg", "musicxml"]


@router.post("/v1/songs", status_code=202, response_model=JobView, responses=problems(400, 413, 415, 422, 429))
async def compose(
    request: Request, asked: Wanted, here: Here, deadline: Deadline = None, key: Key = None
) -> JSONResponse:
    """Compose a song: a job, at whose end there is a song."""
    plain = asked.model_dump(mode="json", exclude_none=True, exclude_unset=True)
    await here.aside(checked_wanted, plain)
    return await _taken(here, "compose", plain, deadline, once_of(request, key, plain))


@router.post(
    "/v1/songs/{name}/variations",
    status_code=202,
    response_model=JobView,
    responses=problems(400, 404, 413, 415, 422, 429),
)
async def vary(
    request: Request, name: Name, asked: Variation, here: Here, deadline: Deadline = None, key: Key = None
) -> JSONResponse:
    """Vary a song, write bars of it anew, go on with it, accompany it, or perform it in another feeling: a job."""
    await _song(here, name)
    plain = asked.model_dump(mode="json", exclude_none=True)
    await here.aside(checked_variation, plain)
    return await _taken(here, asked.kind, plain, deadline, once_of(request, key, plain), name)


@router.post("/v1/songs/imports", status_code=201, response_model=SongView, responses=problems(400, 413, 415, 422, 504))
async def bring(request: Request, file: UploadFile, here: Here, key: Key = None) -> JSONResponse:
    """Bring a MIDI file along, to be varied."""
    data = await file_of(file)
    made = await here.asked(here.settings.answer, tasks.imported, data)
    song = songs.made("import", made.title, made.midi, made.report, key_of("import", hashlib.sha256(data).hexdigest()))

    def keep(connection: Connection) -> Answer:
        there = songs.of_key(connection, song.key or "")
        kept = (there and songs.found(connection, there)) or song
        if kept is song:
            songs.added(connection, song)
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
async def history(here: Here, limit: Limit = 20, before: Before = None) -> Songs:
    """The songs that there are, the newest first."""
    found = await here.store.read(songs.page, limit + 1, edge(before))
    shown = found[:limit]
    more = place(shown[-1].created, shown[-1].id) if len(found) > limit else None
    return Songs(songs=[view(song) for song in shown], next=more)


@router.delete("/v1/songs/{name}", status_code=204, responses=problems(404, 422))
async def remove(name: Name, here: Here) -> None:
    """Forget a song."""
    if not await here.store.write(songs.removed, name):
        raise _gone()


_FORMS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The song.", "content": {"audio/midi": {}, **{media: {} for _, media in FORMS.values()}}}
}


@router.get("/v1/songs/{name}/stems.zip", response_class=FileResponse, responses=problems(404, 422, 429, 504))
async def stems(name: Name, here: Here) -> FileResponse:
    """The sound of each part, as WAV files."""
    return await _rendered(here, await _song(here, name), "stems", f"kelly-{name}-stems.zip")


@router.get("/v1/songs/{name}.{form}", response_class=Response, responses={**_FORMS, **problems(404, 422, 429, 504)})
async def form(name: Name, form: Form, here: Here) -> Response:
    """A song as a MIDI file, its report, its sound, a picture of it, or printed notes."""
    found = await _song(here, name)
    if form == "mid":
        return Response(found.midi, 200, _named(f"kelly-{name}.mid"), "audio/midi")
    if form == "json":
        if found.report is None:
            raise RefusedError(404, "the song was not composed by Kelly: there is no report of it")
        return JSONResponse(dict(found.report))
    return await _rendered(here, found, form, f"kelly-{name}.{form}")


@router.get("/v1/songs/{name}", responses=problems(404, 422))
async def song(name: Name, here: Here) -> SongView:
    """A song: what it is, and where its forms are."""
    return view(await _song(here, name))


async def _rendered(here: Service, found: Song, form: str, file: str) -> FileResponse:
    here.room()
    path = await here.renderings.of(found.midi, form)
    return FileResponse(path, 200, _named(file), FORMS[form][1])


def _named(file: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{file}"'}


async def _song(here: Service, name: str) -> Song:
    found = await here.store.read(songs.found, name)
    if found is None:
        raise _gone()
    return found


def _gone() -> RefusedError:
    return RefusedError(404, "there is no such song")


def view(song: Song) -> SongView:
    """A song as it is shown."""
    at, report = f"/v1/songs/{song.id}", song.report or {}
    links = {form: f"{at}.{form}" for form in ("mid", "wav", "svg", "musicxml")}
    return SongView(
        id=song.id,
        created=song.created,
        kind=song.kind,
        parent=song.parent,
        title=song.title,
        emotion=report.get("emotion"),
        parameters=report.get("parameters"),
        links={"self": at, **links, **({"json": f"{at}.json"} if report else {}), "stems": f"{at}/stems.zip"},
    )
