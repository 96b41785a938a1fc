"""What the attacks share: a service to attack, ways to talk to it, and what none of its answers may hold.

Conventions: only Python's own library is used, so that an attack can be pointed at a service from anywhere; alone it
starts `kelly serve` and ends it. An attack is a function that is given a `Service`, asserts by `holds` that it was
refused, and gives what it was refused with. Where the service asks for a token, the variable KELLY_TOKEN holds it.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["Answer", "GotThroughError", "Service", "holds", "kelly", "main", "serving"]

_PATIENCE = 120.0  # seconds that an answer may take
_START = 120.0
_TEXT = ("json", "text", "xml", "svg")
_LEAK = re.compile(
    rb"Traceback|site-packages|File \"|\.py\b|/(?:usr|home|root|tmp|var|work|opt|proc|srv)/\w|[A-Z]:\\\\\w"
    rb"|root:x:|SELECT |INSERT |UPDATE |sqlite|psycopg|sqlalchemy",
)
_FORBIDDEN = ("server", "x-powered-by", "access-control-allow-origin", "access-control-allow-credentials")
_KELLY = (sys.executable, "-c", "from kelly.cli.main import run; run()")


class GotThroughError(AssertionError):
    """An attack got through: what was promised does not hold."""


def holds(told: object, what: str) -> None:
    """Assert that something is so. Parameters: told, whether it is; what, should be. Raises: GotThroughError."""
    if not told:
        raise GotThroughError(what)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: status (0: none came), headers by lower-case names, body, seconds it took."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0

    @property
    def told(self) -> str:
        """The status and what was said, on one line."""
        with suppress(ValueError, TypeError, KeyError):
            return f"{self.status} {json.loads(self.body)['detail']}"[:160]
        return f"{self.status} {self.body[:60]!r}" if self.status else "the connection was closed"

    def refused(self, *statuses: int) -> str:
        """What was said, if it was refused so. Raises: GotThroughError, it was not."""
        holds(self.status in statuses, f"wanted {' or '.join(map(str, statuses))}; got {self.told}")
        if self.status >= 400:
            problem = json.loads(self.body)
            kind = self.headers.get("content-type", "").partition(";")[0]
            holds(kind == "application/problem+json" and problem["status"] == self.status, f"no problem: {self.told}")
        return self.told

    def checked(self) -> Answer:
        """The answer itself, if it tells nothing of the machine. Raises: GotThroughError, it does."""
        if any(kind in self.headers.get("content-type", "text") for kind in _TEXT):
            leak = _LEAK.search(self.body)
            holds(leak is None, f"an answer tells {leak and self.body[max(0, leak.start() - 40) :][:120]!r}")
        told = [name for name in self.headers if name in _FORBIDDEN or name.startswith("access-control-")]
        holds(not told, f"an answer has the headers {told}")
        return self


class Service:
    """A service that is attacked. Parameters: url."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        self.host, self.port = parts.hostname or "", parts.port or 80
        self.token = os.environ.get("KELLY_TOKEN", "")

    @property
    def authority(self) -> str:
        """What stands in the header Host."""
        return f"{self.host}:{self.port}"

    def ask(self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str) -> Answer:
        """An answer; a header's name is written with underscores."""
        began = time.monotonic()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            named.setdefault("Authorization", f"Bearer {self.token}")
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=_PATIENCE)) as connection:
            with suppress(BrokenPipeError, ConnectionResetError):  # it may answer before all is sent
                connection.request(method, path, body, named, encode_chunked=isinstance(body, Iterator))
            try:
                answer = connection.getresponse()
                data = answer.read()
            except (http.client.HTTPException, OSError):
                return Answer(0, seconds=time.monotonic() - began)
        fields = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, fields, data, time.monotonic() - began).checked()

    def json(self, path: str, text: str | bytes) -> Answer:
        """The answer to JSON."""
        return self.ask("POST", path, text.encode() if isinstance(text, str) else text, Content_Type="application/json")

    def file(self, path: str, data: bytes, name: str = "a.wav", field: str = "file", **fields: str) -> Answer:
        """The answer to a form with a file."""
        mark = f"kelly{secrets.token_hex(8)}"
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{it}\r\n' for key, it in fields.items()
        ]
        parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n')
        body = "".join(parts).encode() + data + f"\r\n--{mark}--\r\n".encode()
        return self.ask("POST", path, body, Content_Type=f"multipart/form-data; boundary={mark}")

    def connected(self) -> socket.socket:
        """A connection on which nothing was said."""
        return socket.create_connection((self.host, self.port), timeout=_PATIENCE)

    def raw(self, data: bytes, seconds: float = 5.0) -> Answer:
        """The first answer to bytes, whatever they are, if any comes in so many seconds."""
        began = time.monotonic()
        with closing(self.connected()) as there:
            with suppress(BrokenPipeError, ConnectionResetError):
                there.sendall(data)
            return read(there, seconds, began)

    def head(self, line: str, *fields: str) -> bytes:
        """The head of a request with its end."""
        token = (f"Authorization: Bearer {self.token}",) if self.token else ()
        return "\r\n".join([line, f"Host: {self.authority}", *token, *fields, "", ""]).encode("latin-1")

    def well(self, seconds: float = 10.0) -> None:
        """Wait until it answers, which it must at once or soon. Raises: GotThroughError, it does not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(OSError):
                if self.ask("GET", "/healthz").status == 200:
                    return
            time.sleep(0.1)
        raise GotThroughError(f"it is not well after {seconds:g} seconds")

    def most(self, path: str) -> int:
        """How many bytes a form may have there, as the service tells who promises too many."""
        fields = ("Content-Type: multipart/form-data; boundary=x", f"Content-Length: {10**12}")
        told = self.raw(self.head(f"POST {path} HTTP/1.1", *fields)).refused(413)
        return int(re.sub(r"\D", "", told.partition(" ")[2]))


def read(there: socket.socket, seconds: float, began: float | None = None) -> Answer:
    """The first answer that comes on a connection within so many seconds."""
    began = time.monotonic() if began is None else began
    there.settimeout(seconds)
    answer = http.client.HTTPResponse(there)
    try:
        answer.begin()
        data = answer.read()
    except (http.client.HTTPException, OSError, ValueError):
        return Answer(0, seconds=time.monotonic() - began)
    finally:
        answer.close()
    fields = {name.lower(): value for name, value in answer.getheaders()}
    return Answer(answer.status, fields, data, time.monotonic() - began).checked()


def kelly(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What the command line answers."""
    surroundings = os.environ | environment
    command = [*_KELLY, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, env=surroundings, check=False)


@contextmanager
def serving(*options: str) -> Iterator[Service]:
    """A service of our own, which ends with the block."""
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        log = Path(folder) / "log.jsonl"
        command = [*_KELLY, "serve", "--port", "0", "--folder", folder, *options]
        with log.open("wb") as errors:
            process = subprocess.Popen(command, stderr=errors)
        try:
            yield _begun(process, log)
        finally:
            process.terminate()
            process.wait(60)


def _begun(process: subprocess.Popen[bytes], log: Path) -> Service:
    end = time.monotonic() + _START
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"http://\S+", log.read_text(encoding="utf-8"))
        with suppress(OSError):
            if found and Service(found[0]).ask("GET", "/readyz").status == 200:
                return Service(found[0])
        time.sleep(0.2)
    raise SystemExit(f"the service does not start: {log.read_text(encoding='utf-8')[-500:]}")


def main(attack: Callable[[Service], str], **environment: str) -> None:
    """Attack the service that the command line names, or one of our own, with variables.

    Ends the process with exit code 1 where the attack got through.
    """
    name = Path(sys.argv[0]).stem
    if len(sys.argv) < 2:
        os.environ |= environment
    with serving() if len(sys.argv) < 2 else _named(sys.argv[1]) as service:
        try:
            told = attack(service)
            service.well()
        except GotThroughError as error:
            print(f"{name}: GOT THROUGH: {error}")
            raise SystemExit(1) from None
    print(f"{name}: refused as documented: {told}")


@contextmanager
def _named(url: str) -> Iterator[Service]:
    yield Service(url)
