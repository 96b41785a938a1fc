"""The application: the service as ASGI has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from kelly._version import __version__
from kelly.serving.connections import FILES
from kelly.serving.description import Described, operation
from kelly.serving.gate import Gate
from kelly.serving.problems import handled
from kelly.serving.routes import (
    analyses,
    catalogue,
    feelings,
    jobs,
    live,
    operations,
    preferences,
    sessions,
    songs,
    studio,
    workbench,
)
from kelly.serving.service import Service
from kelly.serving.settings import Settings

__all__ = ["application"]

_ABOUT = "Say what you feel; Kelly turns it into a multi-track song that carries that feeling."


def application(settings: Settings) -> FastAPI:
    """The service as an ASGI application. Raises: UsageError, the store's URL is none."""
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = Described(
        title="Kelly",
        version=__version__,
        summary=_ABOUT,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        docs_url=None,  # its page would load from elsewhere
        redoc_url=None,
        separate_input_output_schemas=False,
        redirect_slashes=False,
        generate_unique_id_function=operation,
        form_limits={"max_files": FILES, "max_fields": FILES},
    )
    app.state.service = service
    handled(app)
    for part in (
        feelings,
        songs,
        jobs,
        analyses,
        live,
        catalogue,
        preferences,
        workbench,
        sessions,
        operations,
        studio,
    ):
        app.include_router(part.router)

    def gate(inner: ASGIApp) -> Gate:
        service.gate = Gate(inner, settings, service.metrics)
        return service.gate

    app.add_middleware(gate)
    return app
