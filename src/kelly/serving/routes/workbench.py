"""The workbench: trainings that are begun, watched and ended here, the runs they leave, and checks of corpora.

Conventions: what names paths of the machine, or runs programs on it, is for callers on the machine alone: the service
must be bound to it, the caller's address must be its own, and nothing between them may say that it calls for another.
"""

# ruff: noqa: FAST003 - the id in a path is taken by what looks it up, as `Known` says

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import AsyncIterator, Awaitable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import anyio
import yaml
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy import Connection

from kelly.errors import KellyError
from kelly.serving import runs
from kelly.serving.children import Said
from kelly.serving.paths import plain_object, without
from kelly.serving.problems import RefusedError
from kelly.serving.routes.common import (
    BY_JSON,
    Before,
    Deadline,
    Key,
    Limit,
    Name,
    edge,
    news_of,
    once_of,
    paged,
    problems,
)
from kelly.serving.routes.jobs import NO_NEWS
from kelly.serving.runs import LONGEST, Run
from kelly.serving.schemas.workbench import (
    CorporaChecked,
    CorporaQuestion,
    Runs,
    RunView,
    Trained,
    TrainingQuestion,
    TrainingView,
)
from kelly.serving.service import Here
from kelly.serving.store.answers import Answer, Once, once
from kelly.serving.trainings import Training

__all__ = ["router"]

_GLANCE = 0.3  # seconds between two looks at a training that is watched
_PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-real-ip")  # what a proxy says of whom it calls for
_MISSING = "needs the extra `train`"  # as the command line says it
_WENT = 499  # what is counted, by the gate too, of who asked and did not wait for the answer
_LINE = 300  # characters of a complaint that are told


def _local(request: Request, here: Here) -> None:
    """Raises: RefusedError, the caller may be on another machine."""
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        address = ipaddress.ip_address("0.0.0.0")  # noqa: S104 - nobody's
    real = getattr(address, "ipv4_mapped", None) or address
    if not here.settings.local or not real.is_loopback or any(name in request.headers for name in _PASSED_ON):
        raise RefusedError(403, "this is for callers on the machine of the service, bound to itself alone")


router = APIRouter(tags=["workbench"])
local = APIRouter(dependencies=[Depends(_local)])


@local.post(
    "/v1/trainings",
    status_code=202,
    dependencies=BY_JSON,
    response_model=TrainingView,
    responses=problems(400, 404, 409, 413, 415, 422, 429),
)
async def begin_training(request: Request, asked: TrainingQuestion, here: Here, key: Key = None) -> JSONResponse:
    """Begin to train a model on corpora of this machine, or let a training that ended early go on."""
    plain = asked.model_dump(exclude_none=True)
    same = once_of(request, key, plain)
    if asked.run is None:
        await here.aside(_check, plain)

    def begin(_: Connection) -> Answer:
        made = here.trainings.go_on(asked.run) if asked.run else here.trainings.begin(plain, _name(same))
        return Answer(202, view(made).model_dump(), f"/v1/trainings/{made.id}")

    answer = await once(here.store, same, begin)
    return JSONResponse(dict(answer.body), answer.status, {"Location": answer.place})


@local.get("/v1/trainings", responses=problems(422))
async def list_trainings(here: Here, limit: Limit = 20, before: Before = None) -> Trained:
    """The trainings that there are, the newest first."""
    found = await here.aside(here.trainings.page, limit + 1, edge(before))
    shown, more = paged(found, limit, lambda one: one)
    return Trained(trainings=[view(one) for one in shown], next=more)


async def _known(name: Name, here: Here) -> Training:
    """The training of an id. Raises: RefusedError, there is none."""
    found = await here.aside(here.trainings.found, name)
    if found is None:
        raise RefusedError(404, "there is no such training")
    return found


Known = Annotated[Training, Depends(_known)]
Last = Annotated[str | None, Header(alias="Last-Event-ID", description="The last state known.")]


@local.get("/v1/trainings/{name}", responses=problems(404, 422))
async def get_training(found: Known) -> TrainingView:
    """A training as it stands."""
    return view(found)


@local.delete("/v1/trainings/{name}", responses=problems(404, 409, 422))
async def stop_training(name: Name, here: Here) -> TrainingView:
    """Tell a training to end; it can go on later, from its last whole epoch."""
    return view(await here.aside(here.trainings.stop, name))


def _all_told(found: Known, response: Response, last: Last = None) -> bool:
    """Whether a caller knows that a training has ended as it has; who does is told not to come again."""
    told = found.state != "running" and last == found.state
    if told:
        response.status_code = 204
    return told


@local.get(
    "/v1/trainings/{name}/events",
    response_class=EventSourceResponse,
    responses={**NO_NEWS, **problems(404, 422)},
    openapi_extra=news_of(TrainingView, "TrainingState"),
)
async def follow_training(
    found: Known, told: Annotated[bool, Depends(_all_told)], here: Here
) -> AsyncIterator[ServerSentEvent]:
    """A training as it goes on: an event each time there is news, called by its state; the last when it has ended."""
    now: Training | None = None if told else found
    seen: dict[str, Any] = {}
    while now is not None and not here.draining:
        shown = view(now).model_dump()
        news = {name: value for name, value in shown.items() if name not in {"seconds", "eta"}}
        if news != seen:
            seen = news
            yield ServerSentEvent(event=now.state, id=now.state, data=shown)
        if now.state != "running":
            return
        await anyio.sleep(_GLANCE)
        now = await here.aside(here.trainings.found, found.id)


@router.get("/v1/runs", responses=problems(422))
async def list_runs(here: Here, limit: Limit = 20, before: Before = None) -> Runs:
    """The runs that there are, with their curves, the newest first; those of `kelly serve --runs` too."""
    own = here.trainings.folder
    found = await here.aside(runs.page, [*here.settings.runs, own], limit + 1, edge(before))
    shown, more = paged(found, limit, lambda one: one[0])
    return Runs(runs=[_run(run, folder.name if folder.parent == own else None) for run, folder in shown], next=more)


@local.post(
    "/v1/corpora/checks",
    dependencies=BY_JSON,
    response_model=CorporaChecked,
    responses=problems(400, 413, 415, 422, 429, 504),
)
async def check_corpora(
    request: Request, asked: CorporaQuestion, here: Here, deadline: Deadline = None
) -> CorporaChecked | Response:
    """Check corpora of this machine: whether they are whole, readable and honestly split; it ends when nobody waits."""
    await here.aside(_folder, "root", asked.root)
    names = (f"--corpus={name}" for name in asked.corpora)
    command = (*here.settings.command, "data", "check", asked.root, "--json", "--workers", "1", *names)
    seconds = min(deadline or here.settings.check, here.settings.check)
    said = await _waited_for(request, here.children.answer(command, seconds))
    if said is None:
        return Response(status_code=_WENT)
    return await here.aside(_checked, said, asked.root)


async def _waited_for(request: Request, work: Awaitable[Said]) -> Said | None:
    """What a program says; None where the caller has gone, and the program with it. Raises: whatever `work` does."""
    said: Said | None = None
    wrong: KellyError | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(_left, request, group.cancel_scope)
        try:
            said = await work
        except KellyError as error:  # as it is, and not in a group
            wrong = error
        group.cancel_scope.cancel()
    if wrong is not None:
        raise wrong
    return said


async def _left(request: Request, scope: anyio.CancelScope) -> None:
    """End what is done for a caller once that has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _checked(said: Said, root: str) -> CorporaChecked:
    """What a check found. Raises: RefusedError, it found nothing to check (422), or could not be done (503)."""
    told = without([root])
    try:
        found = json.loads(said.output)
        if isinstance(found, dict) and isinstance(found.get("corpora"), list):
            return CorporaChecked.model_validate(plain_object({"corpora": found["corpora"]}, told))
    except (ValueError, RecursionError):
        pass
    lines = said.errors.decode(errors="replace").split("\n")
    last = next((line for line in reversed(lines) if line.strip()), "the check said nothing").strip()
    line = told("".join(sign for sign in last.removeprefix("kelly: ") if sign.isprintable()))[:_LINE]
    raise RefusedError(503 if _MISSING in line else 422, line)


def _check(asked: dict[str, Any]) -> None:
    """Raises: RefusedError, something that was named is not there, or the settings are too long."""
    _folder("data", asked["data"])
    if (labels := asked.get("labels")) is not None and not (Path(labels).is_absolute() and Path(labels).is_file()):
        raise RefusedError(422, "labels must be a file of this machine, by its absolute path")
    if len(yaml.safe_dump(asked["settings"])) > LONGEST:
        raise RefusedError(422, f"settings may have {LONGEST:,} characters")


def _folder(name: str, path: str) -> None:
    """Raises: RefusedError, there is no such folder."""
    folder = Path(path)
    if not folder.is_absolute() or not folder.is_dir() or folder.resolve().parent == folder.resolve():
        raise RefusedError(422, f"{name} must be a folder of this machine, by its absolute path")


def _name(same: Once | None) -> str | None:
    """The id of a training that was asked for with a key: so two twins begin one, whatever the store sees of them."""
    return None if same is None else hashlib.sha256(f"{same.key}{same.fingerprint}".encode()).hexdigest()[:24]


def view(one: Training) -> TrainingView:
    """A training as it is shown."""
    at, last = f"/v1/trainings/{one.id}", one.curve[-1] if one.curve else {}
    return TrainingView.model_validate(
        {
            **asdict(one),
            "epoch": last.get("epoch", 0),
            "loss": last.get("loss"),
            "dev_loss": last.get("dev_loss"),
            "best": one.best,
            "links": {"self": at, "events": f"{at}/events"},
        }
    )


def _run(run: Run, made: str | None) -> RunView:
    return RunView.model_validate({**asdict(run), "training": made})


router.include_router(local)
