"""Sockets: WebSockets, with what uvicorn leaves open closed.

Conventions: a request that no WebSocket can be made of is told so before uvicorn has it, which would answer some in its
own way and others never. Who does not read is not heard, so that answers to pings do not pile up; and a message comes
in so many pieces at most, since its size says nothing of how many are empty.
"""

from __future__ import annotations

import h11
from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.frames import CloseCode, Frame
from websockets.server import ServerProtocol

__all__ = ["PIECES", "Socket", "proper"]

PIECES = 1000  # of a message


class Socket(WebSocketsSansIOProtocol):
    """A WebSocket. Parameters: what uvicorn says."""

    def pause_writing(self) -> None:
        """Hear no more until what was said is read."""
        super().pause_writing()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on, unless a message waits to be taken."""
        super().resume_writing()
        if not self.read_paused:
            self.transport.resume_reading()

    async def receive(self) -> ASGIReceiveEvent:
        """The next message; another may come after it when what was said is read."""
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            if self.writable.is_set():
                self.transport.resume_reading()
        return message

    def shutdown(self) -> None:
        """Say that the service ends, unless the other end is saying good-bye just now."""
        try:
            super().shutdown()
        except InvalidState:
            self.transport.close()

    def handle_cont(self, event: Frame) -> None:
        """Add a piece to a message, unless it has too many."""
        if self.close_sent:
            return
        if len(self.frames) < PIECES:
            super().handle_cont(event)
            return
        self.conn.fail(CloseCode.MESSAGE_TOO_BIG, f"a message comes in {PIECES:,} pieces at most")
        self.handle_parser_exception()


def proper(asked: h11.Request) -> bool:
    """Whether a WebSocket can be made of a request."""
    line = b"%s %s HTTP/%s" % (asked.method, asked.target, asked.http_version)
    trial = ServerProtocol()
    trial.receive_data(b"\r\n".join([line, *(b"%s: %s" % field for field in asked.headers), b"", b""]))
    found = trial.events_received()
    return bool(found) and trial.accept(found[0]).status_code == 101  # type: ignore[arg-type]  # the first is a request
