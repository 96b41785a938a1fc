"""The server: the application on a socket.

Conventions: what a connection may do is said in `connections`. The first SIGTERM (or Ctrl-C) lets the service end what
it has begun, while it takes on nothing new; the second ends it at once.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from functools import partial
from types import FrameType

import uvicorn
from fastapi import FastAPI

from kelly.errors import FileError, KellyError
from kelly.serving.connections import BURST, LINGER, Connection, room
from kelly.serving.service import Service
from kelly.serving.sockets import Socket

__all__ = ["serve"]

_TOLD = 0.5  # seconds for whoever asks /readyz to see that the service ends
_BACKLOG = 1024  # connections that wait to be accepted


def serve(app: FastAPI, host: str, port: int, told: Callable[[str], None]) -> None:
    """Serve an application until it is told to end.

    Parameters: app; host and port (0 takes a free one); told, whom the address is told.
    Raises: FileError, the address cannot be had; UsageError, the system allows too few open files; KellyError, what
    runs beside the requests failed.
    """
    service: Service = app.state.service
    settings, refused = service.settings, service.metrics.refused
    most = room(settings)
    try:
        there = _socket(host, port)
    except OSError as error:
        raise FileError(f"cannot listen on {host}, port {port}: {error.strerror}") from error
    shown = f"[{host}]" if ":" in host else host
    told(f"http://{shown}:{there.getsockname()[1]} (Ctrl-C ends it)")
    config = uvicorn.Config(
        app,
        # what makes a protocol will do
        http=partial(Connection, settings, most, lambda status: refused.labels(str(status)).inc()),  # type: ignore[arg-type]
        ws=Socket,
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        backlog=BURST,
        h11_max_incomplete_event_size=settings.headers,
        ws_max_size=settings.frames,
        ws_ping_interval=None,  # who listens live is heard, or sent away; a pong might wait behind what is slowed
        ws_per_message_deflate=False,  # samples do not shrink
        timeout_keep_alive=settings.idle,  # type: ignore[arg-type]  # parts of a second will do
        timeout_graceful_shutdown=round(LINGER),  # after `_ended`, which gives what runs its time
    )
    server = _Server(config, service)
    server.run([there])
    if server.lifespan.error_occurred:
        raise KellyError("the service failed: its log tells why")


def _socket(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    there = socket.socket(family, kind, protocol)
    try:
        there.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        there.bind(address)
        there.listen(_BACKLOG)  # who calls before all is loaded waits a moment
    except OSError:
        there.close()
        raise
    return there


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin; more may wait to be accepted than are accepted at a time."""
        await super().startup(sockets)
        for there in sockets or []:
            there.listen(_BACKLOG)

    async def on_tick(self, counter: int) -> bool:
        """Whether to end, as it must too when what runs beside the requests has failed."""
        return await super().on_tick(counter) or self.lifespan.error_occurred

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - whichever it is
        """End: at first when what has begun is done, then at once."""
        if self._service.draining:
            super().handle_exit(signal.SIGINT, frame)  # which sets what forces uvicorn
            super().handle_exit(signal.SIGINT, frame)
            return
        self._service.drain()
        self._ending = asyncio.get_running_loop().create_task(self._ended())

    async def _ended(self) -> None:
        """Wait for what is being answered, and end."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while loop.time() - begun < self._service.settings.grace:
            await asyncio.sleep(_TOLD)
            if not self._service.underway:
                break
        self.should_exit = True
