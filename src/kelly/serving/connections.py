"""Connections: HTTP/1.1 on a socket, with what uvicorn leaves open closed.

Conventions: a connection has `head` seconds to say what it wants, from when it is made and from the first byte of each
request; between an answer and that byte it may be idle for `idle` seconds. What it says is read a `PIECE` at a time,
so that others have their turn, however long that one takes. There are so many connections at most; further ones are
told so and closed. Whoever is sent away in the middle of a request may go on sending for `LINGER` seconds, unheard, so
that the answer is not lost on the way.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from kelly.errors import UsageError
from kelly.serving.problems import MEDIA, SAFE, problem_of
from kelly.serving.settings import Settings
from kelly.serving.sockets import proper
from kelly.serving.store.tables import new_id

__all__ = ["BURST", "FILES", "LINGER", "PIECE", "Connection", "room"]

FILES = 4  # in a form, at most; each may become one on the disk
BURST = 64  # connections that are accepted at a time
LINGER = 5.0  # seconds
PIECE = 8 * 1024  # bytes
_OWN = 128  # files that the service itself opens: the store, the workers, the log
_AT_ONCE = struct.pack("ii", 1, 0)  # close in no seconds


class Connection(H11Protocol):
    """A connection. Parameters: settings; most, how many there may be; told, whom the status is told of who is sent
    away before the application hears of it; what uvicorn adds.
    """

    def __init__(
        self,
        settings: Settings,
        most: int,
        told: Callable[[int], None],
        *args: Any,  # noqa: ANN401 - uvicorn's own
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **kwargs)
        self._settings, self._most, self._told = settings, most, told
        self._clock: asyncio.TimerHandle | None = None
        self._begun = self._leaving = self._upgraded = False
        self.app_state = {**self.app_state, "cut": self._cut}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head, or send who is one too many away."""
        transport.max_size = PIECE  # type: ignore[attr-defined]  # of the loops of asyncio
        self._gentle = _Gentle(transport, self._parting)
        super().connection_made(self._gentle)  # type: ignore[arg-type]  # it does what a transport does
        if len(self.connections) > self._most:
            self._sent_away(503, "there are too many connections", "2")
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop()
        self._gentle.ended()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; the first byte of a head starts the clock."""
        if not self._begun and not self._busy():
            self._begun = True
            self._wait()
        super().data_received(data)

    def handle_events(self) -> None:
        """Read on; a head that has come stops the clock."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._stop()

    def on_response_complete(self) -> None:
        """Another head may begin, or has."""
        self._begun = False
        super().on_response_complete()
        if not (self._busy() or self._upgraded or self.transport.is_closing()) and self.conn.trailing_data[0]:
            self._begun = True
            self._wait()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection on, which keeps its own time."""
        if not proper(event):
            self._sent_away(400, "it is no proper request for a WebSocket")
            return
        self._stop()
        self._upgraded = True
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - it says what not to do
        """What cannot be read as HTTP gets a problem too, unless half an answer is out."""
        cycle = self.cycle
        if self._busy():
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self._cut()
                return
        if len(self.conn.trailing_data[0]) > self._settings.headers:
            self._sent_away(431, f"the head of a request may have {self._settings.headers:,} bytes")
        else:
            self._sent_away(400, "the request is not proper HTTP/1.1")

    def shutdown(self) -> None:
        """End when what is being answered is answered."""
        if self._leaving:
            self._cut()
        else:
            super().shutdown()

    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._stop()
        self._clock = self.loop.call_later(self._settings.head, self._too_slow)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _too_slow(self) -> None:
        """The head did not come in time: told so if some of it came, else just closed."""
        if self._busy():
            return
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._sent_away(408, "the head of the request came too slowly")
        else:
            self.transport.close()

    def _parting(self) -> bool:
        """Whether the other side may still be talking; of those who are too many a few are listened to."""
        few = self._most < len(self.connections) <= self._most + BURST
        return self._upgraded or self.conn.their_state in {h11.SEND_BODY, h11.ERROR} or (self._leaving and few)

    def _sent_away(self, status: int, detail: str, again: str | None = None) -> None:
        """Answer with a problem, and close."""
        self._told(status)
        name = new_id()
        body = json.dumps(problem_of(status, detail, name)).encode()
        fields = {**SAFE, "content-type": MEDIA, "content-length": str(len(body)), "x-request-id": name}
        fields |= {"connection": "close"} | ({"retry-after": again} if again else {})
        head = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {it}" for name, it in fields.items())]
        self._leaving = True
        self.transport.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        self._stop()
        self.transport.close()

    def _cut(self) -> None:
        """Close at once, and drop whatever is on its way: the system would keep it for who does not read."""
        self._leaving = True
        there = self.transport.get_extra_info("socket")
        with suppress(OSError, AttributeError):  # it may be closed already
            there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.abort()


class _Gentle:
    """A transport that is closed so that what it said last is heard.

    Closing a socket on which there is something unread resets it, and an answer may be lost. So where `talking` says
    that the other side has not finished, it is told the end and listened to for a while. What cannot be sent in that
    time is dropped.
    """

    def __init__(self, plain: asyncio.Transport, talking: Callable[[], bool]) -> None:
        self.plain, self._talking = plain, talking
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is as it was
        return getattr(self.plain, name)

    def is_closing(self) -> bool:
        """Whether it is about to close."""
        return self._closed or self.plain.is_closing()

    def close(self) -> None:
        """Close, soon."""
        if self.is_closing():
            return
        self._closed = True
        self._timer = asyncio.get_running_loop().call_later(LINGER, self.plain.abort)
        try:
            if self._talking():
                self.plain.set_protocol(_Deaf(self.plain.get_protocol()))
                self.plain.write_eof()
                self.plain.resume_reading()
                return
        except OSError:  # the other side has gone meanwhile
            self.plain.abort()
        self.plain.close()

    def ended(self) -> None:
        """It is closed."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()


class _Deaf(asyncio.Protocol):
    """What a connection is that is listened to for politeness. Parameters: before, what it was."""

    def __init__(self, before: asyncio.BaseProtocol) -> None:
        self.connection_lost = before.connection_lost  # type: ignore[method-assign]
        self.pause_writing = before.pause_writing  # type: ignore[method-assign]
        self.resume_writing = before.resume_writing  # type: ignore[method-assign]


def room(settings: Settings) -> int:
    """How many connections there may be: as many as the settings say, or as the system allows this process files.

    Raises: UsageError, there is no room for any.
    """
    try:
        import resource
    except ImportError:  # such a system has no such limit
        return settings.connections
    spare = _OWN + 4 * BURST + settings.uploads * FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    wanted = settings.connections + spare
    if soft != unlimited and soft < wanted:
        soft = wanted if hard == unlimited else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    most = settings.connections if soft == unlimited else min(settings.connections, soft - spare)
    if most < 1:
        raise UsageError(f"it must be allowed more than {spare} open files (ulimit -n); the system allows {hard}")
    return most
