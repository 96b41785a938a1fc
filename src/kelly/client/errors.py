"""Errors of a client: a service did not do what it was asked, or could not be asked.

What was asked wrongly is a `UsageError`, as it is without a service.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kelly.errors import KellyError, UsageError

__all__ = [
    "BusyError",
    "CancelledError",
    "DeniedError",
    "LostError",
    "MissingError",
    "ServiceError",
    "UnreachableError",
    "error_of",
]


class ServiceError(KellyError):
    """Root of these errors. Parameters: text, one line; status, of HTTP, if there was an answer; request, its id, by
    which the service's log tells of it; again, seconds after which it may be tried again.
    """

    def __init__(
        self, text: str, status: int | None = None, request: str | None = None, again: float | None = None
    ) -> None:
        super().__init__(text)
        self.status, self.request, self.again = status, request, again


class DeniedError(ServiceError):
    """The service asks for a token, for another one, or does not let this be done from here (401, 403)."""


class MissingError(ServiceError):
    """What was asked for is not there, or is there no more (404)."""


class BusyError(ServiceError):
    """The service has too much to do, or is about to end, and waiting a while did not help (429, 503)."""


class UnreachableError(ServiceError):
    """There is no service at the address, or it does not answer in time."""


class LostError(UnreachableError):
    """A connection was lost, time and again, before the answer was there."""


class CancelledError(ServiceError):
    """The job was ended by somebody else."""


_KINDS: Mapping[int, type[ServiceError]] = {
    401: DeniedError,
    403: DeniedError,
    404: MissingError,
    429: BusyError,
    503: BusyError,
}
_UNFIT = (413, 415, 422)  # what was sent is wrong


def error_of(
    told: Mapping[str, Any], url: str, unfit: type[KellyError] = UsageError, again: float | None = None
) -> KellyError:
    """The error that a problem stands for.

    Parameters: told, problem details (RFC 9457) with their status; url, of the service; unfit, the error where what was
    sent is wrong; again, seconds after which it may be tried again.
    """
    status, detail = int(told["status"]), " ".join(str(told.get("detail") or told.get("title") or "no reason").split())
    if status in _UNFIT:
        return unfit(detail.removeprefix("/body/"))
    return _KINDS.get(status, ServiceError)(f"{url}: {detail} ({status})", status, told.get("instance"), again)
