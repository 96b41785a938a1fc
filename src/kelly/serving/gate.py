"""The gate: what every request passes before anything is done for it, and what is noted of it afterwards.

Conventions: in this order a request gets an id, and is refused when its head is not as it may be (400, 414, 415, 431,
505), when it was meant for another host (421), comes from a page of another site (403), shows no token where one is
asked for (401), comes while the service ends (503), is one too many (429), or brings too much (413) or too little at a
time (408). A caller who does not read the answer is cut off. What is noted are method, route, status, time and size:
never what was said, nor who said it.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from anyio import fail_after
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from kelly.serving.bodies import Body
from kelly.serving.metrics import Metrics
from kelly.serving.problems import SAFE, RefusedError, answered, unexpected
from kelly.serving.settings import Settings
from kelly.serving.store.tables import new_id

__all__ = ["OPEN", "SESSION", "Gate", "session"]

OPEN = ("/health", "/healthz", "/readyz")  # what may be asked without a token, when all are busy, and in the end
SESSION = "kelly"  # the cookie of a browser that has shown the token
_PAGE, _ASSETS = ("/", "/icon.svg"), "/assets/"  # the page, which asks for the token itself
_COUNTS = ("/metrics",)  # what may be asked in the end, with a token
_UPLOADS = ("/predict", "/v1/analyses", "/v1/feelings", "/v1/songs/imports")
_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[\w.-]+)(?::[0-9]{0,5})?", re.ASCII | re.IGNORECASE)
_WRITTEN = {b"utf-8", b"utf8"}  # the only way in which text stands in a form
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WS")
_REFUSED = {401, 403, 408, 413, 414, 415, 421, 429, 431, 503}
_WENT = 499  # of who asked and did not wait for the answer
_LOG = logging.getLogger("kelly.serving")


class Gate:
    """The gate before an application. Parameters: app; settings; metrics.

    `draining` is set when the service is about to end; `underway` counts what is being answered.
    """

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._token = (
            hashlib.sha256(settings.token.encode("utf-8", "surrogateescape")).digest() if settings.token else b""
        )
        self._session = session(settings.token).encode()
        self._kinds = Counter[str]()
        self.draining, self.underway = False, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it with a problem."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        asked = self._asked(scope, receive, send)
        refusal = self._refusal(asked)
        self._counted(asked.kind if refusal is None else "", 1)
        try:
            if refusal is None:
                await self._app(asked.scope, asked.receive, asked.send)
            else:
                await asked.refused(refusal)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets a problem, and the service goes on
            await asked.failed(error)
        finally:
            self._counted(asked.kind if refusal is None else "", -1)
            self._note(asked)

    def _asked(self, scope: Scope, receive: Receive, send: Send) -> _Asked:
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        name = given if _ID.fullmatch(given) else new_id()
        scope.setdefault("state", {})["request"] = name
        settings, kind = self._settings, _kind(scope, headers)
        most = settings.upload if kind == "uploads" and scope["path"] in _UPLOADS else settings.body
        body = Body(receive, headers, most, settings.pause, settings.trickle)
        inner = {**scope, "method": "GET"} if scope.get("method") == "HEAD" else scope  # the server leaves out the body
        return _Asked(inner, receive, send, headers, name, kind, body, settings.pause, self._leaving)

    def _leaving(self) -> bool:
        return self.draining

    def _counted(self, kind: str, change: int) -> None:
        self.underway += change
        self._kinds[kind] += change
        self._metrics.underway.set(self.underway)

    def _refusal(self, asked: _Asked) -> RefusedError | None:
        checks = (_malformed, _elsewhere, self._unknown, self._ending, self._crowded)
        return next((refusal for check in checks if (refusal := check(asked, self._settings))), None)

    def _unknown(self, asked: _Asked, _: Settings) -> RefusedError | None:
        if not self._token or asked.path in OPEN + _PAGE or asked.path.startswith(_ASSETS):
            return None
        if hmac.compare_digest(self._token, _shown(asked.headers)):
            return None
        if hmac.compare_digest(self._session, _cookie(asked.headers)):
            return None
        return RefusedError(401, "show the token: Authorization: Bearer ...")

    def _ending(self, asked: _Asked, _: Settings) -> RefusedError | None:
        if not self.draining or asked.path in OPEN + _COUNTS:
            return None
        return RefusedError(503, "the service is about to end", again=5)

    def _crowded(self, asked: _Asked, settings: Settings) -> RefusedError | None:
        """Whether too many are being answered, of all or of a kind that takes more than its turn."""
        if asked.path in OPEN:
            return None
        most = {"uploads": settings.uploads, "watchers": settings.watchers}.get(asked.kind, settings.requests)
        if self.underway < settings.requests and self._kinds[asked.kind] < most:
            return None
        return RefusedError(429, "too many ask at the same time", again=2)

    def _note(self, asked: _Asked) -> None:
        route = getattr(asked.scope.get("route"), "path", "none")
        method = asked.method if asked.method in _METHODS else "other"
        seconds = time.monotonic() - asked.began
        self._metrics.requests.labels(method, route, str(asked.status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if asked.status in _REFUSED:
            self._metrics.refused.labels(str(asked.status)).inc()
        told = {"request": asked.name, "method": method, "route": route, "status": asked.status}
        _LOG.info("request", extra={**told, "seconds": round(seconds, 6), "bytes": asked.size})


@dataclass(slots=True)
class _Asked:
    """What is asked: how it comes in, what goes out (its headers completed), and what is noted of it."""

    scope: Scope
    incoming: Receive
    to: Send
    headers: Headers
    name: str
    kind: str
    body: Body
    pause: float
    leaving: Callable[[], bool]
    status: int = _WENT
    size: int = 0
    answered: bool = False
    left: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def path(self) -> str:
        """Where it is asked."""
        return str(self.scope["path"])

    @property
    def method(self) -> str:
        """How it is asked, by the name in the request."""
        return str(self.scope.get("method", "WS"))

    async def receive(self) -> Message:
        """The next piece of what comes in."""
        return await (self.body.receive() if self.scope["type"] == "http" else self.incoming())

    async def send(self, message: Message) -> None:
        """Pass a message on. Raises: TimeoutError, nobody reads the answer; OSError, nobody is there any more."""
        kind = message["type"].removeprefix("websocket.")
        if kind == "close" and not self.answered and await self._shut(message):
            return
        if kind == "http.response.start":
            self._begun(message)
        elif kind == "http.response.body":
            self.size += len(message.get("body", b""))
        elif kind == "accept":
            self.answered, self.status = True, 101
        try:
            with fail_after(self.pause):
                await self.to(message)
        except TimeoutError:
            self.left = True
            raise
        except RuntimeError as error:
            if kind in {"send", "close"}:  # the server has closed the WebSocket already: uvicorn calls that a mistake
                raise OSError("the caller has gone") from error
            raise

    def _begun(self, message: Message) -> None:
        self.answered = True
        self.status = _WENT if self.body.gone else message["status"]
        there = {key.lower() for key, _ in message.setdefault("headers", [])}
        more = {"x-request-id": self.name, **SAFE}
        if self.body.unread or self.leaving():
            more["connection"] = "close"
        message["headers"] = [
            *message["headers"],
            *((key.encode(), value.encode()) for key, value in more.items() if key.encode() not in there),
        ]

    async def _shut(self, message: Message) -> bool:
        """Answer a WebSocket that is not wanted with a problem; whether that can be done."""
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            return False
        if message.get("code", 1000) == 1000:
            await self.refused(RefusedError(404, "nothing here speaks WebSocket"))
        else:
            await self.refused(RefusedError(403, message.get("reason") or "it is refused"))
        return True

    async def refused(self, refusal: RefusedError) -> None:
        """Answer with a problem."""
        answer = answered(self.name, refusal.status, str(refusal), refusal.again)
        if refusal.status == 401:
            answer.headers["WWW-Authenticate"] = "Bearer"
        await self._answer(answer)

    async def failed(self, error: Exception) -> None:
        """Answer with a problem what nobody foresaw; what is half answered is cut off."""
        live = self.scope["type"] == "websocket"
        if self.body.gone or isinstance(error, WebSocketDisconnect) or (live and isinstance(error, OSError)):
            return  # nobody is there to be told
        if not self.answered:
            with suppress(OSError):  # who does not read this either is cut off
                if isinstance(error, HTTPException):  # of `bodies`, where no framework was between
                    await self._answer(answered(self.name, error.status_code, error.detail))
                else:
                    await self._answer(unexpected(error, self.name))
                return
        if not self.left and not self.body.refused:
            _LOG.error("an answer was cut off", exc_info=error, extra={"request": self.name})
        cut = self.scope["state"].get("cut")  # of `server`
        if cut is None:
            raise error
        cut()

    async def _answer(self, answer: Response) -> None:
        if self.scope["type"] == "websocket" and "websocket.http.response" not in self.scope.get("extensions", {}):
            await self.to({"type": "websocket.close", "code": 1008, "reason": "it is refused"})
        else:
            await answer(self.scope, self.receive, self.send)


def _kind(scope: Scope, headers: Headers) -> str:
    """What is asked, by what is counted together."""
    if headers.get("content-type", "").lower().startswith("multipart/"):
        return "uploads"
    return "watchers" if scope["path"].endswith("/events") else "requests"


def _malformed(asked: _Asked, settings: Settings) -> RefusedError | None:
    """Whether a head is not as it may be."""
    scope, headers = asked.scope, asked.headers
    target = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
    if scope.get("http_version", "1.1") not in {"1.0", "1.1", "2"}:  # a proxy may speak 2, the server here does not
        return RefusedError(505, "it takes HTTP/1.1")
    if target > settings.target:
        return RefusedError(414, f"the target of a request may have {settings.target:,} bytes")
    if target + sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > settings.headers:
        return RefusedError(431, f"the head of a request may have {settings.headers:,} bytes")
    if "transfer-encoding" in headers and ("content-length" in headers or scope.get("http_version") == "1.0"):
        return RefusedError(400, "a request has Content-Length or (since HTTP/1.1) Transfer-Encoding, not both")
    if asked.kind == "uploads" and _charset(headers) not in _WRITTEN:
        return RefusedError(415, "a form must be written in UTF-8")
    return None


def _charset(headers: Headers) -> bytes:
    """How a form says that it is written, read as it will be later."""
    _, told = parse_options_header(headers["content-type"])
    return told.get(b"charset", b"utf-8").lower()


def _elsewhere(asked: _Asked, settings: Settings) -> RefusedError | None:
    """Whether it was meant for another host, or comes from a page of another site."""
    host, origin = asked.headers.get("host", ""), asked.headers.get("origin")
    if settings.hosts and _name(host) not in settings.hosts:
        return RefusedError(421, "this service does not go by that name")
    site, way = asked.headers.get("sec-fetch-site", "none"), asked.headers.get("sec-fetch-mode")
    called = site not in {"none", "same-origin"} and way != "navigate"  # a link may lead here
    if called or (origin is not None and origin not in {f"http://{host}", f"https://{host}"}):
        return RefusedError(403, "pages of other sites may not call this service")
    return None


def _name(host: str) -> str:
    """A host without its port; "" of what is none."""
    found = _HOST.fullmatch(host)
    return found[1].strip("[]").lower() if found else ""


def session(token: str) -> str:
    """What the cookie of a browser holds that has shown a token: of the token, but not the token."""
    return hmac.new(token.encode("utf-8", "surrogateescape"), b"kelly session", hashlib.sha256).hexdigest()


def _cookie(headers: Headers) -> bytes:
    """The cookie of the session that a browser sends."""
    pairs = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
    return next((value for name, _, value in pairs if name == SESSION), "").encode("utf-8", "surrogateescape")


def _shown(headers: Headers) -> bytes:
    """The digest of the token that a caller shows."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    return hashlib.sha256(token.strip().encode("latin-1")).digest() if kind.lower() == "bearer" else b""
