"""Live: a sound is heard as it comes, over a WebSocket, and what is felt in it is told moment by moment.

Conventions: the caller first says of what kind the samples will be, as `LiveOpening` has it, and is answered so; then
it sends samples, whole ones, as binary messages, and gets a message of JSON for each moment that is complete. After
`{"end": true}` it gets the moments that are left and a reading of the whole, as POST /v1/feelings gives one. What comes
more than `LEAD` seconds ahead of `PACE` times the pace of the sound itself waits unread, so that little is held.

How a session ends is told by its close code and a reason in one line: 1000 it was ended, 1001 the service ends, 1003
there was text in the place of samples, or samples in the place of text, 1007 a message cannot be read, or its samples
are none, 1008 it cannot be done as it was asked, or took too long, 1009 a message is too large, 1011 a mistake of the
service, 1013 too many listen live.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import anyio
import numpy as np
from anyio import WouldBlock, to_thread
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from kelly.errors import KellyError, UsageError
from kelly.listening.following import Follower, Moment
from kelly.serving.schemas.live import LiveEnding, LiveOpening, LiveReady
from kelly.serving.service import Here, Service

__all__ = ["LEAD", "PACE", "router"]

T = TypeVar("T")

LEAD, PACE = 10.0, 4.0  # seconds, and how many times as fast as it sounds
_GLANCE = 0.25  # seconds between two looks at whether the service ends
_REASON = 123  # bytes that a close frame has for it
_KINDS = {"f32le": ("<f4", 1.0), "s16le": ("<i2", 2.0**15)}  # how samples are written, and what full scale is
_LOG = logging.getLogger("kelly.serving")

router = APIRouter()


class ClosedError(KellyError):
    """A session that is closed. Parameters: code, of the close frame; reason, one line."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@router.websocket("/v1/live")
async def live(socket: WebSocket, here: Here) -> None:
    """Hear a sound as it comes."""
    with suppress(WebSocketDisconnect):  # it has gone: nobody is left to be told
        await socket.accept()
        code, reason = await _heard(socket, here)
        await _out(socket, socket.close(code, reason.encode()[:_REASON].decode(errors="ignore")))


async def _heard(socket: WebSocket, here: Service) -> tuple[int, str]:
    """Answer a session to its end. Returns: how it is closed, and why."""
    try:
        here.listeners.acquire_nowait()
    except WouldBlock:
        return 1013, "too many listen live; try again later"
    try:
        with here.metrics.live.track_inprogress():
            await _Session(socket, here).run()
        return 1000, ""
    except ClosedError as closed:
        return closed.code, str(closed)
    except WebSocketDisconnect:
        raise
    except Exception as error:  # noqa: BLE001 - a mistake of ours ends this session, and no other
        _LOG.error("unexpected", exc_info=error, extra={"request": socket.scope.get("state", {}).get("request")})
        return 1011, "something went wrong that is not your fault"
    finally:
        here.listeners.release()


class _Session:
    def __init__(self, socket: WebSocket, here: Service) -> None:
        self._socket, self._here, self._quiet = socket, here, here.settings.quiet
        self._began = time.monotonic()

    async def run(self) -> None:
        """Answer whatever comes, until it is ended. Raises: ClosedError; WebSocketDisconnect, the caller has gone."""
        opening = _opening(await self._next())
        follower = await self._aside(Follower, opening.rate)
        await self._tell(LiveReady(ready=True, **opening.model_dump()).model_dump())
        while isinstance(message := await self._next(), bytes):
            await self._answer(await self._aside(_felt, follower, message, opening.format))
            await self._slowed(follower.seconds)
        _ended(message)
        await self._answer(await self._aside(follower.end))
        await self._tell({"end": True, "seconds": round(follower.seconds, 3), **follower.reading().as_dict()})

    async def _next(self) -> str | bytes:
        """The next message. Raises: ClosedError, none comes in time, or the service ends; WebSocketDisconnect."""
        since = time.monotonic()
        while True:
            now = time.monotonic()
            if self._here.draining:
                raise ClosedError(1001, "the service is about to end")
            if now - since > self._quiet:
                raise ClosedError(1008, f"nothing came for {self._quiet:g} seconds")
            if now - self._began > self._here.settings.session:
                raise ClosedError(1008, f"a session lasts {self._here.settings.session:g} seconds at most")
            with anyio.move_on_after(_GLANCE):
                return _content(await self._socket.receive())

    async def _answer(self, moments: Sequence[Moment]) -> None:
        for moment in moments:
            await self._tell(moment.as_dict())

    async def _tell(self, message: dict[str, Any]) -> None:
        await _out(self._socket, self._socket.send_json(message))

    async def _aside(self, work: Callable[..., T], *arguments: object) -> T:
        """What a function gives, in a thread of those that listen."""
        return await to_thread.run_sync(work, *arguments, limiter=self._here.threads)

    async def _slowed(self, seconds: float) -> None:
        """Wait until a caller who sent so many seconds of sound is no longer too far ahead."""
        await anyio.sleep(max(0.0, (seconds - LEAD) / PACE - (time.monotonic() - self._began)))


async def _out(socket: WebSocket, sending: Awaitable[None]) -> None:
    """Let something out; the gate waits so long. Raises: WebSocketDisconnect, the caller has gone, or does not read."""
    try:
        await sending
    except WebSocketDisconnect:
        cut = socket.scope["state"].get("cut")  # of `connections`: what was not read must not keep it open
        if cut is not None:
            cut()
        raise


def _content(message: Any) -> str | bytes:  # noqa: ANN401 - a message of ASGI
    """What a message holds. Raises: WebSocketDisconnect."""
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    text: str | None = message.get("text")
    data: bytes = message.get("bytes") or b""
    return data if text is None else text


def _opening(message: str | bytes) -> LiveOpening:
    if isinstance(message, bytes):
        raise ClosedError(1003, "the first message must be text that says the rate and the format of the samples")
    try:
        return LiveOpening.model_validate_json(message)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        if first["type"] == "json_invalid":
            raise ClosedError(1007, "the first message is no JSON") from error
        place = next((str(name) for name in first["loc"] if name in LiveOpening.model_fields), "the first message")
        raise ClosedError(1008, f"{place}: {first['msg']}") from error


def _ended(message: str | bytes) -> None:
    try:
        LiveEnding.model_validate_json(message)
    except ValidationError as error:
        raise ClosedError(1003, 'after the first message come samples, or {"end": true}') from error


def _felt(follower: Follower, data: bytes, kind: str) -> Sequence[Moment]:
    """The moments that samples complete. Raises: ClosedError, they are none."""
    written, full = _KINDS[kind]
    size = np.dtype(written).itemsize
    if not data or len(data) % size:
        raise ClosedError(1007, f"a message must hold whole samples of {size} bytes; got {len(data)} bytes")
    try:
        return follower.hear(np.frombuffer(data, written).astype(np.float32) / np.float32(full))
    except UsageError as error:
        raise ClosedError(1007, str(error)) from error
