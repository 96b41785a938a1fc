"""Bodies: what a request brings, piece by piece, within limits of size and time.

Conventions: counted are the bytes that come, whatever a header promised; one that promises too much is refused before
anything is read.
"""

from __future__ import annotations

import time

from anyio import fail_after
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

__all__ = ["Body"]

_LITTLE = 64 * 1024  # bytes that are read to their end for the sake of the connection, though nobody wants them


class Body:
    """The body of a request.

    Parameters: receive; headers; most, bytes; pause, seconds without any; trickle, bytes a second that must come on the
    average after so many seconds. `gone` says whether the caller went away, and `refused` whether too much came, or too
    slowly.
    """

    def __init__(self, receive: Receive, headers: Headers, most: int, pause: float, trickle: float) -> None:
        self._receive, self._most, self._pause, self._trickle = receive, most, pause, trickle
        promised = headers.get("content-length", "0")
        self._promised = int(promised[:20]) if promised.isascii() and promised.isdigit() else 0  # more is as much
        self._endless = "transfer-encoding" in headers
        self._size, self._began, self._whole = 0, time.monotonic(), False
        self.gone = self.refused = False

    @property
    def unread(self) -> bool:
        """Whether more is to come than is worth reading once the answer is clear."""
        return not self._whole and (self._endless or self._promised - self._size > _LITTLE or self.refused)

    async def receive(self) -> Message:
        """The next piece. Raises: HTTPException, it is too much (413), or comes too slowly (408)."""
        if self._whole:  # what comes now is that the caller has gone
            return await self._receive()
        if self._promised > self._most:
            raise self._large()
        try:
            with fail_after(self._pause):
                message = await self._receive()
        except TimeoutError as error:
            raise self._slow() from error
        if message["type"] == "http.request":
            self._count(message)
        else:
            self.gone = True
        return message

    def _count(self, message: Message) -> None:
        self._size += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._size > self._most:
            self._whole = False  # whatever it says: nobody reads on
            raise self._large()
        late = time.monotonic() - self._began - self._pause
        if not self._whole and late * self._trickle > self._size:
            raise self._slow()

    def _large(self) -> HTTPException:
        self.refused = True
        return HTTPException(413, f"a request here may have {self._most:,} bytes")

    def _slow(self) -> HTTPException:
        self.refused = True
        return HTTPException(408, "the request came too slowly")
