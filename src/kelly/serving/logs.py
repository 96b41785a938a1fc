"""Logs: one line of JSON for each thing that happened, on standard error.

Conventions: an event has a fixed name and the fields of `_OWN`. Of an error its type is told and the places in the code
that it came through, but not its text, which may repeat what somebody said. Lines are ASCII.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePath

__all__ = ["begin", "places"]

_OWN = (
    "request", "method", "route", "status", "seconds", "bytes", "job", "kind", "outcome", "attempt", "reason",
)  # fmt: skip
_OURS = "kelly."
_PLACES = 12  # of an error, the innermost
_NO_ERRORS = (  # what uvicorn says of callers
    "ASGI callable returned without completing handshake.",  # of a WebSocket that was refused
    "Invalid UTF-8 sequence received from client.",
)


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, object] = {"time": at, "level": record.levelname.lower(), "event": _event(record)}
        told |= {name: getattr(record, name) for name in _OWN if hasattr(record, name)}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            told["error"] = list(_errors(error))
        return json.dumps(told)


def _event(record: logging.LogRecord) -> str:
    """What happened; of what libraries log the first line alone, as the rest may show values."""
    said = record.getMessage() if record.name.startswith(_OURS) else str(record.msg)
    return said.strip().partition("\n")[0]


def _errors(error: BaseException | None) -> Iterator[dict[str, object]]:
    """An error and what it came of: the type of each, and the places that it came through."""
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        kind = getattr(error, "kind", None) or f"{type(error).__module__}.{type(error).__qualname__}"
        yield {"type": kind, "at": getattr(error, "places", None) or places(error)}
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _errors(one)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def places(error: BaseException) -> list[str]:
    """The places in the code that an error came through, the innermost last."""
    return [_place(frame) for frame in traceback.extract_tb(error.__traceback__)[-_PLACES:]]


def _place(frame: traceback.FrameSummary) -> str:
    return f"{'/'.join(PurePath(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}"


def begin(level: str) -> None:
    """Write what the service logs, from a level on, and of the server beneath it what is no matter of course."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines())
    for name, least in (("kelly.serving", level.upper()), ("uvicorn.error", "ERROR"), ("asyncio", "ERROR")):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(least)
    logging.getLogger().addHandler(logging.NullHandler())  # what other libraries say may repeat what was sent
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.msg not in _NO_ERRORS)
