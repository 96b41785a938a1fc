"""The wire: a question to a service, and its answer or an error of one line.

Conventions: the token goes to the address that was given and nowhere else: no redirect is followed, and no proxy or
password is taken from the surroundings. What makes something carries a key, so that a question which is asked again,
since its answer was lost, makes nothing twice. Asked again is where a connection was lost (`_LOST` seconds of pauses),
and where the service says when to come back (`_BUSY`); times in seconds.
"""

from __future__ import annotations

import ipaddress
import json
import secrets
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

import httpx2

from kelly.client.errors import BusyError, LostError, ServiceError, UnreachableError, error_of
from kelly.errors import KellyError, UsageError
from kelly.names import quoted
from kelly.numbers import number

__all__ = ["Question", "Wire"]

_LOST, _BUSY = 2.0, 60.0  # spent on waiting, at most
_FIRST, _LONGEST = 0.25, 4.0  # pause before a question is asked again, and what it grows to
_SILENCE = 40.0  # without an event or a sign of life, after which a stream is given up
_HINT = 5.0  # for what is only told
_CONNECT = 10.0
_GATEWAY = (502, 504)  # what stands between says that the service is away


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: method and path; params, of the query; body, for JSON; file, its name in a form and its bytes;
    makes, whether something comes into being by it.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    file: tuple[str, bytes] | None = None
    makes: bool = False

    def sent(self) -> dict[str, Any]:
        """The question as httpx2 takes it, always the same. Raises: UsageError, its body is no JSON."""
        headers = {"Idempotency-Key": secrets.token_hex(16)} if self.makes else {}
        asked: dict[str, Any] = {"method": self.method, "url": self.path, "headers": headers, "params": self.params}
        if self.body is not None:
            asked["content"] = _json(self.body)
            headers["Content-Type"] = "application/json"
        if self.file is not None:
            name, data = self.file
            asked["files"] = {name: ("file", data, "application/octet-stream")}  # what it is called stays here
        return asked


class Wire:
    """The way to a service.

    Parameters: url; token, "" for none; timeout, how long an answer may take; insecure, whether the token may be sent
    in the clear; transport and pause, in place of the network and of waiting.
    Raises: UsageError, one of them is none of what it may be.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        timeout: float = 90.0,
        *,
        insecure: bool = False,
        transport: httpx2.BaseTransport | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        place = _place(url)
        if token and place.scheme == "http" and not (insecure or _near(place.host)):
            raise UsageError(f"a token goes over https; {place} would send it in the clear (insecure=True allows that)")
        self.url, self.pause = str(place).rstrip("/"), pause
        self._seconds = number("timeout", timeout, 0.001, 86_400, "seconds")
        self._http = httpx2.Client(
            base_url=place,
            headers={"Accept": "application/json", **_shown(token)},
            timeout=self._limits(self._seconds),
            follow_redirects=False,
            trust_env=False,
            # Where nothing is encrypted there are no certificates to load.
            transport=transport or httpx2.HTTPTransport(verify=place.scheme == "https"),
        )

    def _limits(self, read: float) -> httpx2.Timeout:
        return httpx2.Timeout(self._seconds, connect=min(self._seconds, _CONNECT), read=read)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def ask(self, question: Question, patience: float = 0.0, unfit: type[KellyError] = UsageError) -> httpx2.Response:
        """What the service answers.

        Parameters: question; patience, how long to wait for a service that is away; unfit, the error where it says that
        what was sent is wrong.
        Raises: ServiceError and its children; unfit; UsageError.
        """
        sent, attempt, waited = question.sent(), 0, 0.0
        while True:
            found = self._tried(sent, unfit)
            if isinstance(found, httpx2.Response):
                return found
            wait = _wait(found, attempt)
            if waited + wait > _budget(found, patience):
                raise found
            self.pause(wait)
            attempt, waited = attempt + 1, waited + wait

    def told(self, question: Question, patience: float = 0.0, unfit: type[KellyError] = UsageError) -> dict[str, Any]:
        """As `ask`, of what answers with an object of JSON."""
        answer = self.ask(question, patience, unfit)
        with self.understood():
            return _object(answer.json())

    def hint(self, question: Question) -> None:
        """Tell the service something, whether it hears it or not."""
        with suppress(httpx2.HTTPError, RuntimeError):
            self._http.request(**question.sent(), timeout=_HINT)

    def events(self, path: str, last: int) -> Generator[dict[str, Any]]:
        """The events of a stream after the last that is known, until it ends, for whatever reason."""
        known = {"Last-Event-ID": str(last)}
        try:
            with self._http.sse(path, headers=known, timeout=self._limits(_SILENCE)) as source:
                if source.response.is_success:
                    for event in source:
                        yield _object(event.json())
        except (httpx2.HTTPError, RuntimeError, TypeError, ValueError):
            return

    @contextmanager
    def understood(self) -> Iterator[None]:
        """A block that reads an answer. Raises: ServiceError, it is not what such a service answers."""
        try:
            yield
        except ServiceError:
            raise
        except (ArithmeticError, AttributeError, EOFError, KellyError, LookupError, TypeError, ValueError) as error:
            raise ServiceError(
                f"{self.url} answers what this Kelly does not understand ({type(error).__name__}); is it `kelly serve`?"
            ) from error

    def _tried(self, sent: Mapping[str, Any], unfit: type[KellyError]) -> httpx2.Response | KellyError:
        """The answer to a question, or else why there is none.

        An error is not raised here, so that what a user sees of it does not begin in the depths of the network.
        """
        try:
            answer = self._http.request(**sent)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            return UnreachableError(f"no service can be reached at {self.url} ({_said(error)})")
        except httpx2.TimeoutException:
            return UnreachableError(f"{self.url} did not answer within {self._seconds:g} seconds")
        except httpx2.TransportError as error:
            return LostError(f"the connection to {self.url} was lost ({_said(error)})")
        except httpx2.HTTPError as error:
            return ServiceError(f"{self.url} answers what cannot be read ({_said(error)})")
        except RuntimeError:
            if not self._http.is_closed:
                raise
            return UsageError("the client is closed")
        return answer if answer.is_success else self._refusal(answer, unfit)

    def _refusal(self, answer: httpx2.Response, unfit: type[KellyError]) -> KellyError:
        """The error that an answer stands for."""
        if answer.has_redirect_location:
            there = quoted(answer.headers["location"])
            return ServiceError(f"{self.url} sends on to {there}, which is not followed: give the right address")
        try:
            told = _object(answer.json())
        except (TypeError, ValueError):  # of something that stands between
            told = {"detail": answer.reason_phrase}
        again = answer.headers.get("retry-after", "")
        wait = float(again) if again.isascii() and again.isdigit() else None
        known = {"instance": answer.headers.get("x-request-id")} | told | {"status": answer.status_code}
        return error_of(known, self.url, unfit, wait)


def _budget(error: KellyError, patience: float) -> float:
    """How long may be waited in all where something goes wrong in this way."""
    if isinstance(error, BusyError):
        return max(_BUSY, patience)
    if isinstance(error, LostError):
        return max(_LOST, patience)
    away = isinstance(error, UnreachableError) or getattr(error, "status", None) in _GATEWAY
    return patience if away else 0.0


def _wait(error: KellyError, attempt: int) -> float:
    """How long to wait before the next attempt: a little more than was said, so that not all come at once."""
    again = error.again if isinstance(error, ServiceError) else None
    wait = min(_FIRST * 2.0 ** min(attempt, 10), _LONGEST) if again is None else max(again, _FIRST)
    return wait * (1 + secrets.randbelow(256) / 1024) if isinstance(error, BusyError) else wait


def _place(url: str) -> httpx2.URL:
    """The address of a service. Raises: UsageError."""
    allowed = 'an address is like "http://127.0.0.1:8000"'
    try:
        place = httpx2.URL(url)
        place.raw_host.decode().encode("idna")  # as the network will have it
    except (httpx2.InvalidURL, TypeError, UnicodeError) as error:
        raise UsageError(f"{allowed}; got {quoted(url)}") from error
    if place.userinfo or place.query or place.fragment:  # not shown: there may be a password in it
        raise UsageError(f"{allowed}, without a name, a password or a query")
    if place.scheme not in {"http", "https"} or not place.host:
        raise UsageError(f"{allowed}; got {quoted(url)}")
    return place


def _near(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(token: str) -> dict[str, str]:
    """The header that shows a token. Raises: UsageError, it can stand in none."""
    if not token:
        return {}
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError("a token is a word of printable ASCII characters; got something else")
    return {"Authorization": f"Bearer {token}"}


def _json(body: object) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, default=_refused).encode()
    except TypeError as error:
        raise UsageError(f"what is asked must consist of texts and numbers; got {error}") from error
    except ValueError as error:
        raise UsageError("numbers must be finite; got one that is not") from error


def _refused(value: object) -> NoReturn:
    raise TypeError(quoted(value))


def _object(told: object) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise TypeError(told)
    return told


def _said(error: Exception) -> str:
    """What an error of the network says, in short and on one line."""
    text = " ".join(str(error).split())
    return text.partition("] ")[2].casefold() if text.startswith("[Errno") else text or type(error).__name__
